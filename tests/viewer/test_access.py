"""Who may see which study, on the ordinary way and on the hot path."""

import time
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from asgiref.sync import sync_to_async
from django.contrib.auth.models import AnonymousUser, Group, User
from django.db import OperationalError, transaction
from django.test import Client
from django.utils import timezone

from tests.conftest import let, logged_in, person
from viewer import access, epochs, index
from viewer.actions.permit import permit, withdraw
from viewer.actions.token import issue
from viewer.models import AuditEvent, Epoch, Permit, Study, Token

pytestmark = pytest.mark.django_db(transaction=True)


def scope(client: Client | None = None, *, token: str | None = None, cookie: str | None = None) -> dict[str, Any]:
    """Return an ASGI scope that shows the client's cookies, or a token."""
    headers = [(b"host", b"testserver")]
    if client is not None:
        cookie = "; ".join(f"{name}={morsel.value}" for name, morsel in client.cookies.items())
    if cookie is not None:
        headers.append((b"cookie", cookie.encode()))
    if token is not None:
        headers.append((b"authorization", f"Bearer {token}".encode()))
    return {"type": "http", "path": "/", "headers": headers, "query_string": b""}


async def admitted(shown: dict[str, Any], study: Study, action: str = "view") -> bool:
    archive = await sync_to_async(lambda: study.archive.name)()
    return await access.admit(shown, archive, study.uid, action) is not None


@sync_to_async
def later(action: Callable[[], Any]) -> None:
    """Do `action`, then let half a second's reading of the epochs happen."""
    action()
    epochs.reader.read()


def test_nothing_is_visible_without_a_permit(alice: User, bob: User, charlie: User, study: Study) -> None:
    assert [access.may(user, "view", study) for user in (alice, bob, charlie)] == [True, True, False]
    assert not access.may(AnonymousUser(), "view", study)
    assert not access.may(bob, "report", study)


def test_a_superuser_sees_nobody_without_a_permit(study: Study) -> None:
    assert not access.may(User.objects.create_superuser("root", password="x"), "view", study)


def test_a_permit_holds_by_role_patient_study_and_time(add_study: Callable[..., Study], charlie: User) -> None:
    one, two = add_study("1.1", "P1"), add_study("1.2", "P2")
    other = add_study("1.3", "P1")
    now = timezone.now()
    row = let(charlie, study=one)
    assert set(access.visible_studies(charlie)) == {one}
    row.delete()
    let(charlie, patient=one.patient)
    assert set(access.visible_studies(charlie)) == {one, other}
    Permit.objects.update(valid_until=now - timedelta(seconds=1))
    assert not access.visible_studies(charlie).exists()
    let(charlie, valid_from=now + timedelta(hours=1))
    assert not access.visible_studies(charlie).exists()
    role = Group.objects.create(name="readers")
    permit(None, role=role, study=two, reason=Permit.Reason.ROLE)
    assert not access.visible_studies(charlie).exists()
    charlie.groups.add(role)
    assert set(access.visible_studies(charlie)) == {two}
    charlie.is_active = False
    assert not access.visible_studies(charlie).exists()


def test_what_is_gone_is_not_there(bob: User, study: Study) -> None:
    Study.objects.update(gone_at=timezone.now())
    assert not access.may(bob, "view", study)


def test_the_same_uid_in_two_archives_is_a_question(add_study: Callable[..., Study], bob: User) -> None:
    add_study("1.1", archive="main")
    add_study("1.1", archive="other")
    request = logged_in(bob).get("/").wsgi_request
    request.user = bob
    with pytest.raises(access.SeveralArchives) as question:
        access.study_or_404(request, "1.1")
    assert len(question.value.studies) == 2
    assert access.study_or_404(request, "1.1", "other").archive.name == "other"


async def test_the_hot_path_admits_who_may_see(alice: User, charlie: User, study: Study) -> None:
    one, other = [await sync_to_async(logged_in)(user) for user in (alice, charlie)]
    admission = await access.admit(scope(one), "main", study.uid)
    assert admission is not None
    assert (admission.user_id, admission.username, admission.study_pk) == (alice.pk, "alice", study.pk)
    assert await access.admit(scope(one), "other", study.uid) is None
    assert await access.admit(scope(one), "main", "1.9") is None
    assert not await admitted(scope(one), study, "report")
    assert not await admitted(scope(other), study)
    assert not await admitted(scope(), study)
    assert not await access.unauthenticated(scope(other))
    for cookie in ("samsyn-session=x", "samsyn-session=", "=;;", "samsyn-session", 'samsyn-session="', "a=b"):
        assert await access.unauthenticated(scope(cookie=cookie)), cookie
        assert not await admitted(scope(cookie=cookie), study)


