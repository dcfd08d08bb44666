"""What was drawn on an image: read from JSON, and checked against the image that it says it lies on."""

import math
from typing import Annotated, Literal

import msgspec
import numpy as np
from django.utils.translation import gettext as _

from viewer.doors.opened import Opened, Place
from viewer.doors.refusal import Refusal
from viewer.imaging import measure, spacing
from viewer.imaging.entries import Stack
from viewer.imaging.measure import Based
from viewer.imaging.slide import SLIDE, Slide
from viewer.imaging.spacing import Spacing
from viewer.presentation import FARTHEST, Key, Uid

NEAR = 0.1  # mm that a point may lie off the plane on which it was drawn
SAME = 1e-9  # mm or pixels: two ends that are nearer are one
EDGE = 1.0  # pixels (of a volume: mm) that a point may lie beyond the edge
SLIDE_HEIGHT = 1.0  # mm that a point may lie above or below the glass

Numbers = list[float]


class Misplaced(ValueError):
    """Points that can't have been drawn where they say, in words for a reader."""


class CutPlane(msgspec.Struct, forbid_unknown_fields=True):
    """A plane through a volume: LPS mm and unit vectors, as in a presentation state."""

    point: Numbers
    look: Numbers
    up: Numbers


class Drawn(msgspec.Struct, forbid_unknown_fields=True, kw_only=True):
    """Two points and where they lie. `points` are LPS mm, slide mm, or (column, row) with whole numbers at centres."""

    space: Literal["patient", "slide", "image"]
    series: Uid
    points: list[Numbers]
    instance: Uid | None = None
    frame: Annotated[int, msgspec.Meta(ge=1)] | None = None
    stack: Key = ""
    plane: CutPlane | None = None
    frame_of_reference: str = ""


def measured(opened: Opened, drawn: Drawn, given: Spacing | None = None) -> Based:
    """Return the length of what was drawn, having filled in its frame of reference and stack. Raises Misplaced.

    `given` is what somebody has calibrated the image to.
    """
    _two_points(drawn.points, 2 if drawn.space == "image" else 3)
    slide = _slide(opened, drawn)
    if slide is not None:
        return _on_slide(drawn, slide)
    if drawn.space == "image":
        return _in_image(opened, drawn, given)
    if drawn.plane is None:
        return _on_image(opened, drawn)
    _on_cut(opened, drawn, drawn.plane)
    return _in_patient(drawn)


def _in_patient(drawn: Drawn) -> Based:
    return Based(measure.length(drawn.points), spacing.PATIENT, measure.BASES[spacing.PATIENT])


def _two_points(points: list[Numbers], dimensions: int) -> None:
    if len(points) != 2 or any(len(point) != dimensions for point in points):
        raise Misplaced(_("A length has two ends of %(count)d numbers each") % {"count": dimensions})
    if not all(abs(number) <= FARTHEST for point in points for number in point):
        raise Misplaced(_("The ends are no places"))
    if math.dist(*points) <= SAME:
        raise Misplaced(_("Both ends are at the same place"))


def place_of(opened: Opened, drawn: Drawn) -> Place:
    """Return the frame that something was drawn on, having filled in its stack. Raises Misplaced."""
    if drawn.instance is None or drawn.frame is None:
        raise Misplaced(_("The image and the frame that were drawn on are missing"))
    try:
        place = opened.place(drawn.instance, drawn.frame)
    except Refusal as refusal:
        raise Misplaced(refusal.words) from refusal
    drawn.stack = place.stack.key if place.stack else ""
    return place


def _slide(opened: Opened, drawn: Drawn) -> Slide | None:
    """Return the slide that was drawn on, None where it was something else."""
    for slide in opened.slides:
        named = drawn.stack == slide.key or (not drawn.stack and len(opened.slides) == 1)
        parts = {part.uid for level in slide.levels for part in level.parts}
        if named and (drawn.instance is None or drawn.instance in parts):
            return slide
    if drawn.space == "slide":
        raise Misplaced(_("No such slide in this series"))
    return None


