"""The one socket of a page: pictures, values, progress, topics, and manners."""

import asyncio
import json
import random
import time

import cv2
import numpy as np
import pytest
from channels.db import database_sync_to_async

from tests.conftest import attributes
from tests.doors import made
from tests.doors.asking import Connect, Get, People, Socket
from tests.doors.made import address
from tests.phantoms import read
from viewer import epochs, index, listing, live, rendering
from viewer.models import Archive

pytestmark = pytest.mark.django_db(transaction=True)

STUDY = str(made.speaking()[0].StudyInstanceUID)
PAGE = f"/ws/{STUDY}/?archive=main"


def picture(body: bytes) -> np.ndarray:
    return cv2.imdecode(np.frombuffer(body, np.uint8), cv2.IMREAD_UNCHANGED)


async def want(socket: Socket, seq: int, resource: str, query: str = "accept=image/png", pane: int = 0) -> None:
    await socket.say(want={"seq": seq, "pane": pane, "resource": f"{resource}/rendered", "query": query})


async def test_it_works(connect: Connect) -> None:
    socket = await connect(PAGE)
    await want(socket, 1, address(made.speaking()[2]))
    header, body = await socket.hear()
    assert (header["seq"], header["pane"], header["type"]) == (1, 0, "image/png")
    assert header["resource"].endswith("/frames/1/rendered") and header["query"] == "accept=image/png"
    assert read(picture(body)).slice == header["picture"]["instance_number"] == 3


@pytest.mark.parametrize(
    "query", ["accept=image/png", "quality=70&window=40,400,linear", "accept=image/png&viewport=90,70,8,8,-99,50"]
)
async def test_both_doors_give_the_same_bytes_and_say_the_same(connect: Connect, get: Get, query: str) -> None:
    socket = await connect(PAGE)
    await want(socket, 1, address(made.speaking()[5]), query)
    header, body = await socket.hear()
    answer = await get(f"{address(made.speaking()[5])}/rendered?{query}")
    assert (
        body == answer.body and header["picture"] == answer.picture and header["type"] == answer.headers["content-type"]
    )


@pytest.mark.parametrize(
    ("query", "status"),
    [("window=1", 400), ("colormap=hot", 400), ("accept=image/avif", 406), ("viewport=5,5,999,999,1,1", 400)],
)
async def test_what_can_not_be_obeyed_fails_in_words(connect: Connect, query: str, status: int) -> None:
    socket = await connect(PAGE)
    await want(socket, 7, address(made.speaking()[0]), query)
    failed = (await socket.hear())[0]["failed"]
    assert (failed["seq"], failed["pane"], failed["status"]) == (7, 0, status) and failed["words"]


async def test_a_damaged_frame_fails_in_the_words_of_the_other_door(connect: Connect, get: Get) -> None:
    socket = await connect(PAGE)
    broken, whole = made.damaged()[1:]
    await want(socket, 1, address(broken))
    failed = (await socket.hear(20))[0]["failed"]
    answer = await get(f"{address(broken)}/rendered")
    assert (failed["status"], failed["words"]) == (answer.status, answer.words)
    await want(socket, 2, address(whole))
    assert (await socket.hear())[0]["seq"] == 2


async def test_a_wish_for_a_study_without_the_right_is_404(connect: Connect, people: People) -> None:
    socket = await connect(PAGE, token=people.bob)
    await want(socket, 1, address(made.other_patient()[0]))
    assert (await socket.hear())[0]["failed"]["status"] == 404
    await want(socket, 2, address(made.speaking()[0]))
    assert (await socket.hear())[0]["seq"] == 2


async def test_priors_come_over_the_same_socket(connect: Connect) -> None:
    socket = await connect(PAGE)
    await want(socket, 1, address(made.other_patient()[0]))
    assert (await socket.hear())[0]["picture"]["patient"]["id"] == "PHANTOM-2"


async def test_the_value_under_the_pointer_is_the_stored_pixels(connect: Connect) -> None:
    socket = await connect(PAGE)
    for dataset, x, y, value, unit in (
        (made.tall()[0], 59, 3, int(made.tall()[0].pixel_array[3, 59]) - 1024, "HU"),
        (made.radiographs()[0], 5, 2, None, ""),
        (made.radiographs()[0], 5, 12, 60, ""),
        (made.ultrasound()[0], 1, 1, np.frombuffer(made.ultrasound()[0].PixelData, np.uint8)[147:150].tolist(), "RGB"),
    ):
        await socket.say(probe={"seq": 5, "resource": f"{address(dataset)}/rendered", "x": x, "y": y})
        probe = (await socket.hear())[0]["probe"]
        assert (probe["value"], probe["unit"], probe["seq"]) == (value, unit, 5)
    await socket.say(probe={"seq": 6, "resource": f"{address(made.tall()[0])}/rendered", "x": 60, "y": 0})
    assert (await socket.hear())[0]["probe"]["words"]


