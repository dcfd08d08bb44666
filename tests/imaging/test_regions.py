"""What a sphere in the patient holds: a mask made by hand, shears and uneven slices, and SUV of real PET by pydicom."""

import numpy as np
import pydicom
import pytest

from tests.imaging.datasets import metadata
from tests.imaging.grids import made
from tests.phantoms import ball_phantom
from tests.unpacked_data import test_data
from viewer.imaging import record, regions, stack, suv
from viewer.imaging.volume import Volume, volume

RANDOM = np.random.default_rng(5)


def by_hand(values: np.ndarray, of: Volume, center: np.ndarray, radius: float) -> np.ndarray:
    """Return the values (slices, rows, columns) whose voxels' centres lie in a sphere, by the affine alone."""
    z, row, column = np.meshgrid(of.places, np.arange(of.rows), np.arange(of.columns), indexing="ij")
    points = of.position + np.stack((column, row, z), -1) @ of.steps.T
    found: np.ndarray = values[((points - center) ** 2).sum(-1) <= radius**2]
    return found


def test_a_sphere_is_the_mask_made_by_hand() -> None:
    grid = made(ball_phantom())
    for _turn in range(50):
        center = grid.volume.center + RANDOM.uniform(-25, 25, 3)
        radius = float(RANDOM.uniform(0.3, 14))
        expected = by_hand(grid.values(), grid.volume, center, radius)
        found = regions.of_sphere(grid.volume, grid.stored, grid.slots, center, radius)
        if expected.size == 0:
            assert found is None
            continue
        assert found is not None and (found.count, found.lacking) == (expected.size, 0)
        assert (found.highest, found.lowest) == (expected.max(), expected.min())
        assert found.mean == pytest.approx(expected.mean(), rel=1e-9)
        if expected.size > 1:
            assert found.sd == pytest.approx(expected.std(ddof=1), rel=1e-9)
        assert np.linalg.norm(np.array(found.at) - center) <= radius


def test_slices_that_arent_there_are_counted_and_not_invented() -> None:
    grid = made(ball_phantom())
    slots = grid.slots.copy()
    middle = len(slots) // 2
    slots[middle] = -1
    center = grid.volume.points(np.array([20.0, 20.0, grid.volume.places[middle]]))
    whole = regions.of_sphere(grid.volume, grid.stored, grid.slots, center, 5.0)
    found = regions.of_sphere(grid.volume, grid.stored, slots, center, 5.0)
    assert whole is not None and found is not None and found.lacking > 0
    assert found.count + found.lacking == whole.count


def test_suvmax_of_a_region_of_real_pet_is_what_pydicom_and_numpy_find() -> None:
    paths = sorted((test_data() / "petct" / "acrin-nsclc" / "001-pt-pet-ac").glob("*.dcm"))
    files = sorted((pydicom.dcmread(path) for path in paths), key=lambda each: float(each.ImagePositionPatient[2]))
    instances = record.instances(metadata(*files))
    shown = stack.stacks(instances)[0]
    found = volume(shown, instances)
    assert isinstance(found, Volume)
    by_uid = {str(each.SOPInstanceUID): each for each in files}
    ordered = [by_uid[entry.SOPInstanceUID] for entry in found.entries if entry is not None]
    stored = np.stack([each.pixel_array for each in ordered])
    first = files[0]
    tracer = first.RadiopharmaceuticalInformationSequence[0]

    def seconds(time: str) -> float:
        return int(time[:2]) * 3600 + int(time[2:4]) * 60 + float(time[4:])

    elapsed = seconds(str(first.SeriesTime)) - seconds(str(tracer.RadiopharmaceuticalStartTime))
    dose = float(tracer.RadionuclideTotalDose) * 0.5 ** (elapsed / float(tracer.RadionuclideHalfLife))
    factor = float(first.PatientWeight) * 1000 / dose
    values = np.stack([each.pixel_array * float(each.RescaleSlope) + float(each.RescaleIntercept) for each in ordered])
    top = np.unravel_index(int(values.argmax()), values.shape)
    z = np.array([float(each.ImagePositionPatient[2]) for each in ordered])
    x = float(first.ImagePositionPatient[0]) + np.arange(first.Columns) * float(first.PixelSpacing[1])
    y = float(first.ImagePositionPatient[1]) + np.arange(first.Rows) * float(first.PixelSpacing[0])
    uptake = suv.of_series(instances, instances)[0].shown
    assert uptake is not None and uptake.factor is not None
    centers = [np.array([x[top[2]], y[top[1]], z[top[0]]]) + RANDOM.uniform(-6, 6, 3) for _turn in range(5)]
    centers += [np.array([RANDOM.choice(x), RANDOM.choice(y), RANDOM.choice(z)]) for _turn in range(5)]
    for center in centers:
        radius = float(RANDOM.uniform(8, 30))
        zz, yy, xx = np.meshgrid(z, y, x, indexing="ij")
        own = values[(xx - center[0]) ** 2 + (yy - center[1]) ** 2 + (zz - center[2]) ** 2 <= radius**2]
        told = regions.of_sphere(found, stored, np.arange(len(stored)), center, radius)
        assert told is not None and told.count == own.size
        assert told.highest * uptake.factor == pytest.approx(own.max() * factor, rel=1e-6)
        assert told.mean * uptake.factor == pytest.approx(own.mean() * factor, rel=1e-6)
