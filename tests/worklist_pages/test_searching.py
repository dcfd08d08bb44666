"""Searches: names never stand in an address, and a search belongs to who made it."""

import datetime
import re
import uuid
from typing import Any

import pytest
from django.utils import timezone

from tests import hospital
from viewer.models import AuditEvent, SavedSearch


def found_names(browser: Any, words: str) -> set[str]:
    answer = browser.post("/searches/", {"words": words, "list": "unread"}, follow=True)
    assert answer.status_code == 200
    return set(
        re.findall(
            r'<bdi class="person"[^>]*>([^<]+)</bdi>',
            answer.content.decode().partition("<tbody>")[2].partition("</tbody>")[0],
        )
    )


def test_what_is_typed_goes_by_post_and_comes_back_as_an_id(alice: Any) -> None:
    hospital.study(hospital.patient("Canary^Zoe"))
    browser = hospital.client(alice)
    answer = browser.post("/searches/", {"words": "canary zoe", "list": "unread"})
    address = answer.headers["Location"]
    assert answer.status_code == 302 and "canary" not in address.lower()
    assert uuid.UUID(re.search(r"search=([0-9a-f-]+)", address)[1])  # type: ignore[index]
    text = browser.get(address).content.decode()
    assert "Canary, Zoe" in text and 'value="canary zoe"' in text
    links = re.findall(r'(?:href|action|src|hx-get|hx-post|data-\w+)="([^"]*)"', text)
    assert not [link for link in links if "canary" in link.lower()]


@pytest.mark.parametrize(
    ("typed", "name"),
    [
        ("nystrom", "Nyström, Åsa"), ("asa nyst", "Nyström, Åsa"), ("P-77-1", "Nyström, Åsa"),
        ("acc99", "Nyström, Åsa"), ("山田", "Yamada, Tarou"), ("やまだ", "Yamada, Tarou"),
        ("παπαδ", "Παπαδοπούλου, Ελένη"), ("الخطيب", "الخطيب, محمد"),
    ],
)  # fmt: skip
def test_one_field_finds_names_in_every_script_ids_and_accession_numbers(alice: Any, typed: str, name: str) -> None:
    hospital.study(hospital.patient("Nyström^Åsa", patient_id="P-77-1"), accession_number="ACC99")
    for other in ("Yamada^Tarou=山田^太郎=やまだ^たろう", "Παπαδοπούλου^Ελένη", "الخطيب^محمد"):
        hospital.study(hospital.patient(other))
    assert found_names(hospital.client(alice), typed) == {name}


def test_words_of_the_question_find_too_together_with_the_name(alice: Any) -> None:
    hospital.task(hospital.study(hospital.patient("Nyström^Åsa")), question="Fibrös dysplasi?")
    hospital.task(hospital.study(hospital.patient("Berg^Bo")), question="Dysplasia?")
    browser = hospital.client(alice)
    assert found_names(browser, "fibros") == {"Nyström, Åsa"}
    assert found_names(browser, "dyspl nystrom") == {"Nyström, Åsa"}
    assert found_names(browser, "dysplasi") == {"Nyström, Åsa", "Berg, Bo"}


def test_a_search_is_written_into_the_audit(alice: Any) -> None:
    hospital.client(alice).post("/searches/", {"words": "anders"})
    assert AuditEvent.objects.get(event="110112").detail == {"words": "anders"}


def test_a_search_without_a_name_is_forgotten_after_a_day(alice: Any, bob: Any) -> None:
    whose = [(user, name) for user in (alice, bob) for name in ("", "Kept")]
    rows = [SavedSearch.objects.create(user=user, name=name, query={}) for user, name in whose]
    SavedSearch.objects.update(created=timezone.now() - datetime.timedelta(days=2))
    hospital.client(alice).post("/searches/", {"words": "anders"})
    left = set(SavedSearch.objects.filter(pk__in=[row.pk for row in rows]))
    assert left == set(rows[1:])


def test_nobody_else_can_use_or_remove_a_search(alice: Any, bob: Any) -> None:
    row = SavedSearch.objects.create(user=alice, name="Mine", query={"words": "secret", "list": "all"})
    browser = hospital.client(bob)
    assert browser.get(f"/?search={row.pk}").status_code == 404
    assert browser.post(f"/searches/{row.pk}/forget/").status_code == 404
    assert browser.post("/searches/named/", {"name": "x", "list": "all", "search": str(row.pk)}).status_code == 404
    assert SavedSearch.objects.filter(pk=row.pk).exists()


def test_a_named_list_stands_in_the_rail_with_its_filters_words_and_count(alice: Any) -> None:
    for name, modalities in (("Berg^Bo", "CT"), ("Berg^Eva", "MR"), ("Lund^Bo", "CT")):
        hospital.study(hospital.patient(name), modalities=modalities)
    browser = hospital.client(alice)
    address = browser.post("/searches/", {"words": "berg"}).headers["Location"]
    search = re.search(r"search=([0-9a-f-]+)", address)[1]  # type: ignore[index]
    made = browser.post("/searches/named/", {"name": "CT of Bergs", "list": "all", "modality": "CT", "search": search})
    text = browser.get(made.headers["Location"]).content.decode()
    assert "<h1>CT of Bergs</h1>" in text and "Berg, Bo" in text and "Berg, Eva" not in text
    assert re.search(r'CT of Bergs.*?class="count">1<', text, re.S)
    kept = SavedSearch.objects.get(name="CT of Bergs")
    assert browser.post(f"/searches/{kept.pk}/forget/").status_code == 302
    assert not SavedSearch.objects.filter(pk=kept.pk).exists()


def test_no_words_show_the_list_as_it_was_before(alice: Any) -> None:
    answer = hospital.client(alice).post("/searches/", {"words": "  ", "list": "stat", "modality": "CT"})
    assert answer.headers["Location"] == "/?list=stat&modality=CT"
    assert not SavedSearch.objects.exists()


def test_words_that_are_far_too_long_are_refused(alice: Any) -> None:
    assert hospital.client(alice).post("/searches/", {"words": "x" * 201}).status_code == 400


def test_searches_are_changed_by_post_only(alice: Any) -> None:
    row = SavedSearch.objects.create(user=alice, name="Mine", query={})
    browser = hospital.client(alice)
    for address in ("/searches/", "/searches/named/", f"/searches/{row.pk}/forget/"):
        assert browser.get(address).status_code == 405
