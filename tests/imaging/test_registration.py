"""Rigid registration: landmarks moved by a known matrix, and a real head turned and moved."""

import numpy as np
import pydicom
import pytest
from scipy.ndimage import gaussian_filter, map_coordinates
from scipy.spatial.transform import Rotation

from tests.imaging.grids import made, written
from tests.unpacked_data import test_data
from viewer.imaging import registration
from viewer.imaging.registration import Grid, NotRegistered


def rigid(turn: Rotation, move: tuple[float, float, float]) -> np.ndarray:
    matrix = np.eye(4)
    matrix[:3, :3], matrix[:3, 3] = turn.as_matrix(), move
    return matrix


def difference(one: np.ndarray, other: np.ndarray, around: np.ndarray) -> tuple[float, float]:
    """Return how far (mm, at a point) and by how many degrees two matrices differ."""
    point = np.append(around, 1)
    apart = float(np.linalg.norm((one @ point - other @ point)[:3]))
    return apart, registration.moved_by(registration.inverse(one) @ other)[1]


def test_landmarks_find_the_matrix_that_moved_them() -> None:
    chance = np.random.default_rng(3)
    for count in (3, 4, 12):
        for _turn in range(20):
            there = chance.uniform(-150, 150, (count, 3))
            truth = rigid(Rotation.random(random_state=chance), tuple(chance.uniform(-200, 200, 3)))
            here = there @ truth[:3, :3].T + truth[:3, 3]
            found = registration.by_landmarks(here.tolist(), there.tolist())
            assert np.abs(found.matrix - truth).max() < 1e-6 and found.rms < 1e-6
            registration.check_rigid(found.matrix)
            aligned, _rssd = Rotation.align_vectors(here - here.mean(0), there - there.mean(0))
            assert np.abs(found.matrix[:3, :3] - aligned.as_matrix()).max() < 1e-6


def test_the_error_of_landmarks_is_what_is_left_between_them() -> None:
    chance = np.random.default_rng(4)
    there = chance.uniform(-100, 100, (8, 3))
    here = there + np.array([10.0, 0.0, -5.0]) + chance.normal(0, 1.5, (8, 3))
    found = registration.by_landmarks(here.tolist(), there.tolist())
    left = here - (there @ found.matrix[:3, :3].T + found.matrix[:3, 3])
    assert found.residuals == pytest.approx(np.linalg.norm(left, axis=1)) and 0.3 < found.rms < 3


@pytest.mark.parametrize(
    "points",
    [
        [[0, 0, 0], [1, 0, 0]],
        [[0, 0, 0], [10, 0, 0], [20, 0, 0], [30, 0, 0.001]],
        [[0, 0, 0], [1, 0, np.nan], [0, 5, 0]],
        [[5, 5, 5]] * 4,
    ],
)
def test_points_that_leave_it_open_are_refused(points: list[list[float]]) -> None:
    with pytest.raises(NotRegistered):
        registration.by_landmarks(points, points)


def test_what_mirrors_or_stretches_is_no_registration() -> None:
    for wrong in (np.diag((-1.0, 1, 1, 1)), np.diag((1.1, 1, 1, 1)), np.full((4, 4), np.nan), np.eye(3)):
        with pytest.raises(NotRegistered):
            registration.check_rigid(wrong)


def test_a_grid_along_lps_holds_the_volumes_own_values() -> None:
    values = np.random.default_rng(6).integers(0, 900, (20, 24, 28))
    smooth = gaussian_filter(values.astype(float), 2).round().astype(np.uint16)
    grid = made(written(smooth, spacing=(1.5, 1.5), step=(0.0, 0.0, 2.0), position=(-7.0, 3.0, 11.0)))
    found = registration.gridded(grid.volume, grid.stored, grid.slots)
    z, y, x = np.indices(found.values.shape)
    points = np.array(found.origin) + np.stack((x, y, z), -1) * found.spacing
    index = (points - (-7.0, 3.0, 11.0)) / (1.5, 1.5, 2.0)
    expected = map_coordinates(smooth.astype(float), np.moveaxis(index[..., ::-1], -1, 0), order=1, mode="nearest")
    assert found.inside.mean() > 0.9 and np.abs(found.values - expected)[found.inside].max() < 0.01


def head() -> Grid:
    """Return a real head, as it was taken, at 2 mm."""
    folder = test_data() / "mr" / "freesurfer-brain"
    files = [pydicom.dcmread(path) for path in sorted(folder.rglob("*.dcm"))]
    slices = [each for each in files if each.Modality == "MR" and "PixelData" in each]
    grid = made(slices)
    return registration.gridded(grid.volume, grid.stored, grid.slots, most=900_000)


def turned(grid: Grid, matrix: np.ndarray) -> Grid:
    """Return what stands at p in a grid at matrix · p, on a grid of another origin and spacing; SciPy's cubic."""
    spacing, shape = grid.spacing * 1.15, grid.values.shape
    size = np.array(shape[::-1])
    middle = np.array(grid.origin) + (size - 1) / 2 * grid.spacing
    first = (matrix @ np.append(middle, 1))[:3] - (size - 1) / 2 * spacing
    z, y, x = np.indices(shape)
    points = first + np.stack((x, y, z), -1) * spacing
    back = points @ matrix[:3, :3] - matrix[:3, :3].T @ matrix[:3, 3]
    index = (back - np.array(grid.origin)) / grid.spacing
    values = map_coordinates(grid.values, index[..., ::-1].T, order=3, cval=float(grid.values.min())).T
    a, b, c = first.tolist()
    # Another contrast: darker where it was bright.
    return Grid((values.max() - values).astype(np.float32), np.ones(shape, bool), (a, b, c), spacing)


def test_mutual_information_finds_how_a_real_head_was_turned_and_moved() -> None:
    fixed = head()
    truth = rigid(Rotation.from_euler("xyz", (4, -6, 9), degrees=True), (17.0, -12.0, 25.0))
    moving = turned(fixed, truth)
    heard: list[tuple[int, int]] = []
    found, metric = registration.by_information(fixed, moving, lambda done, total: not heard.append((done, total)))
    middle = np.array(moving.origin) + (np.array(moving.values.shape[::-1]) - 1) / 2 * moving.spacing
    apart, degrees = difference(found, registration.inverse(truth), middle)
    assert apart < 0.5 and degrees < 0.5, (apart, degrees)
    assert metric > 0.1 and heard and all(done <= total for done, total in heard)


def test_it_stops_when_it_is_told_to() -> None:
    values = gaussian_filter(np.random.default_rng(7).normal(0, 1, (24, 24, 24)), 2).astype(np.float32)
    grid = Grid(values, np.ones(values.shape, bool), (0.0, 0.0, 0.0), 2.0)
    with pytest.raises(NotRegistered, match="stopped"):
        registration.by_information(grid, grid, lambda done, _total: done < 3)
