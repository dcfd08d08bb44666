"""Keep a user's choices."""

import json
from typing import Any

from django.db import transaction

from viewer.models import Preference

SIZE = 32 * 1024  # bytes of one value
COUNT = 200  # keys of one user


class TooLarge(ValueError):
    """More than a preference holds."""


@transaction.atomic
def keep(user: Any, key: str, value: Any) -> Preference:
    """Keep `value` (JSON) under `key`; raises TooLarge."""
    if len(json.dumps(value)) > SIZE or len(key) > 64:
        raise TooLarge("a preference holds 32 KiB")
    others = Preference.objects.filter(user=user).exclude(key=key)
    if others.count() >= COUNT:
        raise TooLarge("a user keeps 200 preferences")
    row, _made = Preference.objects.update_or_create(user=user, key=key, defaults={"value": value})
    return row
