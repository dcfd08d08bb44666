"""The one image that is shown before its series is known is the one that the series will open with."""

from pathlib import Path

import pytest
from pydicom.dataset import Dataset

from tests.phantoms import speaking_phantom
from viewer.archive.folder import FolderArchive
from viewer.archive.match import only
from viewer.imaging import stack
from viewer.imaging.entries import Shown
from viewer.imaging.record import instances
from viewer.store.glimpse import NO_GLIMPSE, fetched, found, numbers
from viewer.store.opened import CantOpen
from viewer.store.shelf import Key


def laid(tmp_path: Path, datasets: list[Dataset]) -> tuple[FolderArchive, Key]:
    """Return a folder archive of some objects, and which series they are."""
    folder = tmp_path / "files"
    folder.mkdir()
    for number, dataset in enumerate(datasets):
        dataset.save_as(folder / f"{number:03}.dcm", enforce_file_format=True)
    archive = FolderArchive("main", folder, state=tmp_path)
    archive.scan(settle=0)
    return archive, Key("main", datasets[0].StudyInstanceUID, datasets[0].SeriesInstanceUID)


def opens_with(archive: FolderArchive, key: Key) -> str:
    """Return what the page opens with when it knows the whole series: of MR the middle, else the first."""
    (whole,) = stack.stacks(instances(archive.series_metadata(key.study, key.series)))
    entry = whole.entries[len(whole.entries) // 2 if whole.modality == "MR" else 0]
    assert isinstance(entry, Shown)
    return entry.SOPInstanceUID


@pytest.mark.parametrize("backwards", [False, True])
@pytest.mark.parametrize("orientation", [(1, 0, 0, 0, 1, 0), (0, 1, 0, 0, 0, -1)])
@pytest.mark.parametrize(("modality", "slices"), [("CT", 9), ("MR", 9), ("MR", 10), ("MR", 3), ("MR", 2), ("CT", 1)])
def test_it_is_what_the_series_opens_with(
    tmp_path: Path, modality: str, slices: int, orientation: tuple[int, ...], backwards: bool
) -> None:
    datasets = speaking_phantom(slices=slices, rows=64, columns=64, modality=modality, orientation=orientation)
    if backwards:
        for dataset in datasets:
            dataset.InstanceNumber = slices + 1 - dataset.InstanceNumber
    archive, key = laid(tmp_path, datasets)
    assert found(archive, key, slices, "")[1] == opens_with(archive, key)


def test_a_named_image_is_the_one(tmp_path: Path) -> None:
    datasets = speaking_phantom(slices=9, rows=64, columns=64)
    archive, key = laid(tmp_path, datasets)
    wanted = datasets[3].SOPInstanceUID
    kept, uid = found(archive, key, 9, wanted)
    assert uid == wanted
    record = next(each for each in kept.instances() if each.SOPInstanceUID == uid)
    assert fetched(archive, key, record)[0] == datasets[3].PixelData


def test_without_a_count_the_first_number_is_asked_for(tmp_path: Path) -> None:
    datasets = speaking_phantom(slices=9, rows=64, columns=64)
    archive, key = laid(tmp_path, datasets)
    assert numbers(None) == [1]
    first = next(each for each in datasets if each.InstanceNumber == 1)
    assert found(archive, key, None, "")[1] == first.SOPInstanceUID


def test_numbers_that_several_images_have_tell_nothing(tmp_path: Path) -> None:
    datasets = speaking_phantom(slices=5, rows=64, columns=64)
    for dataset in datasets:
        dataset.InstanceNumber = 1
    archive, key = laid(tmp_path, datasets)
    with pytest.raises(CantOpen) as caught:
        found(archive, key, 5, "")
    assert caught.value.args[0] == NO_GLIMPSE


def test_an_answer_with_another_number_is_not_believed() -> None:
    one = {"00080018": {"Value": ["1.2"]}, "00200013": {"Value": [7]}}
    assert only({7: [one], 8: [one], 9: []}) == {7: "1.2"}
