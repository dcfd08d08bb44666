"""Pictures at one position told apart: the fewest attributes after which each volume has every position once."""

from collections.abc import Hashable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import combinations
from math import prod

import numpy as np

from viewer.imaging.dimensions import Coordinate, Key, coordinate, declared, seconds, undeclared
from viewer.imaging.gaps import SAME_PLACE_MM
from viewer.imaging.picture import Picture, sortable
from viewer.imaging.words import Words, gettext_noop

WHOLE = 0.8  # of all positions must be there in all volumes before they are one thing with time points
MOST_AXES = 24  # that are tried together: no image declares so many dimensions but to keep its reader waiting
TOGETHER = 3  # so many keys at most tell pictures apart


@dataclass(slots=True)
class Cell:
    """Pictures of one volume; without coordinates it stands for itself. `whole`: it is one of a family of like ones."""

    pictures: list[Picture]
    key: tuple[Hashable, ...] = ("", "")
    coordinates: tuple[Coordinate, ...] = ()
    whole: bool = True
    doubt: Words | None = None
    apart: str = ""


def cells(members: list[Picture], places: np.ndarray) -> list[Cell]:
    """Return `members` apart in as many volumes as they make, together where they are one; `places` are in mm.

    Maps and traces, which b-values don't tell apart, are volumes of their own. A picture is in one cell, once.
    """
    labels = place_labels(places)
    if np.bincount(labels).max() == 1 or labels.max() == 0:
        return [Cell(members)]
    found = []
    for apart, inside in kinds(members):
        some = [members[at] for at in inside]
        _, own = np.unique(labels[inside], return_inverse=True)
        for cell in volumes(some, own):
            if apart:
                cell.apart, cell.key = apart, (*cell.key, apart)
            found.append(cell)
    return found


def kinds(members: Sequence[Picture]) -> Iterator[tuple[str, list[int]]]:
    """Yield (name, places in `members`) of images with a b-value, without one, and of traces beside directions."""
    isotropic = [at for at, each in enumerate(members) if each.frame.DiffusionDirectionality == "ISOTROPIC"]
    directional = any(each.frame.DiffusionDirectionality == "DIRECTIONAL" for each in members)
    traces = set(isotropic) if directional else set()
    has_b = [each.frame.DiffusionBValue is not None for each in members]
    plain = [at for at, each in enumerate(has_b) if each and at not in traces]
    without = [at for at, each in enumerate(has_b) if not each and at not in traces]
    named = bool(plain and without)
    for name, inside in (("", plain), ("no b-value" if named else "", without), ("trace", sorted(traces))):
        if inside:
            yield name, inside


def volumes(members: list[Picture], places: np.ndarray) -> list[Cell]:
    """Return the volumes by the first keys after which no two pictures share a place (numbered from 0)."""
    counts = np.bincount(places)
    if len(counts) == 1 or counts.max() == 1:
        return [Cell(members)]
    search = Search(members, places)
    found = search.first(search.keyed(declared(members)), ranks=False) or search.first(
        search.keyed(undeclared(members)), ranks=True
    )
    if found is None:
        doubt = None
        if np.median(counts) > 1:
            words = "{count} images at each position that nothing tells apart: one series, shown together"
            doubt = gettext_noop(words, count=int(np.median(counts)))
        return [Cell(members, doubt=doubt)]
    return found


@dataclass(slots=True)
class Axis:
    """A key with the rank of each picture's value."""

    key: Key
    codes: np.ndarray
    values: list[Hashable]


