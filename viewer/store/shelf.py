"""Series on disk: one directory for each digest, the current one named; made room for by least recent use."""

import contextlib
import hashlib
import logging
import os
import shutil
import tempfile
import threading
from collections.abc import Callable, Collection
from dataclasses import dataclass
from pathlib import Path

import msgspec

from viewer.store import frames, metadata
from viewer.store.protocol import Sentence

log = logging.getLogger(__name__)
MEMORY = Path("/dev/shm")  # noqa: S108 (a disk in memory; folders in it are made by mkdtemp)
CURRENT = "current.json"
FAILURES = "failures"
FOLDER = "frames"


class Key(msgspec.Struct, frozen=True):
    """Which series."""

    archive: str
    study: str
    series: str

    @property
    def folder(self) -> str:
        """A name that no hostile UID can bend."""
        return hashlib.sha256("\0".join((self.archive, self.study, self.series)).encode()).hexdigest()[:40]


class Current(msgspec.Struct, frozen=True):
    """Which digest of a series is the current one, and how many instances the archive lists."""

    key: Key
    digest: str
    expected: int | None


class Failure(msgspec.Struct, frozen=True, array_like=True):
    """A frame that can't be decoded, remembered until the series changes."""

    frame: int
    words: Sentence


@dataclass
class Shelf:
    """`root` holds a folder per series; `budget` is in bytes. Methods may be called from any thread."""

    root: Path
    budget: int

    def __post_init__(self) -> None:
        self.aside: Path | None = None
        self.forget_aside()
        self.lock = threading.Lock()
        self.evicting = threading.Lock()
        self.root.mkdir(mode=0o700, parents=True, exist_ok=True)
        self.root.chmod(0o700)
        self.tidy()
        self.used = sum(allocated(folder) for folder in self.root.iterdir())

    def tidy(self) -> None:
        """Remove what an earlier process left half made."""
        for folder in self.root.iterdir():
            current = self.read(folder)
            for each in folder.iterdir() if folder.is_dir() else ():
                if each.name != CURRENT and (current is None or each.name != current.digest):
                    remove(each)
            if current is None or not (folder / current.digest).is_dir():
                remove(folder)

    def read(self, folder: Path) -> Current | None:
        """Return what a folder says of itself, None when it says nothing readable."""
        try:
            return msgspec.json.decode((folder / CURRENT).read_bytes(), type=Current)
        except (OSError, msgspec.DecodeError, msgspec.ValidationError):
            return None

    def find(self, key: Key) -> Current | None:
        """Return the current version of a series, None when it isn't here; counts as a use."""
        folder = self.root / key.folder
        current = self.read(folder)
        if current is None or current.key != key:
            return None
        with contextlib.suppress(OSError):
            os.utime(folder / CURRENT)
        return current

    def directory(self, current: Current) -> Path:
        """Return where its files lie."""
        return self.root / current.key.folder / current.digest

    def add(self, current: Current, kept: metadata.Kept, shapes: list[frames.Shape | None]) -> Path:
        """Make the files of a version and name it current; raises OSError and then leaves nothing behind."""
        target = self.directory(current)
        making = target.with_suffix(".new")
        remove(making)
        try:
            target.parent.mkdir(mode=0o700, exist_ok=True)
            making.mkdir(mode=0o700)
            fill(making, kept, shapes)
            remove(target)
            making.rename(target)
            self.name(current)
        except BaseException:
            remove(making)
            raise
        self.grow(allocated(target))
        return target

    def add_aside(self, kept: metadata.Kept, shapes: list[frames.Shape | None]) -> Path:
        """Make the files of a version in memory, for as long as it is open; raises OSError.

        For a disk that has no room even for them: the series can be read, and none of its frames is kept.
        """
        with self.lock:
            self.aside = self.aside or Path(tempfile.mkdtemp(prefix=self.prefix, dir=MEMORY))
        making = Path(tempfile.mkdtemp(dir=self.aside))
        try:
            fill(making, kept, shapes)
        except BaseException:
            remove(making)
            raise
        return making

    @property
    def prefix(self) -> str:
        """How the names of this shelf's folders in memory begin."""
        return f"samsyn-{hashlib.sha256(os.fspath(self.root.absolute()).encode()).hexdigest()[:16]}-"

    def forget_aside(self) -> None:
        """Remove what lies in memory, of earlier processes too; nobody else's."""
        for folder in MEMORY.glob(f"{self.prefix}*"):
            if folder.lstat().st_uid == os.geteuid():
                remove(folder)

    def is_aside(self, directory: Path) -> bool:
        """Say whether a version lies in memory."""
        return directory.parent == self.aside

    def name(self, current: Current) -> None:
        """Say which version is the current one, at once for whoever reads."""
        folder = self.root / current.key.folder
        new = folder / (CURRENT + ".new")
        new.write_bytes(msgspec.json.encode(current))
        new.chmod(0o600)
        new.rename(folder / CURRENT)

    def grow(self, size: int) -> None:
        """Count bytes that were written."""
        with self.lock:
            self.used += size

    def drop(self, directory: Path) -> None:
        """Unlink a version, and the series with its last one; what is mapped stays readable."""
        if self.is_aside(directory):
            remove(directory)
            return
        size = allocated(directory)
        remove(directory)
        current = self.read(directory.parent)
        if current is None or current.digest == directory.name:
            remove(directory.parent)
        self.grow(-size)

    def make_room(self, size: int, in_use: Callable[[], Collection[str]]) -> bool:
        """Say whether `size` more bytes fit the budget, after unlinking what has to go for them."""
        need = self.used + size - self.budget
        return need <= 0 or self.free(need, in_use) >= need

    def free(self, size: int, in_use: Callable[[], Collection[str]]) -> int:
        """Unlink least recently used series, but no folder `in_use`, until `size` bytes are free; return how many."""
        with self.evicting:
            before = self.used
            for folder in sorted(self.root.iterdir(), key=last_use):
                current = self.read(folder)
                if current is None or folder.name in in_use():
                    continue
                self.drop(self.directory(current))
                log.info("series %s made room", current.key.series)
                if before - self.used >= size:
                    break
            return before - self.used


