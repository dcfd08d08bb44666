"""Every attribute of one image as a tree for people: from the metadata that the store keeps, binary as its length."""

import hashlib
from functools import partial
from typing import Any

import msgspec
from django.utils.translation import gettext as _
from pydicom.datadict import dictionary_description, keyword_for_tag, private_dictionary_description
from pydicom.uid import UID

from viewer.doors.opened import Opened
from viewer.doors.refusal import Refusal
from viewer.doors.words import translated
from viewer.imaging import conformance
from viewer.rendering import Studio
from viewer.store import metadata
from viewer.store.client import StoreError
from viewer.store.metadata import BadMetadata, Kept

PER_FRAME = "52009230"
LONGEST_TEXT = 256 << 10  # characters; what is longer is told by its length, as binary is

Attributes = dict[str, Any]


class _Named(msgspec.Struct):
    """As much of an object as tells which one it is."""

    uid: dict[str, Any] = msgspec.field(name="00080018", default_factory=dict)


class _Sequence(msgspec.Struct):
    """A sequence whose items aren't read."""

    Value: list[msgspec.Raw] = msgspec.field(default_factory=list)


async def tags_json(studio: Studio, opened: Opened, uid: str, number: int) -> dict[str, Any]:
    """Return the attributes of an instance in the order of their tags, and of its frames' own groups frame `number`'s.

    Nothing is asked of the archive, unless the store has let go of the series meanwhile. Raises Refusal: 404 for no
    such image or frame, 502 for metadata that can't be read.
    """
    instance = opened.instances.get(uid)
    if instance is None or not 1 <= number <= instance.frame_count:
        raise Refusal(404, _("The series holds no such image"))
    try:
        kept = await studio.run(partial(metadata.load, opened.series.directory))
    except (OSError, BadMetadata):
        try:
            again = await studio.client.opened(opened.series.key)
            kept = await studio.run(partial(metadata.load, again.directory))
        except StoreError as error:
            raise Refusal(502, translated(error)) from error
        except (OSError, BadMetadata) as error:
            raise Refusal(502, _("The attributes can't be read")) from error
    return await studio.run(partial(tree, kept, uid, number))


def tree(kept: Kept, uid: str, number: int) -> dict[str, Any]:
    """Return one instance's attributes from a series' metadata; `number` counts frames from 1. Raises Refusal."""
    try:
        found = read(kept.metadata, uid, number)
        elements = [] if found is None else _dataset(found, kept.bulkdata)
        faults = conformance.deviations(found or {})
    except (msgspec.MsgspecError, RecursionError) as error:
        raise Refusal(502, _("The attributes can't be read")) from error
    if found is None:
        raise Refusal(404, _("The series holds no such image"))
    deviations = [
        {"path": fault.path, "keyword": _names(fault.path[-8:], "")[0], "words": translated(fault.words)}
        for fault in faults
    ]
    return {"instance": uid, "frame": number, "elements": elements, "deviations": deviations}


def read(content: bytes, uid: str, number: int) -> Attributes | None:
    """Return the data set of one instance out of a DICOM JSON array, None if it isn't there. Raises MsgspecError.

    Of the per-frame functional groups only frame `number`'s item is read: an image may have thousands.
    """
    sought = uid.encode()
    for each in msgspec.json.decode(content, type=list[msgspec.Raw]):
        # A series may have 60 MB of headers: what doesn't name the UID anywhere isn't parsed.
        if sought not in bytes(each) or msgspec.json.decode(each, type=_Named).uid.get("Value") != [uid]:
            continue
        parts = msgspec.json.decode(each, type=dict[str, msgspec.Raw])
        per_frame = parts.pop(PER_FRAME, None)
        found: Attributes = {tag: msgspec.json.decode(part) for tag, part in parts.items()}
        if per_frame is not None:
            items = msgspec.json.decode(per_frame, type=_Sequence).Value
            own = [msgspec.json.decode(item) for item in items[number - 1 : number]]
            found[PER_FRAME] = {"vr": "SQ", "Value": own, "first": number, "count": len(items)}
        return found
    return None


