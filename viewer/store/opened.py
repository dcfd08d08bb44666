"""A series that the store process has open: its records, formats, frame files, and who waits for what."""

import logging
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path

import numpy as np

from viewer.archive.port import Archive, ArchiveError, Attributes, Changed, Unreachable
from viewer.imaging.bulkdata import bulkdata_uris
from viewer.imaging.kinds import SLIDE, STORAGE
from viewer.imaging.pixels import PixelError, PixelFormat
from viewer.imaging.record import Instance, MetadataError
from viewer.imaging.words import gettext_noop
from viewer.store import frames, metadata, shelf
from viewer.store.decode import check_size
from viewer.store.pack import TilePack
from viewer.store.protocol import Sentence, sentence

log = logging.getLogger(__name__)
READINGS = 3
WHOLE_SLIDE = STORAGE + SLIDE
LARGEST_PIECE = 64 << 20


@dataclass(frozen=True)
class Stored:
    """The frame is in its file."""


@dataclass(frozen=True)
class NoRoom:
    """The frame is good, but the disk or the budget has no room for it."""

    array: np.ndarray


@dataclass(frozen=True)
class TileBytes:
    """A frame as it is stored in the archive, not decoded."""

    syntax: str
    data: bytes


Result = Stored | NoRoom | TileBytes | Sentence
Waiter = Callable[[Result], None]


class CantOpen(Exception):
    """The series can't be opened; the argument says why, in words for the user."""


class Gone(Exception):
    """The archive holds another version of the series: it has to be opened again."""


@dataclass
class OpenSeries:
    """One version of a series. Changed only by the store's event loop, its frame files by any thread."""

    current: shelf.Current
    directory: Path
    listed: list[Instance]
    formats: list[PixelFormat | None]
    places: metadata.Places
    files: frames.FrameFiles
    revisions: dict[str, str] = field(default_factory=dict)
    compared: dict[str, str] = field(default_factory=dict)
    reasons: dict[int, Sentence] = field(default_factory=dict)
    decoding: set[int] = field(default_factory=set)  # places that wait for a decoder, or are in one
    poisoned: dict[int, Sentence] = field(default_factory=dict)  # instances of which no frame is tried any more
    retry_at: dict[int, float] = field(default_factory=dict)
    waiting: dict[int, dict[object, Waiter]] = field(default_factory=dict)
    wanted_tiles: dict[int, dict[object, Waiter]] = field(default_factory=dict)
    users: int = 0
    jobs: int = 0
    stale: bool = False
    closed: bool = False
    quick: bool = False  # its archive answers at once
    streamed: bool = False  # all there is to come by a stream has come
    syntaxes: dict[int, str] = field(default_factory=dict)  # as single frames had them, by instance
    read_at: float = float("-inf")
    told: bool = True
    news: dict[int, Sentence] = field(default_factory=dict)

    @classmethod
    def load(cls, directory: Path, current: shelf.Current) -> "OpenSeries":
        """Open what lies in `directory`; raises OSError, BadMetadata, BadTable or MetadataError when it is damaged."""
        kept = metadata.load(directory)
        listed = kept.instances()
        files = frames.FrameFiles(directory)
        places = metadata.Places(listed)
        formats = [format_of(each)[0] for each in listed]
        series = cls(current, directory, listed, formats, places, files, kept.revisions)
        if files.layout.count != places.count:
            files.close()
            raise frames.BadTable("the table doesn't fit the metadata")
        for failure in shelf.failures(directory):
            if failure.frame < places.count and files.states[failure.frame] != frames.PRESENT:
                files.mark(failure.frame, frames.FAILED)
                series.reasons[failure.frame] = failure.words
        return series

    @property
    def key(self) -> shelf.Key:
        return self.current.key

    @cached_property
    def pack(self) -> TilePack:
        """The stored bytes that were kept beside the decoded frames."""
        return TilePack(self.directory)

    @cached_property
    def in_small_pieces(self) -> bool:
        """Whether no instance is so large that it should come frame by frame, and none is a slide."""
        pieces = zip(self.listed, self.formats, strict=True)
        return not any(
            each.SOPClassUID == WHOLE_SLIDE or (form and each.frame_count * form.stored_size_bytes > LARGEST_PIECE)
            for each, form in pieces
        )

    def is_slide(self, place: int) -> bool:
        """Say whether the frame is a tile of a slide."""
        return self.listed[self.places.frame(place)[0]].SOPClassUID == WHOLE_SLIDE

    def failed(self, place: int, words: Sentence) -> None:
        """Mark a frame as failed, with the reason."""
        self.reasons[place] = words
        self.files.mark(place, frames.FAILED)
        self.news[place] = words
        self.told = False

    def why_no_pixels(self, place: int) -> Sentence:
        """Return why the instance of a frame has no pixels that can be stored."""
        instance, _ = self.places.frame(place)
        words = format_of(self.listed[instance])[1]
        return words or sentence(gettext_noop("the instance has no pixels"))


