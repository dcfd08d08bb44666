"""The REST doors: studies, stacks, presentation states and preferences."""

import json
from collections.abc import Callable
from typing import Any

import pytest
from django.contrib.auth import get_user_model
from django.test import AsyncClient

from tests.doors import made
from tests.doors.asking import People
from tests.doors.made import address
from viewer import rendering
from viewer.models import Study
from worklist.models import Priority, Request

pytestmark = pytest.mark.django_db(transaction=True)

STUDY = str(made.speaking()[0].StudyInstanceUID)
OTHER = str(made.other_patient()[0].StudyInstanceUID)
Ask = Callable[..., Any]


@pytest.fixture
def ask(people: People, studio: rendering.Studio) -> Ask:
    """Return a function that asks as somebody who is logged in, Alice unless told otherwise."""

    async def asked(path: str, *, as_user: str = "alice", put: Any = None, post: Any = None) -> tuple[int, Any]:
        client = AsyncClient(headers={"host": "127.0.0.1"})
        if as_user:
            await client.aforce_login(await get_user_model().objects.aget(username=as_user))
        if put is not None:
            answer = await client.put(path, put if isinstance(put, str) else json.dumps(put), "application/json")
        elif post is not None:
            answer = await client.post(path, json.dumps(post), "application/json")
        else:
            answer = await client.get(path)
        return answer.status_code, json.loads(answer.content) if answer.content else None

    return asked


SERIES_OF = {STUDY: str(made.speaking()[0].SeriesInstanceUID), OTHER: str(made.other_patient()[0].SeriesInstanceUID)}


def pane(study: str = STUDY, **look: Any) -> dict[str, Any]:
    source = {
        "kind": "stack",
        "archive": "main",
        "study": study,
        "series": SERIES_OF[study],
        "stack": "s",
        "instance": "1.2.3",
        "frame": 1,
    }
    return {"source": source, **look}


def state(*panes: Any, **other: Any) -> dict[str, Any]:
    return {"version": 1, "layout": {"rows": 1, "columns": len(panes)}, "active": 0, "panes": list(panes), **other}


async def test_it_works(ask: Ask) -> None:
    status, study = await ask(f"/api/studies/main/{STUDY}/")
    assert status == 200 and study["study"] == STUDY and study["patient"]["id"] == "PHANTOM-1"
    assert {each["modality"] for each in study["series"]} >= {"CT", "MR"}
    assert [each["study"] for each in study["studies"] if each["current"]] == [STUDY]


@pytest.mark.parametrize(
    ("found", "conflict", "duplicates"),
    [
        (Study.Conflict.NONE, "", ""),
        (Study.Conflict.TWO_PATIENTS, "two patients", ""),
        (Study.Conflict.DUPLICATES, "", "share their UID"),
    ],
)
async def test_a_doubtful_person_and_doubled_objects_are_told_apart(
    ask: Ask, found: str, conflict: str, duplicates: str
) -> None:
    await Study.objects.filter(uid=STUDY).aupdate(archive_conflict=found)
    _status, study = await ask(f"/api/studies/main/{STUDY}/")
    told = study["patient"]["conflict"], study["duplicates"]
    for words, expected in zip(told, (conflict, duplicates), strict=True):
        assert words is None if not expected else expected in words


async def test_unknown_and_forbidden_are_the_same_404_and_nobody_is_401(ask: Ask) -> None:
    for path in (f"/api/studies/main/{OTHER}/", "/api/studies/main/1.2.3/", f"/api/studies/other/{STUDY}/"):
        assert (await ask(path, as_user="bob"))[0] == 404
        assert (await ask(f"{path}state/", as_user="bob"))[0] == 404
        assert (await ask(f"{path}series/1.2/stacks/", as_user="bob"))[0] == 404
        assert (await ask(path, as_user=""))[0] == 401


async def test_stacks_hold_every_entry_at_its_place(ask: Ask) -> None:
    one = made.other_patient()[0]
    status, found = await ask(f"/api/studies/main/{OTHER}/series/{one.SeriesInstanceUID}/stacks/")
    assert status == 200 and (found["listed"], found["received"], found["failed"], found["unsupported"]) == (6, 6, 0, 0)
    (stack,) = found["stacks"]
    missing = [at for at, entry in enumerate(stack["entries"]) if "missing" in entry]
    assert (len(stack["entries"]) == 8 and missing in ([2, 5], [5, 2])) or sorted(7 - at for at in missing) == [2, 5]
    assert stack["patient_orientation"] == ["L", "P"] and stack["plane"] == "axial" and stack["unit"] == "HU"
    assert stack["window"]["width"] == 2100 and stack["windows"] == [stack["window"]]


async def test_a_stack_that_is_many_images_leaves_the_window_to_each(ask: Ask) -> None:
    one = made.radiographs()[0]
    path = address(one).split("/series/")[0].removeprefix("/dicomweb/main/studies/")
    _status, found = await ask(f"/api/studies/main/{path}/series/{one.SeriesInstanceUID}/stacks/")
    assert [each["window"] for each in found["stacks"] if len(each["entries"]) > 1] in ([None], [])


async def test_a_measured_window_stands_in_the_listing(ask: Ask) -> None:
    _status, found = await ask(f"/api/studies/main/{STUDY}/series/{made.magnetic()[0].SeriesInstanceUID}/stacks/")
    (stack,) = found["stacks"]
    assert stack["windows"] == [] and stack["window"]["width"] > 500


