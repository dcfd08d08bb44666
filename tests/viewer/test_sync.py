"""The study index follows its archives, and errors delete nothing."""

import threading
import time
from collections import defaultdict
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings
from django.contrib.auth.models import User
from django.db import connection
from django.utils import timezone

from config.environment import Source
from tests.conftest import attributes, logged_in
from tests.phantoms import speaking_phantom
from viewer import archives, index, listing, sync
from viewer.archive import Unreachable
from viewer.archive.port import NotThere
from viewer.models import Archive, Patient, Series, Study
from viewer.search import words_match

pytestmark = pytest.mark.django_db


class Pretend:
    """An archive of rows, with the faults that servers have."""

    name = "main"
    root = "http://127.0.0.1:1/"

    def __init__(self, *rows: dict[str, Any]) -> None:
        self.rows = list(rows)
        self.series: dict[str, list[dict[str, Any]]] = {}
        self.most = 1000  # rows of one answer, whatever is asked
        self.knows_offset = True
        self.fails_at: int | None = None  # offset
        self.searches: list[dict[str, Any]] = []

    def search_studies(
        self, *, limit: int | None = None, offset: int = 0, fields: Iterable[str] = (), **match: str
    ) -> list[dict[str, Any]]:
        self.searches.append(match)
        if self.fails_at is not None and offset >= self.fails_at:
            raise Unreachable("The archive doesn't answer.")
        found = self.rows
        if "StudyInstanceUID" in match:
            found = [row for row in found if row["0020000D"]["Value"][0] == match["StudyInstanceUID"]]
        start = offset if self.knows_offset else 0
        return found[start : start + min(self.most, limit or self.most)]

    def search_series(self, study: str) -> list[dict[str, Any]]:
        if study not in self.series:
            raise NotThere("no such study")
        return self.series[study]


@pytest.fixture
def pretend(archive: Archive, monkeypatch: pytest.MonkeyPatch, settings: Any) -> Pretend:
    port = Pretend(*(attributes(f"1.2.{n}", f"P{n}") for n in range(7)))
    settings.ARCHIVES = {"main": type("Source", (), {"is_folder": False, "location": port.root, "auth": None})()}
    monkeypatch.setattr(archives, "get", lambda name: port)
    monkeypatch.setattr(sync, "PAGE", 3)
    return port


def present() -> set[str]:
    return set(Study.objects.filter(gone_at__isnull=True).values_list("uid", flat=True))


def test_a_sweep_brings_every_page(pretend: Pretend) -> None:
    assert not sync.Sync("main").sweep(pretend)
    assert present() == {f"1.2.{n}" for n in range(7)}
    row = Archive.objects.get()
    assert (row.state, row.unreachable_since) == ("ready", None)
    assert row.last_sweep is not None


def test_a_server_that_sends_shorter_pages_is_read_to_its_end(pretend: Pretend) -> None:
    pretend.most = 2
    sync.Sync("main").sweep(pretend)
    assert len(present()) == 7


def test_a_server_without_offset_deletes_nothing(pretend: Pretend) -> None:
    sync.Sync("main").sweep(pretend)
    pretend.knows_offset = False
    for _ in range(3):
        with pytest.raises(Unreachable):
            sync.Sync("main").sweep(pretend)
    assert len(present()) == 7


def test_an_error_half_way_deletes_nothing(pretend: Pretend) -> None:
    sync.Sync("main").sweep(pretend)
    pretend.rows.pop()
    pretend.fails_at = 3
    for _ in range(3):
        with pytest.raises(Unreachable):
            sync.Sync("main").sweep(pretend)
    assert len(present()) == 7
    assert not Study.objects.filter(missed_sweeps__gt=0).exists()


def test_a_study_is_hidden_after_two_complete_sweeps_without_it(pretend: Pretend) -> None:
    sync.Sync("main").sweep(pretend)
    pretend.rows.pop()
    assert sync.Sync("main").sweep(pretend)
    assert "1.2.6" in present()
    assert not sync.Sync("main").sweep(pretend)
    assert "1.2.6" not in present()
    assert Study.objects.filter(uid="1.2.6").exists()


def test_a_study_that_comes_back_is_there_again(pretend: Pretend) -> None:
    sync.Sync("main").sweep(pretend)
    row = pretend.rows.pop()
    for _ in range(2):
        sync.Sync("main").sweep(pretend)
    key = Study.objects.get(uid="1.2.6").pk
    pretend.rows.append(row)
    sync.Sync("main").sweep(pretend)
    assert Study.objects.get(uid="1.2.6", gone_at=None).pk == key