async def test_a_second_look_asks_no_database(
    alice: User, study: Study, django_assert_num_queries: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    shown = scope(await sync_to_async(logged_in)(alice))
    assert await admitted(shown, study)
    monkeypatch.setattr(access, "_ordinary_check", None)
    epochs.reader._read_at = time.monotonic()
    archive = study.archive.name
    assert await access.admit(shown, archive, study.uid) is not None


ENDS: dict[str, Callable[[User], Any]] = {
    "permit withdrawn": lambda user: withdraw(None, Permit.objects.get(user=user)),
    "permit deleted": lambda user: Permit.objects.get(user=user).delete(),
    "deactivated": lambda user: (setattr(user, "is_active", False), user.save()),
    "password changed": lambda user: (user.set_password("another"), user.save()),
    "user deleted": lambda user: (AuditEvent.objects.all()._raw_delete("default"), user.delete()),
}


@pytest.mark.parametrize("end", ENDS)
async def test_a_right_that_ends_is_over_at_the_next_reading(end: str, alice: User, study: Study) -> None:
    shown = scope(await sync_to_async(logged_in)(alice))
    await later(lambda: None)
    assert await admitted(shown, study)
    await later(lambda: ENDS[end](alice))
    assert not await admitted(shown, study)


MOVES: dict[str, Callable[[Study, Callable[..., Study]], Any]] = {
    "another patient's": lambda study, add: add(study.uid, "P2", "Falk^Bo"),
    "gone": lambda study, add: index.mark_gone(study),
    "two patients' by its files": lambda study, add: index.mark_archive_conflicts(
        study.archive, {study.uid: Study.Conflict.TWO_PATIENTS}
    ),
    "two patients' by its UID": lambda study, add: add(study.uid, "P2", "Falk^Bo", archive="other"),
}


@pytest.mark.parametrize("move", MOVES)
async def test_a_study_that_becomes_something_else_is_closed_at_the_next_reading(
    move: str, charlie: User, study: Study, add_study: Callable[..., Study]
) -> None:
    await sync_to_async(let)(charlie, patient_id=study.patient_id)
    shown = scope(await sync_to_async(logged_in)(charlie))
    await later(lambda: None)
    assert await admitted(shown, study)
    await later(lambda: MOVES[move](study, add_study))
    assert not await admitted(shown, study)


async def test_a_study_that_comes_back_to_another_patient_asks_again(
    bob: User, charlie: User, study: Study, add_study: Callable[..., Study]
) -> None:
    await sync_to_async(let)(charlie, patient_id=study.patient_id)
    reader, other = [scope(await sync_to_async(logged_in)(user)) for user in (bob, charlie)]
    await later(lambda: index.mark_gone(study))
    assert not await admitted(reader, study)
    before = await Epoch.objects.aget(subject=epochs.EVERYBODY)
    await later(lambda: add_study(study.uid, "P2", "Falk^Bo"))
    assert (await Epoch.objects.aget(subject=epochs.EVERYBODY)).number > before.number
    assert await admitted(reader, study)
    assert not await admitted(other, study)


def test_a_study_of_two_patients_is_for_those_who_see_all_or_just_it(
    add_study: Callable[..., Study], bob: User, charlie: User
) -> None:
    one, other = add_study("1.1", "P1"), add_study("1.2", "P1")
    let(charlie, patient=one.patient)
    for column in ("conflict", "archive_conflict"):
        Study.objects.filter(pk=one.pk).update(conflict="", archive_conflict="")
        assert set(access.visible_studies(charlie)) == {one, other}
        Study.objects.filter(pk=one.pk).update(**{column: Study.Conflict.TWO_PATIENTS})
        assert set(access.visible_studies(charlie)) == {other}
        assert set(access.visible_studies(bob)) == {one, other}
    let(charlie, study=one)
    assert set(access.visible_studies(charlie)) == {one, other}


async def test_who_was_put_out_comes_back_by_a_login_only(alice: User, bob: User, study: Study) -> None:
    client, other = [await sync_to_async(logged_in)(user) for user in (alice, bob)]
    assert await admitted(scope(client), study)
    for active in (False, True):
        await later(lambda active=active: (setattr(alice, "is_active", active), alice.save()))
    assert not await admitted(scope(client), study)
    assert (await sync_to_async(client.get)("/")).status_code == 302
    assert await admitted(scope(other), study)
    assert await admitted(scope(await sync_to_async(logged_in)(alice)), study)


async def test_leaving_a_role_is_over_at_the_next_reading(charlie: User, study: Study) -> None:
    role = await sync_to_async(Group.objects.create)(name="readers")
    await sync_to_async(lambda: (permit(None, role=role, reason=Permit.Reason.ROLE), charlie.groups.add(role)))()
    shown = scope(await sync_to_async(logged_in)(charlie))
    await later(lambda: None)
    assert await admitted(shown, study)
    await later(lambda: charlie.groups.remove(role))
    assert not await admitted(shown, study)


async def test_logging_out_ends_that_session_only(alice: User, study: Study) -> None:
    here, there = await sync_to_async(logged_in)(alice), await sync_to_async(logged_in)(alice)
    shown = scope(here)
    await later(lambda: None)
    assert await admitted(shown, study)
    assert await admitted(scope(there), study)
    await later(lambda: here.post("/logout/"))
    assert not await admitted(shown, study)
    assert await access.unauthenticated(shown)
    assert await admitted(scope(there), study)


async def test_nobody_is_admitted_while_epochs_cannot_be_read(
    alice: User, study: Study, monkeypatch: pytest.MonkeyPatch
) -> None:
    shown = scope(await sync_to_async(logged_in)(alice))
    assert await admitted(shown, study)

    def locked() -> None:
        raise OperationalError("database is locked")

    monkeypatch.setattr(epochs.reader, "read", locked)
    assert await admitted(shown, study)
    epochs.reader._read_at -= 1.1
    with pytest.raises(OperationalError):
        await admitted(shown, study)


async def test_a_change_while_the_rights_are_read_is_not_cached(
    alice: User, study: Study, monkeypatch: pytest.MonkeyPatch
) -> None:
    shown = scope(await sync_to_async(logged_in)(alice))
    await later(lambda: None)
    ordinary = access.visible_studies

    def and_then_withdrawn(*arguments: Any) -> Any:
        found = list(ordinary(*arguments))
        Permit.objects.all().delete()
        epochs.reader.read()
        return Study.objects.filter(pk__in=[row.pk for row in found])

    assert await admitted(shown, study)  # with its audit row: from now on one check is enough
    access.cache.forget(frozenset({epochs.EVERYBODY}))
    monkeypatch.setattr(access, "visible_studies", and_then_withdrawn)
    assert await admitted(shown, study)
    monkeypatch.setattr(access, "visible_studies", ordinary)
    assert not await admitted(shown, study)


async def test_a_permit_that_ends_by_the_clock_is_not_cached_beyond(alice: User, study: Study) -> None:
    await sync_to_async(Permit.objects.update)(valid_until=timezone.now() + timedelta(seconds=0.3))
    shown = scope(await sync_to_async(logged_in)(alice))
    assert await admitted(shown, study)
    time.sleep(0.35)
    assert not await admitted(shown, study)


async def test_a_token_admits_until_it_or_its_user_ends(alice: User, study: Study) -> None:
    secret = await sync_to_async(issue)(alice)
    assert await admitted(scope(token=secret), study)
    assert not await admitted(scope(token=secret + "x"), study)
    assert not await admitted(scope(cookie=f"samsyn-session={secret}"), study)
    await later(lambda: Token.objects.update(expires=timezone.now()) and Token.objects.get().save())
    assert not await admitted(scope(token=secret), study)
    second = await sync_to_async(issue)(alice)
    assert await admitted(scope(token=second), study)
    await later(lambda: (setattr(alice, "is_active", False), alice.save()))
    assert not await admitted(scope(token=second), study)


async def test_a_token_that_is_wrong_is_not_made_good_by_a_cookie(alice: User, study: Study) -> None:
    shown = scope(await sync_to_async(logged_in)(alice), token="wrong")
    assert not await admitted(shown, study)


def accesses() -> int:
    return AuditEvent.objects.filter(event="110103").count()


async def test_the_first_pictures_of_a_program_write_the_audit(alice: User, study: Study) -> None:
    secret = await sync_to_async(issue)(alice)
    for _ in range(3):
        access.cache.forget(frozenset({epochs.EVERYBODY}))
        assert await admitted(scope(token=secret), study)
    assert await sync_to_async(accesses)() == 1
    await sync_to_async(AuditEvent.objects.update)(at=timezone.now() - timedelta(minutes=16))
    access.cache.forget(frozenset({epochs.EVERYBODY}))
    assert await admitted(scope(token=secret), study)
    assert await sync_to_async(accesses)() == 2


async def test_pictures_inherit_the_row_of_the_page(alice: User, study: Study) -> None:
    client = await sync_to_async(logged_in)(alice)
    assert (await sync_to_async(client.get)(f"/studies/{study.uid}/")).status_code == 200
    assert await admitted(scope(client), study)
    assert await sync_to_async(accesses)() == 1


def test_an_epoch_is_bumped_in_the_transaction_of_the_change(alice: User) -> None:
    before = Epoch.objects.get(subject=epochs.subject(alice.pk)).number
    with pytest.raises(ZeroDivisionError), transaction.atomic():
        let(alice)
        1 / 0  # noqa: B018
    assert Epoch.objects.get(subject=epochs.subject(alice.pk)).number == before


def test_the_reader_tells_who_changed(alice: User, charlie: User) -> None:
    told: list[frozenset[str]] = []
    epochs.reader.read()
    forget = epochs.reader.listen(told.append)
    let(charlie)
    epochs.reader.read()
    epochs.reader.read()
    forget()
    let(alice)
    epochs.reader.read()
    assert told == [frozenset({f"user.{charlie.pk}"})]


def test_a_new_account_changes_nobodys_rights() -> None:
    before = Epoch.objects.count()
    person("dora")
    assert Epoch.objects.count() == before