async def test_what_can_not_be_shown_is_listed_by_its_kind(ask: Ask) -> None:
    report = made.report()
    path = f"/api/studies/main/{report.StudyInstanceUID}"
    _status, found = await ask(f"{path}/series/{report.SeriesInstanceUID}/stacks/")
    assert (
        found["stacks"] == [] and found["not_viewable"][0]["words"] == "structured report" and found["unsupported"] == 1
    )
    _status, study = await ask(f"{path}/")
    assert [each["viewable"] for each in study["series"]] == [False]


async def test_a_series_that_is_not_there_fails_in_words(ask: Ask) -> None:
    status, said = await ask(f"/api/studies/main/{STUDY}/series/1.2.3.4/stacks/")
    assert status in {404, 502} and said["detail"]


async def test_the_page_finds_its_state_again(ask: Ask) -> None:
    path = f"/api/studies/main/{STUDY}/state/"
    assert await ask(path) == (200, None)
    kept = state(pane(invert=True, rotation=90, voi={"choice": 0}, scale={"pixels": 2.0}, center=[3.5, -1]), None)
    assert (await ask(path, put=kept))[0] == 204
    status, found = await ask(path)
    assert status == 200 and found["panes"][0]["center"] == [3.5, -1] and found["panes"][0]["text"] == "all"
    assert (await ask(path, put=found))[0] == 204 and (await ask(path))[1] == found
    assert await ask(path, as_user="bob") == (200, None)


@pytest.mark.parametrize(
    "wrong",
    [
        {}, [], "null", '"text"', state(pane(), version=3), state(pane(), version="1"), state(pane(), active=1),
        state(pane(rotation=45)), state(pane(voi={"center": 1})), state(pane(extra=1)), state(pane(scale={"fit": 0})),
        state(pane(voi={"center": 0, "width": 0.5, "function": "LINEAR"})), state(pane(center=[1])),
        state(pane(scale={"fit": 1, "pixels": 1})), state({"source": {**pane()["source"], "study": "<script>"}}),
        state(pane(), patient="Name"),
        state(*[pane()] * 17), state(pane(), layout={"rows": 0, "columns": 1}), "{" + " " * 70_000,
        '{"version":1,"layout":{"rows":1,"columns":1},"panes":[' + "[" * 5000 + "]}",
    ],
)  # fmt: skip
async def test_what_is_no_state_is_refused(ask: Ask, wrong: Any) -> None:
    status, _said = await ask(f"/api/studies/main/{STUDY}/state/", put=wrong)
    assert status == 400


async def test_a_saved_state_shows_each_only_what_they_may_see(ask: Ask) -> None:
    status, saved = await ask("/api/states/", post=state(pane(), pane(OTHER)))
    assert status == 201
    _status, whole = await ask(f"/api/states/{saved['id']}/")
    assert [each["source"]["study"] for each in whole["panes"]] == [STUDY, OTHER]
    status, part = await ask(f"/api/states/{saved['id']}/", as_user="bob")
    assert status == 200 and part["panes"][1] is None and part["panes"][0] is not None
    assert (await ask(f"/api/states/{saved['id']}/", as_user="charlie"))[0] == 404
    assert (await ask("/api/states/", as_user="bob", post=state(pane(), pane(OTHER))))[0] == 404


async def test_a_layer_of_a_study_that_somebody_may_not_see_is_hidden_with_it(ask: Ask) -> None:
    def volume(study: str) -> dict[str, str]:
        return {"kind": "volume", "archive": "main", "study": study, "series": SERIES_OF[study], "stack": "s"}

    plane = {"point": [0, 0, 0], "look": [0, 0, 1], "up": [0, -1, 0]}
    fused = {"source": volume(STUDY), "plane": plane, "fused": {"source": volume(OTHER)}}
    status, saved = await ask("/api/states/", post=state(fused) | {"version": 2})
    assert status == 201
    whole = (await ask(f"/api/states/{saved['id']}/"))[1]
    assert whole["panes"][0]["fused"]["source"]["study"] == OTHER
    part = (await ask(f"/api/states/{saved['id']}/", as_user="bob"))[1]
    assert part["panes"][0]["source"]["study"] == STUDY and part["panes"][0]["fused"] is None
    assert (await ask("/api/states/", as_user="bob", post=state(fused) | {"version": 2}))[0] == 404


async def test_preferences_belong_to_their_user(ask: Ask) -> None:
    assert await ask("/api/preferences/viewer.keys/") == (200, None)
    assert (await ask("/api/preferences/viewer.keys/", put={"invert": ["i"]}))[0] == 204
    assert await ask("/api/preferences/viewer.keys/") == (200, {"invert": ["i"]})
    assert await ask("/api/preferences/viewer.keys/", as_user="bob") == (200, None)
    assert (await ask("/api/preferences/viewer.keys/", put={"x": "y" * 40_000}))[0] == 400
    assert (await ask("/api/preferences/viewer.keys/", put="[" * 9000))[0] == 400
    assert (await ask("/api/preferences/!/"))[0] == 404


async def test_the_schema_names_the_doors(ask: Ask) -> None:
    client = AsyncClient(headers={"host": "127.0.0.1"})
    await client.aforce_login(await get_user_model().objects.aget(username="alice"))
    text = (await client.get("/api/schema/")).content.decode()
    assert "/api/studies/{archive}/{study}/series/{series}/stacks/" in text and "/api/states/{state}/" in text


async def test_the_referrers_words_come_with_the_study(ask: Ask) -> None:
    assert (await ask(f"/api/studies/main/{STUDY}/"))[1]["request"] is None
    study = await Study.objects.aget(uid=STUDY)
    await Request.objects.acreate(study=study, clinical_question="<b>Mass?</b> <50%", priority=Priority.STAT)
    request = (await ask(f"/api/studies/main/{STUDY}/"))[1]["request"]
    assert request["clinical_question"] == "<b>Mass?</b> <50%" and request["priority"] == "stat"
