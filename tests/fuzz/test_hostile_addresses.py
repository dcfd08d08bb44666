"""Addresses of bulk values that lead elsewhere: nothing is asked there, and the archive not outside its root."""

import json
import sys
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from tests.archive.answering import JSON, Reply, Server
from tests.archive.answering import serve as serve
from viewer.archive import ArchiveError, WebArchive
from viewer.imaging.bulkdata import bulkdata_uris
from viewer.imaging.record import instances
from viewer.store.opened import tables

SECRET = "basic:reader:a secret of the archive"
# {port} is the archive's own, {other} that of somebody who listens, {root} the archive's root.
HOSTILE = [
    "file:///etc/passwd", "file://localhost/etc/passwd", "FILE:/etc/passwd", "/etc/passwd",
    "gopher://127.0.0.1:{other}/x",
    "ftp://127.0.0.1:{other}/x", "data:application/octet-stream;base64,AAAA", "javascript:alert(1)",
    "http://169.254.169.254/latest/meta-data/", "http://[fe80::1]/x", "http://[::ffff:169.254.169.254]/x",
    "http://0xa9fea9fe/x", "http://2852039166/", "http://100.100.100.200/x", "http://[fd00:ec2::254]/x",
    "http://127.0.0.1:{other}/dicom-web/bulk", "http://localhost:{port}/dicom-web/bulk",
    "http://127.1:{port}/dicom-web/b",
    "http://[::1]:{port}/dicom-web/b", "http://0x7f000001:{port}/dicom-web/b", "https://127.0.0.1:{port}/dicom-web/b",
    "http://127.0.0.1:{port}@127.0.0.1:{other}/dicom-web/b", "http://user:password@127.0.0.1:{port}/dicom-web/b",
    "http://127.0.0.1:{port}\\@127.0.0.1:{other}/dicom-web/b", "http://127.0.0.1:{port}#@127.0.0.1:{other}/dicom-web/b",
    "{root}.evil.example/b", "{root}@127.0.0.1:{other}/b",
    "{root}/../admin", "{root}/%2e%2e/admin", "{root}/.%2E/admin",
    "{root}/a/../../admin", "{root}//127.0.0.1:{other}/x",
    "{root}/a\r\nHost: evil.example", "{root}/a b", "{root}/\\..\\x",
    "//127.0.0.1:{other}/x", "\\\\127.0.0.1:{other}\\x", "../../../admin", "http:127.0.0.1:{other}/x", "",
]  # fmt: skip
REDIRECTS = (301, 302, 303, 307, 308)


class Connections:
    """Where this process connects to while `listening`."""

    def __init__(self) -> None:
        self.listening, self.made = False, list[Any]()
        sys.addaudithook(self.heard)

    def heard(self, event: str, arguments: tuple[Any, ...]) -> None:
        if self.listening and event == "socket.connect":
            self.made.append(arguments[1])


connections = Connections()


@pytest.fixture
def heard() -> Iterator[list[Any]]:
    connections.made.clear()
    connections.listening = True
    yield connections.made
    connections.listening = False


def metadata(uri: str) -> bytes:
    """Return a radiograph whose modality table lies at `uri`."""
    table = {"00283002": {"vr": "US", "Value": [4096, 0, 16]}, "00283006": {"vr": "OW", "BulkDataURI": uri}}
    elements = {"0020000D": ("UI", "1.2"), "0020000E": ("UI", "1.2.3"), "00080018": ("UI", "1.2.3.4")}
    row: dict[str, Any] = {tag: {"vr": vr, "Value": [value]} for tag, (vr, value) in elements.items()}
    return json.dumps([row | {"00283000": {"vr": "SQ", "Value": [table]}}]).encode()


@pytest.mark.parametrize("written", HOSTILE)
def test_a_bulk_value_elsewhere_is_never_asked_for(
    written: str, serve: Callable[[Callable[[str], Reply]], Server], heard: list[Any]
) -> None:
    assert len(HOSTILE) >= 30
    listener = serve(lambda path: (200, {"Content-Type": "application/octet-stream"}, b"\0" * 8192))
    server = serve(lambda path: (404, {}, b""))
    uri = written.format(port=server.server_port, other=listener.server_port, root=server.root)
    server.reply = lambda path: (200, JSON, metadata(uri)) if path.endswith("/metadata") else (404, {}, b"")
    archive = WebArchive("pacs", server.root, auth=SECRET)
    try:
        body = archive.series_metadata("1.2", "1.2.3")
    except ArchiveError as error:
        assert error.words
        body = b"[]"
    listed = instances(body)
    assert tables(archive, listed) == {}
    for address in {uri, *bulkdata_uris(listed)}:
        with pytest.raises(ArchiveError) as refused:
            archive.bulkdata(address)
        assert refused.value.words and "/etc" not in refused.value.words
    assert listener.seen == []
    assert {address[:2] for address in heard} <= {("127.0.0.1", server.server_port)}
    assert all(path.startswith("/dicom-web/") and ".." not in path for path, _headers in server.seen)


@pytest.mark.parametrize("status", REDIRECTS)
def test_no_redirect_is_followed_and_no_password_goes_along(
    status: int, serve: Callable[[Callable[[str], Reply]], Server], heard: list[Any]
) -> None:
    listener = serve(lambda path: (200, {"Content-Type": "application/octet-stream"}, b"\0" * 8192))
    for location in (
        f"{listener.root}/b",
        "file:///etc/passwd",
        "http://169.254.169.254/",
        "//evil.example/",
        "/admin",
    ):
        server = serve(lambda path, location=location: (status, {"Location": location}, b""))  # type: ignore[misc]
        archive = WebArchive("pacs", server.root, auth=SECRET)
        for ask in (
            lambda archive=archive: archive.bulkdata(f"{archive.root}/studies/1.2/bulk/1"),
            lambda archive=archive: archive.series_metadata("1.2", "1.2.3"),
            lambda archive=archive: list(archive.frames("1.2", "1.2.3", "1.2.3.4", [1])),
        ):
            with pytest.raises(ArchiveError) as refused:
                ask()
            assert refused.value.words
        ports = {address[1] for address in heard}
        assert listener.server_port not in ports
    assert listener.seen == []
    assert {address[0] for address in heard} == {"127.0.0.1"}
