"""What a DICOMweb server's answers say: JSON checked for its kind, the verdict on stored objects."""

from collections.abc import Callable
from typing import Any

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

data_sets = msgspec.json.Decoder(list[dict[str, Any]])


def stored(answer: Answer) -> Callable[[str], StoreResult]:
    """Return what the answer to a STOW request says of each SOP Instance UID (PS3.18 annex I.2)."""
    if answer.media_type.name not in (JSON, "application/json"):
        answer.close()
        raise unexpected(answer.media_type.name)
    body = answer.body(LARGEST_JSON).removeprefix(b"\xef\xbb\xbf").strip()
    found = decode(data_sets, body if body.startswith(b"[") else b"[" + body + b"]")
    kept: set[str] = set()
    reasons: dict[str, str] = {}
    for data_set in found:
        for item in values(data_set, "00081199"):
            kept.update(values(item, "00081155"))
        for item in values(data_set, "00081198"):
            code = next(iter(values(item, "00081197")), 0)
            for name in values(item, "00081155"):
                reasons[name] = gettext_noop(
                    "The archive refused it: {reason}.", reason=FAILURES.get(code, f"{code:04X}H")
                )

    def verdict(name: str) -> StoreResult:
        if name in reasons:
            return StoreResult(name, False, reasons[name])
        return (
            StoreResult(name, True)
            if name in kept
            else StoreResult(name, False, gettext_noop("The archive didn't confirm it."))
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
        raise Malformed(gettext_noop("The archive's answer isn't DICOM JSON.")) from None


def unexpected(name: str) -> Malformed:
    """Return the error for an answer of another kind, with a hint where the cause is well known."""
    kind = name or "no media type"
    if name in ("text/html", "application/xhtml+xml"):
        return Malformed(gettext_noop("The archive answers with {kind}: probably a login or error page.", kind=kind))
    return Malformed(gettext_noop("The archive answers with {kind} instead of DICOM.", kind=kind))
