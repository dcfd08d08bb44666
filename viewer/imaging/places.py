"""Slices along a volume: those that count, where each lies, and what is too uneven to be one volume."""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from math import gcd

import numpy as np

from viewer.imaging.entries import Entry, Missing, Shown, Stack
from viewer.imaging.gaps import REGULAR, SAME_PLACE_MM
from viewer.imaging.words import Words, gettext_noop

# Farther than three times its neighbours: nothing is known of what lies between.
FARTHEST_STEPS = 3.0
# Nearer than a tenth of the usual step: two series that were mixed, or one slice taken anew.
NEAREST_STEPS = 0.1
APART_BY = 1.5  # steps that alternate by more are of two sets of slices


class Uneven(ValueError):
    """The slices make no row; the argument says why, in words for the reader."""


@dataclass(frozen=True)
class Row:
    """The slices of a volume in their row: slice k lies at `position` + `places[k]` * `step`, LPS mm.

    `entries` are the stack's, without places that no slice was ever meant for; `beyond` counts lost slices past the
    ends that were left out. `places` (slices,) rises strictly from 0, by 1 where slices stand evenly.
    """

    entries: tuple[Shown | None, ...]
    position: np.ndarray
    step: np.ndarray
    places: np.ndarray
    beyond: int

    @property
    def even(self) -> bool:
        """True if all slices stand one step apart."""
        return bool((np.diff(self.places) == 1).all())


def row(stack: Stack, positions: np.ndarray, normal: np.ndarray) -> Row:
    """Return the row that the slices of a stack make; `positions` (shown, 3) are LPS mm, `normal` the slices' own.

    Raises Uneven.
    """
    counted, beyond = counting(stack.entries)
    slots = np.array([slot for slot, _ in counted], float)
    here = np.array([entry is not None for _, entry in counted])
    entries = tuple(entry for _, entry in counted)
    along = positions @ normal
    doubles = int((np.diff(np.sort(along)) <= SAME_PLACE_MM).sum())
    if np.ptp(along) <= SAME_PLACE_MM:
        raise Uneven(gettext_noop("the slices lie in one plane"))
    if doubles:
        raise Uneven(gettext_noop("{count} images share a position with another", count=doubles))
    position, step = fitted(slots[here], positions)
    spacing = abs(float(step @ normal))
    tolerance = max(REGULAR * spacing, SAME_PLACE_MM)
    depth = filled(slots, here, along, spacing)
    steps = np.abs(np.diff(depth))
    check_steps(steps)
    off = positions - position - slots[here, None] * step
    if stack.regular and np.abs(off @ normal).max() <= tolerance:
        check_beside(np.linalg.norm(off, axis=1), tolerance)
        return Row(entries, position + slots[0] * step, step, slots - slots[0], beyond)
    start, way = fitted(along, positions)
    check_beside(np.linalg.norm(positions - start - along[:, None] * way, axis=1), tolerance)
    unit = float(steps.min()) * np.sign(depth[-1] - depth[0])
    return Row(entries, start + depth[0] * way, unit * way, (depth - depth[0]) / unit, beyond)


def counting(entries: Sequence[Entry]) -> tuple[list[tuple[int, Shown | None]], int]:
    """Return (slot, entry) of the slices that make up a volume, and how many lost ones beyond its ends were left out.

    They are where they would be more than what is there. Empty slots between slices whose Instance Numbers follow each
    other are no lost slices: these were taken farther apart.
    """
    at = [slot for slot, entry in enumerate(entries) if isinstance(entry, Shown)]
    beyond = len(entries) - (at[-1] - at[0] + 1)
    kept = range(len(entries)) if beyond <= len(at) else range(at[0], at[-1] + 1)
    never = never_taken(entries, at)
    found = [
        (slot, entry if isinstance(entry, Shown) else None)
        for slot, entry in enumerate(entries)
        if slot in kept and slot not in never
    ]
    return found, 0 if beyond <= len(at) else beyond


