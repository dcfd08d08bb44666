"""Accounts and roles: the demo's people, and what each role may do."""

from django.contrib.auth import get_user_model
from django.contrib.auth.hashers import make_password
from django.contrib.auth.models import Group, Permission
from django.db import transaction

from viewer.actions.permit import permit
from viewer.models import Permit

DEMO_PASSWORD = "samsyn-demo"  # noqa: S105 (known by design; demo mode serves this machine only)
# What each role may do with every patient: see, claim and finish exams, measure and annotate.
ROLE_ACTIONS = {
    "radiologist": ("view", "read", "mark"),
    "pathologist": ("view", "read", "mark"),
    "chair": ("view", "read", "mark"),
    "technologist": ("view", "mark"),
}
ROLES = (*ROLE_ACTIONS, "admin", "privacy", "referrer")
DEMO_ACCOUNTS = {
    "radiologist": "radiologist",
    "radiologist2": "radiologist",
    "pathologist": "pathologist",
    "chair": "chair",
    "technologist": "technologist",
    "admin": "admin",
    "privacy": "privacy",
    "referrer": "referrer",
}
# What the pages of /admin/ show to whom; patients are in none of them.
ADMIN_MODELS = ("user", "group", "permit", "token", "archive")
PRIVACY_PERMISSIONS = ("view_auditevent",)


def ensure_roles() -> dict[str, Group]:
    """Make the roles with their permits, where they are missing; a role that exists keeps what it was given."""
    groups: dict[str, Group] = {}
    for name in ROLES:
        groups[name], made = Group.objects.get_or_create(name=name)
        if made and name in ROLE_ACTIONS:
            permit(None, role=groups[name], actions=ROLE_ACTIONS[name], reason=Permit.Reason.ROLE)
        if made and name == "admin":
            groups[name].permissions.set(Permission.objects.filter(content_type__model__in=ADMIN_MODELS))
        if made and name == "privacy":
            groups[name].permissions.set(Permission.objects.filter(codename__in=PRIVACY_PERMISSIONS))
    return groups


@transaction.atomic
def ensure_demo_accounts() -> None:
    """Make the demo's accounts, all with the known password, where they are missing; call it in demo mode only."""
    users = get_user_model()
    present = set(users.objects.filter(username__in=DEMO_ACCOUNTS).values_list("username", flat=True))
    missing = {name: role for name, role in DEMO_ACCOUNTS.items() if name not in present}
    if not missing:
        return
    groups = ensure_roles()
    password = make_password(DEMO_PASSWORD)
    for name, role in missing.items():
        user = users(username=name, password=password, is_staff=role in ("admin", "privacy"))
        user.save()
        user.groups.add(groups[role])