def _dataset(attributes: Attributes, bulkdata: dict[str, bytes]) -> list[dict[str, Any]]:
    creators = {tag: _text(_values(element)[:1]) for tag, element in attributes.items() if _is_creator(tag)}
    return [
        _element(tag.upper(), element, creators.get(f"{tag[:4]}00{tag[4:6]}", ""), bulkdata)
        for tag, element in sorted(attributes.items())
        if isinstance(element, dict)
    ]


def _element(tag: str, element: dict[str, Any], creator: str, bulkdata: dict[str, bytes]) -> dict[str, Any]:
    vr = str(element.get("vr", ""))
    values = _values(element)
    keyword, name = _names(tag, creator)
    told: dict[str, Any] = {"tag": tag, "vr": vr, "keyword": keyword, "name": name, "vm": len(values)}
    if creator and not _is_creator(tag):
        told["creator"] = creator
    if vr == "SQ":
        told["items"] = [_dataset(item, bulkdata) for item in values if isinstance(item, dict)]
        return told | {"vm": 1} | {key: element[key] for key in ("first", "count") if key in element}
    if "InlineBinary" in element:
        data = str(element["InlineBinary"])
        length = max(0, len(data) // 4 * 3 - data[-2:].count("="))
        return told | {"vm": 1, "binary": length, "digest": _digest(data.encode())}
    if "BulkDataURI" in element:
        # The address is the archive's own affair.
        known = bulkdata.get(str(element["BulkDataURI"]))
        if known is None:
            return told | {"vm": 1, "binary": None}
        return told | {"vm": 1, "binary": len(known), "digest": _digest(known)}
    text = _text(values)
    if len(text) > LONGEST_TEXT:
        return told | {"characters": len(text)}
    told["value"] = text
    if vr == "UI" and (meaning := ", ".join(each for each in map(_meaning, values) if each)):
        told["meaning"] = meaning
    return told


def _digest(data: bytes) -> str:
    """Return what tells binary values apart that aren't shown."""
    return hashlib.sha256(data).hexdigest()[:16]


def _values(element: Any) -> list[Any]:
    values = element.get("Value") if isinstance(element, dict) else None
    return values if isinstance(values, list) else []


def _text(values: list[Any]) -> str:
    return "\\".join(map(_one, values))


def _one(value: Any) -> str:
    """Return one value as DICOM writes it: a name with its groups, a number without a needless point."""
    if value is None:
        return ""
    if isinstance(value, dict):
        groups = [str(value.get(group) or "") for group in ("Alphabetic", "Ideographic", "Phonetic")]
        return "=".join(groups).rstrip("=")
    if isinstance(value, float) and value.is_integer() and abs(value) < 1e15:
        return str(int(value))
    return str(value)


def _is_creator(tag: str) -> bool:
    """Say whether a tag, eight hexadecimal digits, reserves a block of private ones (PS3.5 7.8.1)."""
    return _is_private(tag) and tag[4:6] == "00" and tag[6:] >= "10"


def _is_private(tag: str) -> bool:
    return tag[3:4] in set("13579BDFbdf")


def _names(tag: str, creator: str) -> tuple[str, str]:
    """Return keyword and name as the dictionary has them, empty where it hasn't; private ones by their creator."""
    try:
        if _is_creator(tag):
            return "", _("Private creator")
        if _is_private(tag):
            return "", private_dictionary_description(int(tag, 16), creator)
        return keyword_for_tag(int(tag, 16)), dictionary_description(int(tag, 16))
    except (KeyError, ValueError):
        return "", ""


def _meaning(value: Any) -> str:
    """Return the name of a UID that the standard knows, else nothing."""
    uid = UID(str(value), validation_mode=0)
    return str(uid.name) if uid.name != uid else ""
