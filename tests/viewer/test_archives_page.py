"""Archives that administrators add: secrets are never seen again, changes count at once, exams follow."""

import json
import stat
import threading
from pathlib import Path
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.http import HttpResponse
from django.test import Client
from django.utils import timezone

from config.environment import Source
from tests.conftest import logged_in, person
from viewer import access, archives, jobs, sync
from viewer.actions import outbox
from viewer.actions.accounts import ensure_roles
from viewer.archive.origin import authorization
from viewer.models import Archive, AuditEvent, Job, OutboxItem, Study

pytestmark = pytest.mark.django_db

SECRET = "k9-never-to-be-seen"
ROOT = "http://127.0.0.1:1/dicom-web"
BASIC = {"name": "second", "location": ROOT, "kind": "basic", "user": "reader", "password": SECRET, "token": ""}


@pytest.fixture(autouse=True)
def place(tmp_path: Path, settings: Any) -> Path:
    settings.STATE, settings.ARCHIVES = tmp_path, {"main": Source("http://127.0.0.1:3/dicom-web")}
    return tmp_path


@pytest.fixture
def admin(db: None) -> Client:
    user = person("the-admin", is_staff=True)
    user.groups.add(ensure_roles()["admin"])
    return logged_in(user)


def post(client: Client, verb: str, name: str = "second", **data: str) -> HttpResponse:
    answer = client.post(f"/archives/{name}/{verb}/", data)
    archives.forget()
    return answer


def add(client: Client, **changes: str) -> HttpResponse:
    answer = client.post("/archives/add/", BASIC | changes)
    archives.forget()
    return answer


def words(answer: HttpResponse) -> str:
    return str(answer.content.decode())


def header(name: str = "second") -> str | None:
    return authorization(archives.sites()[name].source.auth)


def test_it_is_added_and_its_password_is_never_seen_again(admin: Client, place: Path) -> None:
    assert add(admin).status_code == 302
    row = Archive.objects.get(name="second")
    assert (row.location, row.auth_kind, row.added_by and row.added_by.username) == (ROOT, "basic", "the-admin")
    assert header() == authorization(f"basic:reader:{SECRET}")
    archives.write_for_store()
    pages = [
        words(admin.get(address)) for address in ("/archives/", "/status/", "/api/status", "/admin/viewer/archive/")
    ]
    kept = [path.read_text() for path in place.iterdir() if path.is_file()]
    told = [json.dumps(list(AuditEvent.objects.values_list("detail", flat=True)))]
    rows = [str(list(Archive.objects.values())), repr(archives.sites())]
    assert "second" in pages[0] and "user name and password" in pages[0]
    for text in pages + kept + told + rows:
        assert SECRET not in text


def test_key_and_list_are_for_this_account_only(admin: Client, place: Path) -> None:
    add(admin)
    archives.write_for_store()
    for name in ("archive-key", "archives.json"):
        assert stat.S_IMODE((place / name).stat().st_mode) == 0o600
    (place / "archive-key").chmod(0o640)
    archives.forget()
    assert archives.sites()["second"].off == archives.LOCKED
    with pytest.raises(archives.Off):
        archives.get("second")


def test_every_change_is_written_with_who_and_where_from(admin: Client) -> None:
    add(admin)
    post(admin, "change", **(BASIC | {"password": "another"}))
    post(admin, "disable")
    post(admin, "enable")
    post(admin, "remove")
    events = AuditEvent.objects.filter(subtype="110128").order_by("pk")
    assert [event.detail["what"] for event in events] == [
        "added",
        "authenticated anew",
        "disabled",
        "enabled",
        "removed",
    ]
    assert {(event.username, event.address) for event in events} == {("the-admin", "127.0.0.1")}


HOSTILE = [
    "http://169.254.169.254/latest/meta-data", "http://[::ffff:169.254.169.254]/x", "http://[fe80::1]/x",
    "http://0xa9fea9fe/x", "http://2852039166/x", "http://169.254.43518/x", "http://0.0.0.0/x", "http://[::]/x",
    "http://[64:ff9b::a9fe:a9fe]/x", "http://[fd00:ec2::254]/x", "http://100.100.100.200/x", "http://224.0.0.1/x",
    "http://255.255.255.255/x", "file:///etc/passwd", "gopher://127.0.0.1/x", "ftp://127.0.0.1/x", "/srv/dicom",
    "http://reader:secret@127.0.0.1/x", "http://@127.0.0.1/x", "http://127.0.0.1\\@169.254.169.254/x",
    "http://127.0.0.1/x?y=1", "http://127.0.0.1/x#y", "http://127.0.0.1/../x", "http://127.0.0.1/%2e%2E/x",
    "http://127.0.0.1:99999/x", "http://127.0.0.1:0/x", "http://127.0.0.1:/x", "http:///x", "http://[::1/x",
    "http://127.0.0.1/\r\nHost: a", "http://127.0.0.1 /x", "http://ex\u00e4mple.org/x", "javascript:alert(1)", "",
    "http://127.0.0.1/" + 500 * "x",
]  # fmt: skip


