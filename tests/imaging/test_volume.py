"""Which stacks are volumes, on which grid, and in which words the others are refused."""

from collections.abc import Callable

import numpy as np
import pytest
from pydicom.dataset import Dataset
from pydicom.sequence import Sequence

from tests.imaging.datasets import metadata
from tests.imaging.grids import made, written
from tests.phantoms import ball_phantom, speaking_phantom
from viewer.imaging import stack
from viewer.imaging.record import instances
from viewer.imaging.volume import NoVolume, Volume, volume

VALUES = np.arange(10 * 6 * 8, dtype=np.int16).reshape(10, 6, 8)
FIVE_DEGREES = (float(np.cos(np.radians(0.4))), 0, float(np.sin(np.radians(0.4))), 0, 1, 0)


def verdicts(datasets: list[Dataset]) -> list[Volume | str]:
    """Return, for each stack of a series, its volume or the words for why it makes none."""
    listed = instances(metadata(*datasets))
    found: list[Volume | str] = []
    for each in stack.stacks(listed):
        try:
            found.append(volume(each, listed))
        except NoVolume as error:
            found.append(error.words)
    return found


def test_the_grid_is_the_files() -> None:
    step = np.array([0.0, 0.3, -2.5])
    grid = made(written(VALUES, spacing=(0.5, 0.75), step=step, position=(10, -20, 30)))
    assert grid.volume.size == (8, 6, 10) and grid.volume.spacing_mm == 0.5
    first = grid.values()[:, 0, 0]
    for number in range(10):
        slice_ = int(np.flatnonzero(first == VALUES[number, 0, 0])[0])
        for column, row in ((0, 0), (7, 5), (3, 2)):
            expected = np.array([10 + 0.75 * column, -20 + 0.5 * row, 30.0]) + number * step
            assert np.allclose(grid.volume.points([column, row, slice_]), expected)
            assert np.allclose(grid.volume.indices(expected), [column, row, slice_])
            assert grid.values()[slice_, row, column] == VALUES[number, row, column]


def moved(at: int, by: tuple[float, float, float]) -> Callable[[list[Dataset]], None]:
    """Return what puts one slice beside its place."""

    def change(datasets: list[Dataset]) -> None:
        position = np.array(datasets[at].ImagePositionPatient, float) + by
        datasets[at].ImagePositionPatient = [f"{value:g}" for value in position]

    return change


def dropped(*which: int) -> Callable[[list[Dataset]], None]:
    """Return what takes slices away."""

    def change(datasets: list[Dataset]) -> None:
        for at in sorted(which, reverse=True):
            del datasets[at]

    return change


def every(**elements: object) -> Callable[[list[Dataset]], None]:
    """Return what sets elements of all slices."""

    def change(datasets: list[Dataset]) -> None:
        for dataset in datasets:
            for keyword, value in elements.items():
                setattr(dataset, keyword, value)

    return change


def only(at: int, **elements: object) -> Callable[[list[Dataset]], None]:
    """Return what sets elements of one slice."""

    def change(datasets: list[Dataset]) -> None:
        for keyword, value in elements.items():
            setattr(datasets[at], keyword, value)

    return change


def curved(datasets: list[Dataset]) -> None:
    """Let the steps grow, each by less than anybody would notice."""
    for number, dataset in enumerate(datasets):
        dataset.ImagePositionPatient = ["0", "0", f"{number + 0.004 * number**2:.6g}"]


def fanned(datasets: list[Dataset]) -> None:
    """Turn each slice a little further than the one before."""
    for number, dataset in enumerate(datasets):
        angle = np.radians(0.05 * number)
        dataset.ImageOrientationPatient = [f"{value:.8g}" for value in (np.cos(angle), 0, np.sin(angle), 0, 1, 0)]


def twice(datasets: list[Dataset]) -> None:
    """Take one slice a second time."""
    again = written(VALUES)[4]
    again.SOPInstanceUID = again.file_meta.MediaStorageSOPInstanceUID = again.SOPInstanceUID + ".1"
    again.InstanceNumber = 99
    datasets.append(again)


def by_table(datasets: list[Dataset]) -> None:
    """Give a lookup table in place of slope and intercept."""
    for dataset in datasets:
        del dataset.RescaleSlope, dataset.RescaleIntercept
        table = Dataset()
        table.LUTDescriptor, table.ModalityLUTType, table.LUTData = [4, 0, 16], "US", [1, 2, 3, 4]
        table["LUTDescriptor"].VR, table["LUTData"].VR = "US", "US"
        dataset.ModalityLUTSequence = Sequence([table])


