"""`manage.py demo` lays its own folder, tells the story of what is indexed, and keeps away from other archives."""

import signal
from collections.abc import Callable, Iterator
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from django.contrib.auth import get_user_model
from django.core.management import call_command
from django.core.management.base import CommandError
from django.utils import timezone
from pydicom.dataset import Dataset

from config.environment import Source
from tests.phantoms import speaking_phantom
from viewer.models import Study as StudyRow
from worklist.demo import cast, fill
from worklist.demo.dataset import Exam
from worklist.demo.fetch import Pantry
from worklist.demo.studies import Study
from worklist.management.commands import demo as command
from worklist.models import ReadingTask

pytestmark = pytest.mark.django_db


def small(exam: Exam, pantry: Pantry) -> Iterator[Dataset]:
    yield from speaking_phantom(slices=2, rows=64, columns=64)


@pytest.fixture
def state(tmp_path: Path, settings: Any, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A state folder of its own, one small study, and the signals as they were afterwards."""
    settings.STATE = tmp_path
    settings.DEMO = True
    settings.ARCHIVES = {"main": Source(str(tmp_path / "demo-archive"))}
    monkeypatch.setattr(fill, "STUDIES", (Study("chest-ct", "CT chest", None, small),))
    monkeypatch.setattr(fill.studies, "known_truth", lambda: speaking_phantom(slices=1, rows=64, columns=64))
    monkeypatch.setattr(fill, "KINDNESS", 0)
    monkeypatch.setattr(command, "FIRST_WITHIN", 0.0)
    monkeypatch.setattr(command, "INDEXED_WITHIN", 0.0)
    before = {number: signal.getsignal(number) for number in (signal.SIGTERM, signal.SIGINT)}
    yield tmp_path
    for number, handler in before.items():
        signal.signal(number, handler)


def demo(verb: str) -> str:
    said = StringIO()
    call_command("demo", verb, stdout=said)
    return said.getvalue()


def test_reset_lays_the_archive_and_tells_its_story(state: Path, add_study: Callable[..., StudyRow]) -> None:
    study = add_study(cast.exams(timezone.localtime())["chest-ct"].study_uid)
    assert "1 of 2: CT chest" in demo("reset")
    assert sorted(path.name for path in (state / "demo-archive").iterdir()) == ["chest-ct.2", "phantoms.2"]
    ReadingTask.objects.filter(study=study).update(state=ReadingTask.State.DONE)
    demo("fill")
    assert ReadingTask.objects.get(study=study).state == ReadingTask.State.DONE
    demo("reset")
    assert ReadingTask.objects.get(study=study).state == ReadingTask.State.UNREAD


def test_a_study_that_isn_t_indexed_yet_is_told_at_the_next_start(state: Path) -> None:
    assert "follow when Samsyn runs" in demo("reset")


@pytest.mark.parametrize("name", ["main", "pacs"])
@pytest.mark.parametrize("location", ["http://127.0.0.1:8042/dicom-web", "/somebody/s/patients"])
def test_an_archive_that_isn_t_the_demo_s_is_left_alone(state: Path, settings: Any, name: str, location: str) -> None:
    settings.ARCHIVES = {name: Source(location)}
    assert "isn't the demo's own" in demo("fill")
    with pytest.raises(CommandError):
        demo("reset")
    assert list(state.iterdir()) == []


def test_outside_demo_mode_no_demo_and_no_known_password_appears(state: Path, settings: Any) -> None:
    settings.DEMO, settings.ARCHIVES = False, {}
    with pytest.raises(CommandError):
        demo("reset")
    (state / "demo-archive").mkdir()
    demo("reset")
    assert not get_user_model().objects.exists()