@pytest.mark.parametrize("location", HOSTILE)
def test_hostile_addresses_are_refused_and_nothing_is_kept_or_asked(admin: Client, location: str, place: Path) -> None:
    before = threading.active_count()
    answer = add(admin, location=location)
    assert answer.status_code == 422
    assert SECRET not in words(answer) and 'role="alert"' in words(answer)
    tried = admin.post("/archives/try/", BASIC | {"location": location})
    assert "fails" in words(tried) and SECRET not in words(tried)
    assert not Archive.objects.filter(name="second").exists()
    assert not AuditEvent.objects.filter(subtype="110128").exists()
    assert threading.active_count() <= before


@pytest.mark.parametrize(
    ("changes", "told"),
    [
        ({"name": "main"}, "There is an archive of this name already"),
        ({"name": "Ä"}, "A name is 1 to 32 letters"),
        ({"name": "../x"}, "A name is 1 to 32 letters"),
        ({"location": "http://127.0.0.1:3/dicom-web/"}, "This address is read already, as main"),
        ({"kind": ""}, "Choose how the archive is authenticated"),
        ({"password": ""}, "Give a user name"),
        ({"user": "a:b"}, "Give a user name"),
        ({"kind": "bearer", "token": "a b"}, "Give a token"),
        ({"location": "http://10.0.0.9/dicom-web"}, "in the clear"),
    ],
)
def test_what_doesnt_fit_is_explained_and_nothing_is_kept(admin: Client, changes: dict[str, str], told: str) -> None:
    answer = add(admin, **changes)
    assert answer.status_code == 422 and told in words(answer)
    assert SECRET not in words(answer)
    assert not Archive.objects.exclude(location="").exists()


def test_demo_mode_asks_this_machine_only(admin: Client, settings: Any) -> None:
    far = {"location": "https://10.0.0.9/dicom-web"}
    assert add(admin, **far).status_code == 302
    assert archives.sites()["second"].off == ""
    settings.DEMO = True
    archives.forget()
    assert archives.sites()["second"].off == archives.ONLY_NEAR
    assert archives.asked() == ["main"]
    answer = add(admin, name="third", location="https://10.0.0.8/dicom-web")
    assert answer.status_code == 422 and "Demo mode" in words(answer)
    assert add(admin, name="near").status_code == 302


def test_what_the_environment_names_isnt_changed_here(admin: Client) -> None:
    Archive.objects.create(name="main")
    assert "Named in the environment" in words(admin.get("/archives/"))
    for verb in ("change", "disable", "enable", "remove"):
        assert post(admin, verb, "main").status_code == 404


def test_a_new_password_makes_a_new_connection(admin: Client) -> None:
    add(admin)
    before = archives.get("second")
    assert archives.get("second") is before
    assert post(admin, "change", **(BASIC | {"password": "another"})).status_code == 302
    assert archives.get("second") is not before
    assert header() == authorization("basic:reader:another")


def test_what_is_kept_isnt_sent_to_another_address(admin: Client) -> None:
    add(admin)
    moved = {"location": "http://127.0.0.1:9/dicom-web", "kind": "basic", "user": "", "password": ""}
    assert post(admin, "change", **moved).status_code == 422
    assert "fails" in words(admin.post("/archives/second/try/", moved))
    assert Archive.objects.get(name="second").location == ROOT
    post(admin, "change", **(moved | {"kind": "none"}))
    assert header() is None


def test_a_disabled_archive_keeps_its_exams_and_isnt_asked(admin: Client, bob: User, add_study: Any) -> None:
    add(admin)
    kept = add_study("1.2.3.4", archive="second")
    post(admin, "disable")
    with pytest.raises(archives.Off):
        archives.get("second")
    assert archives.asked() == ["main"]
    told = json.loads(json.dumps(archives._rows()))[1]
    assert told["name"] == "second" and "disabled" in told["off"] and told["sealed"]
    assert access.may(bob, "view", kept)
    assert "isn&#x27;t asked" in words(admin.get("/archives/"))
    assert "Archive second: its exams stay" in words(logged_in(bob).get("/"))
    assert admin.post("/archives/second/try/").streaming  # it may be tried all the same
    post(admin, "enable")
    assert archives.asked() == ["main", "second"]


