"""One scan of a folder archive: what is new, changed or gone goes into the index, faults into the report."""

import fcntl
import hashlib
import logging
import os
import time
import traceback
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from sqlite3 import Connection
from typing import BinaryIO

from viewer.archive import native_identity, summary, virtual
from viewer.archive.conflicts import conflicts
from viewer.archive.dicomjson import Header
from viewer.archive.framing import first
from viewer.archive.index import Index, packed
from viewer.archive.part10 import Part10, parse, raw
from viewer.archive.port import ArchiveError, Attributes, Malformed, ScanReport, Skipped
from viewer.archive.rooted import Found, Rooted, shown
from viewer.imaging import uid
from viewer.imaging.words import gettext_noop

logger = logging.getLogger(__name__)

FOLDER, OBJECTS = 0, 1
BATCH = 200
TEXTS = (None, "UI", "UN", "CS", "LO", "SH")
IDENTITY = {0x0020000D: "Study Instance UID", 0x0020000E: "Series Instance UID", 0x00080018: "SOP Instance UID"}
DIRECTORY_RECORDS = 0x00041220
FRAME_GROUPS = "52009230"

LEVEL = b"\0"  # no name holds it: a file's further images are kept under its path, this, and their number

Key = tuple[int, bytes]
Stamp = tuple[int, int, int]
Uids = tuple[str, str, str]
Address = Callable[[Uids, str], str]
Read = Callable[[Key, Rooted, Stamp], "list[Row]"]


def stamp(status: os.stat_result) -> Stamp:
    """Return what tells one state of a file from another: size, mtime and ctime, in bytes and nanoseconds.

    ctime too: a corrected copy may keep size and mtime.
    """
    return status.st_size, status.st_mtime_ns, status.st_ctime_ns


@dataclass
class Row:
    """One file as it goes into the index: an instance, or a reason why it is none."""

    key: Key
    stamp: Stamp
    reason: str | None = None
    uids: Uids | None = None
    sop_class: str = ""
    modality: str = ""
    patient_id: str = ""
    header: bytes | None = None
    native: bytes | None = None
    digest: bytes | None = None


@dataclass
class Scan:
    """The work of one scan; `seen_moving` outlives it, so that a clock that is wrong can't hide a file for ever."""

    index: Index
    places: dict[int, Rooted]
    read: Read
    settle: float
    seen_moving: dict[Key, tuple[Stamp, float]]
    added: int = 0
    changed: int = 0
    removed: int = 0
    waiting: int = 0
    studies: set[str] = field(default_factory=set)
    beside: dict[Key, str] = field(default_factory=dict)

    def run(self) -> ScanReport:
        """Look at every file; returns the report. Nothing is removed where a folder couldn't be read."""
        started = time.monotonic()
        known = self._known()
        met: set[Key] = set()
        unread: list[Key] = []
        rows: list[Row] = []
        for place, rooted in self.places.items():
            for found in rooted.walk():
                key = (place, found.path)
                met.add(key)
                if found.status is None:
                    unread.append(key)
                read_now = self._look(key, found, known.get(key))
                if read_now:
                    rows += read_now
                    if key in known:
                        self.changed += 1
                    else:
                        self.added += 1
                if len(rows) >= BATCH:
                    self._write(rows, [])
                    rows = []
        gone = [key for key in known if key not in met and not any(_below(key, folder) for folder in unread)]
        self.removed = len(gone)
        self._write(rows, gone)
        return self._report(time.monotonic() - started)

    def _known(self) -> dict[Key, Stamp]:
        rows = self.index.rows("SELECT place, path, size, mtime, ctime, native FROM file WHERE instr(path, x'00') = 0")
        for row in rows:
            if row["native"] is not None:
                self.beside[(row["place"], row["path"])] = virtual.state_of(row["native"])
        return {(row["place"], row["path"]): (row["size"], row["mtime"], row["ctime"]) for row in rows}

    def _look(self, key: Key, found: Found, known: Stamp | None) -> list[Row]:
        now = stamp(found.status) if found.status else (0, 0, 0)
        if known == now and self._same_identity(key):
            self.seen_moving.pop(key, None)
            return []
        if found.reason:
            return [Row(key, now, found.reason)]
        if not self._still(key, now):
            self.waiting += 1
            return []
        self.seen_moving.pop(key, None)
        return self.read(key, self.places[key[0]], now)

    def _same_identity(self, key: Key) -> bool:
        return key not in self.beside or native_identity.beside(self.places[key[0]], key[1]) == self.beside[key]

    def _still(self, key: Key, now: Stamp) -> bool:
        if self.settle <= 0 or key[0] == OBJECTS:
            return True
        if time.time() - max(now[1], now[2]) / 1e9 >= self.settle:
            return True
        before, since = self.seen_moving.get(key, (None, 0.0))
        if before != now:
            self.seen_moving[key] = (now, time.monotonic())
            return False
        return time.monotonic() - since >= self.settle

    def _write(self, rows: list[Row], gone: list[Key]) -> None:
        if not rows and not gone:
            return
        connection = self.index.connection
        connection.execute("BEGIN IMMEDIATE")
        try:
            touched = write(connection, rows, gone, self.places)
            connection.execute("COMMIT")
        except BaseException:
            connection.execute("ROLLBACK")
            raise
        self.studies |= touched

    def _report(self, seconds: float) -> ScanReport:
        files, instances = self.index.rows("SELECT count(*), coalesce(sum(shown), 0) FROM file")[0]
        skipped = self.index.rows("SELECT path, reason FROM file WHERE reason IS NOT NULL ORDER BY place, path")
        return ScanReport(
            files=files,
            instances=instances,
            added=self.added,
            changed=self.changed,
            removed=self.removed,
            waiting=self.waiting,
            seconds=seconds,
            changed_studies=frozenset(self.studies),
            skipped=tuple(Skipped(shown(row["path"]), row["reason"]) for row in skipped),
            conflicts=tuple(conflicts(self.index)),
        )


