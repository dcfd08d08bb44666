"""Planes and slabs against phantoms of known truth, SciPy and NumPy."""

import numpy as np
import pytest
from scipy.ndimage import map_coordinates
from scipy.spatial.transform import Rotation

from tests.imaging.grids import Made, made, of_space, written
from tests.phantoms import ball_phantom
from viewer.imaging import reformat
from viewer.imaging.geometry import Plane, letters
from viewer.imaging.reformat import AVERAGE, MAXIMUM, MINIMUM, ORIENTATIONS, NoView, Overtaken, View
from viewer.imaging.windowing import Window, grey_of_values

RANDOM = np.random.default_rng(20240301)
TILT = np.array([0.0, -np.sin(np.radians(15)), np.cos(np.radians(15))]) * 2.5


def lps_of(plane: Plane) -> np.ndarray:
    """Return the LPS mm (rows, columns, 3) of a picture's pixels, by the standard's equation (PS3.3 C.7.6.2.1.1)."""
    rows, columns = np.mgrid[: plane.rows, : plane.columns]
    x, y = np.array(plane.orientation[:3]), np.array(plane.orientation[3:])
    along = columns[..., None] * x * plane.spacing[1] + rows[..., None] * y * plane.spacing[0]
    return np.array(plane.position) + along


def by_scipy(grid: Made, points: np.ndarray) -> np.ndarray:
    """Return modality values at LPS mm by SciPy's order 1; NaN outside the outermost voxel centres."""
    indices = np.linalg.solve(grid.volume.steps, (points - grid.volume.position).reshape(-1, 3).T)
    indices[np.abs(indices - np.rint(indices)) < 1e-9] = np.rint(indices[np.abs(indices - np.rint(indices)) < 1e-9])
    found = map_coordinates(grid.values(), indices[::-1], order=1, cval=np.nan, prefilter=False)
    return found.reshape(points.shape[:-1])


def oblique(grid: Made, chance: np.random.Generator, size: tuple[int, int] = (90, 70), pixel: float = 0.7) -> Plane:
    """Return a picture of a random plane near the middle of a volume."""
    right, up, look = Rotation.random(random_state=chance).as_matrix()
    look = np.cross(up, right)
    view = View.of(grid.volume.center + chance.uniform(-3, 3, 3), look, up)
    return reformat.picture(view, (0.0, 0.0), size, pixel)


def test_fifty_obliques_of_the_ball_agree_with_scipy_within_a_grey_level() -> None:
    ball = made(ball_phantom())
    window = Window(0, 300)
    for turn in range(50):
        plane = oblique(ball, np.random.default_rng(turn))
        expected = by_scipy(ball, lps_of(plane))
        found = ball.cut(plane)
        inside = np.isfinite(expected)
        assert inside.mean() > 0.3 and np.isfinite(found[inside]).all()
        assert np.abs(found - expected)[inside].max() < 1e-3
        greys = [grey_of_values(each, window, inverted=False).astype(int) for each in (found, expected)]
        assert np.abs(greys[0] - greys[1])[inside].max() <= 1


def test_the_ball_is_as_large_on_every_plane_through_its_middle() -> None:
    ball = made(ball_phantom())
    for turn in range(10):
        chance = np.random.default_rng(turn)
        look, up = chance.normal(size=3), chance.normal(size=3)
        plane = reformat.picture(View.of((0, 0, 0), look, up), (0.0, 0.0), (260, 260), 0.1)
        area = (ball.cut(plane) > 0).sum() * 0.1**2
        assert np.sqrt(area / np.pi) == pytest.approx(10, abs=0.12)


@pytest.mark.parametrize("turn", range(6))
def test_noise_on_a_grid_of_uneven_sides_agrees_with_scipy(turn: int) -> None:
    values = RANDOM.integers(-1000, 3000, (19, 40, 52)).astype(np.int16)
    orientation = Rotation.random(random_state=turn).as_matrix()
    cosines, normal = orientation[:2].ravel(), np.cross(orientation[0], orientation[1])
    grid = made(
        written(values, spacing=(0.45, 0.9), step=normal * 3.1, position=(-20, 11, 300), orientation=cosines)
    )  # fmt: skip
    plane = oblique(grid, np.random.default_rng(turn), (120, 100), 0.4)
    expected = by_scipy(grid, lps_of(plane))
    inside = np.isfinite(expected)
    assert inside.any() and np.abs(grid.cut(plane) - expected)[inside].max() < 1e-2


