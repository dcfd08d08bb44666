"""The tilted head and the uneven one of the real data against SimpleITK and SciPy, which know only the true places."""

from pathlib import Path

import numpy as np
import pytest
import SimpleITK
from pydicom.dataset import Dataset
from scipy.interpolate import RegularGridInterpolator

from tests.imaging import datasets
from tests.imaging.grids import Made, made
from viewer.imaging import reformat
from viewer.imaging.geometry import Plane, letters
from viewer.imaging.reformat import ORIENTATIONS, View
from viewer.imaging.windowing import Window, grey_of_values

BRAIN = Window(40, 80)
SIZE, PIXEL = (240, 160), 0.7


def slices(name: str) -> list[Dataset]:
    """Return the slices of a folder of real data from the feet upwards, or skip."""
    folder = datasets.folder()
    if folder is None or not (folder / "ct" / name).is_dir():
        pytest.skip("the folder of real data (SAMSYN_TEST_DATA) isn't here")
    found = [datasets.read(path) for path in sorted(Path(folder / "ct" / name).iterdir())]
    return sorted(found, key=lambda each: float(each.ImagePositionPatient[2]))


def views(grid: Made) -> list[tuple[str, Plane]]:
    """Return the six standard planes through the middle, and eight oblique ones."""
    found = [(name, View.of(grid.volume.center, look, up)) for name, (look, up) in ORIENTATIONS.items()]
    chance = np.random.default_rng(7)
    found += [
        ("", View.of(grid.volume.center + chance.uniform(-2, 2, 3), *chance.normal(size=(2, 3)))) for _ in range(8)
    ]
    return [(name, reformat.picture(view, (0.0, 0.0), SIZE, PIXEL)) for name, view in found]


def check(found: np.ndarray, expected: np.ndarray) -> None:
    """At 99.9 % of the pixels inside the volume the grey may differ by one level."""
    inside = np.isfinite(expected)
    assert inside.sum() > 500 and np.isfinite(found[inside]).all()
    greys = [grey_of_values(each, BRAIN, inverted=False).astype(int) for each in (found, np.nan_to_num(expected))]
    assert (np.abs(greys[0] - greys[1])[inside] <= 1).mean() >= 0.999


def modality(dataset: Dataset) -> np.ndarray:
    return dataset.pixel_array * float(dataset.RescaleSlope) + float(dataset.RescaleIntercept)


def points(plane: Plane) -> np.ndarray:
    """Return the LPS mm (rows, columns, 3) of a picture's pixels."""
    rows, columns = np.mgrid[: plane.rows, : plane.columns]
    return plane.lps(np.stack((columns, rows), -1))


def by_simpleitk(images: list[SimpleITK.Image], normal: np.ndarray, where: np.ndarray) -> np.ndarray:
    """Return values at LPS mm: each slice resampled in its own plane by SimpleITK, mixed by the distance to both.

    A tilted gantry moves every slice along the table, so that a point is looked up in its neighbours along the table.
    """
    table = np.array(images[1].GetOrigin()) - np.array(images[0].GetOrigin())
    z = (where - np.array(images[0].GetOrigin())) @ normal / (table @ normal)
    near = np.clip(np.floor(z).astype(int), 0, len(images) - 2)
    outside = (z < 0) | (z > len(images) - 1)
    total = np.zeros(where.shape[:-1])
    for number, image in enumerate(images):
        share = np.where(near == number, near + 1 - z, np.where(near + 1 == number, z - near, 0.0))
        on_slice = where + (number - z)[..., None] * table
        values = np.full(where.shape[:-1], np.nan)
        for at in np.argwhere((share > 0) & ~outside):
            point = on_slice[tuple(at)]
            index = image.TransformPhysicalPointToContinuousIndex(point.tolist())
            if all(0 <= index[axis] <= image.GetSize()[axis] - 1 for axis in (0, 1)):
                values[tuple(at)] = image.EvaluateAtContinuousIndex((index[0], index[1], 0.0), SimpleITK.sitkLinear)
        total += np.where(share > 0, share * values, 0.0)
    total[outside] = np.nan
    return total


def test_the_tilted_head_is_cut_as_simpleitk_cuts_it() -> None:
    files = slices("gantry-tilt-4slice")
    grid = made(files)
    assert grid.volume.tilt_degrees == pytest.approx(14.0, abs=0.01) and "tilt corrected 14.0°" in grid.volume.words
    cosines = np.array(files[0].ImageOrientationPatient, float)
    normal = np.cross(cosines[:3], cosines[3:])
    images = []
    for each in files:
        image = SimpleITK.GetImageFromArray(modality(each)[None])
        image.SetOrigin([float(value) for value in each.ImagePositionPatient])
        image.SetSpacing([float(each.PixelSpacing[1]), float(each.PixelSpacing[0]), 5.0])
        image.SetDirection(np.column_stack((cosines[:3], cosines[3:], normal)).ravel().tolist())
        images.append(image)
    for name, plane in views(grid)[::2]:
        check(grid.cut(plane), by_simpleitk(images, normal, points(plane)))
        assert_letters(name, plane)


def test_the_uneven_head_is_cut_as_scipy_does_between_the_true_places() -> None:
    files = slices("irregular-spacing-ge-4slice")
    grid = made(files)
    assert "slices 5 to 10 mm apart, interpolated" in grid.volume.words
    first = np.array(files[0].ImagePositionPatient, float)
    z = np.array([float(each.ImagePositionPatient[2]) for each in files])
    step = float(files[0].PixelSpacing[0])
    axes = (z, first[1] + step * np.arange(512), first[0] + step * np.arange(512))
    truth = RegularGridInterpolator(axes, np.stack([modality(each) for each in files]), bounds_error=False)
    for name, plane in views(grid):
        check(grid.cut(plane), truth(points(plane)[..., ::-1]))
        assert_letters(name, plane)


def assert_letters(name: str, plane: Plane) -> None:
    """The standard planes have the letters that a reader expects right and below."""
    expected = {"f": ("L", "P"), "h": ("R", "P"), "a": ("L", "F"), "p": ("R", "F"), "l": ("P", "F"), "r": ("A", "F")}
    if name:
        assert (letters(plane.along_row), letters(plane.along_column)) == expected[name]
