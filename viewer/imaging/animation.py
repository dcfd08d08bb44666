"""Animations of views through a volume as numbered frames: the swivel, and the way along a path (PS3.3 C.11.29)."""

from dataclasses import dataclass

import numpy as np

from viewer.imaging.reformat import View

FULL_TURN = 360.0
SHARE = 1e-9  # of a step: what rounding may take from the last frame


@dataclass(frozen=True)
class Swivel:
    """A view that swings `extent` degrees about its up, in steps of `step` degrees (PS3.18 8.3.5.3.9 and .11).

    It has extent / step frames, numbered from 1 in the order of their angles; frame `initial` is the view itself: the
    first of a full turn, else the middle one (C.11.29: the initial position is the midpoint of the range).
    """

    extent: float
    step: float

    @property
    def count(self) -> int:
        """Number of frames."""
        return max(1, int(self.extent / self.step + SHARE))

    @property
    def initial(self) -> int:
        """Number of the frame that isn't turned."""
        return 1 if self.extent >= FULL_TURN else self.count // 2 + 1

    def place(self, number: int) -> float:
        """Return the degrees by which the volume is turned in a frame."""
        return (number - self.initial) * self.step


@dataclass(frozen=True)
class Travel:
    """A view that moves along a path of `extent` mm in steps of `step` mm; frame 1 stands at its beginning.

    Both ends of a path of whole steps have a frame (PS3.17 XXX.3.4).
    """

    extent: float
    step: float

    @property
    def count(self) -> int:
        """Number of frames."""
        return int(self.extent / self.step + SHARE) + 1

    @property
    def initial(self) -> int:
        """Number of the frame at the beginning."""
        return 1

    def place(self, number: int) -> float:
        """Return the mm along the path at which a frame stands."""
        return (number - 1) * self.step


Animation = Swivel | Travel


def turned(view: View, degrees: float) -> View:
    """Return the view of a volume that has turned by `degrees` about the view's up, through its point.

    Growing degrees carry what is near to the eye to the right.
    """
    if degrees % FULL_TURN == 0:
        return view
    angle = np.radians(degrees)
    # The eye goes the other way than the volume; look and right are at right angles to up.
    look = np.cos(angle) * view.look + np.sin(angle) * view.right
    return View.of(view.point, look.tolist(), view.up.tolist())
