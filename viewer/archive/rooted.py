"""Files below one folder, opened so that no link and no name leads out of it."""

import os
import stat
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO

from viewer.archive.port import NotThere
from viewer.imaging.words import gettext_noop

DEEPEST = 64
LINK = gettext_noop("symbolic link, not followed")
SPECIAL = gettext_noop("not a regular file")
TOO_DEEP = gettext_noop("folders nested too deeply")
UNREADABLE = gettext_noop("not readable")

_FOLDER = os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC
# O_NONBLOCK: opening a FIFO must not wait for its writer.
_FILE = os.O_RDONLY | os.O_NOFOLLOW | os.O_CLOEXEC | os.O_NONBLOCK


def shown(path: bytes) -> str:
    """Return `path` for people: undecodable bytes as the replacement character."""
    return path.decode("utf-8", "replace")


class Found:
    """One name met on a walk: its path below the root, its status, or the reason why it can't be read."""

    __slots__ = ("path", "reason", "status")

    def __init__(self, path: bytes, status: os.stat_result | None, reason: str = "") -> None:
        self.path = path
        self.status = status
        self.reason = reason


class Rooted:
    """A read-only view of one folder. Paths are bytes relative to it, separated by slashes."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder.resolve()

    def open(self, path: bytes) -> BinaryIO:
        """Open a regular file below the root for reading; every component is refused when it is a link."""
        *folders, name = path.split(b"/")
        if any(part in (b"", b".", b"..") for part in (*folders, name)):
            raise NotThere(gettext_noop("The file's name leads out of the archive's folder."))
        try:
            above = self._descend(folders)
            try:
                handle = os.open(name, _FILE, dir_fd=above)
            finally:
                os.close(above)
        except OSError as error:
            raise NotThere(gettext_noop("The file can't be opened: {reason}.", reason=error.strerror)) from error
        if not stat.S_ISREG(os.fstat(handle).st_mode):
            os.close(handle)
            raise NotThere(gettext_noop("The file can't be opened: not a regular file."))
        return os.fdopen(handle, "rb")

    def walk(self) -> Iterator[Found]:
        """Yield every file below the root, and what can't be entered with the reason; names in byte order."""
        waiting: list[tuple[bytes, ...]] = [()]
        while waiting:
            folder = waiting.pop()
            try:
                handle = self._descend(folder)
            except OSError as error:
                if not folder:
                    raise NotThere(
                        gettext_noop("The archive's folder can't be read: {reason}.", reason=error.strerror)
                    ) from error
                yield Found(b"/".join(folder), None, UNREADABLE)
                continue
            inner: list[tuple[bytes, ...]] = []
            try:
                with os.scandir(handle) as listed:
                    entries = sorted(listed, key=lambda entry: os.fsencode(entry.name))
                for entry in entries:
                    name = os.fsencode(entry.name)
                    path = (*folder, name)
                    if entry.is_symlink():
                        yield Found(b"/".join(path), None, LINK)
                    elif entry.is_dir(follow_symlinks=False):
                        if len(path) > DEEPEST:
                            yield Found(b"/".join(path), None, TOO_DEEP)
                        else:
                            inner.append(path)
                    else:
                        yield self._status(entry, b"/".join(path))
            except OSError:
                yield Found(b"/".join(folder), None, UNREADABLE)
            finally:
                os.close(handle)
            waiting.extend(reversed(inner))

    def _status(self, entry: "os.DirEntry[str]", path: bytes) -> Found:
        try:
            status = entry.stat(follow_symlinks=False)
        except OSError:
            return Found(path, None, UNREADABLE)
        return Found(path, status, "" if stat.S_ISREG(status.st_mode) else SPECIAL)

    def _descend(self, folders: "tuple[bytes, ...] | list[bytes]") -> int:
        handle = os.open(self.folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
        for name in folders:
            try:
                inner = os.open(name, _FOLDER, dir_fd=handle)
            finally:
                os.close(handle)
            handle = inner
        return handle
