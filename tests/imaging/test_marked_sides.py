"""A mark at the left, front and head is seen there from all sides, however the volume is stored."""

from functools import cache

import numpy as np
import pytest

from tests import marked
from tests.imaging.grids import Made, made
from tests.imaging.test_raycast import Shot
from viewer.imaging import animation, reformat
from viewer.imaging.geometry import patient_orientation
from viewer.imaging.reformat import MAXIMUM
from viewer.imaging.views import ORIENTATIONS, View, picture

SIZE, MM = 72, 0.8
# From which side one looks, and what is at the picture's top (PS3.18 8.3.5.3.6): LPS.
LOOKS = {
    "a": ((0, 1, 0), (0, 0, 1)), "p": ((0, -1, 0), (0, 0, 1)), "l": ((-1, 0, 0), (0, 0, 1)),
    "r": ((1, 0, 0), (0, 0, 1)), "f": ((0, 0, 1), (0, -1, 0)), "h": ((0, 0, -1), (0, -1, 0)),
}  # fmt: skip
SWIVELS = (-100.0, -35.0, 20.0, 75.0, 160.0)


@cache
def grid(stored: str) -> Made:
    return made(marked.series(stored))


def cameras() -> list[tuple[View, np.ndarray, np.ndarray]]:
    """Return the views of the six sides and of some swivels, each with look and up as the standard has them."""
    found = []
    for name, camera in LOOKS.items():
        look, up = (np.array(each, float) for each in camera)
        assert np.array_equal(np.array(ORIENTATIONS[name]), np.array(camera))
        found.append((View.of(marked.MIDDLE, *ORIENTATIONS[name]), look, up))
    for degrees in SWIVELS:
        # What is near goes to the right: seen from the front, the front turns to the left of the patient.
        turn = np.radians(degrees)
        look = np.array([np.sin(turn), np.cos(turn), 0.0])
        front = View.of(marked.MIDDLE, *ORIENTATIONS["a"])
        found.append((animation.turned(front, degrees), look, np.array([0.0, 0.0, 1.0])))
    return found


@pytest.mark.parametrize("stored", sorted(marked.STORED))
def test_the_mark_is_seen_where_it_is(stored: str) -> None:
    volume = grid(stored).volume
    shot = Shot(volume, grid(stored).stored, grid(stored).slots)
    for view, look, up in cameras():
        plane = picture(view, (0.0, 0.0), (SIZE, SIZE), MM)
        letters = patient_orientation(plane.orientation)
        shades, _depths = shot.composited(view, SIZE, MM)
        highest, _depths = shot.projected(view, SIZE, MM)
        slab = grid(stored).cut(plane, thickness=90, method=MAXIMUM)
        assert slab.shape == (SIZE, SIZE) and reformat.MAXIMUM == "maximum_ip"
        for seen in (shades.max(axis=2) > 0.25, highest > 450, slab > 450):
            marked.assert_seen(seen, look, up, MM, letters)


def test_grids_of_both_hands_are_among_them() -> None:
    hands = {np.sign(np.linalg.det(grid(stored).volume.steps)) for stored in marked.STORED}
    assert hands == {-1.0, 1.0}
