"""What the page is told of a breast image, and how it is sent: never lossy."""

from dataclasses import asdict
from typing import Any

from viewer.doors.media import LOSSLESS, PNG
from viewer.doors.words import translated
from viewer.imaging import mammography
from viewer.imaging.mammography import Hang
from viewer.imaging.record import FrameAttributes, Instance


def faithful(media_type: str, instance: Instance) -> str:
    """Return the media type that a picture is sent in, whatever was asked for: of a breast always a lossless one.

    A client may take or leave another type than it named (RFC 9110 12.4.1); what JPEG wiped out comes back to nobody.
    """
    return PNG if media_type not in LOSSLESS and mammography.is_mammogram(instance) else media_type


def hang(instance: Instance, frame: FrameAttributes) -> Hang | None:
    """Return how a breast image is hung; None for what is none, and where that isn't known."""
    found = mammography.mammogram(instance, frame)
    return found.hang if found else None


def breast_json(instance: Instance, frame: FrameAttributes) -> dict[str, Any] | None:
    """Return view, side, hang and place among the four screening views; None for what is no breast image."""
    found = mammography.mammogram(instance, frame)
    if found is None:
        return None
    return {
        "name": found.name,
        "view": found.view,
        "laterality": found.laterality,
        "words": ", ".join(translated(each) for each in found.words),
        "chest_wall": found.chest_wall,
        "hang": asdict(found.hang) if found.hang else None,
        "place": found.place,
        "tomosynthesis": found.tomosynthesis,
        "synthetic": found.synthetic,
        "for_processing": found.for_processing,
    }
