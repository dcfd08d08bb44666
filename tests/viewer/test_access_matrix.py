"""Every door, tried by nobody, by somebody without the right, and by somebody with it.

The doors are taken from the URL resolver, the table of ASGI routes, the socket's routes and the registry of topics:
one that this file doesn't know fails.
"""

import json
import re
import uuid
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

import pytest
from asgiref.sync import sync_to_async
from asgiref.testing import ApplicationCommunicator
from django.apps import apps
from django.contrib.auth.models import AnonymousUser, Group, Permission, User
from django.http import HttpResponse
from django.test import Client
from django.urls import URLPattern, URLResolver, get_resolver

from config.asgi import application, sockets
from tests.conftest import logged_in, person
from tests.viewer.test_doors import ask
from viewer import access, dicomweb, live
from viewer.actions.accounts import ensure_roles
from viewer.actions.token import issue
from viewer.doors.answers import Answer
from viewer.models import AuditEvent, Permit, PresentationState, SavedSearch, Series, Study

pytestmark = pytest.mark.django_db
in_threads = pytest.mark.django_db(transaction=True)

UNKNOWN = "1.2.826.0.1.3680043.10.999"
STATE = {
    "version": 1,
    "layout": {"rows": 1, "columns": 1},
    "active": 0,
    "panes": [
        {
            "source": {
                "kind": "stack",
                "archive": "main",
                "study": "{uid}",
                "series": "1.2.3",
                "stack": "0",
                "instance": "1.2.3.4",
                "frame": 1,
            },
            "voi": None,
            "invert": False,
            "rotation": 0,
            "flip_horizontal": False,
            "flip_vertical": False,
            "center": [1, 1],
            "scale": {"fit": 1.0},
            "text": "all",
        }
    ],
}


@dataclass(frozen=True)
class Door:
    """How one route is asked, and what it guards: `open`, `person`, `study` or `own`."""

    guards: str
    address: str = ""
    method: str = "GET"
    data: dict[str, Any] = field(default_factory=dict)
    answers: tuple[int, ...] = (200,)

    @property
    def is_api(self) -> bool:
        return self.address.startswith("/api/")


DOORS: dict[str, list[Door]] = {
    "login": [Door("open", "/login/"), Door("open", "/login/", "POST", {"username": "x", "password": "x"})],
    "health": [Door("open", "/health")],
    "logout": [Door("open", "/logout/"), Door("open", "/logout/", "POST", answers=(302,))],
    "theme": [Door("person", "/theme/", "POST", {"theme": "dark"}, (302,))],
    "ask-for-access": [Door("person", "/access/", "POST", {"address": "/studies/1/", "reason": "on call tonight"})],
    "worklist": [Door("person", "/")],
    "notices": [Door("person", "/notices/")],
    "search": [Door("person", "/searches/", "POST", {"words": "berg"}, (302,))],
    "keep-search": [Door("person", "/searches/named/", "POST", {"name": "mine"}, (302,))],
    "forget-search": [Door("own", "/searches/{search}/forget/", "POST", answers=(302,))],
    "patient": [Door("study", "/patients/{key}/")],
    "study": [Door("study", "/studies/{uid}/"), Door("study", "/studies/{uid}/?archive=main")],
    "exam-panel": [Door("study", "/exams/main/{uid}/")],
    "schema": [Door("person", "/api/schema/")],
    "api-study": [Door("study", "/api/studies/main/{uid}/")],
    "api-state": [
        Door("study", "/api/studies/main/{uid}/state/"),
        Door("study", "/api/studies/main/{uid}/state/", "PUT", STATE, (204,)),
    ],
    # Without a store process, who may see the study hears that the images can't be had.
    "api-stacks": [Door("study", "/api/studies/main/{uid}/series/{uid}.0/stacks/", answers=(502, 503))],
    "api-states": [Door("study", "/api/states/", "POST", STATE, (201,))],
    "api-saved-state": [Door("study", "/api/states/{state}/")],
    "api-preference": [
        Door("person", "/api/preferences/keys/"),
        Door("person", "/api/preferences/keys/", "PUT", {"a": "b"}, (204,)),
    ],
}


def patterns(resolver: URLResolver | None = None, before: str = "") -> Iterator[tuple[str, URLPattern]]:
    """Yield the whole address and the pattern of every route."""
    for part in (resolver or get_resolver()).url_patterns:
        address = before + str(part.pattern)
        if isinstance(part, URLResolver):
            yield from patterns(part, address)
        else:
            yield address, part


def ours() -> list[tuple[str, URLPattern]]:
    return [(address, route) for address, route in patterns() if not address.startswith("admin/")]


def test_every_route_is_known_here() -> None:
    named = [route.name for _address, route in ours()]
    assert sorted(named) == sorted(DOORS)


ALL = [pytest.param(door, id=f"{name}-{door.method}") for name, doors in DOORS.items() for door in doors]
BY_STUDY = [param for param in ALL if param.values[0].guards in ("study", "own")]


