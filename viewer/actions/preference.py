"""Keep a user's choices."""

import json
from typing import Any

from django.db import transaction
from django.utils.translation import gettext as _

from viewer.actions.kept import holds_nul
from viewer.models import Preference

SIZE = 32 * 1024  # bytes of one value
COUNT = 200  # keys of one user


class Unkeepable(ValueError):
    """More than a preference holds, or what no database keeps; the text says which."""


@transaction.atomic
def keep(user: Any, key: str, value: Any) -> Preference:
    """Keep `value` (JSON) under `key`; raises Unkeepable."""
    if len(json.dumps(value)) > SIZE or len(key) > 64:
        raise Unkeepable(_("A preference holds 32 KiB at most"))
    if holds_nul(value):
        raise Unkeepable(_("A preference can't hold the character NUL"))
    others = Preference.objects.filter(user=user).exclude(key=key)
    if others.count() >= COUNT:
        raise Unkeepable(_("A user keeps 200 preferences at most"))
    row, _made = Preference.objects.update_or_create(user=user, key=key, defaults={"value": value})
    return row
