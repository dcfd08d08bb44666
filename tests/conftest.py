"""What tests share: people with and without rights, studies of known content, and a browser-like client."""

from collections.abc import Callable
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.test import Client
from django.utils import timezone

from viewer import access, archives, epochs, index, listing, sessions
from viewer.models import Archive, Permit, Study


def attributes(uid: str, patient_id: str = "P1", name: str = "Berg^Anna", **more: Any) -> dict[str, Any]:
    """Return one row of an archive's answer about a study; `more` maps tags to values."""
    given = {
        "0020000D": uid,
        "00100020": patient_id,
        "00100010": {"Alphabetic": name} if isinstance(name, str) else name,
        "00100030": "19700102",
        "00080020": "20260301",
        "00080030": "101500",
        "00080061": "CT",
        "00081030": "CT chest",
        "00201208": 3,
    } | more
    present = {tag: value if isinstance(value, list) else [value] for tag, value in given.items() if value != ""}
    return {tag: {"Value": value} for tag, value in present.items()}


# Folders and files that start browsers and servers. They come first, so that no process is left alone with one of them.
LONG = (
    "tests/browser/", "tests/jobs/", "tests/test_on_postgresql.py", "tests/test_real_archives.py",
    "tests/worklist_pages/", "tests/store/", "tests/viewer/test_serve.py", "tests/archive/test_real_data.py",
    "tests/messaging/", "tests/fuzz/",
)  # fmt: skip


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Put what takes long on top."""
    items.sort(key=lambda item: not item.nodeid.startswith(LONG))


@pytest.fixture
def archive(db: None) -> Archive:
    """The archive's row."""
    return Archive.objects.create(name="main", state=Archive.State.READY)


@pytest.fixture
def add_study(db: None) -> Callable[..., Study]:
    """Write a study into the index as sync does: `add_study("1.2.3", name="Berg^Anna", archive="main")`."""

    def add(uid: str, *arguments: Any, archive: str = "main", **more: Any) -> Study:
        row, _made = Archive.objects.get_or_create(name=archive)
        index.write_studies(row, [listing.study(attributes(uid, *arguments, **more), archive)])
        return Study.objects.get(archive=row, uid=uid)

    return add


@pytest.fixture
def study(add_study: Callable[..., Study]) -> Study:
    """Anna Berg's CT."""
    return add_study("1.2.826.0.1.3680043.10.1")


def person(name: str, **more: Any) -> User:
    """Return a new account that can log in with `name` as password."""
    return User.objects.create_user(name, password=name, **more)


def let(user: User, *, study: Study | None = None, **more: Any) -> Permit:
    """Let `user` see, read and measure `study`, or everything."""
    given = {"reason": Permit.Reason.ROLE, "valid_from": timezone.now(), "actions": " view read mark "} | more
    return Permit.objects.create(user=user, study=study, **given)


@pytest.fixture
def alice(db: None, study: Study) -> User:
    """Reads `study`."""
    user = person("alice")
    let(user, study=study)
    return user


@pytest.fixture
def bob(db: None) -> User:
    """Reads everything."""
    user = person("bob")
    let(user)
    return user


@pytest.fixture
def charlie(db: None) -> User:
    """Sees nothing."""
    return person("charlie")


def logged_in(user: User | None, **options: Any) -> Client:
    """Return a client with a session of `user` as a login makes it (nobody for None)."""
    client = Client(**options)
    if user is not None:
        client.force_login(user)
        session = client.session
        sessions.begin(session)
        session.save()
    return client


@pytest.fixture(autouse=True)
def fresh_access() -> None:
    """Forget what an earlier test's database let in."""
    access.cache.forget(frozenset({epochs.EVERYBODY}))
    epochs.reader.__init__()  # type: ignore[misc]
    epochs.reader.listen(access.cache.forget)
    archives.forget()
