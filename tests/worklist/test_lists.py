"""The worklist: who sees which exam where, and nothing about a person in an address."""

import re
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.test import Client
from django.utils import timezone

from tests.conftest import let, logged_in
from viewer.models import AuditEvent, SavedSearch, Study
from worklist.models import Priority, ReadingTask, Request

pytestmark = pytest.mark.django_db

HOSTILE = "<script>alert(1)</script>\"'&{{7*7}}"


@pytest.fixture
def some(add_study: Callable[..., Study]) -> dict[str, Study]:
    studies = {
        "asa": add_study("1.1", "P1", "Åsberg^Åsa", **{"00080020": "20260101"}),
        "jurgen": add_study("1.2", "P2", "Müller^Jürgen", **{"00080020": "20260201", "00080061": "MR"}),
        "pat": add_study("1.3", "P3", "O'Brien^Pat", **{"00080020": "20260301", "00080061": "CR"}),
        "phantom": add_study("1.4", "QC", "Phantom^Balls", **{"00100200": "YES"}),
    }
    now = timezone.now()
    for name, state, priority, hours in (
        ("asa", "unread", "routine", 24),
        ("jurgen", "unread", "stat", 1),
        ("pat", "done", "routine", -2),
    ):
        ReadingTask.objects.create(
            study=studies[name], state=state, priority=priority, requested_at=now, due_at=now + timedelta(hours=hours)
        )
    Request.objects.create(study=studies["asa"], clinical_question=f"Lesion? {HOSTILE}", ward="K21")
    return studies


def listed(client: Client, address: str) -> list[str]:
    """Return the UIDs of the rows, in order."""
    page = client.get(address, headers={"HX-Target": "list"})
    assert page.status_code == 200
    return re.findall(r'data-open="/studies/([0-9.]+)/', page.content.decode())


@pytest.mark.parametrize(
    ("address", "uids"),
    [
        ("/?list=unread", ["1.2", "1.1"]),
        ("/?list=stat", ["1.2"]),
        ("/?list=mine", []),
        ("/?list=all", ["1.3", "1.2", "1.1"]),
        ("/?list=phantoms", ["1.4"]),
        ("/?list=all&modality=MR", ["1.2"]),
        ("/?list=all&modality=XR&modality=CT", ["1.3", "1.1"]),
        ("/?list=all&from=2026-01-15&to=2026-02-15", ["1.2"]),
        ("/?list=all&sort=patient", ["1.1", "1.2", "1.3"]),
        ("/?list=all&sort=-patient", ["1.3", "1.2", "1.1"]),
        ("/?list=all&sort=taken", ["1.1", "1.2", "1.3"]),
        ("/?list=all&page=9", ["1.3", "1.2", "1.1"]),
    ],
)
def test_a_list_holds(address: str, uids: list[str], some: dict[str, Study], bob: User) -> None:
    assert listed(logged_in(bob), address) == uids


def test_a_list_holds_only_what_may_be_seen(some: dict[str, Study], charlie: User) -> None:
    client = logged_in(charlie)
    assert listed(client, "/?list=all") == []
    let(charlie, study=some["jurgen"])
    assert listed(client, "/?list=all") == ["1.2"]
    page = client.get("/?list=all").content.decode()
    for hidden in ("Åsa", "Brien", "K21"):
        assert hidden not in page


@pytest.mark.parametrize("address", ["/?list=everything", "/?sort=secret", "/?page=x", "/?from=32", "/?search=x"])
def test_an_address_that_is_wrong_says_so(address: str, bob: User) -> None:
    assert logged_in(bob).get(address).status_code == 400


def search(client: Client, words: str) -> str:
    answer = client.post("/searches/", {"words": words, "list": "unread"})
    assert answer.status_code == 302
    return str(answer["Location"])


@pytest.mark.parametrize(("words", "uids"), [("asa", ["1.1"]), ("MUELLER", ["1.2"]), ("p3", ["1.3"]), ("zzz", [])])
def test_a_search_looks_through_everything(words: str, uids: list[str], some: dict[str, Study], bob: User) -> None:
    client = logged_in(bob)
    assert listed(client, search(client, words)) == uids


def test_what_is_searched_never_stands_in_an_address(some: dict[str, Study], bob: User) -> None:
    client = logged_in(bob)
    address = search(client, "Åsberg")
    assert "sberg" not in address
    page = client.get(address).content.decode()
    links = re.findall(r'(?:href|src|action|hx-get|hx-post|data-open|data-panel)="([^"]*)"', page)
    assert links
    assert not [link for link in links if "sberg" in link.casefold() or "P1" in link]


def test_a_search_is_in_the_audit_and_belongs_to_its_owner(some: dict[str, Study], alice: User, bob: User) -> None:
    address = search(logged_in(bob), "berg")
    assert AuditEvent.objects.filter(event="110112", username="bob", detail__words="berg").exists()
    assert logged_in(alice).get(address).status_code == 404


