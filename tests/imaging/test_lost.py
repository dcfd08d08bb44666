"""Lost slices are hatched exactly where a plane or slab has no value because of them, and nowhere else."""

import numpy as np
import pytest
from scipy.spatial.transform import Rotation

from tests.imaging.grids import Made, made, written
from viewer.imaging import lost, reformat
from viewer.imaging.geometry import Plane
from viewer.imaging.reformat import MAXIMUM, View

VALUES = np.random.default_rng(3).integers(1, 1000, (20, 30, 40)).astype(np.int16)


def with_lost(*which: int, step: tuple[float, float, float] = (0.0, 0.4, 2.0)) -> Made:
    datasets = written(VALUES, spacing=(1.0, 1.2), step=step)
    return made([each for at, each in enumerate(datasets) if at not in which])


def through(grid: Made, look: np.ndarray, up: np.ndarray) -> Plane:
    return reformat.picture(View.of(grid.volume.center, look, up), (0.0, 0.0), (70, 60), 0.8)


@pytest.mark.parametrize("which", [(5,), (0, 1), (3, 4, 5, 11)])
def test_what_is_hatched_is_what_has_no_value(which: tuple[int, ...]) -> None:
    grid, whole = with_lost(*which), with_lost()
    crossed = 0
    for turn in range(12):
        right, up, _ = Rotation.random(random_state=turn).as_matrix()
        plane = through(whole, np.cross(up, right), up)
        without = np.isnan(grid.cut(plane)) & np.isfinite(whole.cut(plane))
        found = lost.on_plane(grid.volume, grid.slots, plane)
        assert (found is not None) == without.any()
        if found is not None:
            crossed += 1
            assert (found != without).sum() <= 2  # a pixel on the very border may fall on either side
    assert crossed >= 6


def test_a_slab_is_hatched_where_a_part_of_it_is_lost() -> None:
    grid = with_lost(8, 9)
    plane = through(grid, np.array([0, 0, 1.0]), np.array([0, -1.0, 0]))
    plane = Plane((0.0, 0.0, 13.0), plane.orientation, plane.spacing, 20, 20)  # slice 6.5; slices 8 and 9 are lost
    assert lost.on_plane(grid.volume, grid.slots, plane) is None
    assert lost.on_plane(grid.volume, grid.slots, plane, 1.9) is None
    found = lost.on_plane(grid.volume, grid.slots, plane, 4.1)
    assert found is not None and found.mean() > 0.5
    assert np.isfinite(grid.cut(plane, thickness=4.1, method=MAXIMUM)[found]).all()


def test_a_whole_volume_has_no_hatch_and_costs_nothing() -> None:
    grid = with_lost()
    plane = through(grid, np.array([0, 1.0, 0]), np.array([0, 0, 1.0]))
    assert lost.on_plane(grid.volume, grid.slots, plane, 10.0) is None


def test_the_hatch_is_seen_on_black_and_on_white() -> None:
    where = np.zeros((32, 32), bool)
    where[8:24] = True
    for shade in (0, 128, 255):
        picture = lost.hatched(np.full((32, 32), shade, np.uint8), where)
        assert (picture[~where] == shade).all() and np.ptp(picture[where].astype(int), axis=0).max() > 40
        assert (np.ptp(picture[where].astype(int), axis=1) > 10).all()
