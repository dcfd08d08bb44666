"""Django's own pages under /admin/, and the roles: who runs the system sees no patients, privacy reads the audit."""

import re

import pytest
from django.contrib.auth.models import Group, Permission, User
from django.test import Client

from tests.conftest import logged_in, person
from tests.viewer.access_matrix import patterns
from viewer import access
from viewer.actions.accounts import ensure_roles
from viewer.models import AuditEvent, Permit, Study

pytestmark = pytest.mark.django_db


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
