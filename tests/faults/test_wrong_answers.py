"""Answers that are something else: each is recognised, and its words name what is wrong."""

import contextlib
from collections.abc import Callable
from io import BytesIO

import pytest
from pydicom.dataset import Dataset

from tests.archive.answering import JSON, MULTIPART, Handler, Reply, Server, frames_body
from viewer.archive import ArchiveError, WebArchive

ADDRESS = ("1.2", "1.2.3", "1.2.3.4")
PAGE = b"<!DOCTYPE html><html><title>Log in, Mr Secret</title></html>"
HTML = {"Content-Type": "text/html; charset=utf-8"}
OCTETS = {"Content-Type": "application/octet-stream"}
DICOM = {"Content-Type": "application/dicom"}
INSTANCE = {"Content-Type": 'multipart/related; type="application/dicom"; boundary=b'}
Ask = Callable[[WebArchive], object]


def search(archive: WebArchive) -> object:
    return archive.search_studies()


def metadata(archive: WebArchive) -> object:
    return archive.series_metadata("1.2", "1.2.3")


def frame(archive: WebArchive) -> object:
    return list(archive.frames(*ADDRESS, [1]))


def instance(archive: WebArchive) -> object:
    return archive.instance(*ADDRESS)


def bulk(archive: WebArchive) -> object:
    return archive.bulkdata(f"{archive.root}/studies/1.2/bulk/1")


def element(tag: str, value: str) -> bytes:
    return b'[{"%s": {"vr": "UI", "Value": ["%s"]}}]' % (tag.encode(), value.encode())


LOGIN, KIND, NOT_JSON = "login or error page", "instead of", "isn't DICOM JSON"
WRONG: list[tuple[Ask, Reply, str]] = [
    *((ask, (200, HTML, PAGE), LOGIN) for ask in (search, metadata, frame, instance, bulk)),
    *((ask, (200, {"Content-Type": "application/xhtml+xml"}, PAGE), LOGIN) for ask in (search, metadata, frame)),
    *((ask, (200, JSON, PAGE), LOGIN) for ask in (search, metadata)),
    *((ask, (200, OCTETS, PAGE), LOGIN) for ask in (frame, instance, bulk)),
    (frame, (200, MULTIPART, frames_body(PAGE)), LOGIN),
    (frame, (200, MULTIPART, PAGE), LOGIN),
    (instance, (200, INSTANCE, PAGE), LOGIN),
    *((ask, (200, {"Content-Type": "text/plain"}, b"Please wait"), KIND) for ask in (search, metadata, frame, bulk)),
    *((ask, (200, {"Content-Type": "application/xml"}, b"<x/>"), KIND) for ask in (search, metadata)),
    *((ask, (200, {}, b"x"), "no media type") for ask in (search, frame, bulk)),
    (search, (200, DICOM, b"DICM"), KIND),
    (frame, (200, {"Content-Type": "image/png"}, b"\x89PNG"), KIND),
    (frame, (200, JSON, b"{}"), KIND),
    (frame, (200, DICOM, b"DICM"), "DICOM"),
    (instance, (200, DICOM, b"\x00" * 200), "DICOM"),
    (instance, (200, INSTANCE, frames_body(b"one", b"two")), "2 parts instead of one"),
    (instance, (200, INSTANCE, b"--b--"), "0 parts instead of one"),
    *(
        (search, (200, JSON, body), NOT_JSON)
        for body in (b"", b"{", b"[1]", b'{"a": 1}', b'"[]"', b"null", b"\xff\xfe[\x00]\x00", b"[{]", b"[" * 9999)
    ),
    (metadata, (200, JSON, b"[]"), "no such object"),
    (metadata, (200, JSON, element("0020000E", "9.9")), "something else"),
    (metadata, (200, JSON, element("0020000D", "9.9")), "something else"),
    *((ask, (204, {}, b""), "no such object") for ask in (metadata, frame, instance, bulk)),
    *((ask, (302, {"Location": "/login"}, b""), "redirects") for ask in (search, frame)),
    (frame, (200, MULTIPART, frames_body(b"")), "empty"),
    (frame, (200, {"Content-Type": "multipart/related"}, frames_body(b"x")), "multipart"),
    (frame, (200, {"Content-Type": "multipart/form-data; boundary=c"}, frames_body(b"x")), "last part"),
]


