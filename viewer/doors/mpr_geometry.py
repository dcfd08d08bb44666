"""What a picture of a volume shows: the plane or curved surface of its pixels, the camera, the frame of a motion."""

from dataclasses import dataclass, replace

import numpy as np
from django.utils.translation import gettext as _

from viewer.doors.curve_parameters import Along
from viewer.doors.mpr_parameters import PlaneParameters
from viewer.doors.parameters import LONGEST_SIDE, MOST_PIXELS, BadParameter
from viewer.doors.refusal import Refusal
from viewer.doors.volume_parameters import Motion, Point
from viewer.imaging import animation, curved, reformat
from viewer.imaging.animation import Animation, Swivel, Travel
from viewer.imaging.curved import STRAIGHTENED, NoPath, Surface
from viewer.imaging.geometry import Plane
from viewer.imaging.reformat import CUBIC, View
from viewer.imaging.volume import Volume

BESIDE_MM = 60.0  # how much is seen across a path in all, where no viewport and pixel spacing say it
SWIVEL_STEP, TRAVEL_STEP = 5.0, 1.0  # degrees and mm, where none is asked for
RATE = 15  # frames a second, likewise
MOST_FRAMES = 1000
CUBIC_COSTS = 8  # as many voxels as the linear


@dataclass(frozen=True)
class Moment:
    """One frame of a motion, counted from 1."""

    of: Animation
    number: int
    rate: int

    @property
    def place(self) -> float:
        """Degrees of a swivel, mm along a path."""
        return self.of.place(self.number)


@dataclass(frozen=True)
class Framed:
    """The pixels of a picture: those of a `plane`, else of a curved `surface`.

    `view` is what is looked at; `look`, `up` and `lookat` are the camera that the motion began with.
    """

    view: View
    look: np.ndarray
    up: np.ndarray
    plane: Plane | None = None
    surface: Surface | None = None
    moment: Moment | None = None
    lookat: np.ndarray | None = None

    @property
    def size(self) -> tuple[int, int]:
        """Width and height in pixels."""
        shown = self.plane or self.surface
        assert shown is not None
        return shown.columns, shown.rows

    @property
    def step(self) -> float:
        """Side of a pixel in mm."""
        if self.plane is not None:
            return self.plane.spacing[0]
        assert self.surface is not None
        return self.surface.spacing

    def samples(self, volume: Volume, wanted: PlaneParameters) -> int:
        """Return how many samples are taken, at most; a cubic one counts as several."""
        if self.plane is not None:
            layers = len(reformat.offsets(volume, self.plane, wanted.slab, wanted.method))
        else:
            layers = len(curved.offsets(volume, wanted.slab, wanted.method))
        if wanted.interpolation == CUBIC:
            layers *= CUBIC_COSTS
        return layers * self.size[0] * self.size[1]

    def point(self, column: int, row: int) -> np.ndarray:
        """Return LPS mm of a pixel."""
        if self.plane is not None:
            return self.plane.lps(np.array([column, row]))
        assert self.surface is not None
        return self.surface.points(np.array([column, row]))


def framed(volume: Volume, wanted: PlaneParameters) -> Framed:
    """Return the pixels of a picture and what they show. Raises BadParameter for one that is too large.

    The point looked at is the picture's middle where it was given; where it wasn't, the volume stands in the middle.
    All frames of a motion are of one size.
    """
    moment = moment_of(wanted)
    if wanted.along is not None:
        return _along(volume, wanted, wanted.along, moment)
    view = View.of(volume.center if wanted.lookat is None else wanted.lookat, wanted.look, wanted.up)
    bounds = reformat.extent(volume, view, around=wanted.lookat is not None)
    seen = view
    if moment is not None:
        bounds, seen = _swung(volume, view), animation.turned(view, moment.place)
    plane = _picture(volume, seen, bounds, wanted)
    return Framed(seen, view.look, view.up, plane, moment=moment, lookat=view.point)


