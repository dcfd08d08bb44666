"""The embedded archive: a read-only folder of DICOM files behind the port, with an index of its own."""

import contextlib
import hashlib
import os
import re
from collections.abc import Iterable, Iterator
from functools import lru_cache
from io import BytesIO
from pathlib import Path
from sqlite3 import Row as Record
from typing import BinaryIO

from pydicom.uid import DeflatedExplicitVRLittleEndian

from viewer.archive import summary, virtual
from viewer.archive.apart import Reader
from viewer.archive.bulk import value_at
from viewer.archive.delivered import delivered, of_series
from viewer.archive.framing import PixelMap, frame
from viewer.archive.index import Index, json_bytes, packed, picked, unpacked
from viewer.archive.leave import current
from viewer.archive.match import matches, only, tag_of
from viewer.archive.part10 import as_part10, parse
from viewer.archive.port import (
    ArchiveError,
    Attributes,
    Changed,
    Delivered,
    Frame,
    NotThere,
    ScanReport,
    StoreResult,
)
from viewer.archive.rooted import Rooted
from viewer.archive.scan import (
    FOLDER,
    OBJECTS,
    Key,
    Row,
    Scan,
    Stamp,
    Uids,
    attributes,
    bulk_address,
    file_of,
    identity,
    read,
    sha256,
    sole_writer,
    stamp,
    write,
)
from viewer.imaging.words import gettext_noop

LARGEST_WHOLE = 256 << 20
CHANGED = gettext_noop("The file has changed since it was indexed; the next scan will read it again.")
_BULK = re.compile(
    r"studies/([0-9.]+)/series/([0-9.]+)/instances/([0-9.]+)/bulkdata/([0-9A-F]{8}(?:/[0-9]{1,6}/[0-9A-F]{8})*)"
)


