"""The demo archive appears study by study, each whole, and a package that can't be had costs its study only."""

import errno
import json
import os
import threading
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path

import pydicom
import pytest
from pydicom.dataset import Dataset

from tests.phantoms import speaking_phantom
from worklist.demo import fill
from worklist.demo.dataset import Exam
from worklist.demo.fetch import Package, PackageMissingError, Pantry
from worklist.demo.fill import Demo
from worklist.demo.studies import STUDIES, Study, known_truth

NOW = datetime(2026, 3, 1, 12, 0)
GOOD = Package("pypi", "good", "1.0", "good.whl", "", 1)
ABSENT = Package("pypi", "absent", "1.0", "absent.whl", "", 1)


def small(exam: Exam, pantry: Pantry) -> Iterator[Dataset]:
    yield from speaking_phantom(slices=2, rows=64, columns=64)


@pytest.fixture
def demo(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Demo:
    """Three small studies; the package of the second can't be fetched."""

    def path(pantry: Pantry, package: Package) -> Path:
        if package is ABSENT:
            raise PackageMissingError("absent 1.0 couldn't be fetched")
        return tmp_path

    monkeypatch.setattr(Pantry, "path", path)
    studies = (
        Study("chest-ct", "CT chest", GOOD, small),
        Study("slide", "slide", ABSENT, small),
        Study("ecg", "ECG", None, small),
    )
    monkeypatch.setattr(fill, "STUDIES", studies)
    monkeypatch.setattr(fill.studies, "known_truth", lambda: speaking_phantom(slices=1, rows=64, columns=64))
    monkeypatch.setattr(fill, "KINDNESS", 0)
    monkeypatch.setattr(fill, "STILL", 0)
    return Demo(tmp_path / "state", tmp_path / "archive")


def lay(demo: Demo, *, anew: bool = False) -> tuple[list[str], list[str]]:
    """Return what failed, and the keys that were told."""
    told: list[str] = []
    with demo.alone(str):
        failed = demo.lay(NOW, lambda words: None, told.append, anew=anew)
        demo.finish()
        return failed, told


def progress(tmp_path: Path) -> dict[str, object]:
    read: dict[str, object] = json.loads((tmp_path / "state" / "demo" / "progress.json").read_text())
    return read


def test_a_missing_package_costs_its_study_and_says_so(demo: Demo, tmp_path: Path) -> None:
    failed, told = lay(demo)
    assert failed == ["slide: absent 1.0 couldn't be fetched"]
    assert told == ["chest-ct", "ecg"]
    assert sorted(path.name for path in (tmp_path / "archive").iterdir()) == ["chest-ct.2", "ecg.2", "phantoms.2"]
    assert progress(tmp_path) == {"done": 4, "total": 4, "words": "", "failed": failed}


def test_a_second_time_only_what_is_missing_is_made(demo: Demo, tmp_path: Path) -> None:
    lay(demo)
    before = {path: path.stat().st_ino for path in (tmp_path / "archive").iterdir()}
    failed, told = lay(demo)
    assert len(failed) == 1 and told == ["chest-ct", "ecg"]
    assert {path: path.stat().st_ino for path in (tmp_path / "archive").iterdir()} == before


def test_anew_replaces_every_study(demo: Demo, tmp_path: Path) -> None:
    lay(demo)
    before = sorted((tmp_path / "archive").iterdir())
    for study in before:
        (study / "0001.dcm").unlink()
        (study / "left over").touch()
    lay(demo, anew=True)
    assert sorted((tmp_path / "archive").iterdir()) == before
    for study in before:
        assert (study / "0001.dcm").exists() and not (study / "left over").exists()


def test_another_version_replaces_the_older_one(demo: Demo, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    lay(demo)
    monkeypatch.setattr(fill, "VERSION", "3")
    lay(demo)
    assert sorted(path.name for path in (tmp_path / "archive").iterdir()) == ["chest-ct.3", "ecg.3", "phantoms.3"]


def test_a_full_disk_costs_what_doesn_t_fit_and_is_told(demo: Demo, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(exam: Exam, pantry: Pantry) -> Iterator[Dataset]:
        yield from small(exam, pantry)
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(fill, "STUDIES", (Study("slide", "slide", None, full), Study("ecg", "ECG", None, small)))
    failed, told = lay(demo)
    assert failed == ["slide: No space left on device"]
    assert told == ["ecg"]


def test_what_needs_no_package_doesn_t_wait_for_one_that_is_slow(demo: Demo, monkeypatch: pytest.MonkeyPatch) -> None:
    other_is_there = threading.Event()

    def path(pantry: Pantry, package: Package) -> Path:
        assert other_is_there.wait(10)
        return Path()

    def announcing(exam: Exam, pantry: Pantry) -> Iterator[Dataset]:
        other_is_there.set()
        yield from small(exam, pantry)

    monkeypatch.setattr(Pantry, "path", path)
    studies = (
        Study("chest-ct", "CT", GOOD, small),
        Study("slide", "slide", GOOD, small),
        Study("ecg", "ECG", None, announcing),
    )
    monkeypatch.setattr(fill, "STUDIES", studies)
    monkeypatch.setattr(fill, "FIRST_PATIENCE", 0.05)
    assert lay(demo) == ([], ["ecg", "chest-ct", "slide"])


def test_an_interrupted_study_never_shows_in_the_archive(
    demo: Demo, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def interrupted(exam: Exam, pantry: Pantry) -> Iterator[Dataset]:
        yield from small(exam, pantry)
        raise KeyboardInterrupt

    monkeypatch.setattr(fill, "STUDIES", (Study("ecg", "ECG", None, interrupted),))
    with pytest.raises(KeyboardInterrupt):
        lay(demo)
    assert list((tmp_path / "archive").iterdir()) == []
    with demo.alone(str):
        assert not (tmp_path / "state" / "demo" / "writing").exists()


def test_files_can_be_read_as_dicom(demo: Demo, tmp_path: Path) -> None:
    lay(demo)
    for path in (tmp_path / "archive").glob("*/*.dcm"):
        assert pydicom.dcmread(path).SpecificCharacterSet == "ISO_IR 192"


def test_the_main_patient_s_scan_comes_first() -> None:
    assert STUDIES[0].key == "chest-ct"
    assert len({study.key for study in STUDIES}) == len(STUDIES)


def test_known_truth_is_marked_as_no_patient() -> None:
    for number, dataset in enumerate(known_truth()):
        assert dataset.QualityControlSubject == "YES"
        if number > 30:
            break
