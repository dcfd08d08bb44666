"""Slides: frame numbers and millimetres against highdicom, pyramids, planes, paths, concatenations, words."""

import itertools
from typing import Any

import numpy as np
import pytest
from highdicom.spatial import (
    ImageToReferenceTransformer,
    ReferenceToImageTransformer,
    iter_tiled_full_frame_data,
)
from pydicom.dataset import Dataset
from pydicom.sequence import Sequence

from tests import slides as made
from tests.imaging.datasets import folder, metadata, read
from viewer.imaging.geometry import GeometryError
from viewer.imaging.kinds import kind
from viewer.imaging.record import instances
from viewer.imaging.slide import Slide, slides


def found(*datasets: Dataset) -> list[Slide]:
    return slides(instances(metadata(*datasets)))[0]


def only(*datasets: Dataset) -> Slide:
    (slide,) = found(*datasets)
    return slide


def blank(columns: int = 200, rows: int = 150, *, number: int = 1, frames: int | None = None, **more: Any) -> Dataset:
    """Return a level without pixels; `more` are attributes, None removes one."""
    dataset = made.level(np.zeros((64, 64, 3), np.uint8), number=number)
    dataset.TotalPixelMatrixColumns, dataset.TotalPixelMatrixRows = columns, rows
    dataset.NumberOfFrames = frames or -(-columns // 64) * -(-rows // 64)
    for name, value in more.items():
        if value is None:
            delattr(dataset, name)
        else:
            setattr(dataset, name, value)
    return dataset


def paths(*names: str) -> Sequence:
    items = []
    for name in names:
        item = Dataset()
        item.OpticalPathIdentifier = name
        items.append(item)
    return Sequence(items)


def sparse(dataset: Dataset, placed: list[tuple[int, int, float, str]]) -> Dataset:
    """Place the frames of a level: (column, row) from 1, z in micrometres, optical path."""
    dataset.DimensionOrganizationType = "TILED_SPARSE"
    dataset.NumberOfFrames = len(placed)
    groups = []
    for column, row, z, path in placed:
        position, where, seen = Dataset(), Dataset(), Dataset()
        position.ColumnPositionInTotalImagePixelMatrix, position.RowPositionInTotalImagePixelMatrix = column, row
        position.ZOffsetInSlideCoordinateSystem = z
        where.PlanePositionSlideSequence = Sequence([position])
        seen.OpticalPathIdentifier = path
        where.OpticalPathIdentificationSequence = Sequence([seen])
        groups.append(where)
    dataset.PerFrameFunctionalGroupsSequence = Sequence(groups)
    return dataset


@pytest.mark.parametrize(("planes", "channels"), [(1, 1), (3, 1), (1, 3), (3, 2), (4, 2)])
def test_frame_numbers_are_those_of_highdicom(planes: int, channels: int) -> None:
    names = [str(number) for number in range(1, channels + 1)]
    dataset = blank(
        240, 200, frames=4 * 4 * planes * channels, TotalPixelMatrixFocalPlanes=planes, NumberOfOpticalPaths=channels,
        OpticalPathSequence=paths(*names),
    )  # fmt: skip
    dataset.SharedFunctionalGroupsSequence[0].PixelMeasuresSequence[0].SpacingBetweenSlices = 0.001
    slide = only(dataset)
    (level,) = slide.levels
    shown = (planes - 1) // 2 + 1
    expected = {
        (column // 64, row // 64): number
        for number, (channel, plane, column, row, *_) in enumerate(iter_tiled_full_frame_data(dataset), 1)
        for column, row in [(column - 1, row - 1)]
        if (channel, plane) == (1, shown)
    }
    assert {at: level.number(*at) for at in itertools.product(range(4), range(4))} == expected
    assert slide.origin[2] == pytest.approx((shown - 1) * 0.001)
    told = " ".join(slide.words)
    assert ("focal planes" in told) == (planes > 1)
    assert ("optical paths" in told) == (channels > 1)
    assert level.number(4, 0) == level.number(0, -1) == 0


ORIENTATIONS = [
    (0, -1, 0, -1, 0, 0), (-1, 0, 0, 0, -1, 0), (1, 0, 0, 0, 1, 0), (0.6, -0.8, 0, -0.8, -0.6, 0),
    (np.cos(0.013), -np.sin(0.013), 0, -np.sin(0.013), -np.cos(0.013), 0),
]  # fmt: skip


@pytest.mark.parametrize("orientation", ORIENTATIONS)
def test_millimetres_are_those_of_highdicom(orientation: tuple[float, ...]) -> None:
    dataset = blank(ImageOrientationSlide=[float(f"{cosine:.12g}") for cosine in orientation])
    dataset.SharedFunctionalGroupsSequence[0].PixelMeasuresSequence[0].PixelSpacing = [0.000251, 0.000499]
    slide = only(dataset)
    points = np.random.default_rng(1).uniform(0, 200, (100, 2))
    there = ImageToReferenceTransformer.for_image(dataset, for_total_pixel_matrix=True)(points)
    assert np.abs(slide.millimetres(points) - there).max() < 1e-9
    back = ReferenceToImageTransformer.for_image(dataset, for_total_pixel_matrix=True)(there)
    # 1e-9 mm are some millionths of a pixel here.
    assert np.abs(slide.pixels(there) - back[:, :2]).max() < 1e-5
    assert np.abs(slide.pixels(slide.millimetres(points)) - points).max() < 1e-6


def test_levels_are_sorted_and_scaled_exactly() -> None:
    slide = only(blank(51, 38, number=3), blank(203, 151), blank(101, 75, number=2))
    assert [each.columns for each in slide.levels] == [203, 101, 51]
    assert [slide.downsample(each) for each in slide.levels] == [1, 203 / 101, 203 / 51]


def test_label_overview_and_thumbnail_are_kept_out() -> None:
    kept_out = [
        blank(60, 40, number=number, ImageType=["ORIGINAL", "PRIMARY", what, "NONE"])
        for number, what in enumerate(("LABEL", "OVERVIEW", "THUMBNAIL"), 2)
    ]
    slide = only(blank(), *kept_out)
    assert len(slide.levels) == 1
    listed = instances(metadata(*kept_out))
    assert [kind(each).viewable for each in listed] == [False] * 3
    assert "label" in kind(listed[0]).words


def test_sparse_tiles_lie_where_they_say_and_gaps_stay_gaps() -> None:
    slide = only(sparse(blank(), [(129, 65, 0, "1"), (1, 1, 0, "1"), (65, 129, 0, "1")]))
    (level,) = slide.levels
    assert level.numbers is not None
    assert level.numbers.tolist() == [[2, 0, 0, 0], [0, 0, 1, 0], [0, 3, 0, 0]]


def test_sparse_planes_and_paths_show_the_middle_and_the_first() -> None:
    placed = [(1, 1, z, path) for path in ("B", "A") for z in (4.0, 0.0, 2.0)]
    slide = only(sparse(blank(64, 64, OpticalPathSequence=paths("A", "B")), placed))
    assert slide.levels[0].number(0, 0) == 6
    assert slide.origin[2] == pytest.approx(0.002)
    assert slide.words == ["3 focal planes, the middle one is shown", "2 optical paths, the first is shown"]


def test_tiles_off_the_grid_are_told() -> None:
    slide = only(sparse(blank(), [(1, 1, 0, "1"), (33, 1, 0, "1"), (1000, 1, 0, "1")]))
    assert "2 tiles lie off the grid and aren't shown" in slide.words


def test_a_concatenation_counts_its_frames_through() -> None:
    parts = []
    for number, (offset, frames) in enumerate([(0, 5), (5, 4), (9, 3)], 1):
        part = blank(frames=frames, number=number, ConcatenationUID="2.25.5", ConcatenationFrameOffsetNumber=offset)
        part.ImageType[3] = "NONE"
        parts.append(part)
    (level,) = only(*reversed(parts)).levels
    assert (level.numbers, level.first) == (None, 1)
    assert [level.locate(number) for number in (1, 5, 6, 9, 10, 12)] == [
        (f"{made.SERIES}.1", 1), (f"{made.SERIES}.1", 5), (f"{made.SERIES}.2", 1), (f"{made.SERIES}.2", 4),
        (f"{made.SERIES}.3", 1), (f"{made.SERIES}.3", 3),
    ]  # fmt: skip
    slide = only(parts[0], parts[2])
    assert "4 of 12 tiles missing" in slide.words
    assert slide.levels[0].numbers is not None
    assert slide.levels[0].numbers.ravel().tolist() == [1, 2, 3, 4, 5, 0, 0, 0, 0, 10, 11, 12]
    with pytest.raises(LookupError):
        slide.levels[0].locate(7)


@pytest.mark.parametrize(("width", "sound"), [(0.1, True), (0.1009, True), (0.102, False), (0.05, False)])
def test_a_spacing_that_disagrees_with_the_size_is_none(width: float, sound: bool) -> None:
    slide = only(blank(ImagedVolumeWidth=width, ImagedVolumeHeight=0.075))
    assert (slide.spacing is not None) == sound
    assert sound or "disagree" in slide.basis_words
    if not sound:
        with pytest.raises(GeometryError):
            slide.millimetres(np.zeros((1, 2)))


def test_no_spacing_is_none_whatever_the_objective() -> None:
    slide = only(blank(SharedFunctionalGroupsSequence=None))
    assert (slide.spacing, slide.basis, slide.objective) == (None, "none", 20)


def test_two_containers_two_people_and_two_regions_are_slides_of_their_own() -> None:
    assert len(found(blank(), blank(number=2, ContainerIdentifier="S-2"))) == 2
    assert len(found(blank(), blank(number=2, PatientID="G2", PatientName="Else^Somebody"))) == 2
    assert len(found(blank(), blank(100, 150, number=2))) == 2
    keys = [each.key for each in found(blank(), blank(number=2, ContainerIdentifier="S-2"))]
    assert len(set(keys)) == 2


def test_levels_with_frames_of_reference_of_their_own_are_joined_and_told() -> None:
    levels = [
        blank(200 // side, 150 // side, number=side, FrameOfReferenceUID=f"2.25.{side}", ContainerIdentifier=None)
        for side in (1, 2)
    ]
    slide = only(*levels)
    assert "joined by their shape" in " ".join(slide.words)
    levels[1].ImageType[3] = "NONE"
    assert len(found(*levels)) == 2


def test_one_of_several_images_of_one_size_is_shown() -> None:
    listed = instances(metadata(blank(), blank(number=2)))
    (slide,), left = slides(listed)
    assert "2 images of one size, the first is shown" in slide.words
    assert list(left) == [f"{made.SERIES}.2"]


def test_planes_in_images_of_their_own_show_the_middle_one() -> None:
    planes = []
    for number in (1, 2, 3):
        plane = blank(number=number)
        plane.ImageType[3] = "NONE"
        plane.TotalPixelMatrixOriginSequence[0].ZOffsetInSlideCoordinateSystem = 2.0 * number
        planes.append(plane)
    slide = only(*planes)
    assert slide.levels[0].instance.InstanceNumber == 2
    assert "3 focal planes, the middle one is shown" in slide.words


@pytest.mark.parametrize(
    ("attributes", "words"),
    [
        ({"TotalPixelMatrixColumns": None}, "how large"),
        ({"DimensionOrganizationType": None}, "where its tiles lie"),
        ({"TotalPixelMatrixColumns": 2**31, "TotalPixelMatrixRows": 2**31}, "more than"),
    ],
)
def test_what_makes_no_slide_says_why(attributes: dict[str, Any], words: str) -> None:
    made_slides, left = slides(instances(metadata(blank(**attributes))))
    assert made_slides == []
    assert words in left[f"{made.SERIES}.1"]


def test_who_and_how_it_lies_are_told_when_unknown() -> None:
    slide = only(blank(PatientName="", PatientID="", ImageOrientationSlide=None))
    assert slide.words == ["no patient identity", "the file doesn't say how the slide lies, the usual way is assumed"]
    assert slide.orientation == (0, -1, 0, -1, 0, 0)


def test_the_real_slides() -> None:
    root = folder()
    if root is None:
        pytest.skip("no real data")
    for name, count in (("dicom-cmu-1-small-region", 12), ("dicom-3dhistech-fluorcell", 7)):
        files = [path for path in (root / "wsi" / name).iterdir() if path.suffix != ".txt"]
        slide = only(*(read(path, pixels=False) for path in files))
        assert len(slide.levels) == count
        assert slide.spacing is not None
    assert "3 optical paths, the first is shown" in slide.words