def test_a_study_that_slipped_through_the_paging_is_asked_for_by_name(pretend: Pretend) -> None:
    sync.Sync("main").sweep(pretend)
    row = Archive.objects.get()
    seen = present() - {"1.2.6"}
    index.count_missing(row, seen)
    index.count_missing(row, seen)
    slipped = pretend.rows[:]

    class Slipping(Pretend):
        def search_studies(self, **more: Any) -> list[dict[str, Any]]:
            whole = "StudyInstanceUID" in more
            self.rows = slipped if whole else slipped[:-1]
            return super().search_studies(**more)

    sync.Sync("main").sweep(Slipping())
    assert "1.2.6" in present()


def test_recent_studies_are_asked_by_date_and_delete_nothing(pretend: Pretend) -> None:
    sync.Sync("main").sweep(pretend)
    pretend.rows, pretend.searches = [attributes("1.9", "P9")], []
    sync.Sync("main").recent(pretend)
    assert len(present()) == 8
    since = timezone.localdate() - sync.RECENT
    assert pretend.searches[0] == {"StudyDate": f"{since:%Y%m%d}-"}


def test_an_archive_that_does_not_answer_says_since_when(pretend: Pretend) -> None:
    following = sync.Sync("main")
    following.stopping.set()
    following._unreachable(Unreachable("The archive doesn't answer."))
    row = Archive.objects.get()
    assert (row.state, row.words) == ("unreachable", "The archive doesn't answer.")
    since = row.unreachable_since
    following._unreachable(Unreachable("The archive answers nonsense."))
    assert Archive.objects.get().unreachable_since == since
    following.stopping.clear()
    following.sweep(pretend)
    assert Archive.objects.get().unreachable_since is None


def test_a_round_does_what_is_due(pretend: Pretend) -> None:
    following = sync.Sync("main")
    pretend.series["1.2.0"] = [{"0020000E": {"Value": ["1.2.0.1"]}, "00080060": {"Value": ["CT"]}}]
    following.round()
    count = len(pretend.searches)
    assert Series.objects.count() == 1
    following.round()
    assert len(pretend.searches) == count
    following._next_recent = time.monotonic()
    following.round()
    assert len(pretend.searches) > count


def test_series_are_counted_where_the_study_leaves_it_open(pretend: Pretend) -> None:
    pretend.rows = [attributes("1.2.0", **{"00080061": "", "00201208": ""})]
    pretend.series["1.2.0"] = [
        {"0020000E": {"Value": [f"1.2.0.{n}"]}, "00080060": {"Value": [kind]}, "00201209": {"Value": [10]}}
        for n, kind in enumerate(["MR", "SR"])
    ]
    following = sync.Sync("main")
    following.sweep(pretend)
    following.read_series(pretend)
    study = Study.objects.get()
    assert (study.modalities, study.series_count, study.instance_count) == ("MR SR", 2, 20)
    del pretend.series["1.2.0"][1]
    Study.objects.update(series_read_at=None)
    following.read_series(pretend)
    assert Series.objects.count() == 1


@pytest.mark.django_db(transaction=True)
def test_two_readings_at_once_lose_no_series(add_study: Callable[..., Study]) -> None:
    study = add_study("1.2.3")
    held = ["1.2.3.1"]
    listed, written = threading.Event(), threading.Event()

    class Port:
        name = "main"

        def search_series(self, uid: str) -> list[dict[str, Any]]:
            found = [{"0020000E": {"vr": "UI", "Value": [each]}} for each in held]
            if threading.current_thread() is slow and not listed.is_set():
                listed.set()
                written.wait(10)
            return found

    def read() -> None:
        sync.read_series(port, Study.objects.get(pk=study.pk))
        connection.close()

    port: Any = Port()
    slow = threading.Thread(target=read)
    slow.start()
    assert listed.wait(10)
    held.append("1.2.3.2")
    sync.read_series(port, study)
    written.set()
    slow.join(10)
    assert set(Series.objects.values_list("uid", flat=True)) == set(held)
    study.refresh_from_db()
    assert study.series_count == 2


def test_series_that_never_stand_still_are_read_again_later(study: Study) -> None:
    class Port:
        name = "main"

        def search_series(self, uid: str) -> list[dict[str, Any]]:
            Study.objects.filter(pk=study.pk).update(series_read_at=timezone.now())
            return []

    port: Any = Port()
    sync.read_series(port, study)
    study.refresh_from_db()
    assert study.series_read_at is None


def test_only_one_process_reads_an_archive(archive: Archive) -> None:
    one, other = sync.Sync("main"), sync.Sync("main")
    one.identity, other.identity = "one", "other"
    assert one._lease()
    assert one._lease()
    assert not other._lease()
    Archive.objects.update(leased_until=timezone.now() - sync.LEASE)
    assert other._lease()
    assert not one._lease()


