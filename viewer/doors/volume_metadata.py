"""The Rendered Volume Response Module: the parameters by which a picture of a volume was made (PS3.18 annex K)."""

import base64
import json
from typing import Any

import numpy as np
from pydicom.datadict import dictionary_VR, tag_for_keyword

from viewer.doors import matching
from viewer.doors.curve_parameters import Along
from viewer.doors.matching import Match
from viewer.doors.volumes import Source
from viewer.imaging.animation import Swivel, Travel
from viewer.imaging.windowing import VOI, Window

MEDIA_TYPE = "application/dicom+json"
EYE_MM = 100.0  # from the eye to the point looked at: only the direction counts

CURVE_POINTS = "0070150D"

Elements = dict[str, Any]


def element(keyword: str, *values: Any) -> Elements:
    """Return one element as DICOM JSON, under its tag."""
    tag = tag_for_keyword(keyword)
    assert tag is not None
    return {f"{tag:08X}": {"vr": dictionary_VR(tag).split(" ")[0], "Value": list(values)}}


def camera(look: np.ndarray, up: np.ndarray, lookat: np.ndarray) -> Elements:
    """Return whence a volume is seen: `look` is a unit vector, `lookat` LPS mm."""
    return {
        **element("ViewpointPosition", *(lookat - EYE_MM * look).tolist()),
        **element("ViewpointLookAtPoint", *lookat.tolist()),
        **element("ViewpointUpDirection", *up.tolist()),
    }


def window(voi: VOI | None) -> Elements:
    """Return a window; a lookup table can't be said in one, and is what the request or the file says again."""
    if not isinstance(voi, Window):
        return {}
    return {
        **element("VOILUTFunction", voi.function),
        **element("WindowWidth", voi.width),
        **element("WindowCenter", voi.center),
    }


def motion(of: Swivel | Travel | None, rate: int | None) -> Elements:
    """Return how a view moves."""
    if of is None:
        return {}
    return {
        **(element("SwivelRange", of.extent) if isinstance(of, Swivel) else {}),
        **element("AnimationStepSize", of.step),
        **element("RecommendedAnimationRate", rate),
    }


def path(along: Along | None) -> Elements:
    """Return the points that a path was asked through."""
    if along is None:
        return {}
    data = base64.b64encode(np.asarray(along.points, "<f8").tobytes()).decode()
    count = element("NumberOfVolumetricCurvePoints", len(along.points))
    return element("AnimationCurveSequence", {**count, CURVE_POINTS: {"vr": "OD", "InlineBinary": data}})


def volume(source: Source, match: Match) -> Elements:
    """Return which images the volume is made of, and the attributes that it was chosen by."""
    found: Elements = {}
    for name, _value in match:
        own = {
            tuple(matching.values(name, instance, instance.frame(entry.frame)))
            for entry in source.stack.shown
            if (instance := source.opened.instances[entry.SOPInstanceUID])
        }
        if len(own) == 1:
            found |= element(name, *own.pop())
    frames: dict[str, list[int]] = {}
    for entry in source.stack.shown:
        frames.setdefault(entry.SOPInstanceUID, []).append(entry.frame)
    images = [_reference(source, uid, numbers) for uid, numbers in frames.items()]
    item = {**element("PresentationInputType", "VOLUME"), **element("ReferencedImageSequence", *images)}
    return found | element("VolumetricPresentationInputSetSequence", item)


def _reference(source: Source, uid: str, numbers: list[int]) -> Elements:
    instance = source.opened.instances[uid]
    parts = element("ReferencedFrameNumber", *numbers) if instance.frame_count > 1 else {}
    return {
        **element("ReferencedSOPClassUID", instance.SOPClassUID or ""),
        **element("ReferencedSOPInstanceUID", uid),
        **parts,
    }


def encoded(elements: Elements) -> bytes:
    """Return a data set as DICOM JSON, its elements in the order of their tags."""
    return json.dumps(dict(sorted(elements.items()))).encode()
