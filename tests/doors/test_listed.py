"""What the study's index doesn't list is 404 at every door, and costs the archive no question."""

from typing import Any

import pytest
from django.contrib.auth import get_user_model
from django.db import OperationalError
from django.test import AsyncClient

from tests.doors import made
from tests.doors.asking import Connect, Get, People
from tests.doors.made import address
from viewer import access, rendering
from viewer.models import Series

pytestmark = pytest.mark.django_db(transaction=True)

ONE = made.speaking()[0]
STUDY = str(ONE.StudyInstanceUID)
PAGE = f"/ws/{STUDY}/?archive=main"
FOREIGN = str(made.other_patient()[0].SeriesInstanceUID)


@pytest.fixture
def unasked(studio: rendering.Studio, monkeypatch: pytest.MonkeyPatch) -> None:
    """Fail the test when the store is asked for a series."""

    async def asked(*key: str) -> Any:
        pytest.fail(f"the store was asked for {key}")

    monkeypatch.setattr(studio.client, "series", asked)


@pytest.mark.parametrize("series", ["1.2.3.4", FOREIGN])
async def test_a_series_that_the_study_does_not_list_is_404(
    get: Get, connect: Connect, people: People, unasked: None, series: str
) -> None:
    path = f"/dicomweb/main/studies/{STUDY}/series/{series}"
    for below in ("/rendered", "/thumbnail", "/instances/1.2.3/rendered", "/instances/1.2.3/frames/1/rendered"):
        answer = await get(path + below, headers={"accept": "*/*"})
        assert answer.status == 404 and answer.words, below
    client = AsyncClient(headers={"host": "127.0.0.1"})
    await client.aforce_login(await get_user_model().objects.aget(username="alice"))
    stacks = await client.get(f"/api/studies/main/{STUDY}/series/{series}/stacks/")
    assert stacks.status_code == 404
    socket = await connect(PAGE)
    await socket.say(want={"seq": 1, "pane": 0, "resource": f"{path}/instances/1.2.3/frames/1/rendered", "query": ""})
    assert (await socket.hear())[0]["failed"]["status"] == 404
    await socket.say(looking={"archive": "main", "study": STUDY, "series": series, "stack": "s", "index": 0})
    await socket.say(ping=1)
    assert (await socket.hear())[0] == {"pong": 1}


async def test_a_series_is_there_as_soon_as_it_is_listed(get: Get, people: People) -> None:
    row = await Series.objects.aget(uid=str(ONE.SeriesInstanceUID))
    await row.adelete()
    assert (await get(f"{address(ONE)}/rendered")).status == 404
    await Series.objects.acreate(study_id=row.study_id, uid=row.uid, number=row.number, modality=row.modality)
    assert (await get(f"{address(ONE)}/rendered")).status == 200


@pytest.mark.parametrize(
    ("fault", "said"), [("database or disk is full", "disk of the server is full"), ("database is locked", "busy")]
)
async def test_a_study_whose_audit_cannot_be_written_says_what_is_wrong(
    get: Get, people: People, monkeypatch: pytest.MonkeyPatch, fault: str, said: str
) -> None:
    def unwritten(*asked: object) -> None:
        raise OperationalError(fault)

    monkeypatch.setattr(access, "_ordinary_check", unwritten)
    answer = await get(f"{address(ONE)}/rendered")
    assert answer.status == 503 and said in answer.words
    assert "retry-after" in answer.headers
