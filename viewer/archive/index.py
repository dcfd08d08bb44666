"""The index of a folder archive: one SQLite file that several processes read and one scan at a time writes."""

import sqlite3
import threading
from collections.abc import Iterable
from contextlib import closing
from pathlib import Path

import msgspec
import zstandard

from viewer.archive.port import ArchiveError, Attributes
from viewer.imaging.words import gettext_noop

VERSION = 4
_TABLES = """
CREATE TABLE file (
    place INTEGER NOT NULL, path BLOB NOT NULL,
    size INTEGER NOT NULL, mtime INTEGER NOT NULL, ctime INTEGER NOT NULL,
    reason TEXT,
    study TEXT, series TEXT, instance TEXT,
    sop_class TEXT, modality TEXT, patient_id TEXT,
    shown INTEGER NOT NULL DEFAULT 0, digest BLOB, header BLOB, native BLOB,
    PRIMARY KEY (place, path)
);
CREATE INDEX file_address ON file (study, series, instance);
CREATE INDEX file_instance ON file (instance) WHERE instance IS NOT NULL;
CREATE INDEX file_reason ON file (reason) WHERE reason IS NOT NULL;
CREATE TABLE study (uid TEXT PRIMARY KEY, date TEXT, attributes BLOB NOT NULL);
CREATE TABLE series (study TEXT NOT NULL, uid TEXT NOT NULL, attributes BLOB NOT NULL, PRIMARY KEY (study, uid));
CREATE TABLE origin (folder TEXT NOT NULL);
"""


def packed(attributes: Attributes) -> bytes:
    """Return DICOM JSON as compressed bytes."""
    return zstandard.ZstdCompressor(level=3).compress(msgspec.json.encode(attributes))


def json_bytes(data: bytes) -> bytes:
    """Return the JSON text inside `packed` bytes."""
    return zstandard.ZstdDecompressor().decompress(data)


def unpacked(data: bytes) -> Attributes:
    """Return the attributes inside `packed` bytes."""
    found: Attributes = msgspec.json.decode(json_bytes(data))
    return found


def picked(data: bytes, tags: Iterable[str]) -> Attributes:
    """Return those of `tags` that are among the attributes inside `packed` bytes; the others are never built."""
    found = msgspec.json.decode(json_bytes(data), type=dict[str, msgspec.Raw])
    return {tag: msgspec.json.decode(found[tag]) for tag in sorted(set(tags)) if tag in found}


class Index:
    """Opens the SQLite file, one connection per thread; a file of another version or folder is begun anew."""

    def __init__(self, path: Path, folder: Path) -> None:
        self.path = path
        self._folder = str(folder).encode("utf-8", "surrogateescape").decode("utf-8", "replace")
        self._local = threading.local()
        path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        self._prepare()

    @property
    def connection(self) -> sqlite3.Connection:
        """This thread's connection, in autocommit: writers say BEGIN themselves."""
        found: sqlite3.Connection | None = getattr(self._local, "connection", None)
        if found is None:
            found = self._local.connection = self._open()
        return found

    def rows(self, query: str, parameters: Iterable[object] = ()) -> list[sqlite3.Row]:
        """Return all rows of a query."""
        try:
            return self.connection.execute(query, tuple(parameters)).fetchall()
        except sqlite3.Error as error:
            raise ArchiveError(
                gettext_noop("The archive's index can't be read ({fault}).", fault=type(error).__name__)
            ) from error

    def _open(self) -> sqlite3.Connection:
        connection = sqlite3.connect(self.path, timeout=10, isolation_level=None)
        connection.row_factory = sqlite3.Row
        connection.execute("PRAGMA journal_mode=WAL")
        connection.execute("PRAGMA synchronous=NORMAL")
        return connection

    def _prepare(self) -> None:
        try:
            with closing(self._open()) as connection:
                self._begin(connection)
        except sqlite3.DatabaseError as error:
            if isinstance(error, sqlite3.OperationalError):
                raise ArchiveError(
                    gettext_noop("The archive's index can't be opened: {error}.", error=error)
                ) from error
            # Damaged: all of it can be read again from the files.
            for suffix in ("", "-wal", "-shm"):
                self.path.with_name(self.path.name + suffix).unlink(missing_ok=True)
            with closing(self._open()) as connection:
                self._begin(connection)
        self.path.chmod(0o600)

    def _begin(self, connection: sqlite3.Connection) -> None:
        connection.execute("BEGIN IMMEDIATE")
        version = connection.execute("PRAGMA user_version").fetchone()[0]
        origin = connection.execute("SELECT folder FROM origin").fetchone()[0] if version == VERSION else None
        if origin != self._folder:
            for name in ("file", "study", "series", "origin"):
                connection.execute(f"DROP TABLE IF EXISTS {name}")
            for statement in _TABLES.split(";"):
                connection.execute(statement)
            connection.execute("INSERT INTO origin VALUES (?)", (self._folder,))
            connection.execute(f"PRAGMA user_version = {VERSION}")
        connection.execute("COMMIT")