@pytest.fixture
def fill(study: Study, alice: User) -> Callable[[Door, bool], tuple[str, dict[str, Any]]]:
    """Write a door's address and data for Alice's own things, or for things that don't exist."""
    saved = PresentationState.objects.create(user=alice, study=study, state=filled(STATE, study.uid))
    search = SavedSearch.objects.create(user=alice, query={}, name="mine")
    there = {"uid": study.uid, "key": study.patient.key, "state": str(saved.pk), "search": str(search.pk)}
    nowhere = {"uid": UNKNOWN, "key": "0" * 24, "state": str(uuid.uuid4()), "search": str(uuid.uuid4())}

    def written(door: Door, exists: bool = True) -> tuple[str, dict[str, Any]]:
        names = there if exists else nowhere
        return door.address.format(**names), filled(door.data, names["uid"])

    return written


def filled(data: Any, uid: str) -> Any:
    if isinstance(data, dict):
        return {name: filled(value, uid) for name, value in data.items()}
    if isinstance(data, list):
        return [filled(value, uid) for value in data]
    return data.replace("{uid}", uid) if isinstance(data, str) else data


def send(client: Client, door: Door, written: tuple[str, dict[str, Any]], **more: Any) -> HttpResponse:
    address, data = written
    if door.method == "GET":
        return client.get(address)
    if door.is_api:
        return client.generic(door.method, address, json.dumps(data), "application/json", **more)
    return client.post(address, data, **more)


@pytest.mark.parametrize("door", ALL)
def test_nobody(door: Door, fill: Any, settings: Any) -> None:
    answers = [send(Client(raise_request_exception=False), door, fill(door, exists)) for exists in (True, False)]
    for answer in answers:
        if door.guards == "open":
            assert answer.status_code in door.answers
        elif door.is_api:
            assert answer.status_code == 401
        else:
            assert answer.status_code == 302
            assert answer["Location"].startswith("/login/?next=")


@pytest.mark.parametrize("door", BY_STUDY)
def test_somebody_without_the_right_hears_what_an_unknown_thing_answers(door: Door, fill: Any, charlie: User) -> None:
    client = logged_in(charlie)
    forbidden, unknown = [send(client, door, fill(door, exists)) for exists in (True, False)]
    assert forbidden.status_code == unknown.status_code == 404
    there, nowhere = fill(door, True)[0], fill(door, False)[0]
    assert plain(forbidden, there) == plain(unknown, nowhere)


def plain(answer: HttpResponse, address: str) -> tuple[str, dict[str, str]]:
    """Return body and headers without what differs between any two answers: forms' tokens and the address itself."""
    body = answer.content.decode().replace(address.partition("?")[0], "ADDRESS")
    body = re.sub(r'((?:csrf-token" content|csrfmiddlewaretoken" value)=")[^"]+', r"\1", body)
    headers = {name.lower(): value for name, value in answer.items() if name.lower() != "content-length"}
    return body, headers


@pytest.mark.parametrize("door", ALL)
def test_somebody_with_the_right(door: Door, fill: Any, alice: User) -> None:
    for row in Study.objects.all():
        Series.objects.create(study=row, uid=f"{row.uid}.0")
    answer = send(logged_in(alice, raise_request_exception=False), door, fill(door))
    # Who is in already is sent on from the form.
    allowed = (302,) if (door.address, door.method) == ("/login/", "GET") else door.answers
    assert answer.status_code in allowed, answer.content[:500]


@pytest.mark.parametrize("door", [p for p in ALL if p.values[0].guards != "open"])
def test_a_right_that_is_withdrawn_is_over_at_once(door: Door, fill: Any, alice: User) -> None:
    client = logged_in(alice)
    written = fill(door)
    alice.is_active = False
    alice.save()
    assert send(client, door, written).status_code in (302, 401)


UNSAFE = ("POST", "PUT", "PATCH", "DELETE")


@pytest.mark.parametrize("method", UNSAFE)
@pytest.mark.parametrize("door", ALL)
def test_nothing_is_changed_without_the_forms_token(door: Door, method: str, fill: Any, alice: User) -> None:
    client = logged_in(alice, enforce_csrf_checks=True)
    before = rows()
    answer = client.generic(method, fill(door)[0], b"{}", "application/json")
    assert answer.status_code in (403, 404, 405)
    assert rows() == before


@pytest.mark.parametrize("door", [p for p in ALL if p.values[0].is_api and p.values[0].method != "GET"])
def test_a_token_without_write_changes_nothing(door: Door, fill: Any, alice: User) -> None:
    reading, writing = issue(alice), issue(alice, may_write=True)
    before = rows()
    assert send(Client(), door, fill(door), HTTP_AUTHORIZATION=f"Bearer {reading}").status_code == 403
    assert rows() == before
    assert send(Client(), door, fill(door), HTTP_AUTHORIZATION=f"Bearer {writing}").status_code in door.answers