def bulk_address(root: str, uids: Uids, where: str) -> str:
    """Return the BulkDataURI of the value at a path of tags."""
    return f"{root}/studies/{uids[0]}/series/{uids[1]}/instances/{uids[2]}/bulkdata/{where}"


def read(key: Key, rooted: Rooted, now: Stamp, address: Address) -> list[Row]:
    """Read one file into a row, a slide or picture into one for each image; what can't be read, into one with why."""
    try:
        return _read(key, rooted, now, address)
    except ArchiveError as error:
        if native_identity.is_identity(key[1]):
            return [Row(key, now, gettext_noop("says whose the slides and pictures beside it are"))]
        return [Row(key, now, error.words)]
    except OSError as error:
        return [Row(key, now, f"not readable: {error.strerror}")]
    except MemoryError:
        return [Row(key, now, gettext_noop("reading it wants more memory than any header needs"))]
    except Exception as error:  # whatever stands in a file: it is told, and the others are read
        # Neither the file's name nor the error's words, which may quote a patient's name.
        place = traceback.extract_tb(error.__traceback__)[-1]
        kind = type(error).__name__
        logger.error("a file of the archive can't be read: %s in %s:%s", kind, place.filename, place.lineno)
        return [Row(key, now, gettext_noop("not readable: {fault}", fault=kind))]


def _read(key: Key, rooted: Rooted, now: Stamp, address: Address) -> list[Row]:
    with rooted.open(key[1]) as source:
        if virtual.sniffed(source.read(132)):
            return read_virtual(key, rooted, now, source)
        part10 = parse(source)
        if DIRECTORY_RECORDS in part10.dataset:
            return [Row(key, now, gettext_noop("DICOM directory, not needed"))]
        uids = identity(part10)
        found = attributes(part10, uids, address)
        if stamp(os.fstat(source.fileno())) != now:
            return [Row(key, (now[0], 0, 0), gettext_noop("changed while it was read"))]
    return [Row(key, now, None, uids, *summary.columns(found), packed(found))]


def read_virtual(key: Key, rooted: Rooted, now: Stamp, source: BinaryIO) -> list[Row]:
    """Return one row for each level of a native slide, each image of a picture; raises ArchiveError when it is none."""
    rows = []
    for number, (uids, header, kept) in enumerate(virtual.instances(rooted, key[1], source)):
        path = key[1] + LEVEL + str(number).encode() if number else key[1]
        digest = uids[2].encode()
        rows.append(Row((key[0], path), now, None, uids, *summary.columns(header), packed(header), kept, digest))
    if stamp(os.fstat(source.fileno())) != now:
        return [Row(key, (now[0], 0, 0), gettext_noop("changed while it was read"))]
    return rows