@dataclass(slots=True)
class Search:
    """The pictures of one geometry, and the number of the place of each."""

    members: list[Picture]
    places: np.ndarray

    @property
    def most(self) -> int:
        """How many pictures share a place at most."""
        return int(np.bincount(self.places).max())

    def keyed(self, keys: Iterable[Key]) -> list[Axis]:
        """Return the keys whose value isn't the same in all pictures."""
        axes = []
        for key in keys:
            values = [key.value(each) for each in self.members]
            seen: dict[Hashable, tuple[int, int]] = {}
            for each, value in zip(self.members, values, strict=True):
                at = (each.instance.InstanceNumber or 0, each.frame.number)
                seen[value] = min(at, seen.get(value, at))
            # Vectors have no order but the one in which they were taken.
            distinct = sorted(seen, key=lambda value: (value is None, sortable(value, seen[value])))
            if len(distinct) > 1:
                rank = {value: at for at, value in enumerate(distinct)}
                axes.append(Axis(key, np.array([rank[value] for value in values]), distinct))
        return axes

    def first(self, axes: list[Axis], *, ranks: bool) -> list[Cell] | None:
        """Return the cells of the fewest keys that tell all pictures of a place apart, in the order of the keys.

        With `ranks`, a time that differs from slice to slice counts by its rank, after all keys that are exact.
        """
        names = {axis.key.name for axis in axes}
        few = [axis for axis in axes if len(axis.values) <= 1.5 * self.most + 1][:MOST_AXES]
        timed = [axis for axis in axes if axis.key.ranked] if ranks else []
        for size in range(1, TOGETHER + 1):
            for chosen in combinations(few, size):
                # The directions of one b-value are no volumes beside another b-value.
                alone = {axis.key.name for axis in chosen}
                if "direction" in alone and "b" in names and "b" not in alone:
                    continue
                if (found := self.tried(chosen)) is not None:
                    return found
            for chosen in combinations(few, size - 1):
                for last in (axis for axis in timed if axis not in chosen):
                    ranked = self.ranked(chosen, last)
                    if ranked is not None and (found := self.tried((*chosen, ranked))) is not None:
                        return found
        return None

    def tried(self, axes: Sequence[Axis]) -> list[Cell] | None:
        """Return the cells of these keys if no two pictures of one share a place and they are likely volumes."""
        if prod(len(axis.values) for axis in axes) < self.most:
            return None
        combined = numbered([axis.codes for axis in axes])
        count, span = int(combined.max()) + 1, int(self.places.max()) + 1
        members = len(self.members)
        # A key that differs from picture to picture tells no volumes apart.
        if not self.most <= count <= 1.5 * self.most + 1 or members < 2 * count:
            return None
        if len(np.unique(combined * span + self.places)) < members:
            return None
        return self.made(axes, combined, whole=members >= WHOLE * count * span)

    def ranked(self, before: Sequence[Axis], axis: Axis) -> Axis | None:
        """Return `axis` with the rank inside of each place as its code; None unless every place has the same count."""
        outer = numbered([each.codes for each in before]) if before else np.zeros(len(self.members), np.intp)
        span = int(self.places.max()) + 1
        spot = outer * span + self.places
        if axis.values[-1] is None or len(np.unique(spot * len(axis.values) + axis.codes)) < len(spot):
            return None
        counts = np.bincount(spot, minlength=(int(outer.max()) + 1) * span).reshape(-1, span)
        if (counts != counts[:, :1]).any():
            return None
        order = np.lexsort((axis.codes, spot))
        starts = np.concatenate(([0], np.cumsum(counts.ravel())[:-1]))
        codes = np.empty(len(spot), np.intp)
        codes[order] = np.arange(len(spot)) - starts[spot[order]]
        return Axis(axis.key, codes, list(range(int(codes.max()) + 1)))

    def made(self, axes: Sequence[Axis], combined: np.ndarray, *, whole: bool) -> list[Cell]:
        """Return the cells in the order of their keys, each with its coordinates."""
        inside: list[list[int]] = [[] for _ in range(int(combined.max()) + 1)]
        for at, cell in enumerate(combined.tolist()):
            inside[cell].append(at)
        codes = [tuple(int(axis.codes[own[0]]) for axis in axes) for own in inside]
        firsts = [[self.members[at] for at in own] for own in inside]
        began = min((time for some in firsts if (time := seconds(some)) is not None), default=None)
        found = []
        for code, some in zip(codes, firsts, strict=True):
            beside = [sorted({other[at] for other in codes if other[:at] == code[:at]}) for at in range(len(axes))]
            coordinates = tuple(
                coordinate(axis.key, some, began, beside[at].index(code[at]), len(beside[at]))
                for at, axis in enumerate(axes)
            )
            key = [part for at, axis in enumerate(axes) for part in (axis.key.name, axis.values[code[at]])]
            found.append(Cell(some, tuple(key), coordinates, whole))
        return found


def place_labels(places: np.ndarray, tolerance: float = SAME_PLACE_MM) -> np.ndarray:
    """Return the number of each picture's place along the normal, from 0; those within `tolerance` mm share one."""
    order = np.argsort(places, kind="stable")
    steps = np.concatenate(([False], np.diff(places[order]) > tolerance))
    labels = np.empty(len(places), np.intp)
    labels[order] = np.cumsum(steps)
    return labels


def numbered(codes: Sequence[np.ndarray]) -> np.ndarray:
    """Return one number for each combination that occurs, in the order of the codes, the first counting most."""
    combined = codes[0]
    for more in codes[1:]:
        combined = np.unique(combined, return_inverse=True)[1] * (int(more.max()) + 1) + more
    return np.unique(combined, return_inverse=True)[1]