def test_every_wrong_answer_is_explained(server: Server) -> None:
    assert len(WRONG) >= 40
    for number, (ask, reply, words) in enumerate(WRONG):
        server.reply = lambda path, reply=reply: reply
        archive = WebArchive("pacs", server.root, auth="basic:reader:pass-word")
        with pytest.raises(ArchiveError) as caught:
            ask(archive)
        assert words in caught.value.words, f"{number}: {ask.__name__} {reply}: {caught.value.words}"
        assert not any(secret in caught.value.words for secret in ("Secret", "pass-word", "reader"))


def test_a_whole_instance_in_place_of_its_frame_is_taken_apart_here(server: Server, speaking: list[Dataset]) -> None:
    held = BytesIO()
    speaking[4].save_as(held, enforce_file_format=True)
    server.reply = lambda path: (200, DICOM, held.getvalue())
    archive = WebArchive("pacs", server.root)
    uids = (str(speaking[4][tag].value) for tag in ("StudyInstanceUID", "SeriesInstanceUID", "SOPInstanceUID"))
    (found,) = archive.frames(*uids, [1])
    assert found.data == speaking[4].PixelData
    with pytest.raises(ArchiveError, match="another instance"):
        list(archive.frames(*ADDRESS, [1]))


def test_an_answer_without_end_is_left_as_soon_as_it_says_too_much(serve: Callable[..., Server]) -> None:
    part, sent = frames_body(bytes(1 << 20)).removesuffix(b"--b--\r\n"), []

    class Endless(Handler):
        def do_GET(self) -> None:  # noqa: N802
            self.send_response(200)
            self.send_header("Content-Type", MULTIPART["Content-Type"])
            self.end_headers()
            with contextlib.suppress(OSError):
                while len(sent) < 500:
                    self.wfile.write(part)
                    sent.append(1)
            self.close_connection = True

    server = serve(lambda path: (404, {}, b""))
    server.RequestHandlerClass = Endless
    archive = WebArchive("pacs", server.root)
    for ask, words in ((frame, "2 frames instead of 1"), (bulk, "2 parts instead of one")):
        sent.clear()
        with pytest.raises(ArchiveError, match=words):
            ask(archive)
    assert len(sent) < 500


def test_headers_that_are_written_oddly_are_read_or_refused_and_never_a_failure_of_ours(server: Server) -> None:
    whole = frames_body(b"whole")
    endless = whole.replace(b"\r\n\r\n", b"\r\nContent-Length: " + b"9" * 5000 + b"\r\n\r\n", 1)
    split = 'multipart/related; boundary*0=b; transfer-syntax*0="1.2.840."; transfer-syntax*1="10008.1.2.1"'
    odd = [("multipart/related; boundary*=utf-8''b", whole), (split, whole), (MULTIPART["Content-Type"], endless)]
    for kind, body in odd:
        server.reply = lambda path, kind=kind, body=body: (200, {"Content-Type": kind}, body)
        (found,) = WebArchive("pacs", server.root).frames(*ADDRESS, [1])
        assert (found.data, found.transfer_syntax) == (b"whole", "1.2.840.10008.1.2.1"), kind
    nonsense = 'multipart/related; boundary*0=b; boundary*1*=%ff; boundary="'
    server.reply = lambda path: (200, {"Content-Type": nonsense}, b"x")
    with pytest.raises(ArchiveError):
        frame(WebArchive("pacs", server.root))
