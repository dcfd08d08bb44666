"""What is saved while the patient is changed: refused or flagged, and never another person's unseen."""

from typing import Any

import pytest
from asgiref.sync import sync_to_async

from tests.conftest import attributes
from tests.doors.test_measurements import CT, STUDY, Ask, archive, ask, door, on
from viewer import index, listing, seen
from viewer.actions import outbox
from viewer.archive import FolderArchive
from viewer.models import Archive, Measurement, OutboxItem, Study

pytestmark = pytest.mark.django_db(transaction=True)
__all__ = ["archive", "ask"]

REPORT = f"/api/studies/main/{STUDY}/report/measurements/"


def identity() -> str:
    return seen.identity(Study.objects.select_related("patient").get(uid=STUDY))


@sync_to_async
def now() -> str:
    return identity()


@sync_to_async
def merged() -> None:
    """The archive gives the study to another patient."""
    index.write_studies(
        Archive.objects.get(name="main"), [listing.study(attributes(STUDY, "P-other", "Falk^Bo"), "main")]
    )


def line(**more: Any) -> dict[str, Any]:
    return on(CT[0], (10, 10), (30, 10), **more)


async def test_a_line_drawn_for_another_patient_is_refused_and_saved_once_that_is_seen(ask: Ask) -> None:
    shown = await now()
    assert (await ask(door(), line(identity=shown)))[0] == 201
    await merged()
    status, said = await ask(door(), line(identity=shown))
    assert status == 409 and "patient" in said["detail"]
    assert (await ask(door(), line(identity=await now())))[0] == 201


async def test_what_was_drawn_before_the_change_is_flagged_and_not_moved_unseen(ask: Ask) -> None:
    shown = await now()
    _status, row = await ask(door(), line(identity=shown))
    await merged()
    _status, told = await ask(door())
    assert "before the patient" in told["measurements"][0]["belongs_words"]
    change = {"version": row["version"], "label": "still mine", "identity": shown}
    assert (await ask(f"/api/measurements/{row['id']}/", change, method="patch"))[0] == 409
    status, row = await ask(f"/api/measurements/{row['id']}/", change | {"identity": await now()}, method="patch")
    assert (status, row["belongs_words"]) == (200, "")


async def test_a_report_for_another_patient_is_refused(ask: Ask, archive: FolderArchive) -> None:
    shown = await now()
    await ask(door(), line(identity=shown))
    await merged()
    assert (await ask(REPORT, {"identity": shown}))[0] == 409
    status, said = await ask(REPORT, {"identity": await now()})
    assert status == 400 and "another patient" in said["detail"], "the images still name the one before"
    assert not await OutboxItem.objects.aexists()


class Moved:
    """An archive in which the study is somebody else's by now."""

    def search_studies(self, **match: Any) -> list[dict[str, Any]]:
        return [attributes(STUDY, "P-other", "Falk^Bo")]


def test_what_waits_in_the_outbox_does_not_reach_another_patient(study: Study) -> None:
    item = OutboxItem(archive=study.archive, study=study, about={outbox.OF_WHOM: seen.identity(study)})
    assert outbox._not_theirs(Moved(), item) == outbox.OTHER_PATIENT  # type: ignore[arg-type]
    assert Measurement.objects.count() == 0
