"""Planes in patient space and the letters at their edges."""

import itertools

import numpy as np
import pytest

from viewer.imaging import geometry
from viewer.imaging.geometry import GeometryError, Plane, anatomical_plane, letters, patient_orientation

AXES = {"L": (1, 0, 0), "R": (-1, 0, 0), "P": (0, 1, 0), "A": (0, -1, 0), "H": (0, 0, 1), "F": (0, 0, -1)}
ALIGNED = [
    (row, column) for row, column in itertools.permutations(AXES, 2) if abs(np.dot(AXES[row], AXES[column])) == 0
]


def test_there_are_twenty_four_axis_aligned_orientations() -> None:
    assert len(ALIGNED) == 24


@pytest.mark.parametrize(("row", "column"), ALIGNED)
def test_letters_of_an_axis_aligned_image_are_its_axes(row: str, column: str) -> None:
    orientation = (*AXES[row], *AXES[column])
    assert patient_orientation(orientation) == (row, column)
    across = geometry.normal(orientation)
    assert np.allclose(across, np.cross(AXES[row], AXES[column]))
    assert anatomical_plane(orientation) == ("sagittal", "coronal", "axial")[int(np.argmax(np.abs(across)))]


@pytest.mark.parametrize(
    ("direction", "wanted"),
    [
        ((1, 0.01, 0.001), "L"), ((-0.7, 0.71, 0), "PR"), ((0.4, -0.3, 0.86), "HLA"), ((0, 0, 0), ""),
        ((0, 0.970295726276, -0.2419218955997), "PF"), ((float("nan"), 0, 1), ""), ((0, 0, -5), "F"),
    ],
)  # fmt: skip
def test_oblique_directions_name_their_strongest_part_first(direction: tuple[float, ...], wanted: str) -> None:
    assert letters(direction) == wanted


def test_a_plane_between_the_axes_is_oblique() -> None:
    assert anatomical_plane((0.8, 0.6, 0, 0, 0, -1)) == "coronal"
    assert anatomical_plane((0.7071, 0.7071, 0, 0, 0, -1)) == "oblique"


@pytest.mark.parametrize(
    "orientation",
    [(), (1, 0, 0), (1, 0, 0, 1, 0, 0), (0, 0, 0, 0, 0, 0), (1, 0, 0, 0, 1, float("nan")), (2, 0, 0, 0, 1, 0)],
)
def test_no_orientation_and_a_broken_one_have_no_letters(orientation: tuple[float, ...]) -> None:
    with pytest.raises(GeometryError):
        patient_orientation(orientation)


def test_the_centre_of_the_first_pixel_is_the_image_position() -> None:
    plane = Plane((10, 20, 30), (0, 1, 0, 0, 0, -1), (2.0, 0.5), 100, 200)
    assert plane.lps(np.array([0, 0])).tolist() == [10, 20, 30]
    assert plane.lps(np.array([4, 3])).tolist() == [10, 22, 24]
    assert plane.pixels(np.array([10, 22, 24])).tolist() == [4, 3]
    assert plane.distance(np.array([[12, 0, 0], [7, 0, 0]])).tolist() == [-2, 3]


def test_pixels_to_patient_and_back_is_exact_for_oblique_planes() -> None:
    chance = np.random.default_rng(4)
    for _ in range(100):
        axes = np.linalg.qr(chance.normal(size=(3, 3)))[0]
        a, b, c, d, e, f = (float(value) for value in axes[:2].ravel())
        plane = Plane((1.0, -2.0, 3.0), (a, b, c, d, e, f), (0.7, 1.3), 64, 64)
        pixels = chance.uniform(-10, 80, (5, 2))
        assert np.allclose(plane.pixels(plane.lps(pixels)), pixels, atol=1e-9)
        assert np.allclose(plane.distance(plane.lps(pixels)), 0, atol=1e-9)


def test_a_plane_without_size_of_pixels_is_none() -> None:
    with pytest.raises(GeometryError):
        Plane((0, 0, 0), (1, 0, 0, 0, 1, 0), (0.0, 1.0), 1, 1)