def _along(volume: Volume, wanted: PlaneParameters, along: Along, moment: Moment | None) -> Framed:
    path, turn = along.path, along.turn
    if along.form is None:
        at = along.at if along.at is not None else 0.0
        first = path.view(at, turn)
        view = first
        if moment is not None:
            follows = isinstance(moment.of, Travel)
            view = path.view(moment.place, turn) if follows else animation.turned(first, moment.place)
        far = np.linalg.norm(volume.corners[:, None] - path.points[:: len(path.points) // 64 + 1], axis=-1).max()
        plane = _picture(volume, view, (-far, far, -far, far), wanted)
        return Framed(view, first.look, path.top, plane, moment=moment, lookat=first.point)
    if moment is not None:
        turn += moment.place
    tangent, up = path.frames(0.0)
    view = View.of(path.points[0], np.cross(up, tangent).tolist(), up.tolist())
    # Of all turns the same size: what rises is taken as high as it can.
    width, rise = path.length, 0.0
    if along.form != STRAIGHTENED:
        try:
            width, rise = curved.extent(path, along.form, turn)
        except NoPath as error:
            words = _("animationframe: turned so far, the path runs along the picture's up")
            raise BadParameter("animationframe", words) from error
        if moment is not None:
            width, rise = path.length, float(np.linalg.norm(np.ptp(path.points, axis=0)))
    size, spacing = fitted(volume, width, rise + BESIDE_MM, wanted)
    surface = curved.surface(path, along.form, size, spacing, turn)
    return Framed(view, view.look, path.top, surface=surface, moment=moment, lookat=view.point)


def _picture(volume: Volume, view: View, bounds: tuple[float, float, float, float], wanted: PlaneParameters) -> Plane:
    left, right, top, bottom = bounds
    size, spacing = fitted(volume, right - left, bottom - top, wanted)
    whole = wanted.picture.viewport is None or wanted.pixel_spacing is None
    middle = ((left + right) / 2, (top + bottom) / 2) if whole else (0.0, 0.0)
    return reformat.picture(view, middle, size, spacing)


def fitted(volume: Volume, width: float, height: float, wanted: PlaneParameters) -> tuple[tuple[int, int], float]:
    """Return the size in pixels (width, height) and the mm of a pixel of a picture of `width` by `height` mm.

    With a viewport and a pixel spacing the picture is as large as both say. Raises BadParameter.
    """
    viewport, spacing = wanted.picture.viewport, wanted.pixel_spacing
    if viewport is not None and spacing is not None:
        return (viewport.width, viewport.height), spacing
    if viewport is not None:
        spacing = max(width / viewport.width, height / viewport.height)
        most = viewport.width, viewport.height
    else:
        most = LONGEST_SIDE, LONGEST_SIDE
        if spacing is None:
            spacing = max(volume.spacing_mm, width / LONGEST_SIDE, height / LONGEST_SIDE)
            spacing = max(spacing, float(np.sqrt(width * height / MOST_PIXELS)))
    # Rounded twice, so that the last digit of a number that went over the line and back can't tip it.
    size = max(1, round(round(width / spacing, 6))), max(1, round(round(height / spacing, 6)))
    if wanted.pixel_spacing is not None and (max(size) > LONGEST_SIDE or size[0] * size[1] > MOST_PIXELS):
        words = _("pixelspacing: the whole volume would have more than %(side)d pixels a side")
        raise BadParameter("pixelspacing", words % {"side": LONGEST_SIDE})
    return (min(size[0], most[0]), min(size[1], most[1])), spacing


def _swung(volume: Volume, view: View) -> tuple[float, float, float, float]:
    """Return (left, right, top, bottom) in mm about the view's point that hold the volume however it swings."""
    offsets = volume.corners - view.point
    heights = offsets @ view.up
    aside = float(np.linalg.norm(offsets - heights[:, None] * view.up, axis=1).max())
    high = float(np.abs(heights).max())
    return -aside, aside, -high, high


def moment_of(wanted: PlaneParameters) -> Moment | None:
    """Return which frame of which motion is asked for, None where nothing moves. Raises BadParameter."""
    motion = wanted.motion
    if motion is None:
        return None
    of = animation_of(motion, None if wanted.along is None else wanted.along.path.length)
    if of.count > MOST_FRAMES:
        words = _("animationstepsize: more than %(most)d frames") % {"most": MOST_FRAMES}
        raise BadParameter("animationstepsize", words)
    number = motion.frame or of.initial
    if number > of.count:
        raise BadParameter("animationframe", _("animationframe: there are %(count)d frames") % {"count": of.count})
    return Moment(of, number, motion.rate or RATE)


def animation_of(motion: Motion, length: float | None = None) -> Animation:
    """Return a motion with what it leaves out: a swivel, or the way along a path of `length` mm."""
    if motion.swivel is not None:
        return Swivel(motion.swivel, motion.step or min(SWIVEL_STEP, motion.swivel))
    assert length is not None
    return Travel(length, motion.step or max(TRAVEL_STEP, float(np.ceil(length / (MOST_FRAMES - 1)))))


def still(volume: Volume, wanted: PlaneParameters) -> PlaneParameters:
    """Return the plane that a frame of a motion shows, as one that never moved; a point of a curved one stands alone.

    Raises BadParameter.
    """
    if wanted.along is None and wanted.motion is None:
        return wanted
    shown = framed(volume, wanted)
    slab = wanted.slab if shown.plane is not None else 0.0
    return replace(
        wanted, look=_vector(shown.view.look), up=_vector(shown.view.up), slab=slab, along=None, motion=None
    )  # fmt: skip


def point_of(volume: Volume, wanted: PlaneParameters, column: int, row: int) -> Point:
    """Return LPS mm of a pixel of a picture, both counted from 0. Raises BadParameter and Refusal."""
    shown = framed(volume, wanted)
    if column >= shown.size[0] or row >= shown.size[1]:
        raise Refusal(400, _("The point lies outside the image"))
    return _vector(shown.point(column, row))


def _vector(values: np.ndarray) -> Point:
    x, y, z = values.tolist()
    return x, y, z