def identity(part10: Part10) -> Uids:
    """Return Study, Series and SOP Instance UID; raises Malformed when one is missing or not a UID."""
    found = [part10.text(tag) if _said_as_text(part10, tag) else "" for tag in IDENTITY]
    faulty = [name for name, text in zip(IDENTITY.values(), found, strict=True) if not uid.valid(text)]
    if faulty:
        raise Malformed(gettext_noop("no DICOM identity: {names} missing or not valid", names=", ".join(faulty)))
    return found[0], found[1], found[2]


def _said_as_text(part10: Part10, tag: int) -> bool:
    """Say whether an identity's VR is one under which its header tells the same: numbers would be another series'."""
    element = raw(part10.dataset, tag)
    return element is None or element.VR in TEXTS


def attributes(part10: Part10, uids: Uids, address: Address) -> Attributes:
    """Return the header as DICOM JSON with Available Transfer Syntax UID; big values point to `address`."""
    found = Header(part10, lambda where: address(uids, where)).attributes()
    found["00083002"] = summary.element("UI", part10.transfer_syntax)
    groups = found.get(FRAME_GROUPS, {}).get("Value")
    if groups is not None:
        # Of more than there are frames, one too many is kept, so that whoever reads them sees that they don't fit.
        declared = first(found, "00280008")
        del groups[(declared if isinstance(declared, int) and declared > 0 else 1) + 1 :]
    return found


def write(connection: Connection, rows: list[Row], gone: list[Key], places: dict[int, Rooted]) -> set[str]:
    """Put rows in and take keys out, inside a transaction; returns the Study Instance UIDs that changed."""
    touched: set[Uids] = set()
    for place, path in dict.fromkeys([*gone, *((row.key[0], file_of(row.key[1])) for row in rows)]):
        span = (place, path, path + LEVEL, path + b"\1")
        among = "FROM file WHERE place = ? AND (path = ? OR (path > ? AND path < ?))"
        for before in connection.execute(f"SELECT study, series, instance {among}", span).fetchall():
            if before["study"]:
                touched.add(tuple(before))
        connection.execute(f"DELETE {among}", span)
    for row in rows:
        connection.execute(
            "INSERT INTO file (place, path, size, mtime, ctime, reason, study, series, instance, sop_class, modality,"
            " patient_id, header, native, digest) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
            (
                *row.key,
                *row.stamp,
                row.reason,
                *(row.uids or (None,) * 3),
                row.sop_class,
                row.modality,
                row.patient_id,
                row.header,
                row.native,
                row.digest,
            ),
        )
        if row.uids:
            touched.add(row.uids)
    for uids in touched:
        _choose(connection, uids, places)
    studies = {study for study, _, _ in touched}
    summary.rebuild(connection, sorted(studies))
    return studies


def _choose(connection: Connection, uids: Uids, places: dict[int, Rooted]) -> None:
    """Show the first file of one address; of several, note what each contains."""
    found = connection.execute(
        "SELECT place, path, digest FROM file WHERE study = ? AND series = ? AND instance = ? ORDER BY place, path",
        uids,
    ).fetchall()
    for position, row in enumerate(found):
        digest = row["digest"]
        if digest is None and len(found) > 1:
            digest = _digest(places[row["place"]], row["path"])
        connection.execute(
            "UPDATE file SET shown = ?, digest = ? WHERE place = ? AND path = ?",
            (position == 0, digest, row["place"], row["path"]),
        )


def _digest(rooted: Rooted, path: bytes) -> bytes:
    try:
        with rooted.open(path) as source:
            return sha256(source)
    except (ArchiveError, OSError):
        # Gone since it was read: unlike anything else until the next scan knows better.
        return b"gone " + path


def sha256(source: BinaryIO) -> bytes:
    """Return the digest of a whole file without holding it in memory."""
    digest = hashlib.sha256()
    while chunk := source.read(1 << 20):
        digest.update(chunk)
    return digest.digest()


def file_of(path: bytes) -> bytes:
    """Return the path of the file in which a row's instance lies."""
    return path.partition(LEVEL)[0]


def _below(key: Key, folder: Key) -> bool:
    return key[0] == folder[0] and key[1].startswith(folder[1] + b"/")


@contextmanager
def sole_writer(lock: Path) -> Iterator[None]:
    """Wait until no other process or thread writes this index."""
    handle = os.open(lock, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        fcntl.flock(handle, fcntl.LOCK_EX)
        yield
    finally:
        os.close(handle)