def test_a_tilted_gantry_is_sheared_and_not_straightened() -> None:
    def truth(points: np.ndarray) -> np.ndarray:
        return 10 * points @ np.array([3.0, -7.0, 5.0])

    datasets = of_space(truth, (60, 50, 20), spacing=(0.8, 0.8), step=TILT, position=(-24, -20, -25))
    grid = made(datasets)
    assert grid.volume.tilt_degrees == pytest.approx(15, abs=1e-6)
    assert [str(each) for each in grid.volume.words] == ["tilt corrected 15.0°"]
    for turn in range(20):
        plane = oblique(grid, np.random.default_rng(turn))
        found = grid.cut(plane)
        points = lps_of(plane)
        indices = np.linalg.solve(grid.volume.steps, (points - grid.volume.position).reshape(-1, 3).T).T
        inside = ((indices >= 0) & (indices <= np.array(grid.volume.size) - 1)).all(axis=1).reshape(found.shape)
        assert inside.any() and np.abs(found - truth(points))[inside].max() <= 0.51


def test_the_order_of_instances_and_the_way_of_the_slices_change_nothing() -> None:
    def truth(points: np.ndarray) -> np.ndarray:
        return 1000 * np.sin(points[..., 0] / 5) * np.cos(points[..., 1] / 7) + 20 * points[..., 2]

    up = made(of_space(truth, (40, 40, 21), spacing=(1, 1), step=(0, 0, 2), position=(-20, -20, -20)))
    down = made(of_space(truth, (40, 40, 21), spacing=(1, 1), step=(0, 0, -2), position=(-20, -20, 20)))
    mirrored = made(of_space(truth, (40, 40, 21), spacing=(1, 1), step=(0, 0, 2), position=(19, -20, -20),
                             orientation=(-1, 0, 0, 0, 1, 0)))  # fmt: skip
    for turn in range(10):
        plane = oblique(up, np.random.default_rng(turn))
        found = up.cut(plane)
        assert np.allclose(found, down.cut(plane), equal_nan=True, atol=1e-3)
        assert np.allclose(found, mirrored.cut(plane), equal_nan=True, atol=1e-3)


def test_a_missing_slice_stays_empty_and_its_neighbours_keep_their_places() -> None:
    values = np.broadcast_to((np.arange(12) * 100).astype(np.int16)[:, None, None], (12, 16, 16)).copy()
    datasets = written(values, step=(0, 0, 2))
    del datasets[5]
    grid = made(datasets)
    assert [str(each) for each in grid.volume.words] == ["1 slice missing"]
    plane = reformat.picture(View.of(grid.volume.center, *ORIENTATIONS["a"]), (0.0, 0.0), (3, 220), 0.1)
    column, feet = grid.cut(plane)[:, 1], lps_of(plane)[:, 1, 2]
    gap = np.abs(feet - 10) < 1 - 1e-6
    assert np.isnan(column[gap]).all() and gap.sum() == 20
    beside = (np.abs(feet - 10) <= 2) & (np.abs(feet - 10) > 1 + 1e-6)
    assert set(np.rint(column[beside])) == {400, 600}
    rest = (np.abs(feet - 10) > 2) & (feet > 0) & (feet < 22)
    assert np.abs(column - feet * 50)[rest].max() < 1e-3


def test_padding_never_mixes_with_values_and_is_no_part_of_a_slab() -> None:
    values = np.full((8, 20, 20), 100, np.int16)
    values[:, :, :10] = -2000
    values[3] = -2000
    datasets = written(values)
    for dataset in datasets:
        dataset.PixelPaddingValue = -2000
        dataset["PixelPaddingValue"].VR = "SS"
    grid = made(datasets)
    for turn in range(20):
        found = grid.cut(oblique(grid, np.random.default_rng(turn), (60, 60), 0.3))
        assert np.abs(found[np.isfinite(found)] - 100).max() < 1e-4
    for method in (AVERAGE, MAXIMUM, MINIMUM):
        plane = reformat.picture(View.of(grid.volume.center, *ORIENTATIONS["f"]), (0.0, 0.0), (20, 20), 1)
        slab = grid.cut(plane, thickness=5, method=method)
        assert np.isnan(slab[:, :10]).all() and np.abs(slab[:, 10:] - 100).max() < 1e-4