def test_a_named_list_stays_in_the_rail_until_it_is_forgotten(some: dict[str, Study], bob: User) -> None:
    client = logged_in(bob)
    client.post("/searches/named/", {"name": HOSTILE, "list": "all", "modality": "MR"})
    row = SavedSearch.objects.get(user=bob)
    page = client.get("/").content.decode()
    assert f"/?search={row.pk}" in page
    assert HOSTILE not in page
    assert listed(client, f"/?search={row.pk}") == ["1.2"]
    client.post(f"/searches/{row.pk}/forget/")
    assert f"/?search={row.pk}" not in client.get("/").content.decode()


def test_the_panel_shows_the_request_as_it_was_written(some: dict[str, Study], bob: User) -> None:
    page = logged_in(bob).get("/exams/main/1.1/").content.decode()
    assert HOSTILE not in page
    assert "&lt;script&gt;alert(1)&lt;/script&gt;&quot;&#x27;&amp;{{7*7}}" in page


def test_hostile_names_are_text_everywhere(add_study: Callable[..., Study], bob: User) -> None:
    study = add_study("1.9", HOSTILE, f"{HOSTILE}^{HOSTILE}", **{"00081030": HOSTILE, "00080080": HOSTILE})
    client = logged_in(bob)
    addresses = ["/?list=all", "/exams/main/1.9/", f"/patients/{study.patient.key}/", "/studies/1.9/"]
    for address in addresses:
        page = client.get(address).content.decode()
        assert "<script>alert" not in page
        assert "49" not in re.findall(r"{{7\*7}}|49&quot;", page)


def test_names_that_could_be_taken_for_each_other_are_marked(add_study: Callable[..., Study], bob: User) -> None:
    add_study("1.1", "P1", "Andersson^Anna")
    add_study("1.2", "P2", "Anderson^Anna")
    add_study("1.3", "P3", "Berg^Bo")
    page = logged_in(bob).get("/?list=all").content.decode()
    assert page.count('class="alike"') == 2


def test_the_same_id_of_two_archives_tells_nobody_apart_but_the_archive_does(
    add_study: Callable[..., Study], bob: User
) -> None:
    add_study("1.1", "P1", "Andersson^Anna")
    add_study("1.1", "P1", "Andersson^Anna", archive="second")
    page = logged_in(bob).get("/?list=all").content.decode()
    assert set(re.findall(r'class="alike".*?<bdi>(.*?)</bdi>', page)) == {"from main", "from second"}


def test_an_identity_that_cannot_be_trusted_is_said_in_its_row(add_study: Callable[..., Study], bob: User) -> None:
    add_study("1.1", "P1", "Berg^Anna")
    add_study("1.2", "P1", "Falk^Bo", **{"00100030": "19800101"})
    page = logged_in(bob).get("/?list=all").content.decode()
    assert page.count("The same patient ID is used with another name or birth date") >= 2


def test_asking_again_is_no_hand(some: dict[str, Study], bob: User) -> None:
    page = logged_in(bob).get("/").content.decode()
    assert "X-Samsyn-Renewal" in page


def test_a_page_of_the_list_takes_few_queries(
    add_study: Callable[..., Study], bob: User, django_assert_max_num_queries: Any
) -> None:
    for number in range(60):
        add_study(f"1.{number}", f"P{number}")
    client = logged_in(bob)
    with django_assert_max_num_queries(45):
        client.get("/?list=all")


def test_the_patient_page_has_all_visible_exams(add_study: Callable[..., Study], alice: User, bob: User) -> None:
    days = {"1.1": "20250101", "1.2": "20260101", "1.3": "20240101"}
    studies = [add_study(uid, "P9", "Falk^Bo", **{"00080020": day}) for uid, day in days.items()]
    key = studies[0].patient.key
    page = logged_in(bob).get(f"/patients/{key}/").content.decode()
    assert sorted(set(re.findall(r"/studies/([0-9.]+)/", page))) == ["1.1", "1.2", "1.3"]
    let(alice, study=studies[0])
    page = logged_in(alice).get(f"/patients/{key}/").content.decode()
    assert set(re.findall(r"/studies/([0-9.]+)/", page)) == {"1.1"}


def test_opening_a_study_writes_one_row_and_a_head_none(some: dict[str, Study], bob: User) -> None:
    client = logged_in(bob)
    client.head("/studies/1.1/")
    assert not AuditEvent.objects.filter(event="110103").exists()
    client.get("/studies/1.1/")
    client.get("/api/studies/main/1.1/")
    rows = AuditEvent.objects.filter(event="110103")
    assert [(row.username, row.study_uid) for row in rows] == [("bob", "1.1")]


def test_a_study_in_two_archives_asks_which(add_study: Callable[..., Study], bob: User) -> None:
    add_study("1.1", archive="main")
    add_study("1.1", archive="other")
    client = logged_in(bob)
    question = client.get("/studies/1.1/")
    assert question.status_code == 300
    assert not AuditEvent.objects.filter(event="110103").exists()
    assert client.get("/studies/1.1/?archive=other").status_code == 200


def test_priorities_are_the_three_that_people_know() -> None:
    assert Priority.values == ["routine", "urgent", "stat"]
