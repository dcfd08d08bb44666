"""Which stacks are volumes, on which grid, and in which words the others are refused."""

from collections.abc import Callable

import numpy as np
import pytest
from pydicom.dataset import Dataset
from pydicom.sequence import Sequence

from tests.imaging.datasets import metadata
from tests.imaging.grids import made, written
from tests.imaging.multiframe import enhanced
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


def along(*places: float, sideways: Callable[[int], float] = lambda number: 0.0) -> Callable[[list[Dataset]], None]:
    """Return what puts the slices at `places` mm along their normal, and some mm beside."""

    def change(datasets: list[Dataset]) -> None:
        del datasets[len(places) :]
        for number, (dataset, place) in enumerate(zip(datasets, places, strict=True)):
            dataset.ImagePositionPatient = [f"{sideways(number):.6g}", "0", f"{place:.6g}"]

    return change


def radial(datasets: list[Dataset]) -> None:
    """Turn the slices about an axis that all share."""
    for number, dataset in enumerate(datasets):
        angle = np.radians(18 * number)
        cosines = (np.cos(angle), np.sin(angle), 0, 0, 0, -1)
        dataset.ImageOrientationPatient = [f"{value:.8g}" for value in cosines]
        dataset.ImagePositionPatient = [f"{-20 * np.cos(angle):.6g}", f"{-20 * np.sin(angle):.6g}", "0"]


def doubled(datasets: list[Dataset]) -> None:
    """Take everything twice, told apart by nothing."""
    for dataset in written(VALUES):
        dataset.SOPInstanceUID = dataset.file_meta.MediaStorageSOPInstanceUID = dataset.SOPInstanceUID + ".2"
        datasets.append(dataset)