def test_each_slice_has_its_own_slope_and_intercept() -> None:
    values = np.full((6, 4, 4), 1000, np.uint16)
    datasets = written(values, modality="MR")
    for number, dataset in enumerate(datasets):
        dataset.RescaleSlope, dataset.RescaleIntercept = str(number + 1), str(-10 * number)
        dataset.RescaleType = "US"
    grid = made(datasets)
    plane = reformat.picture(View.of(grid.volume.center, *ORIENTATIONS["a"]), (0.0, 0.0), (1, 51), 0.1)
    height = lps_of(plane)[:, 0, 2]
    low = np.clip(np.floor(height), 0, 4)
    here, there = 1000 * (low + 1) - 10 * low, 1000 * (low + 2) - 10 * (low + 1)
    expected = here + (height - low) * (there - here)
    assert np.allclose(grid.cut(plane)[:, 0], expected, atol=1e-3)


@pytest.mark.parametrize("dtype", ["uint8", "int8", "uint16", "int16", "int32", "uint32", "float32", "float64"])
def test_every_stored_type_gives_its_own_values(dtype: str) -> None:
    grid = made(written(RANDOM.integers(0, 100, (6, 8, 10)).astype(np.int16), step=(0, 0, 2)))
    kind = np.dtype(dtype)
    low, high = (-1e9, 1e9) if kind.kind == "f" else (np.iinfo(kind).min, np.iinfo(kind).max)
    stored = np.random.default_rng(1).uniform(low, high, grid.stored.shape).astype(kind)
    other = Made(grid.volume, stored, grid.slots)
    plane = oblique(other, np.random.default_rng(3), (30, 30), 0.3)
    slack = 1e-6 if kind.itemsize <= 2 else 1e-7
    expected = by_scipy(other, lps_of(plane))
    inside = np.isfinite(expected)
    assert inside.any()
    assert np.allclose(other.cut(plane)[inside], expected[inside], rtol=1e-9, atol=slack * (high - low))


def test_what_is_no_number_is_no_value() -> None:
    grid = made(written(np.zeros((6, 8, 10), np.int16)))
    stored = np.full(grid.stored.shape, 7.0, np.float32)
    stored[2, 3, 4] = np.nan
    found = Made(grid.volume, stored, grid.slots)
    middle = found.volume.points([4, 3, int(np.flatnonzero(found.slots == 2)[0])])
    plane = reformat.picture(View.of(middle, *ORIENTATIONS["f"]), (0.0, 0.0), (5, 5), 1)
    cut = found.cut(plane)
    assert np.isnan(cut[2, 2]) and np.isnan(cut).sum() == 1 and np.nanmin(cut) == np.nanmax(cut) == 7


def test_outside_the_volume_there_is_no_value() -> None:
    grid = made(written(np.full((6, 8, 10), 55, np.int16)))
    plane = reformat.picture(View.of(grid.volume.center, *ORIENTATIONS["f"]), (0.0, 0.0), (30, 30), 0.5)
    found = grid.cut(plane)
    columns, rows = np.isfinite(found).any(axis=0).sum(), np.isfinite(found).any(axis=1).sum()
    assert (columns, rows) == (20, 16) and np.nanmin(found) == 55
    away = View.of(grid.volume.center + 50, *ORIENTATIONS["f"])
    assert np.isnan(grid.cut(reformat.picture(away, (0.0, 0.0), (4, 4), 1))).all()


SIDES = {"f": "LP", "h": "RP", "a": "LF", "p": "RF", "l": "PF", "r": "AF"}
DIRECTIONS = {"L": (1, 0, 0), "R": (-1, 0, 0), "P": (0, 1, 0), "A": (0, -1, 0), "H": (0, 0, 1), "F": (0, 0, -1)}


