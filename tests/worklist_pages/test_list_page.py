"""The worklist page: whose exams it shows, in which lists and order, and what each row says."""

import datetime
import os
import re
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from config.environment import Source
from tests import hospital
from tests.conftest import let
from viewer.models import Archive, Permit, Study
from worklist.models import ReadingTask
from worklist.views.rows import taken


def rows(browser: Client, address: str = "/") -> list[str]:
    """Return the text of each row of a list."""
    text = browser.get(address).content.decode()
    body = text.partition("<tbody>")[2].partition("</tbody>")[0]
    return [" ".join(re.sub(r"<[^>]+>", " ", row).split()) for row in body.split("<tr ")[1:]]


def counts(browser: Client) -> dict[str, int]:
    """Return the rail's lists with their counts."""
    text = browser.get("/").content.decode()
    return {
        label: int(count) for label, count in re.findall(r'title="([^"]+)"[^>]*>.*?class="count[^"]*">(\d+)<', text)
    }


def test_alice_and_bob_see_the_exams_and_charlie_an_empty_list(alice: Any, bob: Any, charlie: Any) -> None:
    made = hospital.study(description="CT of Anna")
    hospital.task(made)
    assert len(rows(hospital.client(alice))) == len(rows(hospital.client(bob))) == 1
    page = hospital.client(charlie).get("/")
    assert page.status_code == 200 and "CT of Anna" not in page.content.decode()
    panel = f"/exams/main/{made.uid}/"
    assert hospital.client(alice).get(panel).status_code == 200
    assert hospital.client(charlie).get(panel).status_code == 404
    assert Client().get("/").status_code == 302 and Client().get(panel).status_code == 302


def test_what_is_due_first_stands_first_and_a_late_one_says_so(alice: Any) -> None:
    for minutes, words in ((600, "third"), (-30, "first"), (20, "second")):
        hospital.task(hospital.study(description=words), minutes=minutes)
    found = rows(hospital.client(alice))
    assert [word for row in found for word in ("first", "second", "third") if word in row] == [
        "first",
        "second",
        "third",
    ]
    assert "30 min late" in found[0]


def test_each_list_holds_its_own_and_the_rail_counts_them(alice: Any, bob: Any) -> None:
    hospital.task(hospital.study())
    hospital.task(hospital.study(), priority="stat")
    hospital.task(hospital.study(), state=ReadingTask.State.CLAIMED, reader=alice)
    hospital.task(hospital.study(), state=ReadingTask.State.CLAIMED, reader=bob)
    hospital.task(hospital.study(), state=ReadingTask.State.DONE, reader=alice)
    hospital.study()
    hospital.study(quality_control=True)
    browser = hospital.client(alice)
    expected = {"Unread": 2, "STAT": 1, "Mine": 1, "All exams": 6, "Phantoms": 1}
    assert counts(browser) == expected
    for key, label in (
        ("unread", "Unread"),
        ("stat", "STAT"),
        ("mine", "Mine"),
        ("all", "All exams"),
        ("phantoms", "Phantoms"),
    ):
        assert len(rows(browser, f"/?list={key}")) == expected[label], key


def test_a_referrer_counts_only_the_own_patients(charlie: Any) -> None:
    mine = hospital.study()
    hospital.study()
    Permit.objects.create(
        user=charlie, patient=mine.patient, actions=" view ", reason="referrer", valid_from=timezone.now()
    )
    assert counts(hospital.client(charlie))["All exams"] == 1


@pytest.mark.parametrize(
    ("sort", "expected"),
    [
        ("patient", "ABC"),
        ("-patient", "CBA"),
        ("images", "BCA"),
        ("-images", "ACB"),
        ("taken", "CAB"),
        ("-taken", "BAC"),
    ],
)
def test_columns_sort_over_everything_not_over_one_page(alice: Any, monkeypatch: Any, sort: str, expected: str) -> None:
    monkeypatch.setattr("worklist.views.exams.PAGE", 1)
    now = timezone.now()
    for name, images, days in (("A", 9, 2), ("B", 1, 1), ("C", 5, 3)):
        moment = now - datetime.timedelta(days=days)
        hospital.study(hospital.patient(f"Name{name}^X"), instance_count=images, study_datetime=moment)
    browser = hospital.client(alice)
    found = [rows(browser, f"/?list=all&sort={sort}&page={page}")[0] for page in (1, 2, 3)]
    assert "".join(re.findall(r"Name([ABC])", " ".join(found))) == expected


def test_the_head_of_a_column_turns_its_order_round(alice: Any) -> None:
    hospital.study()
    text = hospital.client(alice).get("/?list=all&sort=patient").content.decode()
    assert 'aria-sort="ascending"' in text and "sort=-patient" in text