def format_of(instance: Instance) -> tuple[PixelFormat | None, Sentence | None]:
    """Return the pixel format of an instance, or why there is none that can be stored."""
    try:
        form = PixelFormat.of(instance)
        check_size(form)
    except PixelError as error:
        return None, sentence(error)
    return form, None


def shape_of(form: PixelFormat | None) -> frames.Shape | None:
    """Return the shape in which frames of a format are kept."""
    return None if form is None else frames.Shape(form.rows, form.columns, form.samples, form.stored_dtype.name)


def shapes(listed: Sequence[Instance]) -> list[frames.Shape | None]:
    """Return one shape for each frame of the instances; raises CantOpen when there are too many."""
    if sum(each.frame_count for each in listed) > frames.MOST_FRAMES:
        raise CantOpen(gettext_noop("the series has more than {most} frames", most=frames.MOST_FRAMES))
    return [shape for each in listed for shape in [shape_of(format_of(each)[0])] * each.frame_count]


def received(archive: Archive, key: shelf.Key) -> tuple[metadata.Kept, str, int | None]:
    """Ask the archive for a series: metadata with its lookup tables, digest, and how many instances it lists.

    Raises ArchiveError, BadMetadata or CantOpen. A lookup table that can't be had stays a gap, which the picture tells.
    """
    for _ in range(READINGS):
        kept = reading(archive, key)
        if archive.revisions(key.study, key.series) == kept.revisions:
            return kept, metadata.digest(kept.metadata, kept.revisions), expected(archive, key)
    raise Changed(gettext_noop("the series is changing in the archive"))


def reading(archive: Archive, key: shelf.Key) -> metadata.Kept:
    """Ask the archive once for metadata, lookup tables and, before these, their revisions."""
    revisions = archive.revisions(key.study, key.series)
    content = archive.series_metadata(key.study, key.series)
    metadata.digest(content, {})  # an array at all?
    try:
        listed = metadata.Kept(content, {}, {}).instances()
    except MetadataError as error:
        raise metadata.BadMetadata(str(error)) from error
    if not listed:
        raise CantOpen(gettext_noop("the archive lists no instances of this series"))
    return metadata.Kept(content, tables(archive, listed), revisions)


def tables(archive: Archive, listed: Sequence[Instance]) -> dict[str, bytes]:
    """Return the bytes behind the BulkDataURIs of lookup tables, as far as the archive gives them."""
    found = {}
    for uri in sorted(bulkdata_uris(listed)):
        try:
            found[uri] = archive.bulkdata(uri)
        except Unreachable:
            raise  # a gap would stay for as long as the series does
        except ArchiveError as error:
            log.warning("a lookup table isn't to be had: %s", error)
    return found


def expected(archive: Archive, key: shelf.Key) -> int | None:
    """Return how many instances the archive lists for the series, None when it doesn't say."""
    try:
        for series in archive.search_series(key.study):
            count = str(first(series, "00201209")).strip()
            if first(series, "0020000E") == key.series and count.isdecimal():
                return int(count)
        return len(archive.search_instances(key.study, key.series)) or None
    except ArchiveError as error:
        log.warning("the archive doesn't say how many instances it lists: %s", error)
        return None


def first(attributes: Attributes, tag: str) -> object:
    """Return the first value of an attribute, None when there is none."""
    element = attributes.get(tag)
    values = element.get("Value") if isinstance(element, dict) else None
    return values[0] if isinstance(values, list) and values else None