@pytest.mark.parametrize("name", sorted(ORIENTATIONS))
@pytest.mark.parametrize("side", "LRPAHF")
def test_each_orientation_has_each_side_of_the_patient_at_its_edge(name: str, side: str) -> None:
    """A ramp that grows towards one side of the patient is brightest at the edge that should show that side."""
    direction = np.array(DIRECTIONS[side], float)
    grid = made(
        of_space(lambda points: 50 * points @ direction, (24, 24, 24), spacing=(1, 1), step=(0, 0, 1),
                 position=(-11.5, -11.5, -11.5))
    )  # fmt: skip
    plane = reformat.picture(View.of((0, 0, 0), *ORIENTATIONS[name]), (0.0, 0.0), (20, 20), 1)
    found = grid.cut(plane)
    right, down = (found[:, -1] - found[:, 0]).mean(), (found[-1] - found[0]).mean()
    expected_right = np.dot(DIRECTIONS[SIDES[name][0]], direction)
    expected_down = np.dot(DIRECTIONS[SIDES[name][1]], direction)
    assert right == pytest.approx(50 * 19 * expected_right, abs=1) and down == pytest.approx(950 * expected_down, abs=1)
    assert (letters(plane.orientation[:3]), letters(plane.orientation[3:])) == tuple(SIDES[name])


def test_the_pixels_lie_where_the_plane_says() -> None:
    """A single bright voxel is found at the pixel whose place in the patient is the voxel's."""
    values = np.zeros((31, 41, 51), np.int16)
    values[12, 17, 23] = 1000
    grid = made(written(values, spacing=(0.6, 0.8), step=TILT, position=(-20, -12, -30)))
    at = grid.volume.points([23, 17, int(np.flatnonzero(grid.values().max(axis=(1, 2)) == 1000)[0])])
    for turn in range(20):
        chance = np.random.default_rng(turn)
        view = View.of(at, chance.normal(size=3), chance.normal(size=3))
        middle = tuple(chance.integers(-10, 11, 2) * 0.5)
        plane = reformat.picture(view, (float(middle[0]), float(middle[1])), (61, 51), 0.5)
        found = grid.cut(plane)
        row, column = np.unravel_index(np.nanargmax(found), found.shape)
        assert np.nanmax(found) == pytest.approx(1000, abs=1e-2)
        assert np.linalg.norm(lps_of(plane)[row, column] - at) < 1e-6
        assert abs(float(plane.distance(at))) < 1e-9 and np.allclose(plane.normal, view.look)


@pytest.mark.parametrize("thickness", [1.0, 3.0, 7.5, 200.0])
@pytest.mark.parametrize("method", [AVERAGE, MAXIMUM, MINIMUM])
def test_a_slab_is_its_cuts_projected(method: str, thickness: float) -> None:
    grid = made(written(RANDOM.integers(-500, 500, (20, 24, 28)).astype(np.int16), step=(0, 0, 1.5)))
    for turn in range(4):
        plane = oblique(grid, np.random.default_rng(turn), (40, 40), 0.6)
        steps = reformat.offsets(grid.volume, plane, thickness, method)
        apart = grid.volume.inverse @ plane.normal * np.diff(steps).max()
        assert len(steps) > 1 and np.linalg.norm(apart) <= 0.5 + 1e-9 and np.abs(steps).max() <= thickness / 2 + 1e-9
        normal = plane.normal
        layers = []
        for mm in steps:
            x, y, z = np.array(plane.position) + mm * normal
            layers.append(grid.cut(Plane((x, y, z), plane.orientation, plane.spacing, plane.rows, plane.columns)))
        stacked = np.stack(layers)
        kept = np.isfinite(stacked).any(axis=0)
        project = {AVERAGE: np.nanmean, MAXIMUM: np.nanmax, MINIMUM: np.nanmin}[method]
        found = grid.cut(plane, thickness=thickness, method=method)
        assert np.array_equal(np.isfinite(found), kept)
        assert np.allclose(found[kept], project(stacked[:, kept], axis=0), atol=2e-3)