def test_chips_narrow_the_list_by_day_and_modality(alice: Any) -> None:
    yesterday = timezone.now() - datetime.timedelta(days=2)
    hospital.study(description="ct today")
    hospital.study(description="ct before", study_datetime=yesterday)
    hospital.study(description="dx today", modalities="DX")
    browser = hospital.client(alice)
    assert len(rows(browser, "/?list=all&modality=CT")) == 2
    assert len(rows(browser, "/?list=all&modality=CT&day=today")) == 1
    assert "dx today" in rows(browser, "/?list=all&modality=XR")[0]
    last = (timezone.localdate() - datetime.timedelta(days=1)).isoformat()
    assert len(rows(browser, f"/?list=all&to={last}")) == 1 and len(rows(browser, f"/?list=all&from={last}")) == 2


@pytest.mark.parametrize(
    "wrong",
    ["list=x", "sort=password", "from=yesterday", "page=-1", "page=" + "9" * 5000, "modality=a%27b", "search=1"],
)
def test_an_address_that_makes_no_sense_is_a_plain_400(alice: Any, wrong: str) -> None:
    assert hospital.client(alice).get(f"/?{wrong}").status_code == 400


def test_a_row_says_who_what_why_and_what_came_before(alice: Any) -> None:
    person = hospital.patient("Yamada^Tarou=山田^太郎=やまだ^たろう", sex="M")
    now = timezone.now()
    made = hospital.study(person, modalities="CT SR", study_datetime=now)
    for days in (91, 700):
        hospital.study(person, study_datetime=now - datetime.timedelta(days=days))
    hospital.study(person, study_datetime=now + datetime.timedelta(days=1))
    hospital.task(made, question="\n  Nodule in the right lung?\nSecond line")
    (row,) = rows(hospital.client(alice))
    assert "Yamada, Tarou 山田 太郎" in row and "Nodule in the right lung?" in row and "Second line" not in row
    assert "74 y M" in row and "CT CT thorax" in row and "61 2, last 3 mo" in row


def test_two_patients_with_nearly_the_same_name_show_their_birth_dates(alice: Any) -> None:
    for name, year in (("Andersson^Anna", 1952), ("Anderson^Anna", 1947), ("Berg^Bo", 1960)):
        hospital.study(hospital.patient(name, birth_date=datetime.date(year, 1, 1)))
    found = rows(hospital.client(alice), "/?list=all")
    assert [bool(re.search(r"\d{4}-01-01", row)) for row in found if "Ander" in row] == [True, True]
    assert not any("1960-01-01" in row for row in found)


def test_a_lookalike_outside_the_filtered_list_still_warns_and_the_id_tells_who(alice: Any) -> None:
    same = datetime.date(1952, 1, 1)
    anna = hospital.patient("Åkesson^Anna", birth_date=same, patient_id="ID-1")
    hospital.study(anna, modalities="MR")
    other = hospital.patient("Åkeson^Annika", birth_date=same, patient_id="ID-2")
    hospital.study(other)
    browser = hospital.client(alice)
    (row,) = rows(browser, "/?list=all&modality=MR")
    assert "ID ID-1" in row
    other.birth_date = datetime.date(1960, 1, 1)
    other.save()
    (row,) = rows(browser, "/?list=all&modality=MR")
    assert "born 1952-01-01" in row


def test_somebody_whom_the_reader_may_not_see_is_nobody_s_lookalike(charlie: Any) -> None:
    made = hospital.study(hospital.patient("Berg^Bo"), modalities="MR")
    hospital.study(hospital.patient("Berg^Bo"))
    let(charlie, study=made)
    (row,) = rows(hospital.client(charlie), "/?list=all")
    assert "ID " not in row and "born" not in row


def test_curves_and_documents_are_no_priors(alice: Any) -> None:
    person = hospital.patient()
    now = timezone.now()
    hospital.task(hospital.study(person, study_datetime=now))
    for modality, days in (("ECG", 1), ("SR", 2), ("DOC", 3), ("MR PR", 91)):
        hospital.study(person, modalities=modality, study_datetime=now - datetime.timedelta(days=days))
    (row,) = rows(hospital.client(alice))
    assert "1, last 3 mo" in row


def test_a_doubtful_identity_stands_in_the_row_and_in_the_panel(alice: Any) -> None:
    made = hospital.study(conflict=Study.Conflict.OTHER_PERSON)
    browser = hospital.client(alice)
    assert "Identity" in rows(browser, "/?list=all")[0]
    assert 'role="alert"' in browser.get(f"/exams/main/{made.uid}/").content.decode()


