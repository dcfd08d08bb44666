"""The viewer page's shell: who gets in, which archive is meant, and what the audit says."""

import json
import re
from typing import Any

import pytest
from django.template.loader import get_template
from django.test import Client

from tests import hospital
from viewer.models import AuditEvent, PresentationState, Study
from viewer.presentation import VERSION


def opened() -> int:
    return AuditEvent.objects.filter(event="110103").count()


def test_alice_and_bob_open_the_study_and_charlie_finds_nothing(alice: Any, bob: Any, charlie: Any) -> None:
    study = hospital.study()
    assert hospital.client(alice).get(f"/studies/{study.uid}/").status_code == 200
    assert hospital.client(bob).get(f"/studies/{study.uid}/").status_code == 200
    assert hospital.client(charlie).get(f"/studies/{study.uid}/").status_code == 404
    assert opened() == 2


def test_nobody_is_sent_to_the_login_and_comes_back(alice: Any) -> None:
    study = hospital.study()
    answer = Client().get(f"/studies/{study.uid}/?archive=main")
    assert answer.status_code == 302
    assert answer.headers["Location"].startswith("/login/?next=/studies/")


def test_what_is_not_there_and_what_is_not_yours_look_the_same(charlie: Any) -> None:
    study = hospital.study()
    browser = hospital.client(charlie)
    pages = [browser.get(f"/studies/{uid}/").content.decode() for uid in (study.uid, "1.2.840.99.0")]
    plain = [
        re.sub(r"1\.2\.840\.99\.\d+|value=\"[A-Za-z0-9]{64}\"|content=\"[A-Za-z0-9]{64}\"", "…", page) for page in pages
    ]
    assert plain[0] == plain[1]


def test_the_same_uid_in_two_archives_asks_which(alice: Any) -> None:
    first = hospital.study()
    hospital.study(uid=first.uid, archive=hospital.archive("second"), description="The other one")
    browser = hospital.client(alice)
    answer = browser.get(f"/studies/{first.uid}/?state=")
    assert answer.status_code == 300
    assert "archive=main" in answer.content.decode() and "archive=second" in answer.content.decode()
    assert opened() == 0
    assert browser.get(f"/studies/{first.uid}/?archive=second").status_code == 200
    assert opened() == 1


def test_the_row_in_the_audit_names_user_study_and_address(alice: Any) -> None:
    study = hospital.study()
    hospital.client(alice).get(f"/studies/{study.uid}/")
    row = AuditEvent.objects.get(event="110103")
    assert (row.user, row.study, row.patient, row.address) == (alice, study, study.patient, "127.0.0.1")


def test_a_head_request_opens_nothing(alice: Any) -> None:
    study = hospital.study()
    assert hospital.client(alice).head(f"/studies/{study.uid}/").status_code == 200
    assert opened() == 0


def test_the_page_carries_what_its_script_needs_and_no_name(alice: Any) -> None:
    study = hospital.study(hospital.patient("Canary^Zoe"))
    text = hospital.client(alice).get(f"/studies/{study.uid}/").content.decode()
    found = re.search(r'<script id="page" type="application/json">(.*?)</script>', text, re.S)
    assert found is not None, get_template("viewer/study.html").origin.name
    page = json.loads(found[1])
    assert (page["archive"], page["study"], page["state_id"]) == ("main", study.uid, None)
    assert page["urls"]["socket"] == f"/ws/{study.uid}/?archive=main"
    assert "Canary" not in found[1]


@pytest.mark.parametrize("state", ["abc", "../../x", "1"])
def test_a_state_that_is_no_id_is_not_there(alice: Any, state: str) -> None:
    study = hospital.study()
    assert hospital.client(alice).get(f"/studies/{study.uid}/", {"state": state}).status_code == 404


def test_the_head_names_what_is_asked_for_at_once(alice: Any) -> None:
    study = hospital.study(series=2)
    small, large = study.series.order_by("number")
    study.series.filter(pk=small.pk).update(instance_count=2)
    study.series.filter(pk=large.pk).update(instance_count=300)
    text = hospital.client(alice).get(f"/studies/{study.uid}/").content.decode()
    asked = re.findall(r'<link rel="preload" as="fetch" crossorigin="anonymous" href="([^"]+)"', text)
    address = f"/api/studies/main/{study.uid}/"
    glimpse = f"{address}series/{large.uid}/glimpse/"
    assert asked == [glimpse, address, f"{address}state/", "/api/preferences/viewer/"], "not the localiser's"
    PresentationState.objects.create(user=alice, study=study, current=True, state=state(study, small.uid))
    text = hospital.client(alice).get(f"/studies/{study.uid}/").content.decode()
    assert f"{address}series/{small.uid}/glimpse/?instance=1.2.3" in text, "what was shown last is shown first"


def state(study: Study, series: str) -> dict[str, Any]:
    """Return a state that shows an image of a series."""
    source = {"kind": "stack", "archive": "main", "study": study.uid, "series": series, "stack": ""}
    pane = {"source": {**source, "instance": "1.2.3", "frame": 1}}
    return {"version": VERSION, "layout": {"rows": 1, "columns": 1}, "active": 0, "panes": [pane]}