async def test_looking_fetches_the_stack_and_tells_how_far_it_is(connect: Connect, get: Get) -> None:
    one = made.other_patient()[0]
    stack = (await get(f"{address(one)}/rendered")).picture["stack"]
    socket = await connect(PAGE)
    where = {
        "archive": "main",
        "study": str(one.StudyInstanceUID),
        "series": str(one.SeriesInstanceUID),
        "stack": stack,
    }
    await socket.say(looking={**where, "index": 4, "direction": 1})
    states = ""
    while "." in states or not states:
        progress = (await socket.hear())[0]["progress"]
        states = progress["states"]
    assert progress["stack"] == stack and sorted(states) == ["m", "m", *"pppppp"]
    assert states[0] == states[-1] == "p"


async def test_ping_is_answered(connect: Connect) -> None:
    socket = await connect(PAGE)
    await socket.say(ping=12)
    assert (await socket.hear())[0] == {"pong": 12}


async def test_nobody_and_those_without_the_right_are_told_why_and_closed(connect: Connect, people: People) -> None:
    for path, token, code in (
        (PAGE, "", 4401), (PAGE, "wrong", 4401), (PAGE, people.charlie, 4404),
        ("/ws/1.2.3/?archive=main", people.alice, 4404), (PAGE.partition("?")[0], people.alice, 4404),
        ("/ws/", "", 4401),
    ):  # fmt: skip
        assert (await (await connect(path, token=token)).hear())[0] == {"closed": code}


async def test_a_withdrawn_right_closes_the_socket_within_a_second(connect: Connect, people: People) -> None:
    socket = await connect(PAGE, token=people.bob)
    await want(socket, 1, address(made.speaking()[0]))
    assert (await socket.hear())[0]["seq"] == 1
    await database_sync_to_async(epochs.reader.read)()
    await database_sync_to_async(people.permit_of_bob.delete)()
    began = time.monotonic()
    await database_sync_to_async(epochs.reader.read)()
    await want(socket, 2, address(made.speaking()[1]))
    heard = [(await socket.hear())[0], (await socket.hear(2))[0]]
    assert time.monotonic() - began < 1.5
    assert heard[0]["failed"]["status"] == 404 and heard[1] == {"closed": 4404}


async def test_a_study_that_moves_to_another_patient_closes_both_doors_within_a_second(
    connect: Connect, get: Get, people: People
) -> None:
    permit = people.permit_of_bob

    def for_the_patient() -> None:
        permit.patient, permit.study = permit.study.patient, None
        permit.save()
        epochs.reader.read()

    def moved() -> None:
        archive = Archive.objects.get(name="main")
        index.write_studies(archive, [listing.study(attributes(STUDY, "P-other", "Falk^Bo"), "main")])

    await database_sync_to_async(for_the_patient)()
    socket = await connect(PAGE, token=people.bob)
    resource = address(made.speaking()[0])
    await want(socket, 1, resource)
    assert (await socket.hear())[0]["seq"] == 1
    assert (await get(f"{resource}/rendered", token=people.bob)).status == 200
    await database_sync_to_async(moved)()
    began = time.monotonic()
    await database_sync_to_async(epochs.reader.read)()
    await want(socket, 2, resource)
    heard = [(await socket.hear())[0], (await socket.hear(2))[0]]
    assert time.monotonic() - began < 1.5
    assert heard[0]["failed"]["status"] == 404 and heard[1] == {"closed": 4404}
    assert (await get(f"{resource}/rendered", token=people.bob)).status == 404


async def test_topics_are_heard_by_those_who_may(connect: Connect, people: People) -> None:
    alice, bob, charlie = [await connect("/ws/", token=token) for token in (people.alice, people.bob, people.charlie)]
    other = f"study.{made.other_patient()[0].StudyInstanceUID}"
    for socket in (alice, bob, charlie):
        await socket.say(listen=other)
    assert (await alice.hear())[0] == {"listening": other}
    assert (await bob.hear())[0] == (await charlie.hear())[0] == {"refused": other}
    await alice.say(listen="nonsense.1")
    assert (await alice.hear())[0] == {"refused": "nonsense.1"}
    await database_sync_to_async(live.publish)(other, {"changed": 3})
    assert (await alice.hear())[0] == {"topic": other, "changed": 3}
    await bob.say(ping=1)
    assert (await bob.hear())[0] == {"pong": 1}


async def test_a_topic_is_lost_with_the_right_to_it(connect: Connect, people: People) -> None:
    bob = await connect("/ws/", token=people.bob)
    await bob.say(listen=f"study.{STUDY}")
    assert (await bob.hear())[0] == {"listening": f"study.{STUDY}"}
    await database_sync_to_async(epochs.reader.read)()
    await database_sync_to_async(people.permit_of_bob.delete)()
    await database_sync_to_async(epochs.reader.read)()
    assert (await bob.hear(2))[0] == {"refused": f"study.{STUDY}"}
    await database_sync_to_async(live.publish)(f"study.{STUDY}", {"changed": 1})
    assert await bob.wire.receive_nothing(0.2)