NOT_COUNTED = {"AuditEvent", "AuditSeal", "Session", "Epoch"}


def rows() -> dict[str, list[Any]]:
    """Return every row of every table but those that reading may write."""
    models = [model for model in apps.get_models() if model.__name__ not in NOT_COUNTED]
    return {model.__name__: sorted(map(str, model.objects.values_list())) for model in models}


@pytest.mark.parametrize("door", [p for p in ALL if p.values[0].method == "GET"])
def test_reading_changes_nothing(door: Door, fill: Any, alice: User) -> None:
    client = logged_in(alice, raise_request_exception=False)
    written = fill(door)
    before = rows()
    for method in (client.get, client.head):
        method(written[0])
    assert rows() == before


# Django's own pages under /admin/.


def admin_addresses() -> list[str]:
    found = []
    for address, _route in patterns():
        if address.startswith("admin/"):
            plain_address = re.sub(r"<[^>]+>|\(\?P<[^>]+>[^)]*\)", "1", address).strip("^$")
            found.append("/" + re.sub(r"[\^$\\]|\(\?:.*?\)", "", plain_address))
    return sorted(set(found) - {"/admin/login/", "/admin/logout/"})


def test_the_admin_pages_hold_no_patients() -> None:
    shown = {address.split("/")[3] for address in admin_addresses() if address.startswith("/admin/viewer/")}
    assert shown == {"archive", "auditevent", "permit", "token"}
    assert not any(address.startswith(("/admin/worklist/", "/admin/sessions/")) for address in admin_addresses())


@pytest.mark.parametrize("address", admin_addresses())
def test_the_admin_pages_are_not_there_for_others(address: str, bob: User) -> None:
    nobody = Client().get(address, follow=True)
    assert nobody.redirect_chain[-1][0].startswith("/login/?next=")
    assert logged_in(bob).get(address, follow=True).status_code == 404


def staff(role: str) -> Client:
    user = person(f"the-{role}", is_staff=True)
    user.groups.add(ensure_roles()[role])
    return logged_in(user)


def test_who_runs_the_system_sees_accounts_and_no_audit(study: Study) -> None:
    client = staff("admin")
    for name in ("auth/user", "auth/group", "viewer/permit", "viewer/token", "viewer/archive"):
        answer = client.get(f"/admin/{name}/")
        assert answer.status_code == 200, name
        assert study.PatientName not in answer.content.decode()
    assert client.get("/admin/viewer/auditevent/").status_code == 403
    assert client.get("/admin/viewer/permit/add/").status_code == 200
    assert client.get(f"/studies/{study.uid}/").status_code == 404


def test_privacy_reads_the_audit_and_that_is_written(study: Study) -> None:
    client = staff("privacy")
    assert client.get("/admin/viewer/auditevent/").status_code == 200
    assert AuditEvent.objects.filter(event="110101", username="the-privacy").count() == 1
    row = AuditEvent.objects.latest("pk")
    assert client.post(f"/admin/viewer/auditevent/{row.pk}/delete/", {"post": "yes"}).status_code == 403
    assert client.get("/admin/auth/user/").status_code == 403
    assert client.get(f"/studies/{study.uid}/").status_code == 404


def test_a_permit_given_in_the_admin_pages_is_audited_and_counts_at_once(charlie: User, study: Study) -> None:
    client = staff("admin")
    given = {"user": charlie.pk, "reason": "second_opinion", "valid_until_0": "", "valid_until_1": ""}
    assert client.post("/admin/viewer/permit/add/", given).status_code == 302
    assert access.may(charlie, "view", study)
    assert AuditEvent.objects.filter(subtype="110136", detail__to="charlie", username="the-admin").exists()
    row = Permit.objects.get(user=charlie)
    assert client.post(f"/admin/viewer/permit/{row.pk}/delete/", {"post": "yes"}).status_code == 302
    assert not access.may(charlie, "view", study)
    assert Permit.objects.filter(pk=row.pk).exists()


def test_roles_of_the_demo_see_what_they_should(study: Study) -> None:
    groups = ensure_roles()
    sees = {}
    for name, group in groups.items():
        user = person(name)
        user.groups.add(group)
        sees[name] = access.may(user, "view", study)
    assert sees == {
        "radiologist": True,
        "pathologist": True,
        "chair": True,
        "technologist": True,
        "admin": False,
        "privacy": False,
        "referrer": False,
    }
    assert Group.objects.count() == len(groups)
    assert not Permission.objects.filter(group__name="admin", codename__contains="auditevent").exists()


# The doors that answer before Django.

LEVELS = ("study", "series", "instance", "frame")
PICTURES = {f"{verb}-{level}" for verb in ("rendered", "thumbnail") for level in LEVELS}
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


def cookie(user: User) -> str:
    return f"samsyn-session={logged_in(user).cookies['samsyn-session'].value}"


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
    "user": lambda study, user: str(user.pk),
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
