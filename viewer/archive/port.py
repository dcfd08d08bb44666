"""What the house asks of an archive: DICOMweb's verbs, the shapes they return and the ways they fail."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any, Protocol

Attributes = dict[str, Any]
"""One data set in the DICOM JSON model (PS3.18 Annex F): eight hex digits -> {"vr": …, "Value": […]}."""


class ArchiveError(Exception):
    """Something that the archive couldn't do, in words fit for a user: no patient data, no credentials."""

    def __init__(self, words: str, status: int | None = None) -> None:
        """`status` is the HTTP status behind it, if a server gave one."""
        super().__init__(words)
        self.words = words
        self.status = status


class Unreachable(ArchiveError):
    """No answer, an answer cut short, or a server that is down: worth another try later."""


class Changed(Unreachable):
    """The object isn't the one that was asked for any more; what it is now will be known after the next look."""


class Refused(ArchiveError):
    """The archive knows us not, or doesn't let us (401, 403)."""


class NotThere(ArchiveError):
    """The archive has no such study, series, instance, frame or bulk value."""


class Malformed(ArchiveError):
    """The answer or the file isn't what the standard says; another try gives the same."""


class Unstreamed(ArchiveError):
    """The archive delivers no whole series, or not as it is stored; its frames may be had singly all the same."""


@dataclass(frozen=True)
class Frame:
    """One frame as it is stored: `data` is native pixels or one whole codestream; numbers count from 1.

    `ours` is true for a frame that no file and no server holds so: the archive itself wrote what stands in `data`.
    """

    number: int
    data: bytes
    transfer_syntax: str
    ours: bool = False


@dataclass(frozen=True)
class Described:
    """How the pixels of an instance are stored, by its own header (PS3.3 C.7.6.3); None where it doesn't say."""

    photometric: str
    rows: int | None
    columns: int | None
    samples: int | None
    bits_allocated: int | None
    bits_stored: int | None
    high_bit: int | None
    representation: int | None
    planar_configuration: int | None


@dataclass(frozen=True)
class Delivered:
    """One instance of a series that comes in one piece, all its frames at once, as stored.

    What stands in `frames` may be views, which hold only until the next instance is asked for.
    """

    study: str
    series: str
    instance: str
    described: Described
    transfer_syntax: str
    frames: tuple[bytes | memoryview, ...]
    revision: str = ""


@dataclass(frozen=True)
class StoreResult:
    """What became of one instance that was sent; `words` is empty when it was stored.

    `again` says that what kept it out may pass: a full disk, resources.
    """

    instance: str
    stored: bool
    words: str = ""
    again: bool = False


@dataclass(frozen=True)
class Skipped:
    """A file that isn't shown, and why."""

    path: str
    reason: str


@dataclass(frozen=True)
class Conflict:
    """Files that claim the same identity with different content; the first path is the one shown.

    `uid` is what they claim, `studies` are the Study Instance UIDs that are in doubt for it.
    """

    uid: str
    paths: tuple[str, ...]
    words: str
    studies: tuple[str, ...]
    people: tuple[Attributes, ...] = ()  # Patient's Name and ID of each, where one study is of several


@dataclass(frozen=True)
class ScanReport:
    """What one scan of a folder found. `waiting` files are still being written and are looked at next time."""

    files: int
    instances: int
    added: int
    changed: int
    removed: int
    waiting: int
    seconds: float
    changed_studies: frozenset[str]
    skipped: tuple[Skipped, ...]
    conflicts: tuple[Conflict, ...]


class Archive(Protocol):
    """Where images come from. Every method may be called from any thread and raises ArchiveError only."""

    @property
    def name(self) -> str: ...

    @property
    def root(self) -> str:
        """Every BulkDataURI of this archive starts with it."""

    @property
    def near(self) -> bool:
        """Whether its bytes lie on this machine, so that a copy of them would gain nothing."""

    def search_studies(
        self, *, limit: int | None = None, offset: int = 0, fields: Iterable[str] = (), **match: str
    ) -> list[Attributes]:
        """Return studies matching `match` (keyword=value as in QIDO-RS, PS3.18 8.3.4); `limit` None means all.

        Values: `*` and `?` wildcards, `20200101-20201231` ranges, several UIDs separated by commas.
        `fields` are keywords wanted beyond those of PS3.18 table 10.6.3-3.
        """

    def search_series(self, study: str) -> list[Attributes]: ...

    def search_instances(self, study: str, series: str) -> list[Attributes]: ...

    def numbered(self, study: str, series: str, numbers: Iterable[int]) -> dict[int, str]:
        """Return the SOP Instance UIDs with these Instance Numbers; one that several have, or none, is left out.

        Cheap beside the metadata of the series.
        """

    def series_metadata(self, study: str, series: str) -> bytes:
        """Return a DICOM JSON array, one object per instance; 00083002 tells the stored transfer syntax if known."""

    def instance_metadata(self, study: str, series: str, instance: str) -> bytes:
        """Return a DICOM JSON array of one object."""

    def instance(self, study: str, series: str, instance: str) -> bytes:
        """Return the whole instance as a Part 10 file, in the syntax in which it is stored."""

    def revisions(self, study: str, series: str) -> dict[str, str]:
        """Return, by SOP Instance UID, what changes whenever anything in the instance does, its pixels too.

        Cheap, and asks no network. Empty where the archive can't tell: DICOMweb has no such value (an ETag of the
        metadata says nothing of the pixels, and few servers send one of the frames), so pixels that are replaced
        under the same header on such a server stay unnoticed until the series leaves the store.
        """

    def frames(
        self, study: str, series: str, instance: str, numbers: Iterable[int], *, revision: str = ""
    ) -> Iterator[Frame]:
        """Yield the frames asked for, in that order, as stored (never transcoded).

        With `revision`, raises Changed unless they are of that one; an archive without revisions ignores it.
        """

    def stream(self, study: str, series: str) -> Iterator[Delivered]:
        """Yield the instances of a series that have pixels, as soon as each is whole, in the archive's order.

        Large ones may be left out. Raises Unstreamed where the archive never does it; ends at once when its leave is
        taken.
        """

    def bulkdata(self, uri: str) -> bytes:
        """Return the bytes behind a BulkDataURI of this archive, little endian; any other address is refused."""

    def store(self, instances: Iterable[bytes]) -> list[StoreResult]:
        """Store Part 10 files; one result for each, in the same order."""


class Scanned(Archive, Protocol):
    """An archive that has to look for its content itself."""

    def scan(self, *, settle: float = 2.0) -> ScanReport:
        """Bring the index up to date; files that changed within `settle` seconds wait for the next scan."""
