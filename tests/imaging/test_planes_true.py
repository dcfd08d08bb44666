"""Planes against two other implementations, VTK and SimpleITK, and against balls and rods of known place and size."""

import numpy as np
import pytest
import SimpleITK
from scipy.ndimage import map_coordinates
from scipy.spatial.transform import Rotation

from tests.imaging.grids import Made, made, written
from viewer.imaging import reformat
from viewer.imaging.geometry import Plane, patient_orientation
from viewer.imaging.reformat import AVERAGE, MAXIMUM, MINIMUM, View
from viewer.imaging.windowing import Window, grey_of_values

WINDOW = Window(40, 400)
SPACING, STEP = (0.7, 0.7), 1.1
NOWHERE = -30000
BALL, BALL_MM = np.array([3.21, -4.37, 2.83]), 14.0
ROD, ROD_MM, ROD_AXIS = np.array([-9.63, 8.41, -1.17]), 8.0, np.array([0.36, -0.48, 0.8])


def patient() -> Made:
    """Return noise over slow waves, about as much as an abdomen has."""
    chance = np.random.default_rng(5)
    k, j, i = np.mgrid[:50, :80, :90]
    waves = 120 * np.sin(i / 9) * np.cos(j / 7) + 90 * np.sin(k / 6) + 40
    values = np.rint(waves + chance.normal(0, 25, waves.shape)).astype(np.int16)
    return made(written(values, spacing=SPACING, step=(0, 0, STEP), position=(-30, -28, -26)))


def plane_at(grid: Made, turn: int) -> Plane:
    """Return one of many planes through about the middle of a volume."""
    turned = Rotation.random(random_state=turn).as_matrix()
    middle = grid.volume.center + np.random.default_rng(turn).uniform(-4, 4, 3)
    return reformat.picture(View.of(middle, turned[0], turned[1]), (0.0, 0.0), (120, 110), 0.6)


def upward(grid: Made) -> tuple[np.ndarray, np.ndarray]:
    """Return the values (slices, rows, columns) from the foot upwards, and the first one's place."""
    if grid.volume.steps[2, 2] > 0:
        return grid.values(), grid.volume.position
    return grid.values()[::-1], grid.volume.points(np.array([0, 0, grid.volume.slices - 1]))


def by_vtk(grid: Made, plane: Plane, interpolation: str) -> np.ndarray:
    """Return the plane by vtkImageReslice; NOWHERE outside. Skips the test where VTK isn't installed."""
    vtk = pytest.importorskip("vtk", reason="VTK, which planes are compared with, isn't installed")
    numpy_support = pytest.importorskip("vtk.util.numpy_support")
    values, position = upward(grid)
    image = vtk.vtkImageData()
    image.SetDimensions(*grid.volume.size)
    image.SetSpacing(SPACING[1], SPACING[0], STEP)
    image.SetOrigin(*position)
    image.GetPointData().SetScalars(numpy_support.numpy_to_vtk(values.astype(np.float32).ravel(), deep=True))
    reslice, matrix = vtk.vtkImageReslice(), vtk.vtkMatrix4x4()
    axes = np.stack((plane.along_row, plane.along_column, plane.normal, plane.position), axis=1)
    for row, column in np.ndindex(3, 4):
        matrix.SetElement(row, column, float(axes[row, column]))
    reslice.SetInputData(image)
    reslice.SetResliceAxes(matrix)
    reslice.SetOutputDimensionality(2)
    reslice.SetOutputSpacing(plane.spacing[1], plane.spacing[0], 1)
    reslice.SetOutputOrigin(0, 0, 0)
    reslice.SetOutputExtent(0, plane.columns - 1, 0, plane.rows - 1, 0, 0)
    reslice.SetInterpolationModeToCubic() if interpolation == "cubic" else reslice.SetInterpolationModeToLinear()
    reslice.SetBackgroundLevel(NOWHERE)
    reslice.Update()
    found = numpy_support.vtk_to_numpy(reslice.GetOutput().GetPointData().GetScalars())
    return found.reshape(plane.rows, plane.columns).astype(float)


