"""Which slices are missing: positions along a normal and Instance Numbers to numbered slots."""

from collections import Counter
from collections.abc import Collection, Sequence
from dataclasses import dataclass, field
from itertools import pairwise

import numpy as np

SAME_PLACE_MM = 0.01
NEAR_WHOLE = 0.2
REGULAR = 0.01
LARGEST_STEP = 6
MOST_ABSENT = 5000


@dataclass(slots=True)
class Arrangement:
    """Slots along the stack: slot 0 is the first position received, `spacing` mm apart, from `low` to `high`."""

    spacing: float | None
    slots: list[int]
    low: int
    high: int
    numbers: dict[int, int] = field(default_factory=dict)
    gaps: list[tuple[int, float]] = field(default_factory=list)
    even: bool = True
    unplaced: int = 0
    doubtful: bool = False

    @property
    def absent(self) -> int:
        """How many slots stand empty."""
        return self.high - self.low + 1 - len(self.slots)

    @property
    def regular(self) -> bool:
        """True if every step is a whole number of spacings, to a hundredth."""
        return self.even and not self.gaps


def arrange(
    positions: Sequence[float],
    numbers: Sequence[int | None],
    *,
    declared: float | None = None,
    listed: Collection[int] = (),
    siblings: Sequence[float] = (),
    short: int = 0,
) -> Arrangement:
    """Return the slots of `positions` (mm along the normal, ascending, all different).

    `numbers` are their Instance Numbers; `declared` is Spacing Between Slices; `listed` are all Instance Numbers of
    the series; `siblings` are positions of the other time points of the same volume; `short` is by how many
    instances the archive's count exceeds what was listed. `gaps` names the steps that are no whole number of
    spacings, `unplaced` counts what is short and has no known place, `doubtful` says that the ends can't be trusted.
    """
    union = distinct(sorted([*positions, *siblings]))
    steps = [after - before for before, after in pairwise(union)]
    if not steps:
        return Arrangement(declared, [0], 0, 0, unplaced=short)
    spacing = base_spacing(steps, declared)
    spacing = thinned(positions, numbers, spacing, declared=declared, listed=frozenset(listed))
    everywhere, gaps = slots_of(union, spacing, believable(numbers, len(union)))
    # A position that was merged into its neighbour in the union lies at most SAME_PLACE_MM above it.
    own = [everywhere[at] for at in np.searchsorted(union, np.asarray(positions) + 1e-9, side="right") - 1]
    origin = own[0]
    arrangement = Arrangement(
        spacing=spacing,
        slots=[slot - origin for slot in own],
        low=everywhere[0] - origin,
        high=everywhere[-1] - origin,
        gaps=[(slot - origin, step) for slot, step in gaps],
        even=is_even(steps, spacing),
    )
    number(arrangement, numbers, frozenset(listed), short=short)
    return arrangement


def distinct(ascending: Sequence[float]) -> list[float]:
    """Return positions without those at the same place as the one before."""
    kept: list[float] = []
    for position in ascending:
        if not kept or position - kept[-1] > SAME_PLACE_MM:
            kept.append(position)
    return kept


def whole(ratio: float) -> int | None:
    """Return the whole number near `ratio`, None where there is none from 1 up."""
    nearest = round(ratio)
    return nearest if nearest >= 1 and abs(ratio - nearest) <= NEAR_WHOLE else None


def base_spacing(steps: Sequence[float], declared: float | None) -> float:
    """Return the mm between neighbours: the step of which all others are multiples, else the commonest."""
    plenty = 4 * len(steps) + 24
    clusters = clustered(steps)
    commonest = spacing = max(clusters, key=lambda step: (clusters[step], -step))
    for candidate in sorted(clusters):
        # One stray pair close together doesn't make nine holes of every ordinary step.
        if 2 * clusters[commonest] >= len(steps) and commonest > candidate * (LARGEST_STEP + NEAR_WHOLE):
            continue
        multiples = [whole(step / candidate) for step in steps]
        if all(multiples) and sum(multiple or 0 for multiple in multiples) - len(steps) <= plenty:
            spacing = candidate
            break
    if declared and declared < spacing * (1 - NEAR_WHOLE):
        ratios = [step / declared for step in steps]
        if all(whole(ratio) for ratio in ratios) and min(ratios) <= LARGEST_STEP + NEAR_WHOLE:
            return declared
    return spacing


def clustered(steps: Sequence[float]) -> dict[float, int]:
    """Return mean step → count for steps that agree within the tolerance."""
    groups: list[list[float]] = []
    for step in sorted(steps):
        if groups and step <= groups[-1][0] * (1 + NEAR_WHOLE / 2):
            groups[-1].append(step)
        else:
            groups.append([step])
    return {sum(group) / len(group): len(group) for group in groups}


