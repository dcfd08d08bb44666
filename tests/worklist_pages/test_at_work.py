"""The quiet line under the list: what is done beside the pages, as far as the person may know of it."""

from collections.abc import Callable

import pytest
from django.contrib.auth.models import User

from tests.conftest import logged_in
from tests.conftest import person as account
from viewer.models import Job, Study
from worklist.views.notices import at_work

pytestmark = pytest.mark.django_db


def running(study: Study, done: int, total: int | None, kind: str = "prefetch") -> None:
    Job.objects.create(kind=kind, study=study, state=Job.State.IN_PROGRESS, done=done, total=total)


def test_nothing_is_said_of_nothing(study: Study) -> None:
    user = account("dora")
    assert at_work(user) == ""
    running(study, 1, 2)
    assert at_work(user) == "", "nor of studies that somebody may not see"


def test_how_far_the_next_exams_are(bob: User, study: Study, add_study: Callable[..., Study]) -> None:
    Job.objects.all().delete()
    running(study, 0, None)
    assert at_work(bob) == "Fetching the next exams"
    running(add_study("1.2.3"), 45, 271)
    running(add_study("1.2.4"), 5, 29)
    assert at_work(bob) == "Fetching the next exams: 50 of 300"
    page = logged_in(bob).get("/?list=all").content.decode()
    assert "Fetching the next exams: 50 of 300" in page


def test_other_work_is_counted(bob: User, study: Study) -> None:
    Job.objects.all().delete()
    running(study, 1, 2, kind="something")
    assert at_work(bob) == "1 job under way"