def by_itk(grid: Made, plane: Plane) -> np.ndarray:
    """Return the plane by SimpleITK, linear; NOWHERE outside."""
    values, position = upward(grid)
    image = SimpleITK.GetImageFromArray(values)
    image.SetSpacing((SPACING[1], SPACING[0], STEP))
    image.SetOrigin(position.tolist())
    axes = np.stack((plane.along_row, plane.along_column, plane.normal), axis=1)
    found = SimpleITK.Resample(
        image, (plane.columns, plane.rows, 1), SimpleITK.Transform(), SimpleITK.sitkLinear, plane.position,
        (plane.spacing[1], plane.spacing[0], 1.0), axes.ravel().tolist(), NOWHERE,
    )  # fmt: skip
    return np.asarray(SimpleITK.GetArrayFromImage(found)[0])


def differing(ours: np.ndarray, theirs: np.ndarray, where: np.ndarray) -> float:
    """Return the share of pixels whose greys are more than one apart."""
    greys = [grey_of_values(each, WINDOW, inverted=False).astype(int) for each in (ours, theirs)]
    return float((np.abs(greys[0] - greys[1])[where] > 1).mean())


def deep_inside(grid: Made, plane: Plane) -> np.ndarray:
    """Return which pixels lie between the outermost voxel centres."""
    columns, rows = np.meshgrid(np.arange(plane.columns), np.arange(plane.rows))
    at = grid.volume.indices(plane.lps(np.stack((columns, rows), -1)))
    return np.asarray(((at > 1e-6) & (at < np.array(grid.volume.size) - 1 - 1e-6)).all(axis=-1))


@pytest.mark.parametrize("interpolation", reformat.INTERPOLATIONS)
def test_planes_are_those_of_vtk(interpolation: str) -> None:
    grid = patient()
    for turn in range(12):
        plane = plane_at(grid, turn)
        inside = deep_inside(grid, plane)
        ours = grid.cut(plane, interpolation=interpolation)
        assert inside.sum() > 2000 and np.isfinite(ours[inside]).all()
        assert differing(ours, by_vtk(grid, plane, interpolation), inside) <= 0.001


def test_planes_are_those_of_simpleitk() -> None:
    grid = patient()
    for turn in range(12):
        plane = plane_at(grid, turn)
        theirs = by_itk(grid, plane)
        inside = deep_inside(grid, plane)
        assert inside.sum() > 2000 and (theirs[inside] > NOWHERE).all()
        assert differing(grid.cut(plane), theirs, inside) <= 0.001


@pytest.mark.parametrize("method", [MAXIMUM, MINIMUM, AVERAGE])
@pytest.mark.parametrize("padded", [False, True])
def test_slabs_are_what_scipys_samples_make(method: str, padded: bool) -> None:
    grid = patient()
    if padded:  # none of its values is padding, but each has to be looked at
        grid.volume.padding_low[:] = grid.volume.padding_high[:] = -2000
    for turn in range(4):
        plane = plane_at(grid, turn)
        columns, rows = np.meshgrid(np.arange(plane.columns), np.arange(plane.rows))
        points = plane.lps(np.stack((columns, rows), -1))
        layers = []
        for mm in reformat.offsets(grid.volume, plane, 10, method):
            at = grid.volume.indices(points + mm * plane.normal)
            layers.append(map_coordinates(grid.values(), np.moveaxis(at[..., ::-1], -1, 0), order=1, cval=np.nan))
        stacked = np.stack(layers)
        expected = {AVERAGE: stacked.mean(axis=0), MAXIMUM: stacked.max(axis=0), MINIMUM: stacked.min(axis=0)}[method]
        inside = np.isfinite(expected)
        assert inside.sum() > 1000
        ours = grid.cut(plane, thickness=10, method=method)
        greys = [grey_of_values(each, WINDOW, inverted=False).astype(int) for each in (ours, expected)]
        assert np.abs(greys[0] - greys[1])[inside].max() <= 1