def test_slabs_along_the_grid_are_what_numpy_makes_of_the_slices() -> None:
    values = RANDOM.integers(-500, 500, (21, 24, 28)).astype(np.int16)
    grid = made(written(values, step=(0, 0, 2)))
    plane = reformat.picture(View.of(grid.volume.center, *ORIENTATIONS["f"]), (0.0, 0.0), (28, 24), 1)
    part = values[8:13].astype(float)
    assert np.allclose(grid.cut(plane, thickness=8, method=MAXIMUM), part.max(axis=0))
    assert np.allclose(grid.cut(plane, thickness=8, method=MINIMUM), part.min(axis=0))
    fine = np.linspace(8, 12, 4001)
    between = part[0] + np.zeros_like(part[0])
    between = np.mean([np.interp(fine, range(8, 13), line) for line in part.reshape(5, -1).T], axis=1)
    assert np.abs(grid.cut(plane, thickness=8).ravel() - between).max() < 0.5


def test_the_nearest_voxels_are_those_that_scipy_takes() -> None:
    # Uneven sides, a slice that is lost, and padding.
    datasets = written(RANDOM.integers(-900, 3000, (9, 14, 17)).astype(np.int16), spacing=(0.9, 1.3), step=(0, 0, 2.5))
    del datasets[3]
    for each in datasets:
        each.PixelPaddingValue, each.PixelPaddingRangeLimit = 0, 400
        each["PixelPaddingValue"].VR = each["PixelPaddingRangeLimit"].VR = "SS"
    grid = made(datasets)
    assert grid.volume.slices == 9
    for turn in range(10):
        plane = oblique(grid, np.random.default_rng(turn), size=(40, 30))
        indices = grid.volume.indices(lps_of(plane)).reshape(-1, 3).T
        expected = map_coordinates(grid.values(), indices[::-1], order=0, cval=np.nan, mode="grid-constant")
        found = grid.cut(plane, interpolation=reformat.NEAREST)
        assert np.array_equal(found.ravel(), expected, equal_nan=True)
    with pytest.raises(ValueError, match="slab"):
        grid.cut(plane, interpolation=reformat.NEAREST, thickness=1)


def test_a_slab_reaches_the_ball_that_a_thin_cut_misses() -> None:
    ball = made(ball_phantom())
    beside = reformat.picture(View.of((0, 12, 0), *ORIENTATIONS["a"]), (0.0, 0.0), (60, 60), 0.5)
    assert np.nanmax(ball.cut(beside)) < 0
    assert np.nanmax(ball.cut(beside, thickness=10, method=MAXIMUM)) == 100


def test_nobody_waits_for_a_plane_that_was_overtaken(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reformat, "BAND_SAMPLES", 64 * 64)
    grid = made(ball_phantom())
    plane = reformat.picture(View.of((0, 0, 0), *ORIENTATIONS["f"]), (0.0, 0.0), (64, 256), 0.2)
    asked = []
    with pytest.raises(Overtaken):
        grid.cut(plane, overtaken=lambda: len(asked) == 3 or asked.append(1) is not None)
    assert len(asked) == 3


def test_a_thick_slab_is_given_up_as_soon_as_a_thin_plane() -> None:
    grid = made(ball_phantom())
    plane = reformat.picture(View.of((0, 0, 0), *ORIENTATIONS["f"]), (0.0, 0.0), (4000, 24), 0.02)
    layers = len(reformat.offsets(grid.volume, plane, 1000, MAXIMUM))
    asked: list[int] = []
    grid.cut(plane, thickness=1000, method=MAXIMUM, overtaken=lambda: asked.append(1) is not None)
    assert layers > 40
    assert plane.rows * plane.columns * layers / len(asked) <= 4_000_000


def test_a_camera_that_looks_nowhere_is_no_view() -> None:
    with pytest.raises(NoView, match="position"):
        View.of((0, 0, 0), (0, 0, 0), (0, 0, 1))
    for up in ((0, 0, 0), (0, 0, -3), (1e-5, 0, 1)):
        with pytest.raises(NoView, match="up"):
            View.of((0, 0, 0), (0, 0, 1), up)
    view = View.of((0, 0, 0), (0, 0, 5), (0, -2, 7))
    assert np.allclose(view.up, (0, -1, 0)) and np.allclose(view.right, (1, 0, 0))


def test_values_that_do_not_fit_the_volume_are_refused() -> None:
    grid = made(ball_phantom())
    plane = reformat.picture(View.of((0, 0, 0), *ORIENTATIONS["f"]), (0.0, 0.0), (4, 4), 1)
    with pytest.raises(ValueError, match="don't fit"):
        reformat.cut(grid.volume, grid.stored[:, 1:], grid.slots, plane)