def test_objects_wait_for_a_disabled_archive(admin: Client, add_study: Any, alice: User) -> None:
    add(admin)
    item = waiting(add_study("1.2.3.4", archive="second"), alice)
    post(admin, "disable")
    running = jobs.take(Job.objects.get(kind="store").pk)
    assert running is not None
    with pytest.raises(jobs.Later):
        outbox.store(running)
    item.refresh_from_db()
    assert (item.state, item.words) == ("waiting", str(archives.DISABLED))
    refused = post(admin, "remove")
    assert refused.status_code == 422 and "Objects wait to be stored in it" in words(refused)


def waiting(study: Study, by: User) -> OutboxItem:
    data = b"an object"
    item = OutboxItem.objects.create(
        archive=study.archive,
        study=study,
        sop_instance_uid="1.2.3.9",
        wanted_by=by,
        digest=outbox.hashlib.sha256(data).hexdigest(),
    )
    outbox._write(outbox.path_of(item.pk), data)
    jobs.want("store", key=str(item.pk), study=study, by=by, item=str(item.pk))
    return item


def test_removed_its_exams_go_and_its_secret_is_forgotten(admin: Client, bob: User, add_study: Any) -> None:
    add(admin)
    gone, stays = add_study("1.2.3.4", archive="second"), add_study("1.2.3.5", archive="main")
    post(admin, "remove")
    assert not access.may(bob, "view", gone) and access.may(bob, "view", stays)
    row = Archive.objects.get(name="second")
    assert row.sealed == "" and row.removed_at is not None
    assert "second" not in archives.sites()
    with pytest.raises(KeyError):
        archives.get("second")
    with pytest.raises(archives.Off):  # what sync was about to write comes too late
        sync.Sync("second")._write([{"0020000D": {"Value": ["1.2.3.4"]}}], {})
    # Patients' IDs belong to the archive that gave them.
    other = add(admin, location="http://127.0.0.1:9/dicom-web")
    assert other.status_code == 422 and "Exams of another archive are known under this name" in words(other)
    assert add(admin).status_code == 302
    add_study("1.2.3.4", archive="second")
    assert access.may(bob, "view", gone)


@pytest.mark.django_db(transaction=True)
def test_threads_follow_what_is_asked(admin: Client, monkeypatch: pytest.MonkeyPatch, place: Path) -> None:
    asked: list[str] = []
    monkeypatch.setattr(sync.Sync, "run", lambda self: (asked.append(self.name), self.stopping.wait(10)))
    syncs = sync.Syncs()
    syncs.follow()
    add(admin)
    syncs.follow()
    assert {name for name, _ in syncs._running} == {"main", "second"}
    stopping = syncs._running["second", ROOT][0].stopping
    post(admin, "disable")
    syncs.follow()
    assert stopping.is_set() and {name for name, _ in syncs._running} == {"main"}
    assert [row["name"] for row in json.loads((place / "archives.json").read_text())] == ["main", "second"]
    post(admin, "enable")
    syncs.follow()
    Archive.objects.filter(name="second").update(last_sweep=timezone.now())
    post(admin, "change", **(BASIC | {"location": "http://127.0.0.1:9/dicom-web"}))
    assert Archive.objects.get(name="second").last_sweep is None
    syncs.follow()  # an archive that has moved is read anew
    assert asked == ["main", "second", "second", "second"]
    syncs.stop()


@pytest.mark.filterwarnings("ignore:StreamingHttpResponse must consume")
def test_a_trial_tells_in_words_what_keeps_an_archive_from_answering(admin: Client) -> None:
    told = b"".join(admin.post("/archives/try/", BASIC)).decode()
    assert "studies (QIDO-RS)" in told and "fails" in told and "takes no connections" in told
    assert "1 of the trials failed" in told
    assert AuditEvent.objects.get(subtype="110128").detail == {"archive": "", "what": "tried", "location": ROOT}


def test_the_page_is_cheap_and_names_who_added_what_when(admin: Client, django_assert_max_num_queries: Any) -> None:
    add(admin)
    with django_assert_max_num_queries(20):
        shown = words(admin.get("/archives/"))
    assert "Added here by the-admin" in shown and f"{timezone.localtime():%Y-%m-%d}" in shown
    assert words(admin.get("/archives/?parts")).count("<html") == 0
