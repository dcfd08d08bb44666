"""The archives that the store process may ask, as the web process has written them down."""

import os
import threading
from pathlib import Path

import msgspec

from viewer.archive import ArchiveError, Unreachable, connect, secret
from viewer.archive.port import Archive
from viewer.imaging.words import gettext_noop

NAME = "archives.json"


class Site(msgspec.Struct, frozen=True):
    """One entry of archives.json; `sealed` are credentials that need the key, `off` says why it isn't to be asked."""

    name: str
    location: str
    auth: str | None = None
    sealed: str | None = None
    off: str | None = None


class Archives:
    """Connections by name, made when first asked for; a changed file is read again. Usable from any thread."""

    def __init__(self, state: Path) -> None:
        self.state = state
        self.lock = threading.Lock()
        self.stamp: tuple[int, int] | None = None
        self.sites: dict[str, Site] = {}
        self.connected: dict[Site, Archive] = {}

    def get(self, name: str) -> Archive:
        """Return the archive of this name; raises ArchiveError when there is none, Unreachable when it isn't asked."""
        with self.lock:
            self.refresh()
            site = self.sites.get(name)
            if site is None:
                raise ArchiveError(gettext_noop("archive {name} isn't configured", name=name[:32]))
            if site.off is not None:
                raise Unreachable(gettext_noop("archive {name} isn't asked: {reason}", name=name[:32], reason=site.off))
            if site not in self.connected:
                self.connected[site] = self.connection(site)
            return self.connected[site]

    def connection(self, site: Site) -> Archive:
        """Return a new connection; raises Unreachable for credentials that can't be read here."""
        try:
            auth = secret.unsealed(self.state, site.sealed) if site.sealed else site.auth
        except secret.Locked as error:
            raise Unreachable(
                gettext_noop("the credentials of archive {name} can't be read", name=site.name[:32])
            ) from error
        return connect(site.name, site.location, auth=auth, state=self.state)

    def near(self, name: str) -> bool:
        """Say whether an archive's bytes lie on this machine; not so for one that can't be asked."""
        try:
            return self.get(name).near
        except (ArchiveError, ValueError):
            return False

    def refresh(self) -> None:
        """Read the file when it isn't the one that was read; raises ArchiveError when it can't be."""
        try:
            found = os.stat(self.state / NAME)
            if self.stamp == (found.st_mtime_ns, found.st_ino):
                return
            sites = msgspec.json.decode((self.state / NAME).read_bytes(), type=list[Site])
        except (OSError, msgspec.DecodeError, msgspec.ValidationError) as error:
            raise ArchiveError(gettext_noop("the list of archives can't be read")) from error
        self.sites = {site.name: site for site in sites}
        self.connected = {site: archive for site, archive in self.connected.items() if site in sites}
        self.stamp = (found.st_mtime_ns, found.st_ino)