def coloured(datasets: list[Dataset]) -> None:
    """Make the slices RGB."""
    for dataset in datasets:
        dataset.SamplesPerPixel, dataset.PhotometricInterpretation, dataset.PlanarConfiguration = 3, "RGB", 0
        dataset.BitsAllocated, dataset.BitsStored, dataset.HighBit, dataset.PixelRepresentation = 8, 8, 7, 0


def placeless(datasets: list[Dataset]) -> None:
    """Take all positions away."""
    for dataset in datasets:
        del dataset.ImagePositionPatient


def unscaled(datasets: list[Dataset]) -> None:
    """Take the pixel spacing away."""
    for dataset in datasets:
        del dataset.PixelSpacing


BROKEN = {
    "two slices": (dropped(*range(2, 10)), "too few slices"),
    "one slice late": (moved(4, (0, 0, 0.3)), "irregular"),
    "one slice a little late": (moved(4, (0, 0, 0.03)), "irregular"),
    "the last slice far away": (moved(9, (0, 0, 2.45)), "irregular"),
    "steps that grow": (curved, "irregular"),
    "a slice beside the others": (moved(4, (1.0, 0, 0)), "shifted"),
    "a slice a little beside the others": (moved(4, (0, 0.1, 0)), "shifted"),
    "slices in a fan": (fanned, "not parallel"),
    "a slice turned a little": (only(3, ImageOrientationPatient=[f"{each:.6g}" for each in FIVE_DEGREES]), "parallel"),
    "a slice taken twice": (twice, "share a position"),
    "most slices lost": (dropped(1, 2, 3, 5, 6, 7), "missing"),
    "a lookup table": (by_table, "lookup table"),
    "one inverted slice": (only(4, PhotometricInterpretation="MONOCHROME1"), "type of their values"),
    "one unsigned slice": (only(4, PixelRepresentation=0), "type of their values"),
    "one slice in another unit": (only(4, RescaleType="OD"), "type of their values"),
    "colour": (coloured, "colour"),
    "no positions": (placeless, "no position"),
    "no spacing": (unscaled, "no size in millimetres"),
    "a stack that falls over": (every(ImageOrientationPatient=["0", "0", "1", "1", "0", "0"]), "no position|one plane"),
}


@pytest.mark.parametrize("name", BROKEN)
def test_a_broken_series_is_no_volume_and_says_why(name: str) -> None:
    change, words = BROKEN[name]
    datasets = written(VALUES)
    change(datasets)
    found = verdicts(datasets)
    assert found and not any(isinstance(each, Volume) for each in found)
    assert any(part in str(each) for each in found for part in words.split("|")), found


def rounded(datasets: list[Dataset]) -> None:
    """Write positions with two decimals, as some scanners do."""
    for number, dataset in enumerate(datasets):
        dataset.ImagePositionPatient = ["0.33", "-7.1", f"{number * 1.3333:.2f}"]


GOOD = {
    "as it is": (lambda datasets: None, ""),
    "rounded positions": (rounded, ""),
    "backwards": (lambda datasets: datasets.reverse(), ""),
    "one slice lost": (dropped(4), "1 slice missing"),
    "two slices lost": (dropped(3, 4), "2 slices missing"),
    "a localiser beside it": (
        lambda datasets: datasets.append(
            written(VALUES[:1, :5], orientation=(0, 1, 0, 0, 0, -1), position=(0, 0, 50))[0]
        ),
        "",
    ),
}


@pytest.mark.parametrize("name", GOOD)
def test_a_sound_series_is_a_volume(name: str) -> None:
    change, words = GOOD[name]
    datasets = written(VALUES)
    change(datasets)
    volumes = [each for each in verdicts(datasets) if isinstance(each, Volume)]
    assert [("; ".join(each.words), each.slices) for each in volumes] == [(words, 10)]


@pytest.mark.parametrize("orientation", [(1, 0, 0, 0, 1, 0), (0, 1, 0, 0, 0, -1), (1, 0, 0, 0, 0, -1)])
@pytest.mark.parametrize("reverse", [False, True])
def test_phantoms_of_every_plane_are_volumes(orientation: tuple[float, ...], reverse: bool) -> None:
    (found,) = verdicts(speaking_phantom(orientation=orientation, reverse=reverse))
    assert isinstance(found, Volume) and found.words == () and found.tilt_degrees < 1e-3
    assert np.allclose(found.center, 0, atol=1e-6)


def test_the_balls_middle_is_the_volumes() -> None:
    found = made(ball_phantom()).volume
    assert np.allclose(found.center, 0) and np.allclose(found.corners.max(axis=0), (24, 24, 20.5))