def never_taken(entries: Sequence[Entry], at: Sequence[int]) -> frozenset[int]:
    """Return the empty slots between slices that follow each other by Instance Number; `at` are the slots of slices."""
    numbers = [each.InstanceNumber for each in (entries[slot] for slot in at) if isinstance(each, Shown)]
    differences = [b - a for a, b in pairwise(numbers) if a is not None and b is not None]
    if len(differences) < len(at) - 1 or len({difference > 0 for difference in differences}) != 1:
        return frozenset()
    pitch = gcd(*differences)
    return frozenset(
        slot
        for (before, after), difference in zip(pairwise(at), differences, strict=True)
        if abs(difference) == pitch > 0
        for slot in range(before + 1, after)
        if not is_numbered(entries[slot])
    )


def is_numbered(entry: Entry) -> bool:
    """True if the Instance Number is known of what is missing here: it was taken, and lost."""
    return isinstance(entry, Missing) and entry.instance_number is not None


def fitted(numbers: np.ndarray, positions: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return (start, step): the straight line start + number * step nearest to all positions.

    Rounding in single files doesn't tip the far end.
    """
    centred = numbers - numbers.mean()
    step = centred @ positions / (centred @ centred)
    return positions.mean(axis=0) - numbers.mean() * step, step


def filled(slots: np.ndarray, here: np.ndarray, along: np.ndarray, spacing: float) -> np.ndarray:
    """Return mm along the normal of all slots: of empty ones between their neighbours, or beyond by the spacing."""
    ends = slots[here]
    sign = np.sign(along[-1] - along[0])
    depth = np.interp(slots, ends, along)
    outside = np.minimum(slots - ends[0], 0) + np.maximum(slots - ends[-1], 0)
    return depth + outside * sign * spacing


def check_steps(steps: np.ndarray) -> None:
    """Raise Uneven, naming the first fault, for steps (mm) between slices that no interpolation may bridge."""
    usual = float(np.median(steps))
    near = np.flatnonzero(steps < NEAREST_STEPS * usual)
    if len(near):
        words = "slices {place} and {next} are only {step:.2f} mm apart, elsewhere {spacing:.2f} mm"
        at = int(near[0])
        raise Uneven(gettext_noop(words, place=at + 1, next=at + 2, step=float(steps[at]), spacing=usual))
    padded = np.concatenate(([0.0], steps, [0.0]))
    beside = np.maximum(padded[:-2], padded[2:])
    far = np.flatnonzero(steps > FARTHEST_STEPS * (1 + REGULAR) * beside)
    if len(far):
        words = "a gap of {step:.1f} mm after slice {place}: two parts, and nothing between them"
        raise Uneven(gettext_noop(words, step=float(steps[far[0]]), place=int(far[0]) + 1))
    if len(steps) >= 4 and alternate(steps):
        raise Uneven(gettext_noop("two sets of slices, shifted against each other"))


def alternate(steps: np.ndarray) -> bool:
    """True if short and long steps take turns: two sets of slices, each of them even."""
    short, long = sorted((steps[::2], steps[1::2]), key=lambda each: float(each.mean()))
    even = all(np.ptp(each) <= 2 * REGULAR * float(steps.mean()) + SAME_PLACE_MM for each in (short, long))
    return even and float(long.mean()) > APART_BY * float(short.mean())


def check_beside(off: np.ndarray, tolerance: float) -> None:
    """Raise Uneven unless all slices stand on a straight line, to `tolerance` mm."""
    if off.max() > tolerance:
        raise Uneven(gettext_noop("the slices are shifted against each other"))


def said(row: Row, normal: np.ndarray) -> list[Words]:
    """Return what a reader has to know about where the slices of a volume lie."""
    words = []
    missing = row.entries.count(None)
    if missing == 1:
        words.append(gettext_noop("1 slice missing"))
    elif missing:
        words.append(gettext_noop("{count} slices missing", count=missing))
    if row.beyond:
        words.append(gettext_noop("{count} slices missing beyond the ends", count=row.beyond))
    if not row.even:
        steps = np.diff(row.places) * abs(float(row.step @ normal))
        least, most = (f"{mm:.3g}" for mm in (steps.min(), steps.max()))
        words.append(gettext_noop("slices {least} to {most} mm apart, interpolated", least=least, most=most))
    return words
