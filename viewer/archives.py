"""The archives of this installation, as ports that sync, doors and commands ask."""

import json
import os
import threading

from django.conf import settings

from viewer import archive as ports
from viewer.archive.port import Archive
from viewer.models import Archive as ArchiveRow

_ports: dict[str, Archive] = {}
_lock = threading.Lock()


def get(name: str) -> Archive:
    """Return the port of the archive called `name`; raises KeyError."""
    with _lock:
        if name not in _ports:
            source = settings.ARCHIVES[name]
            _ports[name] = ports.connect(name, source.location, auth=source.auth, state=settings.STATE)
        return _ports[name]


def all() -> dict[str, Archive]:
    """Return every configured archive by its name."""
    return {name: get(name) for name in settings.ARCHIVES}


def ensure_rows() -> None:
    """Make a row for each configured archive; rows of archives that are no longer configured stay, for the audit."""
    for name in settings.ARCHIVES:
        ArchiveRow.objects.get_or_create(name=name)


def write_for_store() -> None:
    """Tell the store process where the archives are, in a file that only this account can read."""
    path = settings.STATE / "archives.json"
    draft = path.with_name(f"archives.json.{os.getpid()}")
    with os.fdopen(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w", encoding="utf-8") as file:
        json.dump(_rows(), file)
    draft.replace(path)


def store_knows_them() -> bool:
    """Say whether the store process of this state folder was told of the very archives of our settings."""
    try:
        told = json.loads((settings.STATE / "archives.json").read_text("utf-8"))
    except (OSError, ValueError):
        return False
    return bool(told == _rows())


def _rows() -> list[dict[str, str | None]]:
    return [
        {"name": name, "location": source.location, "auth": source.auth} for name, source in settings.ARCHIVES.items()
    ]