class FolderArchive:
    """One folder. Reading needs a scan first; what is stored through us lies under `state` and never in the folder."""

    near = True

    def __init__(self, name: str, folder: Path, *, state: Path, apart: bool = False) -> None:
        """Open the index of archive `name` under `state`; raises NotThere when the folder doesn't exist.

        With `apart`, a scan reads the files in a process of its own, which a hostile one may end.
        """
        if not folder.is_dir():
            raise NotThere(gettext_noop("The folder of archive {name} doesn't exist.", name=name))
        self.name = name
        self.root = f"folder:{name}"
        self._objects = state / "objects" / name
        self._objects.mkdir(parents=True, exist_ok=True, mode=0o700)
        self._places = {FOLDER: Rooted(folder), OBJECTS: Rooted(self._objects)}
        self._index = Index(state / "index" / f"{name}.sqlite", self._places[FOLDER].folder)
        self._lock = state / "index" / f"{name}.lock"
        self._reader = Reader(self.root) if apart else None
        self._moving: dict[tuple[int, bytes], tuple[Stamp, float]] = {}
        self._map = lru_cache(maxsize=1024)(self._read_map)

    def scan(self, *, settle: float = 2.0) -> ScanReport:
        """Bring the index up to date with the folder; files that changed within `settle` seconds wait."""
        with sole_writer(self._lock):
            return Scan(self._index, self._places, self._read, settle, self._moving).run()

    def search_studies(
        self, *, limit: int | None = None, offset: int = 0, fields: Iterable[str] = (), **match: str
    ) -> list[Attributes]:
        keys = {tag_of(keyword): value for keyword, value in match.items()}
        low, high = _dates(keys.pop("00080020", ""))
        rows = self._index.rows(
            "SELECT uid, attributes FROM study WHERE (? = '' OR date >= ?) AND (? = '' OR date <= ?)"
            " AND (date <> '' OR ? || ? = '') ORDER BY uid",
            (low, low, high, high, low, high),
        )
        extra = sorted({tag_of(field) for field in fields} - set(summary.STUDY))
        found = []
        for row in rows:
            known = unpacked(row["attributes"])
            if any(tag not in known for tag in (*extra, *keys)):
                known = self._any_header(row["uid"], (*extra, *keys)) | known
            if matches(known | {"00080060": known["00080061"]}, keys):
                found.append(
                    {
                        tag: value
                        for tag, value in sorted(known.items())
                        if tag not in keys or tag in _SHOWN or tag in extra
                    }
                )
        return found[offset:] if limit is None else found[offset : offset + limit]

    def search_series(self, study: str) -> list[Attributes]:
        rows = self._index.rows("SELECT attributes FROM series WHERE study = ? ORDER BY uid", (study,))
        return [unpacked(row["attributes"]) for row in rows]

    def search_instances(self, study: str, series: str) -> list[Attributes]:
        rows = self._index.rows(
            "SELECT header FROM file WHERE study = ? AND series = ? AND shown ORDER BY instance", (study, series)
        )
        return [picked(row["header"], summary.INSTANCE) for row in rows]

    def numbered(self, study: str, series: str, numbers: Iterable[int]) -> dict[int, str]:
        listed = self.search_instances(study, series)
        return only(dict.fromkeys(numbers, listed))

    def series_metadata(self, study: str, series: str) -> bytes:
        rows = self._index.rows(
            "SELECT header FROM file WHERE study = ? AND series = ? AND shown ORDER BY instance", (study, series)
        )
        if not rows:
            raise NotThere(gettext_noop("The archive has no such series."))
        return b"[" + b",".join(json_bytes(row["header"]) for row in rows) + b"]"

    def instance_metadata(self, study: str, series: str, instance: str) -> bytes:
        return b"[" + json_bytes(self._record((study, series, instance))["header"]) + b"]"

    def instance(self, study: str, series: str, instance: str) -> bytes:
        record = self._record((study, series, instance))
        if record["native"] is not None:
            raise NotThere(gettext_noop("This image lies in a slide or picture file, which is no DICOM file."))
        with self._open(record) as source:
            return as_part10(source)

    def revisions(self, study: str, series: str) -> dict[str, str]:
        rows = self._index.rows(
            "SELECT instance, place, path, size, mtime, ctime FROM file WHERE study = ? AND series = ? AND shown",
            (study, series),
        )
        return {row["instance"]: _revision(row) for row in rows}

    def frames(
        self, study: str, series: str, instance: str, numbers: Iterable[int], *, revision: str = ""
    ) -> Iterator[Frame]:
        record = self._record((study, series, instance))
        if revision and revision != _revision(record):
            raise Changed(CHANGED)
        if record["native"] is not None:
            yield from self._tiles(record, numbers)
            return
        where = self._map(record["place"], record["path"], _stamp(record))
        with self._open(record) as source:
            deflated = where.transfer_syntax == DeflatedExplicitVRLittleEndian
            pixels = parse(source).source if deflated else source
            for wanted in numbers:
                found = frame(pixels, where, wanted)
                if stamp(os.fstat(source.fileno())) != _stamp(record):
                    raise Changed(CHANGED)  # written over while it was read
                yield found

    def stream(self, study: str, series: str) -> Iterator[Delivered]:
        rows = self._index.rows(
            "SELECT place, path, size, mtime, ctime FROM file"
            " WHERE study = ? AND series = ? AND shown AND native IS NULL ORDER BY instance",
            (study, series),
        )
        for record in rows:
            current().rest(0)
            if record["size"] > LARGEST_WHOLE:
                continue
            with self._open(record) as source:
                content = source.read()
                if stamp(os.fstat(source.fileno())) != _stamp(record):
                    raise Changed(CHANGED)
            with contextlib.suppress(NotThere):
                yield of_series(delivered(memoryview(content), revision=_revision(record)), study, series)

    def _tiles(self, record: Record, numbers: Iterable[int]) -> Iterator[Frame]:
        rooted, path = self._places[record["place"]], file_of(record["path"])
        with self._open(record) as source:
            for found in virtual.frames(source, record["native"], numbers, rooted, path, _stamp(record)):
                if stamp(os.fstat(source.fileno())) != _stamp(record):
                    raise Changed(CHANGED)
                yield found

    def bulkdata(self, uri: str) -> bytes:
        prefix = f"{self.root}/"
        found = _BULK.fullmatch(uri.removeprefix(prefix)) if uri.startswith(prefix) else None
        if found is None:
            raise NotThere(gettext_noop("This isn't the address of a bulk value of this archive."))
        study, series, instance, path = found.groups()
        with self._open(self._record((study, series, instance))) as source:
            return value_at(parse(source), path)

    def store(self, instances: Iterable[bytes]) -> list[StoreResult]:
        with sole_writer(self._lock):
            return [self._store(data) for data in instances]

    def _store(self, data: bytes) -> StoreResult:
        uids = None
        try:
            part10 = parse(BytesIO(data))
            uids = identity(part10)
            header = attributes(part10, uids, self._address)
        except ArchiveError as error:
            return StoreResult(uids[2] if uids else "", False, error.words)
        digest = hashlib.sha256(data)
        there = self._index.rows("SELECT place, path FROM file WHERE instance = ?", (uids[2],))
        for record in there:
            with self._places[record["place"]].open(file_of(record["path"])) as source:
                if sha256(source) == digest.digest():
                    return StoreResult(uids[2], True)
        if there:
            return StoreResult(
                uids[2], False, gettext_noop("Another object with the same SOP Instance UID is there already.")
            )
        path = f"{digest.hexdigest()}.dcm".encode()
        try:
            now = self._write_object(path, data)
        except OSError as error:
            return StoreResult(
                uids[2],
                False,
                gettext_noop("The object can't be written: {reason}.", reason=error.strerror),
                again=True,
            )
        row = Row((OBJECTS, path), now, None, uids, *summary.columns(header), packed(header))
        connection = self._index.connection
        connection.execute("BEGIN IMMEDIATE")
        try:
            write(connection, [row], [], self._places)
            connection.execute("COMMIT")
        except BaseException:
            connection.execute("ROLLBACK")
            raise
        return StoreResult(uids[2], True)

    def _write_object(self, path: bytes, data: bytes) -> Stamp:
        final = os.path.join(os.fsencode(self._objects), path)
        # Beside the objects, not among them: a scan must never meet one half written. One writer, so one name.
        draft = os.path.join(os.fsencode(self._objects.parent), f".{self.name}.part".encode())
        with open(draft, "wb") as target:
            target.write(data)
            target.flush()
            os.fsync(target.fileno())
        os.rename(draft, final)
        folder = os.open(self._objects, os.O_RDONLY | os.O_DIRECTORY)
        try:
            os.fsync(folder)
        finally:
            os.close(folder)
        return stamp(os.stat(final))

    def _address(self, uids: Uids, path: str) -> str:
        return bulk_address(self.root, uids, path)

    def _read(self, key: Key, rooted: Rooted, now: Stamp) -> list[Row]:
        return self._reader.read(key, rooted, now) if self._reader else read(key, rooted, now, self._address)

    def _any_header(self, study: str, tags: Iterable[str]) -> Attributes:
        rows = self._index.rows(
            "SELECT header FROM file WHERE study = ? AND shown ORDER BY place, native IS NOT NULL, path LIMIT 1",
            (study,),
        )
        return picked(rows[0]["header"], tags) if rows else {}

    def _record(self, uids: Uids) -> Record:
        rows = self._index.rows(
            "SELECT place, path, size, mtime, ctime, header, native FROM file"
            " WHERE study = ? AND series = ? AND instance = ? AND shown",
            uids,
        )
        if not rows:
            raise NotThere(gettext_noop("The archive has no such instance."))
        return rows[0]

    def _open(self, record: Record) -> BinaryIO:
        source = self._places[record["place"]].open(file_of(record["path"]))
        if stamp(os.fstat(source.fileno())) != _stamp(record):
            source.close()
            raise Changed(CHANGED)
        return source

    def _read_map(self, place: int, path: bytes, expected: Stamp) -> PixelMap:
        with self._places[place].open(path) as source:
            part10 = parse(source)
            rows = self._index.rows("SELECT header FROM file WHERE place = ? AND path = ?", (place, path))
            if not rows or stamp(os.fstat(source.fileno())) != expected:
                raise Changed(CHANGED)
            return PixelMap.of(part10, unpacked(rows[0]["header"]))


_SHOWN = frozenset(summary.STUDY) | {"00080056", "00080061", "00080062", "00201206", "00201208"}


def _dates(wanted: str) -> tuple[str, str]:
    low, dash, high = wanted.partition("-")
    return (low, high) if dash else (low, low)


def _stamp(record: Record) -> Stamp:
    return record["size"], record["mtime"], record["ctime"]


def _revision(record: Record) -> str:
    """Return what tells one file, in one state, from all others that had or will have the same identity."""
    where = hashlib.blake2b(record["path"], digest_size=8).hexdigest()
    return f"{record['place']}:{where}:{record['size']}:{record['mtime']}:{record['ctime']}"