def balls_and_rods() -> Made:
    """Return 1000 HU in 0: a ball and a rod, each voxel on their surface from 8 × 8 × 8 points."""
    size, voxel = (56, 64, 64), np.array([SPACING[1], SPACING[0], STEP])
    position = -(np.array(size[::-1]) - 1) / 2 * voxel

    def depth(points: np.ndarray) -> np.ndarray:
        ball = np.linalg.norm(points - BALL, axis=-1) - BALL_MM / 2
        along = (points - ROD) @ ROD_AXIS
        rod = np.linalg.norm(points - ROD - along[..., None] * ROD_AXIS, axis=-1) - ROD_MM / 2
        return np.minimum(ball, rod)

    k, j, i = np.mgrid[: size[0], : size[1], : size[2]]
    centres = position + np.stack((i, j, k), -1) * voxel
    distance = depth(centres)
    share = (distance < 0).astype(float)
    mixed = np.abs(distance) <= np.linalg.norm(voxel) / 2
    steps = (np.arange(8) + 0.5) / 8 - 0.5
    finer = np.stack(np.meshgrid(steps, steps, steps), -1).reshape(-1, 3) * voxel
    share[mixed] = [(depth(centre + finer) < 0).mean() for centre in centres[mixed]]
    values = np.rint(1000 * share).astype(np.int16)
    return made(written(values, spacing=SPACING, step=(0, 0, STEP), position=position))


def half(picture: np.ndarray, plane: Plane, middle: np.ndarray, direction: np.ndarray, reach: float) -> float:
    """Return the mm from `middle` along `direction` (LPS) at which a picture falls to half of 1000."""
    far = np.arange(0, reach, 0.05)
    pixels = plane.pixels(middle + far[:, None] * direction)
    profile = map_coordinates(picture, pixels.T[::-1], order=1, mode="nearest")
    at = int(np.argmax(profile < 500))
    return float(np.interp(500, [profile[at], profile[at - 1]], [far[at], far[at - 1]]))


def named(direction: np.ndarray) -> str:
    """Return the letters of the sides that a unit vector (LPS) points to by more than 3 degrees, the nearest first."""
    parts = {"L": direction[0], "R": -direction[0], "P": direction[1], "A": -direction[1]}
    parts |= {"H": direction[2], "F": -direction[2]}
    degrees = {letter: 90 - np.degrees(np.arccos(np.clip(part, -1, 1))) for letter, part in parts.items()}
    return "".join(sorted((letter for letter in degrees if degrees[letter] > 3), key=lambda letter: -degrees[letter]))


def measured(grid: Made, turn: int, interpolation: str) -> tuple[float, float, float]:
    """Return how far (mm) a ball's centre, its diameter and a rod's lie from the truth on a plane through each.

    Each plane's letters have to be those of its directions.
    """
    turned = Rotation.random(random_state=turn).as_matrix()
    found = []
    for middle in (BALL, ROD):
        plane = reformat.picture(View.of(middle, turned[0], turned[1]), (0.0, 0.0), (120, 120), 0.25)
        assert patient_orientation(plane.orientation) == (named(np.cross(turned[0], turned[1])), named(-turned[1]))
        found.append((plane, np.nan_to_num(grid.cut(plane, interpolation=interpolation)).astype(float)))
    plane, picture = found[0]
    angles = np.arange(0, np.pi, np.pi / 18)
    ends = []
    for angle in angles:
        direction = np.cos(angle) * plane.along_row + np.sin(angle) * plane.along_column
        ends.append([side * half(picture, plane, BALL, side * direction, 12) * direction for side in (1, -1)])
    both = np.array(ends)
    middle = both.reshape(-1, 3).mean(axis=0)
    diameter = np.linalg.norm(both[:, 0] - both[:, 1], axis=1).mean()
    plane, picture = found[1]
    direction = np.cross(plane.normal, ROD_AXIS)
    direction = direction / np.linalg.norm(direction)
    width = sum(half(picture, plane, ROD, side * direction, 8) for side in (1, -1))
    return float(np.linalg.norm(middle)), abs(float(diameter) - BALL_MM), abs(width - ROD_MM)


@pytest.mark.parametrize("turns", [24, pytest.param(500, marks=pytest.mark.full)])
@pytest.mark.parametrize("interpolation", reformat.INTERPOLATIONS)
def test_balls_and_rods_are_where_and_as_wide_as_they_are(interpolation: str, turns: int) -> None:
    grid = balls_and_rods()
    centre, ball, rod = np.max([measured(grid, turn, interpolation) for turn in range(turns)], axis=0)
    print(f"{interpolation}, {turns} planes: centre {centre:.3f} mm, ball {ball:.3f} mm, rod {rod:.3f} mm at worst")
    assert centre <= 0.1 and ball <= 0.2 and rod <= 0.2