BROKEN = {
    "two slices": (dropped(*range(2, 10)), "too few slices"),
    "the last slice far away": (moved(9, (0, 0, 2.45)), "a gap of 3.4 mm"),
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
    "no positions": (placeless, "no position"),
    "no spacing": (unscaled, "no size in millimetres"),
    "one slice": (dropped(*range(1, 10)), "too few slices"),
    "two blocks far apart": (along(0, 1, 2, 3, 4, 60, 61, 62, 63, 64), "a gap of 56.0 mm"),
    "two blocks with numbers of their own": (along(0, 1, 2, 3, 9.4, 10.4, 11.4, 12.4), "a gap of 6.4 mm"),
    "two sets, shifted": (along(0, 1.4, 2, 3.4, 4, 5.4, 6, 7.4, 8, 9.4), "two sets of slices"),
    "a slice nearly at another's place": (moved(4, (0, 0, -0.95)), "only 0.05 mm apart"),
    "slices to the left and right by turns": (along(*range(10), sideways=lambda at: at % 2), "shifted"),
    "a tilt that begins half-way": (along(*range(10), sideways=lambda at: 0.3 * max(at - 5, 0)), "shifted"),
    "a table that bends": (along(*range(10), sideways=lambda at: 0.02 * at**2), "shifted"),
    "uneven, and beside each other": (along(0, 1, 2.3, 3, 4.4, 5, sideways=lambda at: 0.2 * (at % 3)), "shifted"),
    "lying down": (along(*range(10), sideways=lambda at: 2.0 * at), "shifted"),
    "all at one place": (along(*[5.0] * 10), "no position"),
    "positions that are no numbers": (every(ImagePositionPatient=None), "no position"),
    "axes at no right angle": (every(ImageOrientationPatient=["1", "0", "0", "0.5", "0.5", "0"]), "no position"),
    "pixels of no size": (every(PixelSpacing=["0", "0"]), "no size in millimetres"),
    "one slice of 8 bits": (only(4, BitsAllocated=8, BitsStored=8, HighBit=7), "type of their values"),
    "a film": (every(Modality="US"), "no position"),
    "slices about an axis": (radial, "too few slices"),
    "all taken twice": (doubled, "10 images share a position"),
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


def tilted(degrees: float) -> Callable[[list[Dataset]], None]:
    """Return what shears the slices, as a gantry does."""
    return along(*range(10), sideways=lambda at: at * float(np.tan(np.radians(degrees))))


def renumbered(*numbers: int | None) -> Callable[[list[Dataset]], None]:
    """Return what gives other Instance Numbers."""

    def change(datasets: list[Dataset]) -> None:
        for dataset, number in zip(datasets, numbers, strict=False):
            dataset.InstanceNumber = number

    return change


def both(*changes: Callable[[list[Dataset]], None]) -> Callable[[list[Dataset]], None]:
    """Return several changes as one."""
    return lambda datasets: [change(datasets) for change in changes] and None


def again(name: str, **elements: object) -> Callable[[list[Dataset]], None]:
    """Return what adds the series once more, with other elements."""

    def change(datasets: list[Dataset]) -> None:
        more = written(VALUES + 1)
        every(**elements)(more)
        for dataset in more:
            dataset.SOPInstanceUID = dataset.file_meta.MediaStorageSOPInstanceUID = f"{dataset.SOPInstanceUID}.{name}"
        datasets += more

    return change


def frames(datasets: list[Dataset]) -> None:
    """Make one enhanced image of all."""
    placed = [
        {"ImagePositionPatient": [0.0, 0.0, float(at)], "ImageOrientationPatient": [1, 0, 0, 0, 1, 0],
         "PixelSpacing": [1.0, 1.0], "StackID": "1", "InStackPositionNumber": at + 1}
        for at in range(10)
    ]  # fmt: skip
    datasets[:] = [enhanced(placed, Rows=6, Columns=8)]


def rescaled(datasets: list[Dataset]) -> None:
    """Give every slice a slope of its own, as PET has."""
    for number, dataset in enumerate(datasets):
        dataset.RescaleSlope = f"{1 + 0.1 * number:g}"


SCOUT = written(VALUES[:1, :5], orientation=(0, 1, 0, 0, 0, -1), position=(0, 0, 50))[0]
UNEVEN = "slices {} to {} mm apart, interpolated"
GOOD: dict[str, tuple[Callable[[list[Dataset]], object], list[tuple[str, int]]]] = {
    "as it is": (lambda datasets: None, [("", 10)]),
    "rounded positions": (rounded, [("", 10)]),
    "backwards": (lambda datasets: datasets.reverse(), [("", 10)]),
    "one slice lost": (dropped(4), [("1 slice missing", 10)]),
    "two slices lost": (dropped(3, 4), [("2 slices missing", 10)]),
    "the first slices lost": (dropped(0, 1), [("2 slices missing", 10)]),
    "the end of a series": (dropped(0, 1, 2, 3, 4, 5), [("6 slices missing beyond the ends", 4)]),
    "three slices": (dropped(*range(3, 10)), [("", 3)]),
    "a localiser beside it": (lambda datasets: datasets.append(SCOUT), [("", 10)]),
    "numbers that say nothing": (renumbered(*[None] * 10), [("", 10)]),
    "numbers by tens": (renumbered(*range(10, 110, 10)), [("", 10)]),
    "tilted": (tilted(15), [("tilt corrected 15.0°", 10)]),
    "tilted the other way": (tilted(-22), [("tilt corrected 22.0°", 10)]),
    "tilted, a slice lost": (both(tilted(15), dropped(4)), [("1 slice missing; tilt corrected 15.0°", 10)]),
    "a slice late": (moved(4, (0, 0, 0.3)), [(UNEVEN.format("0.7", "1.3"), 10)]),
    "a slice a little late": (moved(4, (0, 0, 0.03)), [(UNEVEN.format("0.97", "1.03"), 10)]),
    "steps that grow": (curved, [(UNEVEN.format("1", "1.07"), 10)]),
    "a head in 5 and 10 mm": (along(0, 5, 10, 15, 20, 30, 40, 50, 60), [(UNEVEN.format("5", "10"), 9)]),
    "thin, then thick": (along(0, 1, 2, 3, 4, 7, 10, 13, 16), [(UNEVEN.format("1", "3"), 9)]),
    "uneven, a slice lost": (
        both(along(0, 1, 2.2, 3.5, 5, 6.4, 8, 9.5, 11, 12.6), dropped(4)),
        [("1 slice missing; " + UNEVEN.format("1", "1.6"), 10)],
    ),
    "uneven and tilted": (
        along(0, 1, 2.2, 3.5, 5, 6.4, sideways=lambda at: 0.2 * (0, 1, 2.2, 3.5, 5, 6.4)[at]),
        [(UNEVEN.format("1", "1.5") + "; tilt corrected 11.3°", 6)],
    ),
    "oblong pixels": (every(PixelSpacing=["0.4", "1.1"]), [("", 10)]),
    "white air": (every(PhotometricInterpretation="MONOCHROME1"), [("", 10)]),
    "padding": (every(PixelPaddingValue=-2000), [("", 10)]),
    "slopes of their own": (rescaled, [("", 10)]),
    "in colour": (coloured, [("", 10)]),
    "enhanced": (frames, [("", 10)]),
    "two kernels": (both(every(ConvolutionKernel="B30"), again("1", ConvolutionKernel="B70")), [("", 10)] * 2),
    "two stations": (again("1", FrameOfReferenceUID="1.2.99"), [("", 10)] * 2),
    "two orientations": (
        again("1", ImageOrientationPatient=["1", "0", "0", "0", "0.6", "0.8"]),
        [("", 10), ("tilt corrected 53.1°", 10)],
    ),
    "two pixel spacings": (again("1", PixelSpacing=["0.5", "0.5"]), [("", 10)] * 2),
    "two time points": (
        both(every(TemporalPositionIdentifier=1), again("1", TemporalPositionIdentifier=2)), [("", 10)] * 2
    ),
    "a slice of another size": (only(4, Rows=4, Columns=8), [("1 slice missing", 10)]),
    "a slice without a position": (only(4, ImagePositionPatient=None), [("1 slice missing", 10)]),
}  # fmt: skip


@pytest.mark.parametrize("name", GOOD)
def test_a_sound_series_makes_as_many_volumes_as_it_holds(name: str) -> None:
    change, expected = GOOD[name]
    datasets = written(VALUES)
    change(datasets)
    volumes = [each for each in verdicts(datasets) if isinstance(each, Volume)]
    assert [("; ".join(each.words), each.slices) for each in volumes] == expected


def test_there_are_thirty_of_each() -> None:
    assert len(BROKEN) >= 30 and len(GOOD) >= 30


@pytest.mark.parametrize("orientation", [(1, 0, 0, 0, 1, 0), (0, 1, 0, 0, 0, -1), (1, 0, 0, 0, 0, -1)])
@pytest.mark.parametrize("reverse", [False, True])
def test_phantoms_of_every_plane_are_volumes(orientation: tuple[float, ...], reverse: bool) -> None:
    (found,) = verdicts(speaking_phantom(orientation=orientation, reverse=reverse))
    assert isinstance(found, Volume) and found.words == () and found.tilt_degrees < 1e-3
    assert np.allclose(found.center, 0, atol=1e-6)


def test_the_balls_middle_is_the_volumes() -> None:
    found = made(ball_phantom()).volume
    assert np.allclose(found.center, 0) and np.allclose(found.corners.max(axis=0), (24, 24, 20.5))
