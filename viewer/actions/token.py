"""Give programs a token."""

import secrets
from datetime import timedelta
from typing import Any

from django.db import transaction
from django.utils import timezone

from viewer import audit
from viewer.access import token_digest
from viewer.models import Token

LIFE = timedelta(days=30)


@transaction.atomic
def issue(user: Any, *, may_write: bool = False) -> str:
    """Return a new bearer token of 256 bits for `user`; only its digest is kept, for 30 days."""
    secret = secrets.token_urlsafe(32)
    Token.objects.create(digest=token_digest(secret), user=user, may_write=may_write, expires=timezone.now() + LIFE)
    audit.record(
        user,
        audit.Event.SECURITY_ALERT,
        subtype=audit.Subtype.USER_SECURITY_ATTRIBUTES_CHANGED,
        detail={"token": "issued", "may_write": may_write},
    )
    return secret
