"""Rays through volumes against brute force: projections, compositing, depth, clip boxes and cuts."""

from dataclasses import replace

import numpy as np
import pytest
from scipy.ndimage import map_coordinates

from viewer.imaging import blocks as blocked
from viewer.imaging import cuts as cutting
from viewer.imaging import raycast, rays, transfer
from viewer.imaging.blocks import Blocks
from viewer.imaging.cuts import Outline
from viewer.imaging.geometry import Plane
from viewer.imaging.raycast import NO_CUTS, Cuts
from viewer.imaging.transfer import PRESETS, Transfer
from viewer.imaging.views import ORIENTATIONS, View, picture
from viewer.imaging.volume import Volume
from viewer.imaging.voxels import voxels
from viewer.imaging.windowing import Window

WINDOW = Window(0, 1000)
BONE = transfer.transfer(PRESETS["ct-bone"], None, WINDOW)


def volume(shape: tuple[int, int, int], *, mm: tuple[float, float, float] = (1, 1, 1), shear: float = 0) -> Volume:
    """Return a volume of (slices, rows, columns) voxels of `mm` (x, y, z), its middle at the origin."""
    slices, rows, columns = shape
    steps = np.diag(mm).astype(float)
    steps[1, 2] = shear
    ones = np.ones(slices)
    return Volume(
        position=-steps @ (np.array([columns, rows, slices]) - 1) / 2, steps=steps, columns=columns, rows=rows,
        entries=(None,) * slices, dtype=np.dtype(np.int16), slopes=ones, intercepts=0 * ones,
        padding_low=np.inf * ones, padding_high=-np.inf * ones, tilt_degrees=0.0, words=(),
        places=np.arange(slices, dtype=float),
    )  # fmt: skip


def places(of: Volume) -> np.ndarray:
    """Return LPS mm (slices, rows, columns, 3) of all voxels."""
    z, y, x = np.meshgrid(of.places, np.arange(of.rows), np.arange(of.columns), indexing="ij")
    return of.points(np.stack((x, y, z), -1))


def ball(of: Volume, middle: tuple[float, float, float], radius: float, value: float = 1000) -> np.ndarray:
    """Return int16 voxels of a ball, its edge half way up over a voxel."""
    far = np.linalg.norm(places(of) - middle, axis=-1)
    return np.rint(value * np.clip(0.5 + radius - far, 0, 1)).astype(np.int16)


def blocks_of(of: Volume, stored: np.ndarray, slots: np.ndarray) -> Blocks:
    made = blocked.empty(of)
    for layer in range(len(made.filled)):
        blocked.fill(made, of, stored, slots, layer)
    return made


class Shot:
    """A volume and its values, and pictures of it."""

    def __init__(self, of: Volume, stored: np.ndarray, slots: np.ndarray | None = None) -> None:
        stored.setflags(write=False)
        self.volume, self.stored = of, stored
        self.slots = np.arange(of.slices) if slots is None else slots
        self.blocks = blocks_of(of, stored, self.slots)
        self.voxels = voxels(of, stored, self.slots)

    def rays(self, view: View, side: int, mm: float, *boxes: np.ndarray) -> tuple[Plane, rays.Rays]:
        plane = picture(view, (0.0, 0.0), (side, side), mm)
        return plane, rays.rays(self.volume, plane, view.look, rays.step_mm(self.volume, view.look, 0.0), *boxes)

    def projected(
        self, view: View, side: int, mm: float, *boxes: np.ndarray, sign: float = 1.0, cuts: Cuts = NO_CUTS
    ) -> tuple[np.ndarray, np.ndarray]:
        _plane, cast = self.rays(view, side, mm, *boxes)
        values, depths = np.full((side, side), np.nan, np.float32), np.full((side, side), np.nan, np.float32)
        bounds, tops = self.blocks.highest, self.blocks.tops
        if sign < 0:
            bounds, tops = self.blocks.negative, self.blocks.bottoms
        raycast.project(self.voxels, bounds, self.blocks.filled, tops, sign, cast, cuts, 0, values, depths)
        return values, depths

    def composited(
        self, view: View, side: int, mm: float, *boxes: np.ndarray, made: Transfer = BONE, cuts: Cuts = NO_CUTS
    ) -> tuple[np.ndarray, np.ndarray]:
        _plane, cast = self.rays(view, side, mm, *boxes)
        shades, depths = np.zeros((side, side, 3), np.float32), np.full((side, side), np.nan, np.float32)
        raycast.composite(
            self.voxels, blocked.leaps(self.blocks, made.matters), self.blocks.filled, made.per_step(cast.step / 2),
            made.low, made.scale, cast, raycast.light(self.volume, view.look, view.up, made.steep), cuts, 0, shades,
            depths,
        )  # fmt: skip
        return shades, depths

    def brute(self, view: View, row: int, column: int, side: int, mm: float) -> tuple[np.ndarray, np.ndarray]:
        """Return the samples of a ray by SciPy, and their mm along the look."""
        _plane, cast = self.rays(view, side, mm)
        turns = np.arange(-400, 400)
        index = cast.first + row * cast.down + column * cast.across + turns[:, None] * cast.step * cast.along
        ends = np.array([self.volume.columns - 1, self.volume.rows - 1, self.volume.places[-1]])
        inside = ((index >= -1e-9) & (index <= ends + 1e-9)).all(axis=1)
        index = index[inside]
        at = np.interp(index[:, 2], self.volume.places, np.arange(self.volume.slices))
        ordered = self.stored[self.slots].astype(float)
        found = map_coordinates(ordered, [at, index[:, 1], index[:, 0]], order=1, mode="nearest")
        return found, turns[inside] * cast.step


