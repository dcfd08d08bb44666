"""Entries of a stack: pictures that are here, and places where one is missing."""

from dataclasses import dataclass, field

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


@dataclass(slots=True)
class Stack:
    """One scrollable stack: entries in display order (head, right, front first), never without its holes."""

    key: str
    title: str
    entries: list[Entry]
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
    def shown(self) -> list[Shown]:
        """The entries that have a picture."""
        return [entry for entry in self.entries if isinstance(entry, Shown)]

    @property
    def missing(self) -> list[Missing]:
        """The entries whose picture was never listed."""
        return [entry for entry in self.entries if isinstance(entry, Missing)]

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
