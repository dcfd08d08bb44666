"""Curved planes against circles and helices of known length, tubes of known width, and SciPy."""

import numpy as np
import pytest
from scipy.ndimage import map_coordinates

from tests.imaging.grids import Made, made, written
from viewer.imaging import curved, reformat
from viewer.imaging.animation import Swivel, Travel, turned
from viewer.imaging.curved import STRAIGHTENED, STRETCHED, NoPath, Path, Points
from viewer.imaging.geometry import Plane
from viewer.imaging.reformat import AVERAGE, MAXIMUM, MINIMUM, View

RADIUS, RISE, TUBE = 20.0, 5.0, 4.0  # mm: of the helix, per radian, of the tube about it


def helix(angles: np.ndarray) -> np.ndarray:
    return np.stack([RADIUS * np.cos(angles), RADIUS * np.sin(angles), RISE * angles], -1)


def points_of(places: np.ndarray) -> Points:
    return tuple((x, y, z) for x, y, z in places.tolist())


ANGLES = np.linspace(0, 1.5 * np.pi, 19)
HELIX = points_of(helix(ANGLES))
LENGTH = float(np.hypot(RADIUS, RISE) * ANGLES[-1])


@pytest.fixture(scope="module")
def tube() -> Made:
    """A tube of 1000 about the helix in 0, with edges a voxel wide, on a grid of 0.75 × 0.75 × 1 mm."""
    grid = np.stack(np.meshgrid(np.arange(-14, 39), np.arange(-33, 33, 0.75), np.arange(-33, 33, 0.75), indexing="ij"))
    centres = np.moveaxis(grid[::-1], 0, -1)
    distance = np.full(centres.shape[:-1], np.inf)
    for place in helix(np.linspace(-0.3, 1.5 * np.pi + 0.3, 700)):
        np.minimum(distance, np.linalg.norm(centres - place, axis=-1), out=distance)
    values = np.clip(TUBE + 0.5 - distance, 0, 1) * 1000
    return made(
        written(values.astype(np.int16), spacing=(0.75, 0.75), step=np.array([0, 0, 1.0]), position=(-33, -33, -14),
                orientation=np.array([1.0, 0, 0, 0, 1, 0]))
    )  # fmt: skip


def sampled(grid: Made, over: curved.Surface, **how: object) -> np.ndarray:
    return curved.cut(grid.volume, grid.stored, grid.slots, over, **how)  # type: ignore[arg-type]


def test_a_path_is_as_long_as_the_curve_that_its_points_lie_on() -> None:
    assert curved.path(HELIX).length == pytest.approx(LENGTH, rel=1e-3)
    circle = np.linspace(0, np.pi, 10)
    arc = np.stack([30 * np.cos(circle), 30 * np.sin(circle), 0 * circle], -1)
    assert curved.path(points_of(arc)).length == pytest.approx(30 * np.pi, rel=1e-3)
    # Points at uneven distances, as a hand sets them.
    uneven = np.linspace(0, np.pi, 16) + np.random.default_rng(4).uniform(-0.07, 0.07, 16)
    arc = np.stack([30 * np.cos(uneven), 0 * uneven, 30 * np.sin(uneven)], -1)
    assert curved.path(points_of(arc)).length == pytest.approx(30 * (uneven[-1] - uneven[0]), rel=1e-3)
    assert curved.path(((0, 0, 0), (3, 4, 0))).length == pytest.approx(5, rel=1e-12)


def test_a_path_goes_through_its_points_evenly_and_bends_like_the_curve() -> None:
    path = curved.path(HELIX)
    for place in HELIX:
        assert np.linalg.norm(path.points - place, axis=1).min() < 1e-9
    mm = np.linspace(0, path.length, 200)
    steps = np.linalg.norm(np.diff(path.at(mm), axis=0), axis=1)
    assert np.abs(steps / steps.mean() - 1).max() < 1e-3
    angles = mm / np.hypot(RADIUS, RISE)
    assert np.linalg.norm(path.at(mm) - helix(angles), axis=1).max() < 0.02
    tangents, _ups = path.frames(mm)
    true = np.stack([-RADIUS * np.sin(angles), RADIUS * np.cos(angles), np.full_like(angles, RISE)], -1)
    true /= np.linalg.norm(true, axis=1, keepdims=True)
    assert np.degrees(np.arccos(np.clip((tangents * true).sum(1), -1, 1))).max() < 1


