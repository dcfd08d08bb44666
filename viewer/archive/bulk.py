"""One big value out of a DICOM file, found by its path of tags: `00420011` or `54000100/0/54001010`."""

from typing import Any

from pydicom.dataelem import RawDataElement
from pydicom.dataset import Dataset

from viewer.archive.dicomjson import items_of, little
from viewer.archive.part10 import UNDEFINED, Part10, raw
from viewer.archive.port import Malformed, NotThere
from viewer.imaging.words import gettext_noop


def value_at(part10: Part10, path: str) -> bytes:
    """Return the value's bytes in little endian; raises NotThere when the path leads nowhere."""
    dataset: Dataset = part10.dataset
    *steps, last = path.split("/")
    for tag, item in zip(steps[::2], steps[1::2], strict=True):
        items = _items(part10, _element(dataset, tag))
        if int(item) >= len(items):
            raise NotThere(gettext_noop("The object has no such bulk value."))
        dataset = items[int(item)]
    element = _element(dataset, last)
    if isinstance(element, RawDataElement):
        return little(element.VR or "OW", _bytes(part10, element), element.is_little_endian)
    if isinstance(element.value, bytes):
        return element.value
    raise NotThere(gettext_noop("The object has no such bulk value."))


def _element(dataset: Dataset, tag: str) -> Any:
    element = raw(dataset, int(tag, 16))
    if element is None:
        raise NotThere(gettext_noop("The object has no such bulk value."))
    return element


def _bytes(part10: Part10, element: RawDataElement) -> bytes:
    if element.value is None and element.length not in (0, UNDEFINED):
        return part10.slice(element.value_tell, element.length)
    return bytes(element.value or b"")


def _items(part10: Part10, element: Any) -> Any:
    if not isinstance(element, RawDataElement):
        return element.value
    value = _bytes(part10, element)
    try:
        implicit = element.is_implicit_VR or element.VR == "UN"
        return items_of(value, implicit, element.is_little_endian, None, element.value_tell)
    except ValueError as error:
        raise NotThere(gettext_noop("The object has no such bulk value.")) from error
    except RecursionError as error:
        raise Malformed(gettext_noop("Sequences nested too deeply.")) from error
