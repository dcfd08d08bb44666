"""Entries of a stack: pictures that are here, and places where one is missing."""

from bisect import bisect_right
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from itertools import accumulate
from typing import overload

from viewer.imaging.cine import Cine
from viewer.imaging.dimensions import Coordinate
from viewer.imaging.geometry import Plane
from viewer.imaging.reasons import Reason
from viewer.imaging.words import Words


@dataclass(frozen=True, slots=True)
class Shown:
    """An entry that has a picture. `location` is mm along the nearest of left, posterior and head."""

    instance_index: int
    SOPInstanceUID: str
    frame: int
    location: float | None
    InstanceNumber: int | None


@dataclass(frozen=True, slots=True)
class Missing:
    """An entry for a picture that should be here and was never listed."""

    reason: Words
    location: float | None
    instance_number: int | None


Entry = Shown | Missing


@dataclass(frozen=True, slots=True)
class Run:
    """Frames of one image from `first` on, by their numbers: entries that nothing else tells from each other."""

    instance_index: int
    SOPInstanceUID: str
    first: int
    count: int
    InstanceNumber: int | None

    def entry(self, at: int) -> Shown:
        """Return entry `at` (from 0) of the run."""
        return Shown(self.instance_index, self.SOPInstanceUID, self.first + at, None, self.InstanceNumber)


class Entries(Sequence[Shown]):
    """Entries of which many are made only when they are looked at: an image may declare 100,000 frames."""

    def __init__(self, parts: Sequence[Shown | Run]) -> None:
        self.parts = tuple(parts)
        self.starts = [0, *accumulate(each.count if isinstance(each, Run) else 1 for each in self.parts)]

    def __len__(self) -> int:
        return self.starts[-1]

    @overload
    def __getitem__(self, at: int) -> Shown: ...
    @overload
    def __getitem__(self, at: slice) -> list[Shown]: ...
    def __getitem__(self, at: int | slice) -> Shown | list[Shown]:
        if isinstance(at, slice):
            return [self[each] for each in range(*at.indices(len(self)))]
        at = range(len(self))[at]
        place = bisect_right(self.starts, at) - 1
        part = self.parts[place]
        return part.entry(at - self.starts[place]) if isinstance(part, Run) else part

    def __iter__(self) -> Iterator[Shown]:
        for part in self.parts:
            yield from map(part.entry, range(part.count)) if isinstance(part, Run) else (part,)


def parts(entries: Sequence[Entry]) -> Iterator[tuple[int, Entry | Run]]:
    """Yield index and content of what `entries` are made of: single ones, and runs."""
    yield from zip(entries.starts, entries.parts, strict=False) if isinstance(entries, Entries) else enumerate(entries)


@dataclass(slots=True)
class Stack:
    """One scrollable stack: entries in display order (head, right, front first), never without its holes."""

    key: str
    title: str
    entries: Sequence[Entry]
    spatial: bool
    modality: str
    rows: int
    columns: int
    colour: bool
    orientation: tuple[float, ...] | None
    frame_of_reference: str | None
    plane: Plane | None = None
    spacing_mm: float | None = None
    tilt_degrees: float = 0.0
    regular: bool = False
    total_known: bool = False
    cine: Cine | None = None
    notes: list[Words] = field(default_factory=list)
    family: str = ""  # the same for all volumes of one 4D series
    coordinates: tuple[Coordinate, ...] = ()
    reasons: list[Reason] = field(default_factory=list)

    @property
    def shown(self) -> Sequence[Shown]:
        """The entries that have a picture."""
        if isinstance(self.entries, Entries):
            return self.entries
        return [entry for entry in self.entries if isinstance(entry, Shown)]

    @property
    def missing(self) -> list[Missing]:
        """The entries whose picture was never listed."""
        return [entry for _, entry in parts(self.entries) if isinstance(entry, Missing)]

    @property
    def images(self) -> list[str]:
        """The SOP Instance UIDs of the images that are shown, in their order, each once."""
        return list(
            dict.fromkeys(each.SOPInstanceUID for _, each in parts(self.entries) if not isinstance(each, Missing))
        )

    @property
    def words(self) -> str:
        """What the reader has to know about this stack, in a line."""
        return "; ".join(self.notes)


@dataclass(slots=True)
class Series:
    """What all stacks of a series are judged against."""

    listed: int
    expected: int | None
    numbers: frozenset[int]

    @property
    def short(self) -> int:
        """By how many instances the archive's count exceeds what was listed."""
        return max((self.expected or 0) - self.listed, 0)