def test_nonsense_is_read_without_falling(archive: Archive) -> None:
    rows = [
        {"0020000D": {"Value": ["1.2.3"]}},
        {"0020000D": {"Value": ["1.2.4"]}, "00100010": {"Value": ["Berg^Anna"]}, "00080020": {"Value": ["20269901"]}},
        {"0020000D": {"Value": ["1.2.5"]}, "00080030": {"Value": ["99"]}, "00201208": {"Value": ["many"]}},
        {"0020000D": {"Value": ["1.2.6"]}, "00081030": {"Value": ["x" * 5000 + "\0"]}, "00100030": {"Value": [None]}},
        {"0020000D": {"Value": ["1.2.7"]}, "00100010": {"Value": [{}]}, "00080061": {"Value": "CT"}},
        {
            "0020000D": {"Value": ["1.2.8"]},
            "00080020": {"Value": ["2026.03.01"]},
            "00080030": {"Value": ["10:15:59.5"]},
        },
        {"0020000D": {"Value": ["1.2.9"]}, "00080020": {"Value": ["20260301"]}, "00080030": {"Value": ["1015"]}},
        {"0020000D": {"Value": ["../../etc/passwd"]}},
        {"0020000D": {"Value": []}},
        {"0020000D": None},
        {},
    ]
    uids = sync.Sync("main")._write(rows, defaultdict(set))
    assert uids == {f"1.2.{n}" for n in range(3, 10)}
    assert Patient.objects.count() == 7
    assert str(Study.objects.get(uid="1.2.8").study_time) == "10:15:59.500000"


def test_a_study_without_patient_id_has_a_patient_of_its_own(add_study: Callable[..., Study]) -> None:
    one, two = add_study("1.1", ""), add_study("1.2", "")
    assert one.patient != two.patient
    assert add_study("1.1", "", **{"00081030": "changed"}).patient == one.patient


def test_an_id_without_issuer_belongs_to_its_archive(add_study: Callable[..., Study]) -> None:
    here, there = add_study("1.1", archive="main"), add_study("1.2", archive="other")
    assert here.patient != there.patient
    issued = [add_study(f"1.{n}", archive=name, **{"00100021": "SE"}) for n, name in ((3, "main"), (4, "other"))]
    assert issued[0].patient == issued[1].patient


def test_the_same_study_in_two_archives_is_kept_twice(add_study: Callable[..., Study]) -> None:
    add_study("1.1", archive="main")
    add_study("1.1", archive="other")
    assert Study.objects.count() == 2
    assert not any(study.identity_conflict for study in Study.objects.all())


SAME = {"00100030": "19700102"}
OTHER = {"00100030": "19710102"}
NONE = {"00100030": ""}


@pytest.mark.parametrize(
    ("name", "birth", "clash"),
    [
        ("Berg^Anna", SAME, False),
        ("BERG^ANNA", SAME, False),
        ("Berg^Anna Maria", SAME, False),  # a name may change, a birth date doesn't
        ("Berg^Anna", OTHER, True),
        ("Falk^Bo", OTHER, True),
        ("Falk^Bo", NONE, True),
        ("Berg^Anna", NONE, False),
        ("", NONE, False),
    ],
)
def test_one_id_for_two_people_is_told_on_both(
    name: str, birth: dict[str, str], clash: bool, add_study: Callable[..., Study]
) -> None:
    add_study("1.1", "P1", "Berg^Anna")
    add_study("1.2", "P1", name, **birth)
    assert [bool(study.identity_conflict) for study in Study.objects.all()] == [clash, clash]


def test_a_corrected_identity_is_no_conflict_any_more(add_study: Callable[..., Study]) -> None:
    add_study("1.1", "P1", "Berg^Anna")
    add_study("1.2", "P1", "Falk^Bo", **OTHER)
    add_study("1.2", "P2", "Falk^Bo", **OTHER)
    assert not any(study.identity_conflict for study in Study.objects.all())


def test_one_study_uid_for_two_patients_is_told(add_study: Callable[..., Study], archive: Archive) -> None:
    add_study("1.1", "P1", archive="main")
    add_study("1.1", "P2", "Falk^Bo", archive="other")
    assert {study.conflict for study in Study.objects.all()} == {"two_patients"}
    rows = [listing.study(attributes("1.5", patient), "main") for patient in ("P7", "P8")]
    index.write_studies(archive, rows)
    assert "two patients" in Study.objects.get(uid="1.5").identity_conflict