def _on_slide(drawn: Drawn, slide: Slide) -> Based:
    if drawn.space == "patient" or (drawn.space == "image") != (slide.spacing is None):
        raise Misplaced(_("Points of a slide are given in mm on the glass, or in pixels where it has no scale"))
    _same_frame_of_reference(drawn, slide.frame_of_reference)
    drawn.stack, drawn.instance, drawn.plane = slide.key, slide.instance.SOPInstanceUID, None
    points = np.asarray(drawn.points)
    drawn.frame = 1 if slide.spacing is None else None
    pixels = points + 0.5 if slide.spacing is None else slide.pixels(points)
    if (pixels < -EDGE).any() or (pixels > np.array([slide.columns, slide.rows]) + EDGE).any():
        raise Misplaced(_("The ends lie outside the slide"))
    if slide.spacing is None:
        return Based(measure.pixels(drawn.points), spacing.NONE, slide.basis_words)
    if np.abs(points[:, 2] - slide.origin[2]).max() > SLIDE_HEIGHT:
        raise Misplaced(_("The ends don't lie on the glass"))
    return Based(measure.length(drawn.points), SLIDE, measure.BASES[SLIDE])


def _in_image(opened: Opened, drawn: Drawn, given: Spacing | None) -> Based:
    place = place_of(opened, drawn)
    if measure.plane_in_patient(place.instance, place.frame) is not None:
        raise Misplaced(_("This image has a place in the patient: its points are given there"))
    drawn.frame_of_reference = ""
    _inside(np.asarray(drawn.points), place)
    return measure.length_in_image(drawn.points, place.instance, place.frame, given)


def _on_image(opened: Opened, drawn: Drawn) -> Based:
    place = place_of(opened, drawn)
    plane = measure.plane_in_patient(place.instance, place.frame)
    if plane is None:
        raise Misplaced(_("This image has no place in the patient: its points are given in pixels"))
    _same_frame_of_reference(drawn, place.instance.FrameOfReferenceUID)
    points = np.asarray(drawn.points)
    if np.abs(plane.distance(points)).max() > NEAR:
        raise Misplaced(_("The ends don't lie on this image"))
    pixels = plane.pixels(points)
    _inside(pixels, place)
    return _in_patient(drawn)


def _inside(pixels: np.ndarray, place: Place) -> None:
    size = np.array([place.instance.Columns or 0, place.instance.Rows or 0])
    if (pixels < -0.5 - EDGE).any() or (pixels > size - 0.5 + EDGE).any():
        raise Misplaced(_("The ends lie outside the image"))


def _on_cut(opened: Opened, drawn: Drawn, plane: CutPlane) -> None:
    drawn.instance = drawn.frame = None
    stack = next((each for each in opened.stacks if each.key == drawn.stack), None)
    if stack is None and not drawn.stack and len(opened.stacks) == 1:
        stack = opened.stacks[0]
    if stack is None or not stack.spatial:
        raise Misplaced(_("No such volume in this series"))
    drawn.stack = stack.key
    _same_frame_of_reference(drawn, stack.frame_of_reference)
    vectors = (plane.point, plane.look, plane.up)
    if any(len(vector) != 3 or not all(abs(number) <= FARTHEST for number in vector) for vector in vectors):
        raise Misplaced(_("The plane is no plane"))
    point, look, up = (np.asarray(vector) for vector in vectors)
    if max(abs(look @ look - 1), abs(up @ up - 1), abs(look @ up)) > 1e-3:
        raise Misplaced(_("The plane is no plane"))
    points = np.asarray(drawn.points)
    if np.abs((points - point) @ look).max() > NEAR:
        raise Misplaced(_("The ends don't lie on this plane"))
    corners = _corners(opened, stack)
    margin = EDGE + (stack.spacing_mm or 0)
    if (points < corners.min(axis=0) - margin).any() or (points > corners.max(axis=0) + margin).any():
        raise Misplaced(_("The ends lie outside the volume"))


def _corners(opened: Opened, stack: Stack) -> np.ndarray:
    """Return the corners (n, 3) of a volume's first and last image, LPS mm."""
    shown = stack.shown
    found = []
    for entry in (shown[0], shown[-1]):
        place = opened.place(entry.SOPInstanceUID, entry.frame)
        plane = measure.plane_in_patient(place.instance, place.frame)
        if plane is None:
            raise Misplaced(_("This series has no place in the patient"))
        right, bottom = plane.columns - 0.5, plane.rows - 0.5
        found.append(plane.lps(np.array([(-0.5, -0.5), (right, -0.5), (-0.5, bottom), (right, bottom)])))
    return np.concatenate(found)


def _same_frame_of_reference(drawn: Drawn, of_image: str | None) -> None:
    if drawn.frame_of_reference and drawn.frame_of_reference != of_image:
        raise Misplaced(_("The ends are given in another frame of reference than the image's"))
    drawn.frame_of_reference = of_image or ""