def test_ups_turn_about_the_path_as_little_as_they_can() -> None:
    mm = np.linspace(0, 60, 50)
    flat = np.linspace(0, np.pi, 12)
    tangents, ups = curved.path(points_of(np.stack([20 * np.cos(flat), 20 * np.sin(flat), 0 * flat], -1))).frames(mm)
    assert np.abs(ups - [0, 0, 1]).max() < 1e-9  # in a plane the normal stays
    path = curved.path(HELIX, (0, 0, 1))
    tangents, ups = path.frames(np.linspace(0, path.length, 4000))
    assert np.abs((tangents * ups).sum(1)).max() < 1e-12 and np.allclose(np.linalg.norm(ups, axis=1), 1)
    spin = (np.diff(ups, axis=0) * np.cross(tangents, ups)[:-1]).sum(1) / np.diff(np.linspace(0, path.length, 4000))
    assert np.abs(spin).max() < 2e-3  # radians per mm about the path; the helix' own normal spins by 0.012
    turned_tangents, quarter = path.frames(10.0, 90)
    assert quarter == pytest.approx(np.cross(turned_tangents, path.frames(10.0)[1]))


def test_points_that_make_no_path_are_refused() -> None:
    for points in ((), ((1, 2, 3),), ((1, 2, 3), (1, 2, 3))):
        with pytest.raises(NoPath, match="points"):
            curved.path(points)
    for up in ((0.0, 0.0, 2.0), (0.0, 0.0, 0.0)):
        with pytest.raises(NoPath, match="up"):
            curved.path(((0, 0, 0), (0, 0, 9)), up)
    assert curved.path(((0, 0, 0), (0, 0, 9))).ups[0] == pytest.approx([0, -1, 0])
    there_and_back = curved.path(((0, 0, 0), (10, 0, 0), (0, 0, 0)))
    assert np.isfinite(there_and_back.ups).all() and np.isfinite(there_and_back.frames(np.linspace(0, 20, 99))).all()


def test_a_straightened_tube_is_straight_and_as_wide_everywhere(tube: Made) -> None:
    path = curved.path(HELIX, (0, 0, 1))
    for degrees in (0, 35, 90):
        over = curved.surface(path, STRAIGHTENED, (round(path.length / 0.25), 61), 0.25, degrees)
        values = sampled(tube, over)
        assert np.isfinite(values).all()
        rows = np.arange(61)
        widths, middles = [], []
        for column in values.T:
            inside = np.flatnonzero(column >= 500)
            up, down = inside[0], inside[-1]
            begin = up - (column[up] - 500) / (column[up] - column[up - 1])
            end = down + (column[down] - 500) / (column[down] - column[down + 1])
            widths.append((end - begin) * 0.25)
            middles.append(((begin + end) / 2 - rows.mean()) * 0.25)
        assert np.abs(np.array(widths) - 2 * TUBE).max() < 0.25 and np.abs(middles).max() < 0.12  # a third of a voxel


def test_a_stretched_tube_keeps_its_rise_and_true_lengths(tube: Made) -> None:
    path = curved.path(HELIX, (0, 0, 1))
    width, rise = curved.extent(path, STRETCHED)
    spacing = 0.25
    over = curved.surface(path, STRETCHED, (round(width / spacing), round((rise + 30) / spacing)), spacing)
    values = sampled(tube, over)
    up = path.height()
    # The path in the picture: its rise, and the mm that it has come, are as far apart as along the path.
    inside = np.isfinite(over.along)
    rows = (over.origins[inside] - path.at(over.along[inside])) @ up / spacing
    columns = np.flatnonzero(inside)
    drawn = np.hypot(np.diff(columns), np.diff(rows)) * spacing
    assert drawn.sum() == pytest.approx(over.along[inside][-1] - over.along[inside][0], rel=2e-3)
    assert np.allclose(values[np.rint(rows).astype(int), columns], 1000, atol=1)
    # Unrolled without distortion: neighbours on the surface are as far apart as in the picture.
    pixels = np.stack(np.meshgrid(columns, [10, 40, 100]), -1)
    apart = np.linalg.norm(np.diff(over.points(pixels), axis=1), axis=-1)
    assert np.abs(apart / spacing - 1).max() < 0.01


@pytest.mark.parametrize("form", [STRAIGHTENED, STRETCHED])
def test_curved_planes_agree_with_scipy_at_the_same_points(tube: Made, form: str) -> None:
    path = curved.path(HELIX, (0.3, 0.2, 1))
    over = curved.surface(path, form, (150, 60), 0.6, 20)
    mm = over.along[10]
    assert over.points(np.array([10, 0])) == pytest.approx(over.origins[10]) and np.isfinite(mm)
    inside = np.isfinite(over.along)
    rows = np.arange(60)[:, None, None] * 0.6
    points = over.origins[inside] + rows * over.downs[inside]
    indices = np.linalg.solve(tube.volume.steps, (points - tube.volume.position).reshape(-1, 3).T)[::-1]
    expected = map_coordinates(tube.values(), indices, order=1, cval=np.nan, prefilter=False)
    found = sampled(tube, over)[:, inside].ravel()
    within = np.isfinite(expected)
    assert within.mean() > 0.5 and np.abs(found - expected)[within].max() < 1e-4
    assert np.isnan(sampled(tube, over)[:, ~inside]).all()
    cubic = sampled(tube, over, interpolation="cubic")[:, inside].ravel()
    assert 0 < np.abs(cubic - expected)[within].max() < 300  # by the same points, with another kernel


