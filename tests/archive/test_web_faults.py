"""The web archive against servers that lie, stall, redirect and break off."""

import json
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import pytest

from tests.archive.answering import JSON, MULTIPART, Reply, frames_body
from viewer.archive import ArchiveError, Malformed, NotThere, Refused, Unreachable, WebArchive, connect
from viewer.archive.origin import authorization

ADDRESS = ("1.2", "1.2.3", "1.2.3.4")


def listed(uids: Iterable[str]) -> bytes:
    return json.dumps([{"0020000D": {"vr": "UI", "Value": [uid]}} for uid in uids]).encode()


@pytest.mark.parametrize(
    ("reply", "expected", "words"),
    [
        ((200, {"Content-Type": "text/html"}, b"<html>Log in, Mr Secret"), Malformed, "login"),
        ((200, {"Content-Type": "application/xml"}, b"<x/>"), Malformed, "instead of DICOM"),
        ((200, {}, b"[]"), Malformed, "no media type"),
        ((200, JSON, b"[{"), Malformed, "isn't DICOM JSON"),
        ((200, JSON, b'{"a": 1}'), Malformed, "isn't DICOM JSON"),
        ((200, JSON, b"[" * 100_000), Malformed, "isn't DICOM JSON"),
        ((200, JSON, b"\xff\xfe[]"), Malformed, "isn't DICOM JSON"),
        ((401, {}, b""), Refused, "401"),
        ((403, {}, b""), Refused, "403"),
        ((404, {}, b""), NotThere, "404"),
        ((429, {}, b""), Unreachable, "429"),
        ((500, {}, b"Patient Secret^Name"), Unreachable, "500"),
        ((503, {}, b""), Unreachable, "503"),
        ((302, {"Location": "http://evil.example/"}, b""), Malformed, "redirects"),
        ((200, JSON | {"Content-Length": "500", "Connection": "close"}, b"[]"), Unreachable, "cut short"),
    ],
)
def test_every_wrong_answer_is_recognised_and_explained(
    serve: Any, reply: Reply, expected: type[ArchiveError], words: str
) -> None:
    archive = WebArchive("pacs", serve(lambda path: reply).root, auth="basic:reader:pass-word")
    for ask in (archive.search_studies, lambda: archive.series_metadata("1.2", "1.2.3")):
        with pytest.raises(expected, match=words) as caught:
            ask()
        assert not any(secret in caught.value.words for secret in ("Secret", "pass-word", "reader", "evil"))


def test_json_with_a_byte_order_mark_is_read(serve: Any) -> None:
    body = b'\xef\xbb\xbf[{"0020000D": {"vr": "UI", "Value": ["1.2"]}}]'
    archive = WebArchive("pacs", serve(lambda path: (200, JSON, body if "offset=0" in path else b"[]")).root)
    assert len(archive.search_studies()) == 1


def test_twenty_failures_leave_all_connections_usable(serve: Any) -> None:
    server = serve(lambda path: (500, {}, b"x" * 1000) if "instances" in path else (200, JSON, b"[]"))
    archive = WebArchive("pacs", server.root)
    for _ in range(20):
        with pytest.raises(Unreachable):
            archive.instance(*ADDRESS)
    assert archive.search_studies() == []


def test_nothing_is_sent_to_another_host_and_credentials_least_of_all(serve: Any) -> None:
    listener = serve(lambda path: (200, JSON, b"[]"))
    hostile = serve(lambda path: (302, {"Location": f"{listener.root}/studies"}, b""))
    archive = WebArchive("pacs", hostile.root, auth="bearer:token-of-ours")
    for uri in (
        f"{listener.root}/studies/1/bulk/1", "http://169.254.169.254/latest", "http://[::1]/x", "file:///etc/passwd",
        "gopher://127.0.0.1/x", f"{hostile.root}@127.0.0.1:{listener.server_port}/x", f"{hostile.root}.evil/x",
        f"http://reader@127.0.0.1:{hostile.server_port}/dicom-web/x", f"{hostile.root}/../x",
        f"{hostile.root}/a/../../x",
        f"{hostile.root}/%2e%2E/x", f"{hostile.root}\\x", f"{hostile.root}//127.0.0.1:{listener.server_port}/x",
        f"{hostile.root.upper()}/x", "//127.0.0.1/x", "/dicom-web/x", "studies/1", "", "http:", "\x00",
        f"{hostile.root}/x\r\nHost: evil", f"{hostile.root}/x?redirect=1", f"{hostile.root}/x#y",
    ):  # fmt: skip
        with pytest.raises(ArchiveError):
            archive.bulkdata(uri)
    with pytest.raises(ArchiveError):
        archive.search_studies()
    with pytest.raises(ArchiveError):
        archive.bulkdata(f"{hostile.root}/studies/1/bulk/1")
    assert listener.seen == []
    assert {path.split("/")[1] for path, _ in hostile.seen} == {"dicom-web"}
    assert len(hostile.seen) == 2


def test_requests_ask_for_plain_bytes_and_frames_as_stored(serve: Any) -> None:
    server = serve(lambda path: (200, MULTIPART, frames_body(b"pixels")))
    archive = WebArchive("pacs", server.root, auth="basic:reader:word")
    assert [frame.data for frame in archive.frames(*ADDRESS, [1])] == [b"pixels"]
    (path, headers) = server.seen[0]
    assert path == "/dicom-web/studies/1.2/series/1.2.3/instances/1.2.3.4/frames/1"
    assert headers["accept-encoding"] == "identity"
    assert "transfer-syntax=*" in headers["accept"]
    assert headers["authorization"] == "Basic cmVhZGVyOndvcmQ="