def test_a_study_of_two_patients_is_found_by_either_until_it_is_one_s(archive: Archive) -> None:
    def found(words: str) -> bool:
        return Study.objects.filter(words_match(words, "fold"), uid="1.5").exists()

    mine, other = (
        listing.study(attributes("1.5", *who), "main") for who in (("P7", "Berg^Anna"), ("P8", "Åkesson^Bo"))
    )
    index.write_studies(archive, [mine, other])
    assert all(map(found, ("berg", "P7", "akesson bo", "P8"))) and not found("falk")
    index.write_studies(archive, [mine, other])
    assert found("akesson")
    index.settle(archive, {"1.5": {mine.patient}})
    assert found("berg") and not found("akesson")
    # Of a folder the scan says who is named within.
    index.mark_archive_conflicts(
        archive, {"1.5": "two_patients"}, {"1.5": [listing.sought(attributes("1.5", "P9", "Ek^Eva"))]}
    )
    assert found("ek eva") and found("P9") and found("berg")


def test_nothing_is_written_twice(add_study: Callable[..., Study], django_assert_num_queries: Any) -> None:
    study = add_study("1.1")
    again = listing.study(attributes("1.1"), "main")
    with django_assert_num_queries(4):  # one look, in a transaction
        assert index.write_studies(study.archive, [again]) == 0


def test_edited_demographics_move_the_study(add_study: Callable[..., Study]) -> None:
    before = add_study("1.1", "P1")
    after = add_study("1.1", "P2", "Falk^Bo")
    assert after.pk == before.pk
    assert after.patient.patient_id == "P2"
    assert after.PatientName == "Falk^Bo"


def test_a_folder_is_followed_and_its_doubtful_files_are_told(archive: Archive, tmp_path: Path, settings: Any) -> None:
    folder = tmp_path / "images"
    folder.mkdir()
    settings.STATE = tmp_path
    settings.ARCHIVES = {"main": Source(str(folder))}
    archives._ports.clear()
    one, two = speaking_phantom(slices=2), speaking_phantom(patient=2, slices=2)
    for number, dataset in enumerate([*one, *two]):
        dataset.save_as(folder / f"{number}.dcm", enforce_file_format=True)
    port = archives.get("main")
    following = sync.Sync("main")
    port.scan(settle=0)
    following.round()
    assert present() == {str(one[0].StudyInstanceUID), str(two[0].StudyInstanceUID)}
    assert not any(study.identity_conflict for study in Study.objects.all())
    assert Series.objects.count() == 2
    mixed = two[0]
    mixed.StudyInstanceUID, mixed.SOPInstanceUID = one[0].StudyInstanceUID, f"{mixed.SOPInstanceUID}.9"
    mixed.file_meta.MediaStorageSOPInstanceUID = mixed.SOPInstanceUID
    mixed.save_as(folder / "mixed.dcm", enforce_file_format=True)
    port.scan(settle=0)
    following._next_scan = following._next_sweep = 0.0
    following.round()
    told = {study.uid: study.archive_conflict for study in Study.objects.all()}
    assert told == {str(one[0].StudyInstanceUID): "two_patients", str(two[1].StudyInstanceUID): ""}
    (folder / "mixed.dcm").unlink()
    following._next_scan = following._next_sweep = 0.0
    following.round()
    assert not any(study.identity_conflict for study in Study.objects.all())
    archives._ports.clear()


@pytest.mark.django_db
def test_the_series_of_a_study_are_read_when_somebody_opens_it_before_sync_has_come_to_it(
    study: Study, bob: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Listing:
        def search_series(self, uid: str) -> list[dict[str, object]]:
            assert uid == study.uid
            return [{"0020000E": {"vr": "UI", "Value": ["1.2.3"]}, "00080060": {"vr": "CS", "Value": ["CT"]}}]

    monkeypatch.setattr(sync.archives, "get", lambda name: Listing())
    monkeypatch.setattr(settings, "ARCHIVES", {"main": object()})
    answer = logged_in(bob).get(f"/api/studies/main/{study.uid}/")
    assert [series["uid"] for series in answer.json()["series"]] == ["1.2.3"]


def test_one_uid_on_two_pages_with_two_patients_is_a_conflict_and_the_first_stays(pretend: Pretend) -> None:
    sync.Sync("main").sweep(pretend)
    pretend.rows.append(attributes("1.2.0", "P99", "Other^Body"))
    assert len(pretend.rows) > sync.PAGE, "on another page than the first"
    for _ in range(2):
        sync.Sync("main").sweep(pretend)
        found = Study.objects.get(uid="1.2.0")
        assert (found.PatientID, found.conflict) == ("P0", Study.Conflict.TWO_PATIENTS)
    pretend.rows.pop()
    sync.Sync("main").sweep(pretend)
    assert Study.objects.get(uid="1.2.0").conflict == Study.Conflict.NONE