def test_a_cubic_is_the_planes_own_where_the_path_is_straight(tube: Made) -> None:
    path = curved.path(((-20, 3, 10), (20, 7, 15)), (0, 0, 1))
    over = curved.surface(path, STRAIGHTENED, (81, 41), 0.5)
    view = View.of(path.at(path.length / 2), np.cross(path.ups[0], path.tangents[0]).tolist(), path.ups[0].tolist())
    for how in ({}, {"interpolation": "cubic"}, {"thickness": 3.0, "method": AVERAGE}):
        plane = tube.cut(reformat.picture(view, (0.0, 0.0), (81, 41), 0.5), **how)
        found = sampled(tube, over, **how)
        assert np.isfinite(found).mean() > 0.9
        assert np.nanmax(np.abs(found - plane)[:, 1:-1]) < (1e-3 if len(how) < 2 else 25)


def test_a_slab_about_a_curved_plane_is_what_lies_through_it(tube: Made) -> None:
    path = curved.path(HELIX, (0, 0, 1))
    over = curved.surface(path, STRAIGHTENED, (40, 21), 1.0)
    offsets = np.linspace(-3, 3, 25)
    layers = []
    for mm in offsets:
        moved = curved.Surface(
            over.origins + mm * over.throughs, over.downs, over.throughs, over.along, over.spacing, over.rows
        )
        layers.append(sampled(tube, moved))
    found = {method: sampled(tube, over, thickness=6.0, method=method) for method in (MAXIMUM, MINIMUM, AVERAGE)}
    assert np.abs(found[MAXIMUM] - np.max(layers, axis=0)).max() < 60  # within what lies between two samples
    assert np.abs(found[MINIMUM] - np.min(layers, axis=0)).max() < 60
    assert np.abs(found[AVERAGE] - np.mean(layers, axis=0)).max() < 40
    assert len(curved.offsets(tube.volume, 6.0, AVERAGE)) == 16 and len(curved.offsets(tube.volume, 6.0, MAXIMUM)) == 17


def test_a_cross_section_shows_the_tube_as_a_disc(tube: Made) -> None:
    path = curved.path(HELIX)
    for mm in (5.0, 40.0, path.length - 5):
        view = path.view(mm, 15)
        assert view.point == pytest.approx(path.at(mm)) and abs(view.look @ path.frames(mm)[0]) == pytest.approx(1)
        values = tube.cut(plane_of(view))
        assert np.sqrt((values > 500).sum() * 0.1**2 / np.pi) == pytest.approx(TUBE, abs=0.12)


def plane_of(view: View) -> Plane:
    return reformat.picture(view, (0.0, 0.0), (161, 161), 0.1)


def test_knots_tell_where_pixels_are() -> None:
    path: Path = curved.path(HELIX)
    over = curved.surface(path, STRAIGHTENED, (300, 50), 0.4)
    knots = over.knots()
    assert 2 < len(knots) <= 65
    for knot in knots:
        column = knot["column"]
        assert isinstance(column, int)
        middle = np.array(knot["point"]) + np.array(knot["down"]) * 0.4 * 24.5
        assert np.linalg.norm(middle - path.at(over.along[column])) < 0.01
    assert curved.surface(path, STRAIGHTENED, (1, 1), 0.5).knots()[0]["column"] == 0


def test_a_swivel_swings_about_the_view_and_a_full_turn_begins_with_it() -> None:
    swing, full = Swivel(60, 10), Swivel(360, 5)
    assert (swing.count, swing.initial) == (6, 4) and [swing.place(n) for n in (1, 4, 6)] == [-30, 0, 20]
    assert (full.count, full.initial, full.place(1), full.place(72)) == (72, 1, 0, 355)
    assert (Swivel(3, 5).count, Swivel(3, 5).place(1)) == (1, 0) and Swivel(0.3, 0.1).count == 3
    travel = Travel(10.0, 2.5)
    assert (travel.count, travel.initial, travel.place(1), travel.place(5)) == (5, 1, 0, 10)
    front = View.of((1, 2, 3), (0, 1, 0), (0, 0, 1))
    # The patient's front comes to the right: the eye has gone to his right.
    assert turned(front, 90).look == pytest.approx([1, 0, 0]) and turned(front, 90).up == pytest.approx([0, 0, 1])
    assert turned(front, 0) is front and turned(front, 360) is front
