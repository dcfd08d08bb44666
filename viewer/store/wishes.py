"""What to fetch next: the frame somebody waits for, then neighbours in the scroll direction, then the rest."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from itertools import chain

from viewer.store import frames
from viewer.store.opened import OpenSeries
from viewer.store.queues import Queues

# So many neighbours are fetched singly before the rest of a series; fewer where the rest comes soon anyway.
NEAR, FEW = 24, 6
BATCH_FRAMES = 8
BATCH_BYTES = 8 << 20


def outward(count: int, index: int, direction: int) -> Iterator[int]:
    """Yield all indexes but `index`, nearest first; of those ahead in `direction` two for each one behind."""
    ahead = iter(range(index + 1, count))
    behind = iter(range(index - 1, -1, -1))
    if direction < 0:
        ahead, behind = behind, ahead
    lead = 2 if direction else 1
    while True:
        step = [*take(ahead, lead), *take(behind, 1)]
        if not step:
            return
        yield from step


def take(source: Iterator[int], count: int) -> Iterator[int]:
    """Yield up to `count` items."""
    for _, item in zip(range(count), source, strict=False):
        yield item


@dataclass
class Plan:
    """Where one reader looks, and in which order the frames around are wanted."""

    series: OpenSeries
    order: Sequence[int]
    sequence: list[int]
    near: int = 0
    rest: int = 0
    ahead: bool = False

    @classmethod
    def around(
        cls, series: OpenSeries, order: Sequence[int], index: int, direction: int, *, ahead: bool = False
    ) -> "Plan":
        """Return the plan for a reader at `index` of `order` (places; those outside the series are left out).

        With `ahead` there is no reader yet, and everybody else's plan comes first.
        """
        index = max(0, min(index, len(order) - 1))
        sequence = [order[i] for i in chain((index,), outward(len(order), index, direction))] if order else []
        within = [place for place in sequence if 0 <= place < series.places.count]
        return cls(series, order, within, ahead=ahead)

    def next(self, *, nearby: bool) -> int | None:
        """Return the next place that is neither present, failed nor under way."""
        count = min(FEW if self.series.quick else NEAR, len(self.sequence))
        at, end = (self.near, count) if nearby else (max(self.rest, count), len(self.sequence))
        while at < end and self.series.files.states[self.sequence[at]] not in (frames.ABSENT, frames.UNVERIFIED):
            at += 1
        if nearby:
            self.near = at
        else:
            self.rest = at
        return self.sequence[at] if at < end else None

    def rewind(self) -> None:
        """Look at everything again: something that was under way has come to nothing."""
        self.near = self.rest = 0


@dataclass(frozen=True)
class Job:
    """Frames of one instance to fetch in one request."""

    series: OpenSeries
    places: tuple[int, ...]
    urgent: bool


@dataclass
class Wishes:
    """All that is wanted from the archives, by urgency. Used by the event loop only."""

    urgent: Queues = field(default_factory=Queues)
    plans: dict[tuple[int, int], Plan] = field(default_factory=dict)

    def moved(self, reader: tuple[int, int], place: int, direction: int) -> None:
        """A reader who waits for `place` moves in `direction`: plan around it."""
        plan = self.plans.get(reader)
        if plan is not None and direction and place in plan.order:
            self.plans[reader] = Plan.around(plan.series, plan.order, plan.order.index(place), direction)

    def want(self, series: OpenSeries, place: int) -> None:
        """Somebody waits for the frame."""
        self.urgent.add(series, place)

    def forget(self, series: OpenSeries, place: int) -> None:
        """Nobody waits for it any more."""
        self.urgent.discard(series, place)

    def next_urgent(self, allowed: Callable[[OpenSeries], bool]) -> Job | None:
        """Return the fetch for who has waited longest for one of the series, which take turns."""
        found = self.urgent.take(allowed, lambda *_: True, 1)
        return Job(found[0], tuple(found[1]), urgent=True) if found else None

    def next_ahead(self, allowed: Callable[[OpenSeries], bool], streamed: Callable[[OpenSeries], bool]) -> Job | None:
        """Return the next fetch of what nobody waits for yet: readers' neighbours, their rest, then prefetches.

        The rest of a series that is `streamed` comes without it.
        """
        for ahead, nearby in ((False, True), (False, False), (True, True), (True, False)):
            for key in reversed(self.plans):
                plan = self.plans[key]
                if plan.ahead == ahead and allowed(plan.series) and (nearby or not streamed(plan.series)):
                    place = plan.next(nearby=nearby)
                    if place is not None:
                        if not nearby:  # readers take turns with their rest
                            self.plans = {key: self.plans.pop(key), **self.plans}
                        return Job(plan.series, self.batch(plan, plan.near if nearby else plan.rest), urgent=False)
        return None

    def batch(self, plan: Plan, at: int) -> tuple[int, ...]:
        """Return the place at `at` of the plan and those that follow it from the same instance."""
        series, place = plan.series, plan.sequence[at]
        shape = series.files.shape(place)
        instance, _ = series.places.frame(place)
        found = [place]
        for other in plan.sequence[at + 1 : at + min(BATCH_FRAMES, BATCH_BYTES // shape.frame_bytes)] if shape else ():
            if series.places.frame(other)[0] != instance or series.files.states[other] != frames.ABSENT:
                break
            found.append(other)
        return tuple(found)
