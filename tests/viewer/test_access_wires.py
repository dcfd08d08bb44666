"""What answers beside Django's routes, tried as they are: doors of pictures, sockets, topics, and verbs on a socket.

They are taken from the table of ASGI routes, the sockets' routes and the registries: one that this file doesn't know
fails.
"""

from collections.abc import Callable
from typing import Any

import pytest
from asgiref.sync import sync_to_async
from asgiref.testing import ApplicationCommunicator
from django.contrib.auth.models import AnonymousUser, User

from config.asgi import application, sockets
from tests.viewer.access_matrix import MESSAGE, UNKNOWN, UNSAFE, cookie, rows
from tests.viewer.test_doors import ask
from viewer import dicomweb, live, verbs
from viewer.doors.answers import Answer
from viewer.doors.refusal import Refusal
from viewer.models import Study

pytestmark = pytest.mark.django_db
in_threads = pytest.mark.django_db(transaction=True)

# The doors that answer before Django.

LEVELS = ("study", "series", "instance", "frame")
PICTURES = {f"{verb}-{level}" for verb in ("rendered", "thumbnail") for level in LEVELS}
PICTURES |= {f"{verb}-{level}" for verb in ("renderedmpr", "rendered3d") for level in LEVELS if level != "frame"}
PATHS = {"study": "", "series": "/series/1.2.3", "instance": "/series/1.2.3/instances/1.2.4"}
PATHS["frame"] = PATHS["instance"] + "/frames/1"


def test_every_picture_door_is_known_here() -> None:
    assert {route.name for route in dicomweb.table} == PICTURES


def picture(name: str, uid: str) -> str:
    verb, level = name.split("-")
    return f"/dicomweb/main/studies/{uid}{PATHS[level]}/{verb}"


@pytest.fixture
def answering(monkeypatch: pytest.MonkeyPatch) -> None:
    """Have each door answer "let in" in place of a picture."""

    async def let_in(request: Any) -> Answer:
        return Answer(200, b"let in", {"Content-Type": b"text/plain"})

    routes = [type(route)(route.name, route.address, let_in) for route in dicomweb.table]
    monkeypatch.setattr(dicomweb, "table", routes)


@in_threads
@pytest.mark.parametrize("name", sorted(PICTURES))
@pytest.mark.parametrize("method", ["GET", "HEAD"])
async def test_pictures(name: str, method: str, alice: User, charlie: User, study: Study, answering: None) -> None:
    sees, blind = [await sync_to_async(cookie)(user) for user in (alice, charlie)]
    nobody = [await ask(picture(name, uid), method=method) for uid in (study.uid, UNKNOWN)]
    assert [answer["status"] for answer in nobody] == [401, 401]
    assert nobody[0] == nobody[1]
    without = [await ask(picture(name, uid), method=method, cookie=blind) for uid in (study.uid, UNKNOWN)]
    assert [answer["status"] for answer in without] == [404, 404]
    assert without[0] == without[1]
    assert (await ask(picture(name, UNKNOWN), method=method, cookie=sees))["status"] == 404
    let_in = await ask(picture(name, study.uid), method=method, cookie=sees)
    assert (let_in["status"], let_in["body"]) == (200, b"let in" if method == "GET" else b"")


@in_threads
@pytest.mark.parametrize("name", sorted(PICTURES))
@pytest.mark.parametrize("method", [*UNSAFE, "OPTIONS", "TRACE"])
async def test_pictures_are_only_read(name: str, method: str, alice: User, study: Study, answering: None) -> None:
    shown = await sync_to_async(cookie)(alice)
    assert (await ask(picture(name, study.uid), method=method, cookie=shown))["status"] == 405


# The sockets and their topics.

SOCKETS = {"ws/", "ws/<str:study>/"}


def test_every_socket_is_known_here() -> None:
    inner = sockets
    while hasattr(inner, "inner"):
        inner = inner.inner
    assert {str(route.pattern) for route in inner.routes} == SOCKETS