@pytest.mark.parametrize(
    "text",
    ["", "{", "[]", "null", '{"want": 1}', '{"want": {"seq": -1, "pane": 0, "resource": ""}}', '{"shout": 1}',
     '{"listen": 5}', '{"want": {"seq": 1, "pane": 0, "resource": "x", "user": 1}}', "[" * 9000],
)  # fmt: skip
async def test_a_message_that_is_none_is_refused(connect: Connect, text: str) -> None:
    socket = await connect(PAGE)
    await socket.wire.send_input({"type": "websocket.receive", "text": text})
    assert "refused" in (await socket.hear())[0]


async def test_a_message_that_is_too_long_or_binary_closes(connect: Connect) -> None:
    for message in ({"text": json.dumps({"listen": "x" * 20_000})}, {"bytes": b"x"}):
        socket = await connect(PAGE)
        await socket.wire.send_input({"type": "websocket.receive", **message})
        assert (await socket.hear())[0] == {"closed": 1009}


async def test_a_page_that_never_stops_talking_is_closed(connect: Connect) -> None:
    socket = await connect("/ws/")
    heard = {}
    for _ in range(60):
        await socket.say(ping=1)
    while "closed" not in heard:
        heard = (await socket.hear())[0]
    assert heard == {"closed": 4429}


async def test_a_resource_that_is_no_picture_is_404(connect: Connect) -> None:
    socket = await connect(PAGE)
    for seq, path in enumerate(
        ("", "/", "/api/x", f"{address(made.speaking()[0])}/thumbnail", "/dicomweb/main/studies/1/rendered")
    ):
        await socket.say(want={"seq": seq, "pane": 0, "resource": path, "query": ""})
        assert (await socket.hear())[0]["failed"]["status"] == 404


@pytest.fixture
def unsteady(monkeypatch: pytest.MonkeyPatch) -> None:
    """Make frames and pictures take random times, so that answers overtake each other."""
    chance = random.Random(4)
    frame, run = rendering.Studio.frame, rendering.Studio.run

    async def late_frame(self, *what):  # type: ignore[no-untyped-def]
        await asyncio.sleep(chance.choice((0, 0, 0.003, 0.015)))
        return await frame(self, *what)

    async def late_run(self, work):  # type: ignore[no-untyped-def]
        made_of = await run(self, work)
        await asyncio.sleep(chance.choice((0, 0, 0.002, 0.01)))
        return made_of

    monkeypatch.setattr(rendering.Studio, "frame", late_frame)
    monkeypatch.setattr(rendering.Studio, "run", late_run)


async def agree(connect: Connect, paints: int, seed: int) -> int:
    """Scroll two panes wildly under random delays; return how many pictures came, after checking each."""
    chance = random.Random(seed)
    socket = await connect(PAGE)
    stacks = [made.speaking(), made.other_patient()]
    windows = [
        "",
        "&window=0,2100,linear",
        "&window=0,1800,sigmoid",
        "&viewport=192,192",
        "&viewport=128,128,,,-128,128",
    ]
    asked: dict[int, tuple[int, int]] = {}
    last = {0: -1, 1: -1}
    came = answered = 0

    async def hear_one() -> None:
        nonlocal came, answered
        header, body = await socket.hear(30)
        answered += 1
        if "dropped" in header:
            return
        assert "failed" not in header, header
        pane, number = asked[header["seq"]]
        spoken = read(picture(body))
        told = header["picture"]
        assert spoken.slice == told["instance_number"] == number
        assert f"PHANTOM-{spoken.patient}" == told["patient"]["id"]
        assert header["pane"] == pane and header["seq"] > last[pane]
        last[pane] = header["seq"]
        came += 1

    seq = 0
    while came < paints:
        for _ in range(chance.choice((1, 1, 2, 3, 9))):
            pane = chance.randrange(2)
            dataset = chance.choice(stacks[pane])
            seq += 1
            asked[seq] = (pane, int(dataset.InstanceNumber))
            await want(socket, seq, address(dataset), f"accept=image/png{chance.choice(windows)}", pane)
        await asyncio.sleep(chance.choice((0, 0, 0.002, 0.01)))
        while seq - answered > chance.randrange(12):
            await hear_one()
        await asyncio.sleep(0.004)
    while answered < seq:
        await hear_one()
    return came


async def test_text_and_picture_agree_however_the_answers_overtake_each_other(connect: Connect, unsteady: None) -> None:
    assert await agree(connect, 200, seed=1) >= 200


@pytest.mark.full
async def test_text_and_picture_agree_five_thousand_times(connect: Connect, unsteady: None) -> None:
    assert await agree(connect, 5000, seed=2) >= 5000


async def test_text_and_picture_agree_over_both_doors_at_once(connect: Connect, get: Get, unsteady: None) -> None:
    async def over_http(dataset) -> None:  # type: ignore[no-untyped-def]
        await asyncio.sleep(random.random() / 5)
        answer = await get(f"{address(dataset)}/rendered?accept=image/png")
        assert read(picture(answer.body)).slice == answer.picture["instance_number"] == dataset.InstanceNumber

    slices = [*made.speaking(), *made.other_patient()]
    await asyncio.gather(agree(connect, 60, seed=3), *(over_http(each) for each in slices * 3))
