"""Verbs over a page's socket: the same action as by REST, in the order asked, and asked anew who this is each time."""

import json
import uuid
from collections.abc import AsyncIterator, Callable
from typing import Any

import pytest
from asgiref.sync import sync_to_async
from django.contrib.auth.models import User

from messaging.models import Message
from tests.conftest import let
from tests.doors.asking import Socket, sockets
from tests.messaging.made import CLINICAL, pane, view
from viewer import verbs
from viewer.actions.token import issue
from viewer.models import Permit, Study

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
async def page(study: Study) -> AsyncIterator[Callable[..., Any]]:
    """Return a function that opens the page's socket of the study with somebody's token."""
    async with sockets() as opened:

        async def connected(user: User, *, may_write: bool = True, path: str = "") -> Socket:
            token = await sync_to_async(issue)(user, may_write=may_write)
            return await opened(path or f"/ws/{study.uid}/?archive=main", token)

        yield connected


def saying(text: str, **more: Any) -> dict[str, Any]:
    return {"client_uuid": str(uuid.uuid4()), "text": text, **more}


async def do(socket: Socket, verb: str, seq: int = 1, **what: Any) -> tuple[int, Any]:
    """Have something done; return status and result."""
    await socket.say(do={"seq": seq, "verb": verb, "with": what})
    did = (await socket.hear())[0]["did"]
    assert did["seq"] == seq
    return did["status"], did["result"]


async def test_it_works(page: Any, alice: User, study: Study) -> None:
    socket, state = await page(alice), view(await sync_to_async(pane)(study))
    status, told = await do(socket, "send_message", **saying(CLINICAL, state=state))
    assert (status, told["seq"], told["text"], told["mine"]) == (201, 1, CLINICAL, True)
    assert told["picture"].startswith("/dicomweb/main/studies/")
    await socket.say(do={"seq": 2, "verb": "read_messages", "with": {"seq": 1}})
    assert (await socket.hear())[0] == {"did": {"seq": 2, "status": 200, "result": {"read_seq": 1, "unread": 0}}}


async def test_a_second_try_on_another_line_is_200(page: Any, alice: User) -> None:
    one = saying("x")
    answers = [await do(await page(alice), "send_message", **one) for _ in range(2)]
    assert [status for status, _told in answers] == [201, 200] and answers[0][1] == answers[1][1]


async def test_verbs_are_done_in_the_order_asked(page: Any, alice: User) -> None:
    socket = await page(alice)
    for number in range(20):
        await socket.say(do={"seq": number, "verb": "send_message", "with": saying(str(number))})
    did = [(await socket.hear())[0]["did"] for _ in range(20)]
    assert [each["seq"] for each in did] == list(range(20))
    assert [each["result"]["seq"] for each in did] == list(range(1, 21))


async def test_others_on_the_page_hear_that_there_is_something_to_fetch(page: Any, alice: User, bob: User) -> None:
    listener, sender = await page(bob), await page(alice)
    study = (await sync_to_async(Study.objects.get)()).uid
    await listener.say(listen=f"talk.{study}")
    assert (await listener.hear())[0] == {"listening": f"talk.{study}"}
    await do(sender, "send_message", **saying("x"))
    assert (await listener.hear())[0] == {"topic": f"talk.{study}", "seq": 1}


async def test_a_token_that_may_only_read_does_nothing(page: Any, alice: User) -> None:
    assert (await do(await page(alice, may_write=False), "send_message", **saying("x")))[0] == 403
    assert not await Message.objects.aexists()


async def test_a_right_that_is_withdrawn_counts_at_the_next_verb(page: Any, bob: User, charlie: User) -> None:
    permit = await sync_to_async(let)(charlie)
    socket = await page(charlie)
    assert (await do(socket, "send_message", **saying("x")))[0] == 201
    await Permit.objects.filter(pk=permit.pk).adelete()
    assert (await do(socket, "send_message", **saying("x")))[0] == 404
    await User.objects.filter(pk=charlie.pk).aupdate(is_active=False)
    assert (await do(socket, "send_message", **saying("x")))[0] == 401
    assert await Message.objects.acount() == 1


async def test_the_socket_of_lists_needs_to_be_told_the_study(page: Any, alice: User, study: Study) -> None:
    socket = await page(alice, path="/ws/")
    assert (await do(socket, "send_message", **saying("x")))[0] == 404
    named = {"archive": "main", "study": study.uid}
    assert (await do(socket, "send_message", **saying("x"), **named))[0] == 201


@pytest.mark.parametrize(
    ("verb", "what", "status"),
    [
        ("everything", {}, 400),
        ("send_message", {}, 400),
        ("send_message", {"client_uuid": "1", "text": "x"}, 400),
        ("send_message", {"client_uuid": str(uuid.uuid4()), "text": "a\0b"}, 400),
        ("read_messages", {"seq": -1}, 400),
        ("send_message", {"archive": [], "study": {}}, 400),
        ("send_message", saying("x", study="1.2.3"), 400),
        ("send_message", saying("x", archive="main"), 400),
        ("read_messages", {"seq": 1, "study": "1.2.3"}, 400),
        ("send_message", {"archive": "main", "study": "1\0"}, 404),
    ],
)
async def test_what_can_not_be_done_is_told_in_words(
    page: Any, alice: User, verb: str, what: dict[str, Any], status: int
) -> None:
    socket = await page(alice)
    await socket.say(do={"seq": 1, "verb": verb, "with": what})
    did = (await socket.hear())[0]["did"]
    assert did["status"] == status and did["result"]["detail"]


async def test_a_fault_is_told_without_its_trace(
    page: Any, alice: User, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def fails(*_anything: Any) -> Any:
        raise RuntimeError("secret")

    monkeypatch.setitem(verbs.registry, "send_message", verbs.Verb(fails, by_hand=True))
    status, told = await do(await page(alice), "send_message", **saying("x"))
    assert status == 500 and "secret" not in json.dumps(told)
    assert "send_message failed" in caplog.text


async def test_a_burst_of_twenty_messages_is_a_person_pasting(page: Any, alice: User) -> None:
    socket = await page(alice)
    for number in range(20):
        await socket.say(do={"seq": number, "verb": "send_message", "with": saying(str(number))})
    assert [(await socket.hear())[0]["did"]["status"] for _ in range(20)] == [201] * 20


async def test_a_flood_of_verbs_closes_the_socket(page: Any, alice: User) -> None:
    socket = await page(alice)
    for number in range(100):
        await socket.say(do={"seq": number, "verb": "send_message", "with": saying(str(number))})
    heard: dict[str, Any] = {}
    while "closed" not in heard:
        heard = (await socket.hear())[0]
    assert heard == {"closed": 4429}
    assert await Message.objects.acount() <= 60, "what came after the end isn't done"