def test_doubled_objects_are_no_doubt_about_the_person(alice: Any) -> None:
    made = hospital.study(archive_conflict=Study.Conflict.DUPLICATES)
    browser = hospital.client(alice)
    (row,) = rows(browser, "/?list=all")
    assert "Duplicates" in row and "Identity" not in row
    panel = browser.get(f"/exams/main/{made.uid}/").content.decode()
    assert "share their UID" in panel and 'role="alert"' not in panel


def test_empty_lists_say_what_is_the_matter(alice: Any) -> None:
    browser = hospital.client(alice)
    hospital.archive()
    assert "Nothing to read." in browser.get("/").content.decode()
    assert "Nothing fits" in browser.get("/?list=all&modality=MR").content.decode()
    assert "No exams" in browser.get("/?list=all").content.decode()


def test_an_archive_that_is_down_is_said_with_since_when_and_the_list_stays(alice: Any, settings: Any) -> None:
    settings.ARCHIVES = {"main": Source("http://127.0.0.1:1/dicom-web")}
    hospital.task(hospital.study())
    since = timezone.now() - datetime.timedelta(hours=1)
    hospital.archive(state=Archive.State.UNREACHABLE, unreachable_since=since, words="It refuses the connection.")
    text = hospital.client(alice).get("/").content.decode()
    assert timezone.localtime(since).strftime("%Y-%m-%d %H:%M") in text and "It refuses the connection." in text
    assert len(rows(hospital.client(alice))) == 1


def test_the_demo_that_is_being_laid_is_counted_and_then_forgotten(alice: Any, settings: Any) -> None:
    settings.DEMO = True
    progress = settings.STATE / "demo" / "progress.json"
    progress.parent.mkdir(exist_ok=True)
    browser = hospital.client(alice)
    try:
        progress.write_text('{"done": 4, "total": 12, "words": "brain MR"}')
        for address in ("/", "/notices/"):
            text = browser.get(address).content.decode()
            assert "Loading the demo archive: 4 of 12" in text and 'hx-trigger="every 1s,' in text
        os.utime(progress, (0, 0))
        assert "stopped at 4 of 12" in browser.get("/notices/").content.decode()
        progress.write_text('{"done": 12, "total": 12, "words": "", "failed": ["second MR: not found"]}')
        assert "second MR: not found" in browser.get("/notices/").content.decode()
        progress.write_text('{"done": 12, "total": 12, "words": "", "failed": []}')
        assert "demo archive" not in browser.get("/notices/").content.decode()
    finally:
        progress.unlink()


def test_a_refresh_gets_the_table_and_what_stands_around_it_only(alice: Any) -> None:
    hospital.task(hospital.study())
    text = (
        hospital.client(alice)
        .get("/?list=unread", headers={"HX-Request": "true", "HX-Target": "list"})
        .content.decode()
    )
    assert text.lstrip().startswith('<section id="list"') and "<html" not in text
    assert text.count("hx-swap-oob") == 5


def test_the_page_asks_the_database_as_often_for_fifty_rows_as_for_one(
    alice: Any, django_assert_max_num_queries: Any
) -> None:
    browser = hospital.client(alice)
    for _ in range(50):
        hospital.task(hospital.study())
    with django_assert_max_num_queries(45):
        assert len(rows(browser)) == 50


def test_a_first_day_without_work_says_where_the_older_exams_are(alice: Any) -> None:
    before = timezone.now() - datetime.timedelta(days=400)
    for words in ("one", "two"):
        hospital.study(description=words, study_datetime=before)
    browser = hospital.client(alice)
    page = " ".join(browser.get("/?list=unread").content.decode().split())
    assert "Nothing to read." in page
    assert '2 older exams are under <a href="/?list=all">All exams</a>.' in page
    hospital.task(hospital.study())
    assert "older exam" not in browser.get("/?list=unread").content.decode()


def test_the_day_of_an_exam_is_whole_and_as_short_as_it_can_be(alice: Any) -> None:
    today = timezone.localdate()
    made = {
        "today": hospital.study(study_datetime=timezone.now()),
        "this year": hospital.study(study_datetime=timezone.now() - datetime.timedelta(days=1)),
        "long ago": hospital.study(study_datetime=timezone.now() - datetime.timedelta(days=800)),
    }
    times = {words: taken(study, today) for words, study in made.items()}
    assert re.fullmatch(r"\d\d:\d\d", times["today"])
    yesterday = made["this year"].study_date
    assert yesterday is not None
    assert times["this year"] in (f"{yesterday:%m-%d}", f"{yesterday:%Y-%m-%d}")
    assert re.fullmatch(r"\d{4}-\d\d-\d\d", times["long ago"])
    page = hospital.client(alice).get("/?list=all").content.decode()
    assert "other-years" in page and "nothing-due" in page
    assert f'class="c-taken" title="{yesterday.isoformat()} ' in page
