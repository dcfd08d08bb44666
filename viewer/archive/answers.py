"""What a DICOMweb server's answers say: JSON checked for its kind, the verdict on stored objects."""

from collections.abc import Callable, Iterator
from typing import Any, TypeVar

import msgspec

from viewer.archive.origin import Answer
from viewer.archive.port import Attributes, Malformed, StoreResult
from viewer.imaging.words import gettext_noop

JSON = "application/dicom+json"
LARGEST_JSON = 1 << 30
FAILURES = {
    0x0110: "processing failed",
    0x0111: "another object with this UID is there",
    0x0122: "unsupported class",
    0xA700: "out of resources",
    0xA900: "the data set doesn't fit its class",
    0xC000: "cannot understand",
    0xC122: "unsupported transfer syntax",
}

OUT_OF_RESOURCES = range(0xA700, 0xA800)

Body = TypeVar("Body", bytes, memoryview)

data_sets = msgspec.json.Decoder(list[dict[str, Any]])


def stored(answer: Answer) -> Callable[[str], StoreResult]:
    """Return what the answer to a STOW request says of each SOP Instance UID (PS3.18 annex I.2)."""
    if answer.media_type.name not in (JSON, "application/json"):
        answer.close()
        raise unexpected(answer.media_type.name)
    body = answer.body(LARGEST_JSON).removeprefix(b"\xef\xbb\xbf").strip()
    found = decode(data_sets, body if body.startswith(b"[") else b"[" + body + b"]")
    kept: set[str] = set()
    reasons: dict[str, StoreResult] = {}
    for data_set in found:
        for item in values(data_set, "00081199"):
            kept.update(values(item, "00081155"))
        for item in values(data_set, "00081198"):
            code = next(iter(values(item, "00081197")), 0)
            for name in values(item, "00081155"):
                words = gettext_noop("The archive refused it: {reason}.", reason=FAILURES.get(code, f"{code:04X}H"))
                reasons[name] = StoreResult(name, False, words, again=code in OUT_OF_RESOURCES)

    def verdict(name: str) -> StoreResult:
        if name in reasons:
            return reasons[name]
        return (
            StoreResult(name, True)
            if name in kept
            else StoreResult(name, False, gettext_noop("The archive didn't confirm it."), again=True)
        )

    return verdict


def values(attributes: Attributes, tag: str) -> list[Any]:
    """Return all values of one attribute, none when it is absent."""
    found: list[Any] = attributes.get(tag, {}).get("Value") or []
    return found


def json_body(answer: Answer) -> bytes:
    """Return the JSON text of an answer without a byte order mark; raises Malformed for any other media type."""
    if "json" not in answer.media_type.name:
        answer.close()
        raise unexpected(answer.media_type.name)
    return answer.body(LARGEST_JSON).removeprefix(b"\xef\xbb\xbf")


def decode(decoder: "msgspec.json.Decoder[Any]", body: bytes) -> Any:
    """Return the decoded JSON; raises Malformed when it isn't an array of DICOM JSON objects."""
    try:
        return decoder.decode(body)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
        not_a_page(body)
        raise Malformed(gettext_noop("The archive's answer isn't DICOM JSON.")) from None


def not_a_page(body: Body) -> Body:
    """Return `body` unless it is a page for people, whatever it is called; raises Malformed then."""
    start = bytes(body[:512]).lstrip(b"\xef\xbb\xbf \t\r\n").lower()
    if start.startswith((b"<!doctype html", b"<html", b"<head", b"<body")):
        raise unexpected("text/html")
    return body


def no_page(chunks: Iterator[bytes]) -> Iterator[bytes]:
    """Yield the chunks of a body; raises Malformed when it begins like a page for people."""
    for number, chunk in enumerate(chunks):
        yield chunk if number else not_a_page(chunk)


def unexpected(name: str) -> Malformed:
    """Return the error for an answer of another kind, with a hint where the cause is well known."""
    kind = name or "no media type"
    if name in ("text/html", "application/xhtml+xml"):
        return Malformed(gettext_noop("The archive answers with {kind}: probably a login or error page.", kind=kind))
    return Malformed(gettext_noop("The archive answers with {kind} instead of DICOM.", kind=kind))