async def connect(path: str, user: User | None) -> list[dict[str, Any]]:
    """Open a socket; return what it says at once."""
    headers = [(b"host", b"testserver"), (b"origin", b"http://testserver")]
    if user is not None:
        headers.append((b"cookie", (await sync_to_async(cookie)(user)).encode()))
    where, _, query = path.partition("?")
    scope = {"type": "websocket", "path": where, "query_string": query.encode(), "headers": headers, "subprotocols": []}
    socket = ApplicationCommunicator(application, scope)
    await socket.send_input({"type": "websocket.connect"})
    said = [await socket.receive_output(10)]
    if said[-1]["type"] == "websocket.accept" and not await socket.receive_nothing(0.5):
        said.append(await socket.receive_output(1))
    await socket.send_input({"type": "websocket.disconnect", "code": 1000})
    await socket.wait(5)
    return said


def code(said: list[dict[str, Any]]) -> int | None:
    """Return the code with which a socket was closed; None for one that stayed open."""
    return said[-1]["code"] if said[-1]["type"] == "websocket.close" else None


@in_threads
async def test_sockets(alice: User, charlie: User, study: Study) -> None:
    page = "/ws/{}/?archive=main"
    assert code(await connect("/ws/", None)) == 4401
    assert code(await connect("/ws/", charlie)) is None
    assert code(await connect(page.format(study.uid), None)) == 4401
    without, unknown = [await connect(page.format(uid), charlie) for uid in (study.uid, UNKNOWN)]
    assert without == unknown
    assert code(without) == 4404
    assert code(await connect(page.format(study.uid), alice)) is None


TOPICS: dict[str, Callable[[Study, User], str]] = {
    "study": lambda study, user: study.uid,
    "series": lambda study, user: f"{study.uid}.1",
    "list": lambda study, user: "",
    "jobs": lambda study, user: "",
    "user": lambda study, user: str(user.pk),
    "talk": lambda study, user: study.uid,
}


def test_every_topic_is_known_here() -> None:
    assert set(live.registry) == set(TOPICS)


@pytest.mark.parametrize("kind", TOPICS)
def test_topics(kind: str, alice: User, charlie: User, study: Study) -> None:
    study.series.create(uid=f"{study.uid}.1")
    known = live.Topic(kind, TOPICS[kind](study, alice))
    unknown = live.Topic(kind, UNKNOWN)
    assert known.may_listen(alice)
    for topic in (known, unknown):
        assert not topic.may_listen(charlie)
        assert not topic.may_listen(AnonymousUser())
    assert not unknown.may_listen(alice)
    alice.is_active = False
    assert not known.may_listen(alice)


STRANGE = ["", "everything", "study.1/2", "study.1 OR 1", "STUDY.1", "study.", "study." + "1" * 99, "é"]


@pytest.mark.parametrize("text", STRANGE)
def test_a_topic_that_nobody_registered_is_refused(text: str) -> None:
    with pytest.raises(live.UnknownTopic):
        live.Topic.parse(text)


# The verbs that a page may have done over its socket.

VERBS: dict[str, tuple[dict[str, Any], int]] = {"send_message": (MESSAGE, 201), "read_messages": ({"seq": 1}, 200)}


def test_every_verb_is_known_here() -> None:
    assert set(verbs.registry) == set(VERBS)


def refusal(user: Any, name: str, what: dict[str, Any], page: tuple[str, str] | None = None) -> tuple[int, str]:
    with pytest.raises(Refusal) as refused:
        verbs.do(user, name, what, page)
    return refused.value.status, refused.value.words


@pytest.mark.parametrize("name", VERBS)
def test_verbs(name: str, alice: User, charlie: User, study: Study) -> None:
    what, status = VERBS[name]
    page, unknown = ("main", study.uid), ("main", UNKNOWN)
    named = what | {"archive": "main", "study": study.uid}
    before = rows()
    assert refusal(AnonymousUser(), name, what, page)[0] == 401
    forbidden = refusal(charlie, name, what, page)
    assert forbidden[0] == 404
    assert forbidden == refusal(charlie, name, what, unknown) == refusal(alice, name, what, unknown)
    assert forbidden == refusal(charlie, name, named) == refusal(alice, name, what)
    assert forbidden == refusal(alice, name, what | {"archive": "main", "study": UNKNOWN}, page)
    for half in ({"study": UNKNOWN}, {"study": study.uid}, {"archive": "main"}, {"archive": None, "study": study.uid}):
        assert refusal(alice, name, what | half, page)[0] == 400
    assert rows() == before
    assert verbs.do(alice, name, what, page).status == status
    alice.is_active = False
    assert refusal(alice, name, what, page)[0] == 401
