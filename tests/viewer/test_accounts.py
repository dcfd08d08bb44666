"""The demo's people, and tokens for programs."""

from io import StringIO

import pytest
from django.contrib.auth.models import User
from django.core.management import CommandError, call_command

from viewer.actions import accounts
from viewer.models import AuditEvent, Permit, Token

pytestmark = pytest.mark.django_db


def test_the_demo_has_a_person_for_each_role() -> None:
    accounts.ensure_demo_accounts()
    found = {user.username: set(user.groups.values_list("name", flat=True)) for user in User.objects.all()}
    assert found == {name: {role} for name, role in accounts.DEMO_ACCOUNTS.items()}
    assert all(user.check_password("samsyn-demo") for user in User.objects.all())
    assert set(User.objects.filter(is_staff=True).values_list("username", flat=True)) == {"admin", "privacy"}
    assert not User.objects.filter(is_superuser=True).exists()


def test_making_them_again_changes_nothing() -> None:
    accounts.ensure_demo_accounts()
    Permit.objects.all().delete()
    users = list(User.objects.values_list("pk", "password"))
    accounts.ensure_demo_accounts()
    assert list(User.objects.values_list("pk", "password")) == users
    assert not Permit.objects.exists()


def test_a_token_is_printed_once_and_kept_as_a_digest(alice: User) -> None:
    told = StringIO()
    call_command("token", "alice", "--write", stdout=told)
    secret = told.getvalue().strip()
    row = Token.objects.get()
    assert len(secret) >= 43
    assert secret not in (row.digest, str(row))
    assert row.may_write
    assert (row.expires - row.created).days in (29, 30)
    assert AuditEvent.objects.filter(detail__token="issued", username="alice").exists()


def test_nobody_gets_no_token(alice: User) -> None:
    alice.is_active = False
    alice.save()
    for name in ("alice", "nobody"):
        with pytest.raises(CommandError):
            call_command("token", name)
