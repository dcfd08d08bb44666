"""One UID for two things: both are shown as a conflict, whichever file comes first."""

import copy
from collections.abc import Callable
from pathlib import Path

import pytest
from pydicom.dataset import Dataset

from tests.phantoms import speaking_phantom
from viewer.archive import FolderArchive


def pixels(other: Dataset) -> None:
    other.PixelData = other.PixelData[::-1]


def patient(other: Dataset) -> None:
    other.PatientID = "PHANTOM-9"


def window(other: Dataset) -> None:
    other.WindowWidth = "80"


def series(other: Dataset) -> None:
    other.SeriesInstanceUID = "1.2.840.99.78"


def study(other: Dataset) -> None:
    other.StudyInstanceUID = "1.2.840.99.77"


def laid(
    folder: Path, change: Callable[[Dataset], None], *, changed_first: bool, copied: bool
) -> tuple[Dataset, Dataset]:
    """Write an object and one that claims to be it, perhaps with a true copy; return both."""
    one = speaking_phantom(slices=1, rows=64, columns=64)[0]
    other = copy.deepcopy(one)
    change(other)
    folder.mkdir()
    first, second = (other, one) if changed_first else (one, other)
    for name, dataset in (("a", first), ("b", second), *([("c", one)] if copied else [])):
        dataset.save_as(folder / f"{name}.dcm", enforce_file_format=True)
    return one, other


@pytest.mark.parametrize("copied", [False, True], ids=["alone", "copied"])
@pytest.mark.parametrize("changed_first", [False, True], ids=["after", "before"])
@pytest.mark.parametrize("change", [pixels, patient, window, series, study])
def test_twenty_ways_to_claim_one_uid_are_told_with_all_files_and_studies(
    change: Callable[[Dataset], None], changed_first: bool, copied: bool, tmp_path: Path
) -> None:
    one, other = laid(tmp_path / "files", change, changed_first=changed_first, copied=copied)
    archive = FolderArchive("main", tmp_path / "files", state=tmp_path)
    found = {each.uid: each for each in archive.scan(settle=0).conflicts}
    told = found[str(one.SOPInstanceUID)]
    assert told.paths == ("a.dcm", "b.dcm", "c.dcm")[: 3 if copied else 2]
    assert set(told.studies) == {str(one.StudyInstanceUID), str(other.StudyInstanceUID)}
    assert "same SOP Instance UID" in told.words


def test_true_copies_are_no_conflict(tmp_path: Path) -> None:
    laid(tmp_path / "files", lambda other: None, changed_first=False, copied=True)
    assert FolderArchive("main", tmp_path / "files", state=tmp_path).scan(settle=0).conflicts == ()