def noise(of: Volume) -> np.ndarray:
    return np.random.default_rng(3).integers(-1000, 1500, (of.slices, of.rows, of.columns)).astype(np.int16)


def some_views(count: int = 3) -> list[View]:
    chance = np.random.default_rng(5)
    return [View.of((0, 0, 0), chance.normal(size=3), chance.normal(size=3)) for _ in range(count)]


VOLUMES = {
    "cubes": volume((40, 50, 60)),
    "tall voxels": volume((21, 50, 60), mm=(0.7, 0.7, 2.5)),
    "tilted": volume((30, 50, 40), mm=(1, 1, 1.5), shear=0.6),
    "uneven": replace(
        volume((12, 40, 40), mm=(1, 1, 2)), places=np.array([0, 1, 2, 4.5, 5.5, 7, 8, 9, 11, 12, 13.5, 15])
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", sorted(VOLUMES))
def test_projections_are_those_of_brute_force(name: str) -> None:
    of = VOLUMES[name]
    shot = Shot(of, noise(of), np.random.default_rng(1).permutation(of.slices))
    for view in some_views():
        highest, far = shot.projected(view, 24, 3.0)
        lowest, _ = shot.projected(view, 24, 3.0, sign=-1.0)
        mean = np.full((24, 24), np.nan, np.float32)
        raycast.average(shot.voxels, shot.blocks.filled, shot.rays(view, 24, 3.0)[1], NO_CUTS, 0, mean)
        for row, column in np.ndindex(24, 24):
            found, depths = shot.brute(view, row, column, 24, 3.0)
            if not len(found):
                assert np.isnan(highest[row, column]) and np.isnan(mean[row, column])
                continue
            assert highest[row, column] == pytest.approx(found.max(), abs=0.01)
            assert lowest[row, column] == pytest.approx(found.min(), abs=0.01)
            assert mean[row, column] == pytest.approx(found.mean(), abs=0.01)
            assert far[row, column] == pytest.approx(depths[found.argmax()], abs=1e-3)


def slow(shot: Shot, view: View, row: int, column: int, side: int, mm: float) -> float:
    """Return how opaque a ray becomes, by samples twenty times as close and no table."""
    of = shot.volume
    _plane, cast = shot.rays(view, side, mm)
    fine = cast.step / 20
    turns = np.arange(-8000, 8000) * fine
    index = cast.first + row * cast.down + column * cast.across + turns[:, None] * cast.along
    ends = np.array([of.columns - 1, of.rows - 1, of.places[-1]])
    index = index[((index >= 0) & (index <= ends)).all(axis=1)]
    values = map_coordinates(shot.stored.astype(float), index[:, ::-1].T, order=1)
    knots = PRESETS["ct-bone"].knots
    opacity = np.interp(values, [knot[0] for knot in knots], [knot[1] for knot in knots])
    return float(1 - np.prod((1 - opacity) ** fine))


def test_what_is_composited_is_as_opaque_as_by_very_fine_steps() -> None:
    of = volume((40, 48, 56), mm=(0.8, 0.8, 1.2))
    shot = Shot(of, ball(of, (3, -4, 5), 9, value=420))
    for view in some_views():
        shades, _depths = shot.composited(view, 32, 1.0)
        expected = np.array([[slow(shot, view, row, column, 32, 1.0) for column in range(32)] for row in range(32)])
        seen = shades.max(axis=2) > 0
        assert np.array_equal(seen[expected > 0.05], np.ones((expected > 0.05).sum(), bool))
        assert not seen[expected == 0].any()
        opaque = shot.composited(view, 32, 1.0, made=white())[0][..., 0]
        assert np.abs(opaque - expected).max() < 0.06 and np.abs(opaque - expected).mean() < 0.005


def white() -> Transfer:
    """Return the transfer function of bone in unlit white: what is met is as bright as it is opaque."""
    table = BONE.table.copy()
    table[:, :3] = 1.0
    return replace(BONE, table=table, steep=1e12)


def test_a_ball_is_met_where_it_is() -> None:
    of = volume((60, 70, 80), mm=(0.9, 0.9, 1.1))
    middle, radius = np.array([6.0, -5.0, 4.0]), 12.0
    shot = Shot(of, ball(of, tuple(middle), radius, value=1200))
    for view in some_views(4):
        plane, _ = shot.rays(view, 64, 1.0)
        _shades, depths = shot.composited(view, 64, 1.0)
        assert np.isfinite(depths).sum() > 300
        for row, column in zip(*np.nonzero(np.isfinite(depths)), strict=True):
            point = plane.lps(np.array([column, row], float)) + depths[row, column] * view.look
            off = np.linalg.norm(point - middle - ((point - middle) @ view.look) * view.look)
            if off < 0.9 * radius:  # at its edge a ray may pass through less than makes it opaque
                assert abs(np.linalg.norm(point - middle) - radius) < 0.5


def test_maximum_is_met_in_the_middle_of_a_ball_that_is_densest_there() -> None:
    of = volume((50, 50, 50))
    middle = np.array([4.0, 3.0, -6.0])
    far = np.linalg.norm(places(of) - middle, axis=-1)
    shot = Shot(of, np.rint(1000 - 40 * far).clip(0).astype(np.int16))
    view = some_views(1)[0]
    view = replace(view, point=middle)
    _values, depths = shot.projected(view, 1, 1.0)
    assert abs(depths[0, 0]) < 1


@pytest.mark.parametrize("name", sorted(ORIENTATIONS))
def test_left_is_left_from_every_side(name: str) -> None:
    """Three balls of different size lie left, behind and above the middle."""
    of = volume((60, 60, 60))
    balls = {(18.0, 0.0, 0.0): 3.0, (0.0, 18.0, 0.0): 5.0, (0.0, 0.0, 18.0): 7.0}
    stored = np.max([ball(of, at, radius) for at, radius in balls.items()], axis=0)
    look, up = ORIENTATIONS[name]
    view = View.of((0, 0, 0), look, up)
    shades, _depths = Shot(of, stored).composited(view, 60, 1.0)
    right = np.cross(look, up)
    for at, radius in balls.items():
        column, row = 29.5 + right @ at, 29.5 - np.asarray(up) @ at
        seen = shades[round(row), round(column)].max() > 0
        assert seen and radius > 0
    left = {"a": 1, "f": 1, "p": -1, "h": -1}.get(name)
    if left:  # the left side of the patient lies at the right hand of who looks from the front or from the feet
        assert right @ (1, 0, 0) == left


def test_a_clip_box_leaves_exactly_what_is_in_it() -> None:
    of = volume((40, 40, 40), mm=(1, 1, 1), shear=0.3)
    shot = Shot(of, noise(of))
    low, high = (-7.3, -9.0, -5.5), (6.1, 8.4, 11.0)
    box = rays.box(of, low, high)
    for view in some_views():
        found, _depths = shot.projected(view, 24, 2.0, box)
        plane, _cast = shot.rays(view, 24, 2.0)
        for row, column in np.ndindex(24, 24):
            values, depths = shot.brute(view, row, column, 24, 2.0)
            points = plane.lps(np.array([column, row], float)) + depths[:, None] * view.look
            inside = ((points >= low) & (points <= high)).all(axis=1)
            if inside.any():
                assert found[row, column] == pytest.approx(values[inside].max(), abs=0.01)
            else:
                assert np.isnan(found[row, column])


@pytest.mark.parametrize("keep", [False, True])
def test_a_cut_takes_away_what_lies_under_its_outline_from_any_side(keep: bool) -> None:
    of = volume((40, 40, 40))
    shot = Shot(of, noise(of))
    drawn = some_views(1)[0]
    corners = np.array([[-8.0, -6.0], [9.0, -7.0], [4.0, 10.0]])
    cuts = cutting.cuts(of, [Outline(drawn, corners, keep)])
    for view in [drawn, *some_views(3)[1:]]:
        found, _depths = shot.projected(view, 24, 2.0, cuts=cuts)
        plane, _ = shot.rays(view, 24, 2.0)
        wrong = 0
        for row, column in np.ndindex(24, 24):
            values, depths = shot.brute(view, row, column, 24, 2.0)
            points = plane.lps(np.array([column, row], float)) + depths[:, None] * view.look - drawn.point
            near = inside(np.stack((points @ drawn.right, points @ -drawn.up), -1), corners)
            left = values[near if keep else ~near]
            expected = left.max() if len(left) else np.nan
            wrong += not np.isclose(found[row, column], expected, atol=0.01, equal_nan=True)
        assert wrong <= 12  # of 576: samples within a cell of the outline


def inside(points: np.ndarray, corners: np.ndarray) -> np.ndarray:
    """Say which of (n, 2) points lie in a triangle."""
    sides = []
    for one, other in zip(corners, np.roll(corners, -1, axis=0), strict=True):
        edge, to = other - one, points - one
        sides.append(edge[0] * to[:, 1] - edge[1] * to[:, 0] >= 0)
    return np.logical_and.reduce(sides) | ~np.logical_or.reduce(sides)


def test_missing_slices_and_padding_are_seen_through() -> None:
    of = volume((40, 40, 40))
    stored = ball(of, (0, 0, 0), 15, value=1000)
    stored[stored == 0] = 2000  # padding that would be dense
    of = replace(of, padding_low=np.full(40, 1990.0), padding_high=np.full(40, 2010.0))
    slots = np.arange(40)
    slots[18:23] = -1
    shot = Shot(of, stored, slots)
    side = View.of((0, 0, 0), (0, 1, 0), (0, 0, 1))
    shades, depths = shot.composited(side, 40, 1.0)
    values, _ = shot.projected(side, 40, 1.0)
    assert np.nanmax(values) <= 1000
    assert shades[0].max() == 0 and shades[19:21].max() == 0 and shades[12, 20].max() > 0
    assert np.isnan(depths[20, 20])


def test_a_window_shifts_and_stretches_what_shows() -> None:
    bone = PRESETS["ct-bone"]
    moved = transfer.transfer(bone, Window(700, 500), WINDOW)
    assert moved.low == pytest.approx(700 + (130 - 500) / 2)
    assert 1 / moved.scale == pytest.approx(0.5 / BONE.scale)
    brain = transfer.transfer(PRESETS["mr-brain"], None, Window(300, 200))
    assert brain.low == pytest.approx(200 + 0.22 * 200)


@pytest.mark.parametrize("dtype", ["uint8", "uint16", "float32"])
def test_values_of_every_type(dtype: str) -> None:
    of = volume((20, 20, 20))
    shot = Shot(of, np.random.default_rng(0).integers(0, 250, (20, 20, 20)).astype(dtype))
    view = some_views(1)[0]
    found, _depths = shot.projected(view, 9, 2.0)
    for row, column in np.ndindex(9, 9):
        values, _ = shot.brute(view, row, column, 9, 2.0)
        if len(values):
            assert found[row, column] == pytest.approx(values.max(), abs=0.01)


def test_warming_meets_nothing() -> None:
    raycast.warm(("int16",))
