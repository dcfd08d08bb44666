"""A study that a page has open is read again within seconds: what grew, changed, went, or belongs to somebody else."""

from collections.abc import Iterable
from typing import Any

import pytest

from tests.conftest import attributes
from viewer import index, listing, live, rendering, watching
from viewer.archive.port import NotThere, Unreachable
from viewer.live import Topic
from viewer.models import Archive, AuditEvent, Study

pytestmark = pytest.mark.django_db
UID = "1.2.3"


def series(uid: str, count: int, description: str = "AXIAL") -> dict[str, Any]:
    given = {"0020000E": uid, "00080060": "CT", "0008103E": description, "00201209": count}
    return {tag: {"Value": [value]} for tag, value in given.items()}


class Pretend:
    """An archive of one study among others."""

    name = "main"

    def __init__(self) -> None:
        self.studies = [attributes(UID, instances=2), attributes("1.2.4", "P2")]
        self.series = [series(f"{UID}.1", 2)]
        self.knows_uids = True
        self.fails = False

    def search_studies(self, *, fields: Iterable[str] = (), **match: str) -> list[dict[str, Any]]:
        if self.fails:
            raise Unreachable("The archive doesn't answer.")
        wanted = match["StudyInstanceUID"]
        return [row for row in self.studies if not self.knows_uids or row["0020000D"]["Value"] == [wanted]]

    def search_series(self, study: str) -> list[dict[str, Any]]:
        if not self.series:
            raise NotThere("no such study")
        return self.series


@pytest.fixture
def port() -> Pretend:
    return Pretend()


@pytest.fixture
def row(port: Pretend, archive: Archive) -> Study:
    index.write_studies(archive, [listing.study(port.studies[0], "main")])
    found = Study.objects.get()
    watching.refresh(port, found)  # type: ignore[arg-type]
    return found


@pytest.fixture
def told(monkeypatch: pytest.MonkeyPatch) -> list[tuple[str, dict[str, Any]]]:
    """What was said on the live wire."""
    said: list[tuple[str, dict[str, Any]]] = []
    monkeypatch.setattr(live, "publish", lambda topic, event: said.append((topic, event)))
    return said


def listed(study: Study) -> dict[str, int | None]:
    return dict(study.series.values_list("uid", "instance_count"))


def test_what_stayed_the_same_writes_and_tells_nothing(
    port: Pretend, row: Study, told: list[tuple[str, dict[str, Any]]]
) -> None:
    row.refresh_from_db()
    before = row.series_read_at
    assert watching.refresh(port, row)  # type: ignore[arg-type]
    row.refresh_from_db()
    assert row.series_read_at == before and told == []


def test_new_images_new_series_and_removed_ones_are_told_to_who_has_the_study_open(
    port: Pretend, row: Study, told: list[tuple[str, dict[str, Any]]]
) -> None:
    for now in ([series(f"{UID}.1", 5)], [series(f"{UID}.1", 5), series(f"{UID}.2", 9)], [series(f"{UID}.2", 9)]):
        told.clear()
        port.series = now
        watching.refresh(port, row)  # type: ignore[arg-type]
        assert listed(row) == {each["0020000E"]["Value"][0]: each["00201209"]["Value"][0] for each in now}
        assert (row.topic, {"study": "changed"}) in told


def test_another_patient_is_taken_over_at_once(port: Pretend, row: Study, archive: Archive) -> None:
    port.studies[0] = attributes(UID, "P9", "Fixed^Name")
    watching.refresh(port, row)  # type: ignore[arg-type]
    found = Study.objects.get(pk=row.pk)
    assert (found.PatientName, found.PatientID, found.patient.patient_id) == ("Fixed^Name", "P9", "P9")


def test_one_uid_for_two_patients_is_a_conflict_until_one_of_them_goes(port: Pretend, row: Study) -> None:
    port.studies.append(attributes(UID, "P9", "Other^Body"))
    watching.refresh(port, row)  # type: ignore[arg-type]
    assert Study.objects.get(pk=row.pk).conflict == Study.Conflict.TWO_PATIENTS
    port.studies.pop()
    watching.refresh(port, row)  # type: ignore[arg-type]
    assert Study.objects.get(pk=row.pk).conflict == Study.Conflict.NONE


def test_a_study_is_gone_after_two_looks_that_found_nothing_and_no_sooner(port: Pretend, row: Study) -> None:
    watch = watching.Watch()
    there, port.studies = port.studies, []
    watch.look(port, row)  # type: ignore[arg-type]
    port.studies = there
    watch.look(port, row)  # type: ignore[arg-type]
    port.studies = []
    watch.look(port, row)  # type: ignore[arg-type]
    assert Study.objects.get(pk=row.pk).gone_at is None, "absent, there, absent"
    watch.look(port, row)  # type: ignore[arg-type]
    assert Study.objects.get(pk=row.pk).gone_at is not None
    assert AuditEvent.objects.filter(study=row).exists()


def test_errors_and_answers_about_others_remove_nothing(port: Pretend, row: Study) -> None:
    watch = watching.Watch()
    port.fails = True
    for _ in range(3):
        with pytest.raises(Unreachable):
            watch.look(port, row)  # type: ignore[arg-type]
    port.fails, port.knows_uids, port.series = False, False, []
    port.studies = [attributes("1.2.4", "P2")]
    for _ in range(3):
        watch.look(port, row)  # type: ignore[arg-type]
    assert Study.objects.get(pk=row.pk).gone_at is None and listed(row) == {f"{UID}.1": 2}


class Page:
    """A page's socket, as far as the watch looks at it."""

    def __init__(self, *topics: str) -> None:
        self.topics = {name: Topic.parse(name) for name in topics}


@pytest.fixture
def page() -> Iterable[Page]:
    found = Page(f"study.{UID}", "list")
    live.pages.add(found)
    yield found
    live.pages.discard(found)


def test_open_is_what_pages_listen_to(row: Study, page: Page) -> None:
    assert watching.opened() == [row]
    page.topics = {}
    assert watching.opened() == []


def test_after_a_change_the_headers_of_open_series_are_read_again(
    row: Study, page: Page, monkeypatch: pytest.MonkeyPatch
) -> None:
    compared: list[tuple[str, str, set[str]]] = []
    monkeypatch.setattr(rendering, "compare", lambda *asked: compared.append(asked))
    monkeypatch.setattr(watching.archives, "asked", list)
    watch = watching.Watch()
    watch.round()
    assert compared == []
    Study.objects.filter(pk=row.pk).update(digest="another")
    watch.round()
    assert compared == [("main", UID, {f"{UID}.1"})]