def fill(directory: Path, kept: metadata.Kept, shapes: list[frames.Shape | None]) -> None:
    """Make the files of a version in a folder; raises OSError."""
    metadata.save(directory, kept)
    frames.create(directory, shapes)


def last_use(folder: Path) -> float:
    """Return when a series was last used, in seconds."""
    try:
        return (folder / CURRENT).stat().st_mtime
    except OSError:
        return 0.0


def allocated(path: Path) -> int:
    """Return the bytes that a file or folder takes on disk; holes take none."""
    total = 0
    for each in (path, *path.rglob("*")):
        with contextlib.suppress(OSError):
            total += each.lstat().st_blocks * 512
    return total


def remove(path: Path) -> None:
    """Unlink a file or a folder with all it holds, if it is there. Nothing is ever truncated: readers may map it."""
    if path.is_dir() and not path.is_symlink():
        shutil.rmtree(path, ignore_errors=True)
    else:
        path.unlink(missing_ok=True)


def failures(directory: Path) -> list[Failure]:
    """Return the frames known to be undecodable; a line cut short is ignored."""
    found = []
    with contextlib.suppress(FileNotFoundError):
        for line in (directory / FAILURES).read_bytes().splitlines():
            with contextlib.suppress(msgspec.DecodeError, msgspec.ValidationError):
                found.append(msgspec.json.decode(line, type=Failure))
    return found


def remember(directory: Path, failure: Failure) -> None:
    """Append a failure; raises OSError."""
    with (directory / FAILURES).open("ab") as out:
        out.write(msgspec.json.encode(failure) + b"\n")
