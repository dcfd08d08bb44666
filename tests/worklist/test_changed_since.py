"""An exam that changes while it is read, or after: it isn't finished unseen, and the list says so."""

from collections.abc import Callable
from typing import Any

import pytest
from django.contrib.auth.models import User

from tests.conftest import attributes, let, logged_in, person
from viewer import index, listing, seen
from viewer.models import Archive, Study
from worklist.models import ReadingTask
from worklist.overview import reading_json
from worklist.views.rows import rows

pytestmark = pytest.mark.django_db

CHANGES: dict[str, Callable[[Study], None]] = {}


def change(work: Callable[[Study], None]) -> Callable[[Study], None]:
    CHANGES[work.__name__] = work
    return work


def series(study: Study, *given: tuple[str, str, int]) -> None:
    listed = [listing.SeriesListing(uid, {"modality": kind, "instance_count": count}) for uid, kind, count in given]
    index.write_series(study, listed)


@change
def more_images(study: Study) -> None:
    series(study, ("1.1", "CT", 99))


@change
def fewer_images(study: Study) -> None:
    series(study, ("1.1", "CT", 2))


@change
def another_series(study: Study) -> None:
    series(study, ("1.1", "CT", 3), ("1.2", "CT", 5))


@change
def another_patient(study: Study) -> None:
    index.write_studies(Archive.objects.get(), [listing.study(attributes(study.uid, "P9", "Falk^Bo"), "main")])


@pytest.fixture
def reader(study: Study) -> User:
    user = person("reader")
    let(user)
    series(study, ("1.1", "CT", 3))
    return user


def ask(user: User, study: Study, **sent: Any) -> Any:
    address = f"/api/studies/main/{study.uid}/reading/"
    return logged_in(user).post(address, sent, content_type="application/json", headers={"host": "127.0.0.1"})


@pytest.mark.parametrize("name", CHANGES)
def test_what_changed_meanwhile_is_told_before_the_exam_is_finished(name: str, reader: User, study: Study) -> None:
    shown = seen.contents(study)
    assert ask(reader, study, do="claim").status_code == 200
    CHANGES[name](study)
    refused = ask(reader, study, do="finish", contents=shown)
    assert refused.status_code == 409 and "changed" in refused.json()["detail"]
    assert ReadingTask.objects.get().state == ReadingTask.State.CLAIMED
    assert ask(reader, study, do="finish", contents=refused.json()["contents"]).json()["state"] == "done"


@pytest.mark.parametrize("name", CHANGES)
def test_what_changed_after_it_was_read_is_told_on_the_list_and_in_the_exam(
    name: str, reader: User, study: Study
) -> None:
    ask(reader, study, do="claim")
    ask(reader, study, do="finish", contents=seen.contents(study))

    def told() -> list[bool]:
        present = Study.objects.select_related("patient", "archive").get(pk=study.pk)
        return [rows(reader, [present])[0].changed_since, reading_json(reader, present)["changed_since"]]

    assert told() == [False, False]
    series(study, ("1.1", "CT", 3), ("1.9", "SR", 1))
    assert told() == [False, False], "what is made of the images doesn't count"
    CHANGES[name](study)
    assert told() == [True, True]
