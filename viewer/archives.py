"""The archives of this installation, from the environment and added by administrators, as ports that others ask."""

import json
import os
import threading
import time
from dataclasses import dataclass

from django.conf import settings

from viewer import archive as ports
from viewer.archive import secret
from viewer.archive.port import Archive, Unreachable
from viewer.imaging.words import gettext_noop
from viewer.models import Archive as ArchiveRow
from viewer.sources import Source

FRESH = 1.0  # seconds for which a process believes what it has read about the archives that were added
FILE = "archives.json"
DISABLED = gettext_noop("The archive is disabled; it isn't asked.")
LOCKED = gettext_noop("Its credentials can't be read with the key of this server: give them again.")
ONLY_NEAR = gettext_noop("Demo mode has known passwords and asks archives on this machine only.")


class Off(Unreachable):
    """The archive is known, but isn't asked for the time being; `words` says why."""


@dataclass(frozen=True)
class Site:
    """One archive as this installation knows it; `off` says why it isn't asked, and is empty for one that is."""

    name: str
    source: Source
    from_environment: bool = True
    sealed: str = ""
    off: str = ""


class _Added:
    """The archives that administrators have added, as they were read last."""

    def __init__(self) -> None:
        self.lock = threading.Lock()
        self.sites: dict[str, Site] = {}
        self.read_at = float("-inf")

    def read(self) -> dict[str, Site]:
        """Return them by name, oldest first; raises django.db.Error."""
        with self.lock:
            began = time.monotonic()
            if began - self.read_at > FRESH:
                rows = ArchiveRow.objects.filter(removed_at__isnull=True).exclude(location="")
                self.sites = {row.name: _site(row) for row in rows.order_by("added_at", "pk")}
                self.read_at = began
            return self.sites


_added = _Added()
_ports: dict[str, tuple[Source, Archive]] = {}
_lock = threading.Lock()


def sites() -> dict[str, Site]:
    """Return every archive by its name: those of the environment in its order, then those that were added."""
    found = {name: Site(name, source) for name, source in settings.ARCHIVES.items()}
    return found | {name: site for name, site in _added.read().items() if name not in found}


def asked() -> list[str]:
    """Return the names of the archives that are asked."""
    return [site.name for site in sites().values() if not site.off]


def get(name: str) -> Archive:
    """Return the port of the archive called `name`; raises KeyError, and Off for one that isn't asked."""
    site = sites()[name]
    if site.off:
        raise Off(site.off)
    with _lock:
        held = _ports.get(name)
        if held is None or held[0] != site.source:
            port = ports.connect(name, site.source.location, auth=site.source.auth, state=settings.STATE)
            _ports[name] = held = (site.source, port)
        return held[1]


def forget() -> None:
    """Read the archives that were added anew when they are needed next."""
    _added.read_at = float("-inf")


def ensure_rows() -> None:
    """Make a row for each archive of the environment; rows of others stay, for the audit."""
    for name in settings.ARCHIVES:
        ArchiveRow.objects.get_or_create(name=name)
    ArchiveRow.objects.filter(name__in=settings.ARCHIVES, removed_at__isnull=False).update(removed_at=None)


def write_for_store() -> None:
    """Tell the store process where the archives are, in a file that only this account can read, if it isn't told yet.

    What was added here goes with its credentials sealed.
    """
    path, wanted = settings.STATE / FILE, json.dumps(_rows())
    try:
        if path.read_text("utf-8") == wanted:
            return
    except (OSError, ValueError):
        pass
    draft = path.with_name(f"{FILE}.{os.getpid()}")
    with os.fdopen(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w", encoding="utf-8") as file:
        file.write(wanted)
    draft.replace(path)


def store_knows_them() -> bool:
    """Say whether the store process of this state folder was told of the very archives of our environment."""
    try:
        told = json.loads((settings.STATE / FILE).read_text("utf-8"))
        return [row for row in told if "sealed" not in row] == _rows_of_environment()
    except (OSError, ValueError, TypeError):
        return False


def _site(row: ArchiveRow) -> Site:
    auth, off = None, ""
    try:
        auth = secret.unsealed(settings.STATE, row.sealed) if row.sealed else None
    except secret.Locked:
        off = LOCKED
    source = Source(row.location, auth)
    if row.disabled_at is not None:
        off = DISABLED
    elif settings.DEMO and not source.is_near:
        off = ONLY_NEAR
    return Site(row.name, source, from_environment=False, sealed=row.sealed, off=off)


def _rows_of_environment() -> list[dict[str, str | None]]:
    return [
        {"name": name, "location": source.location, "auth": source.auth} for name, source in settings.ARCHIVES.items()
    ]


def _rows() -> list[dict[str, str | None]]:
    added = [
        {"name": site.name, "location": site.source.location, "sealed": site.sealed or None, "off": site.off or None}
        for site in sites().values()
        if not site.from_environment
    ]
    return _rows_of_environment() + added