def thinned(
    positions: Sequence[float],
    numbers: Sequence[int | None],
    spacing: float,
    *,
    declared: float | None,
    listed: frozenset[int],
) -> float:
    """Return a finer spacing where Instance Numbers betray that every second (third, …) slice is all that came."""
    if declared and abs(declared - spacing) <= NEAR_WHOLE * spacing:
        return spacing
    known = [(at, each) for at, each in zip(positions, numbers, strict=True) if each is not None]
    differences = [after[1] - before[1] for before, after in pairwise(known)]
    if len(known) < len(positions) or 0 in differences or len({difference > 0 for difference in differences}) != 1:
        return spacing
    if any(listed.intersection(range(min(a, b) + 1, max(a, b))) for (_, a), (_, b) in pairwise(known)):
        return spacing
    rates = [
        (after[0] - before[0]) / abs(difference)
        for (before, after), difference in zip(pairwise(known), differences, strict=True)
    ]
    rate = float(np.median(rates))
    agreed = all(abs(each - rate) <= NEAR_WHOLE / 2 * rate for each in rates)
    # Numbers that all grow by ten are a way of numbering, not nine lost slices each.
    telling = len(set(differences)) > 1 or abs(differences[0]) <= LARGEST_STEP
    return rate if agreed and telling and rate < spacing * (1 - NEAR_WHOLE) else spacing


def believable(numbers: Sequence[int | None], count: int) -> int:
    """Return how many slices in a row may be missing before a step is a stray: as many as the numbers leave out."""
    known = [each for each in numbers if each is not None]
    left_out = max(known) - min(known) + 1 - len(known) if known else 0
    return min(max(4 * count + 24, left_out), MOST_ABSENT)


def slots_of(positions: Sequence[float], spacing: float, most: int) -> tuple[list[int], list[tuple[int, float]]]:
    """Return the slot of each position, and (slot before, mm) of each step that no whole number of slots explains."""
    slots, gaps = [0], []
    for before, after in pairwise(positions):
        apart = whole((after - before) / spacing)
        if apart is None or apart - 1 > most:
            gaps.append((slots[-1], after - before))
            apart = 1
        slots.append(slots[-1] + apart)
    return slots, gaps


def is_even(steps: Sequence[float], spacing: float) -> bool:
    """True if each step is a whole number of spacings to a hundredth, or to a hundredth of a millimetre."""
    wholes = [max(round(step / spacing), 1) for step in steps]
    return all(
        abs(step - count * spacing) <= max(REGULAR * count * spacing, SAME_PLACE_MM)
        for step, count in zip(steps, wholes, strict=True)
    )


def number(arrangement: Arrangement, numbers: Sequence[int | None], listed: frozenset[int], *, short: int) -> None:
    """Name the numbers of the empty slots, and open slots at the ends that the numbers betray."""
    slots = arrangement.slots
    known = {slot: each for slot, each in zip(slots, numbers, strict=True) if each is not None}
    arrangement.unplaced = max(short - arrangement.absent, 0)
    pitch = pitch_of(known)
    if pitch is None:
        return
    for before, after in pairwise(slots):
        if before in known and after in known and known[after] - known[before] == pitch * (after - before):
            for slot in range(before + 1, after):
                arrangement.numbers[slot] = known[before] + pitch * (slot - before)
    first, last = (slots[0], slots[-1]) if pitch > 0 else (slots[-1], slots[0])
    if first not in known or last not in known:
        return
    beginning = run(known[first], -abs(pitch), listed)
    outwards = 1 if pitch > 0 else -1
    if beginning > max(2 * len(slots), 20):
        arrangement.doubtful = True
    else:
        extend(arrangement, first, -outwards, beginning, known[first], -abs(pitch))
    remaining = min(max(short - arrangement.absent, 0), MOST_ABSENT)
    extend(arrangement, last, outwards, remaining, known[last], abs(pitch))
    arrangement.unplaced = max(short - arrangement.absent, 0)


def pitch_of(known: dict[int, int]) -> int | None:
    """Return by how much Instance Numbers grow from slot to slot, None where they follow no order."""
    pairs = list(pairwise(known))
    if not pairs or len({known[after] > known[before] for before, after in pairs}) != 1:
        return None
    pitches: Counter[int] = Counter()
    for before, after in pairs:
        if (known[after] - known[before]) % (after - before) == 0:
            pitches[(known[after] - known[before]) // (after - before)] += 1
    if not pitches:
        return None
    pitch, count = pitches.most_common(1)[0]
    return pitch if pitch != 0 and 2 * count >= len(pairs) else None


def run(number: int, step: int, listed: frozenset[int]) -> int:
    """Return how many numbers before `number`, down to 1, aren't listed anywhere in the series."""
    count = 0
    number += step
    while number >= 1 and number not in listed and count <= MOST_ABSENT:
        count += 1
        number += step
    return count


def extend(arrangement: Arrangement, slot: int, way: int, count: int, number: int, step: int) -> None:
    """Open `count` numbered slots beyond `slot`; those that siblings already opened get their numbers."""
    for at in range(1, count + 1):
        arrangement.numbers[slot + way * at] = number + step * at
    arrangement.low = min(arrangement.low, slot + way * count)
    arrangement.high = max(arrangement.high, slot + way * count)
