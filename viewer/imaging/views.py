"""Views: the eye that looks at a plane through a volume, and the picture's pixels in patient space."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from viewer.imaging.geometry import Plane
from viewer.imaging.volume import Volume

# From which side one looks: the direction of the eye and the picture's top, LPS (PS3.18 8.3.5.3.6).
Direction = tuple[float, float, float]
ORIENTATIONS: dict[str, tuple[Direction, Direction]] = {
    "a": ((0, 1, 0), (0, 0, 1)),
    "p": ((0, -1, 0), (0, 0, 1)),
    "l": ((-1, 0, 0), (0, 0, 1)),
    "r": ((1, 0, 0), (0, 0, 1)),
    "f": ((0, 0, 1), (0, -1, 0)),
    "h": ((0, 0, -1), (0, -1, 0)),
}
LEAST_SINE = 1e-3


class NoView(ValueError):
    """The camera looks nowhere: `where` is "position" or "up"."""

    def __init__(self, where: str) -> None:
        super().__init__(where)
        self.where = where


@dataclass(frozen=True)
class View:
    """A plane through `point` (LPS mm) that an eye looks at along `look`, with `up` at the picture's top: unit vectors.

    Right on the screen is look × up (PS3.18 8.3.5.3.7).
    """

    point: np.ndarray
    look: np.ndarray
    up: np.ndarray

    @property
    def right(self) -> np.ndarray:
        """Unit vector to the picture's right."""
        return np.cross(self.look, self.up)

    @property
    def orientation(self) -> tuple[float, float, float, float, float, float]:
        """Image Orientation (Patient) of the picture: to the right, then down."""
        # Adding nothing turns -0 into 0.
        (a, b, c), (d, e, f) = (self.right + 0.0).tolist(), (0.0 - self.up).tolist()
        return a, b, c, d, e, f

    @classmethod
    def of(cls, point: Sequence[float] | np.ndarray, look: Sequence[float], up: Sequence[float]) -> "View":
        """Return the view along `look` (any length); the part of `up` that points along it is left out.

        Raises NoView for a look without length and for an up along the look.
        """
        along, top = np.asarray(look, float), np.asarray(up, float)
        length, height = float(np.linalg.norm(along)), float(np.linalg.norm(top))
        if length < 1e-9:
            raise NoView("position")
        along = along / length
        if height < 1e-9:
            raise NoView("up")
        top = top / height
        top = top - (top @ along) * along
        sine = float(np.linalg.norm(top))
        if sine < LEAST_SINE:
            raise NoView("up")
        return cls(np.asarray(point, float), along, top / sine)


def extent(volume: Volume, view: View, *, around: bool) -> tuple[float, float, float, float]:
    """Return (left, right, top, bottom) in mm from the view's point of the rectangle that shows the whole volume.

    `around` widens it until the point is its middle.
    """
    offsets = volume.corners - view.point
    across, down = offsets @ view.right, offsets @ -view.up
    left, right, top, bottom = (float(end) for end in (across.min(), across.max(), down.min(), down.max()))
    if around:
        right, bottom = max(-left, right), max(-top, bottom)
        left, top = -right, -bottom
    return left, right, top, bottom


def picture(view: View, middle: tuple[float, float], size: tuple[int, int], spacing: float) -> Plane:
    """Return the plane of a picture of `size` (width, height) pixels of `spacing` mm.

    Its middle lies at `middle`: mm to the right and down from the view's point.
    """
    width, height = size
    left = middle[0] - spacing * (width - 1) / 2
    top = middle[1] - spacing * (height - 1) / 2
    x, y, z = (view.point + left * view.right - top * view.up).tolist()
    return Plane((x, y, z), view.orientation, (spacing, spacing), height, width)


def reach(volume: Volume, plane: Plane) -> tuple[float, float]:
    """Return the smallest and the largest distance (mm along the plane's normal) of the volume's corners from it."""
    distances = plane.distance(volume.corners)
    return float(distances.min()), float(distances.max())
