"""Linear and cubic values at points, between even and uneven slices, against SciPy's."""

from dataclasses import replace

import numpy as np
import pytest
from scipy.interpolate import CubicHermiteSpline, RegularGridInterpolator
from scipy.ndimage import map_coordinates

from tests.imaging.grids import Made, made, written
from viewer.imaging import reformat, voxels

CHANCE = np.random.default_rng(7)
POINTS = CHANCE.uniform(1.0, [7.0, 9.0, 4.0], (400, 3))


def grid() -> Made:
    return made(written(CHANCE.integers(-1000, 3000, (6, 12, 10)).astype(np.int16), step=(0, 0, 2)))


def hermite(values: np.ndarray, places: np.ndarray, at: np.ndarray) -> np.ndarray:
    """Return the cubic through `values` (n, …) at `places` whose slopes are those of the chord through neighbours."""
    chords = (values[2:] - values[:-2]) / (places[2:] - places[:-2]).reshape(-1, *[1] * (values.ndim - 1))
    return CubicHermiteSpline(places[1:-1], values[1:-1], chords)(at)


def cubic_by_scipy(values: np.ndarray, places: np.ndarray, point: np.ndarray) -> float:
    """Return the separable cubic at (column, row, slice)."""
    for axis, at in zip((places, np.arange(values.shape[1]), np.arange(values.shape[2])), point[::-1], strict=True):
        values = hermite(values, axis.astype(float), at)
    return float(values)


def test_linear_values_at_points_are_scipys() -> None:
    even = grid()
    found = reformat.values_at(even.volume, even.stored, even.slots, POINTS.reshape(20, 20, 3))
    expected = map_coordinates(even.values(), POINTS.T[::-1], order=1).reshape(20, 20)
    assert found.dtype == np.float64 and np.abs(found - expected).max() < 1e-6


def test_cubic_values_at_points_are_those_of_cubics_along_each_axis() -> None:
    even = grid()
    found = reformat.values_at(even.volume, even.stored, even.slots, POINTS, interpolation="cubic")
    expected = [cubic_by_scipy(even.values(), np.arange(6), point) for point in POINTS]
    assert np.abs(found - expected).max() < 1e-6


@pytest.mark.parametrize("places", [[0, 1, 1.6, 2.9, 4, 5.5], [0, 0.5, 2.5, 3.0, 4.2, 5.0]])
def test_between_uneven_slices_their_true_places_count(places: list[float]) -> None:
    even = grid()
    volume = replace(even.volume, places=np.array(places, float))
    axes = (np.array(places), np.arange(12), np.arange(10))
    expected = RegularGridInterpolator(axes, even.values())(POINTS[:, ::-1])
    found = reformat.values_at(volume, even.stored, even.slots, POINTS)
    assert np.abs(found - expected).max() < 1e-6
    inner = POINTS[(POINTS[:, 2] > places[1]) & (POINTS[:, 2] < places[4])]
    cubic = reformat.values_at(volume, even.stored, even.slots, inner, interpolation="cubic")
    expected = [cubic_by_scipy(even.values(), np.array(places), point) for point in inner]
    assert len(inner) > 100 and np.abs(cubic - expected).max() < 1e-6


@pytest.mark.parametrize("interpolation", reformat.INTERPOLATIONS)
def test_a_voxel_has_its_own_value_up_to_the_edge_and_none_beyond(interpolation: str) -> None:
    even = grid()
    k, j, i = np.mgrid[:6, :12, :10]
    voxel = np.stack((i, j, k), -1).astype(float)
    found = reformat.values_at(even.volume, even.stored, even.slots, voxel, interpolation=interpolation)
    assert np.array_equal(found, even.values())
    ends = [[-0.5, 0, 0], [9.5, 11.5, 5.5], [-0.51, 0, 0], [0, 11.51, 0], [0, 0, 5.51], [0, 0, -0.51]]
    there = reformat.values_at(even.volume, even.stored, even.slots, np.array(ends), interpolation=interpolation)
    assert list(np.isfinite(there)) == [True, True, False, False, False, False]


def test_where_a_cubic_would_take_what_has_no_value_it_is_linear() -> None:
    even = grid()
    slots = even.slots.copy()
    slots[0] = -1
    cubic = reformat.values_at(even.volume, even.stored, slots, POINTS, interpolation="cubic")
    linear = reformat.values_at(even.volume, even.stored, slots, POINTS)
    whole = reformat.values_at(even.volume, even.stored, even.slots, POINTS, interpolation="cubic")
    first = POINTS[:, 2] < 2
    assert np.array_equal(cubic[first], linear[first]) and np.array_equal(cubic[~first], whole[~first])


def test_one_channel_of_colours_is_sampled_where_it_lies() -> None:
    even = grid()
    colours = CHANCE.integers(0, 255, (*even.stored.shape, 3)).astype(np.uint8)
    for channel in range(3):
        found = reformat.values_at(even.volume, colours[..., channel], even.slots, POINTS)
        expected = map_coordinates(colours[even.slots, ..., channel].astype(float), POINTS.T[::-1], order=1)
        assert np.abs(found - expected).max() < 1e-6


def test_values_that_lie_backwards_are_refused() -> None:
    even = grid()
    with pytest.raises(ValueError, match="bytes apart"):
        voxels.voxels(even.volume, even.stored[:, ::-1], even.slots)


@pytest.mark.parametrize("interpolation", reformat.INTERPOLATIONS)
def test_a_plane_has_the_values_at_its_pixels(interpolation: str) -> None:
    even = grid()
    view = reformat.View.of(even.volume.center, (0.3, 0.5, 1), (0.2, -1, 0.1))
    plane = reformat.picture(view, (0.0, 0.0), (30, 26), 0.5)
    columns, rows = np.meshgrid(np.arange(30), np.arange(26))
    indices = even.volume.indices(plane.lps(np.stack((columns, rows), -1)))
    expected = reformat.values_at(even.volume, even.stored, even.slots, indices, interpolation=interpolation)
    found = even.cut(plane, interpolation=interpolation)
    assert np.isfinite(expected).sum() > 300
    assert np.allclose(found, expected, atol=1e-2, equal_nan=True)
