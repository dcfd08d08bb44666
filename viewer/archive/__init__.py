"""Where images come from: one port, an adapter for a folder of files and one for any DICOMweb server."""

import re
from pathlib import Path

from viewer.archive.folder import FolderArchive
from viewer.archive.port import Archive, ArchiveError, Changed, Malformed, NotThere, Refused, Unreachable, Unstreamed
from viewer.archive.web import WebArchive

__all__ = [
    "Archive",
    "ArchiveError",
    "Changed",
    "FolderArchive",
    "Malformed",
    "NotThere",
    "Refused",
    "Unreachable",
    "Unstreamed",
    "WebArchive",
    "connect",
]


def connect(name: str, location: str, *, auth: str | None = None, state: Path) -> Archive:
    """Return the archive at `location`: a folder's path, or the http(s) root of a DICOMweb server.

    Raises ValueError for a name, an address or credentials of the wrong form, NotThere for a folder that isn't there.
    `auth` is `basic:user:password`, `bearer:token` or `file:path` to one of these. `state` is where a folder's
    index and stored objects are kept. Nothing is contacted or scanned yet.
    """
    if not re.fullmatch(r"[a-z0-9][a-z0-9_-]{0,31}", name):
        raise ValueError("an archive's name is 1 to 32 lower-case letters, digits, '-' or '_'")
    if re.match(r"https?://", location):
        return WebArchive(name, location, auth=auth)
    return FolderArchive(name, Path(location), state=state, apart=True)