@pytest.mark.parametrize(
    "reply",
    [
        (200, MULTIPART, frames_body(b"one")),
        (200, MULTIPART, frames_body(b"one", b"two", b"three")),
        (200, MULTIPART, frames_body(b"one", b"")),
        (200, MULTIPART, frames_body(b"one", b"two", location="/frames/1")),
        (200, MULTIPART, frames_body(b"one", b"two", location="/frames/{0}0")),
        (200, MULTIPART, frames_body(b"one", b"two")[:-8]),
        (200, MULTIPART, b""),
        (200, {"Content-Type": "application/octet-stream"}, b"onetwo"),
        (200, {"Content-Type": "application/dicom"}, b"DICM"),
    ],
    ids=range(9),
)
def test_frames_that_do_not_match_what_was_asked_are_never_handed_out(serve: Any, reply: Reply) -> None:
    archive = WebArchive("pacs", serve(lambda path: reply).root)
    got = []
    with pytest.raises(ArchiveError):
        for frame in archive.frames(*ADDRESS, [1, 2]):
            got.append(frame)
    assert got == []


def test_metadata_of_another_series_is_refused(serve: Any) -> None:
    body = b'[{"0020000D": {"vr": "UI", "Value": ["1.2"]}, "0020000E": {"vr": "UI", "Value": ["9.9"]}}]'
    archive = WebArchive("pacs", serve(lambda path: (200, JSON, body)).root)
    with pytest.raises(Malformed, match="something else"):
        archive.series_metadata("1.2", "1.2.3")


def test_relative_bulk_addresses_are_resolved_below_the_root(serve: Any) -> None:
    body = b'[{"00420011": {"vr": "OB", "BulkDataURI" : "../../bulk/1"}}]'
    replies = {"/dicom-web/studies/1.2/bulk/1": (200, {"Content-Type": "application/octet-stream"}, b"%PDF")}
    archive = WebArchive("pacs", serve(lambda path: replies.get(path, (200, JSON, body))).root)
    metadata = archive.series_metadata("1.2", "1.2.3")
    assert f"{archive.root}/studies/1.2/bulk/1".encode() in metadata
    assert archive.bulkdata(f"{archive.root}/studies/1.2/bulk/1") == b"%PDF"


def test_a_server_that_cuts_its_pages_short_is_read_to_the_end(serve: Any) -> None:
    def reply(path: str) -> Reply:
        offset = int(path.rsplit("offset=", 1)[1])
        return 200, JSON, listed(f"1.{number}" for number in range(offset, min(offset + 7, 40)))

    archive = WebArchive("pacs", serve(reply).root)
    assert len(archive.search_studies()) == 40
    assert len(archive.search_studies(limit=20, offset=5)) == 20


def test_a_server_that_repeats_its_first_page_is_caught(serve: Any) -> None:
    def reply(path: str) -> Reply:
        limit = int(path.split("limit=")[1].split("&")[0])
        return 200, JSON, listed(f"1.{number}" for number in range(limit))

    with pytest.raises(Unreachable, match="repeats"):
        WebArchive("pacs", serve(reply).root).search_studies()


def test_patient_values_are_asked_for_in_plain_characters_and_matched_again(serve: Any) -> None:
    names = ["Müller^Jürgen", "Miller^John", "Muller"]
    rows = json.dumps([{"00100010": {"vr": "PN", "Value": [{"Alphabetic": name}]}} for name in names]).encode()
    server = serve(lambda path: (200, JSON, rows if "offset=0" in path else b"[]"))
    found = WebArchive("pacs", server.root).search_studies(PatientName="Mü?ler^*")
    assert [one["00100010"]["Value"][0]["Alphabetic"] for one in found] == ["Müller^Jürgen"]
    assert "00100010=M*ler*&" in server.seen[0][0]


def test_a_server_that_is_down_is_said_to_be_unreachable() -> None:
    with pytest.raises(Unreachable, match="doesn't answer"):
        WebArchive("pacs", "http://127.0.0.1:9/dicom-web").search_studies()


@pytest.mark.parametrize(
    "location", ["http://", "http://user:pw@host/x", "http://host/x?y=1", "http://host/x#y", "https:///x"]
)
def test_an_address_of_the_wrong_form_is_refused_without_repeating_it(location: str, tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="archive") as caught:
        connect("pacs", location, state=tmp_path)
    assert "pw" not in str(caught.value)


def test_credentials_come_from_a_file_and_are_read_again_when_refused(serve: Any, tmp_path: Path) -> None:
    secret = tmp_path / "secret"
    secret.write_text("bearer:old\n")
    server = serve(lambda path: (200, JSON, b"[]"))
    server.reply = lambda path: (
        (200, JSON, b"[]") if server.seen[-1][1]["authorization"] == "Bearer new" else (401, {}, b"")
    )
    archive = WebArchive("pacs", server.root, auth=f"file:{secret}")
    with pytest.raises(Refused):
        archive.search_studies()
    secret.write_text("bearer:new\n")
    assert archive.search_studies() == []


@pytest.mark.parametrize(
    "auth", ["basic:nopassword", "digest:a:b", "bearer:two words", "bearer:a\r\nX: y", "file:/none"]
)
def test_credentials_of_the_wrong_form_are_refused_without_repeating_them(auth: str) -> None:
    with pytest.raises(ValueError) as caught:
        authorization(auth)
    assert auth.split(":", 1)[1] not in str(caught.value)
