"""Places that somebody waits for: each series has a queue of its own, and they take turns."""

from collections import OrderedDict
from collections.abc import Callable
from itertools import islice

from viewer.store.opened import OpenSeries


class Queues:
    """Used by the event loop only. However many wait for one series, who waits for another is next but one."""

    def __init__(self) -> None:
        # Ordered: taking the first of many is quick, however many were taken before.
        self.places: dict[int, tuple[OpenSeries, OrderedDict[int, None]]] = {}

    def __len__(self) -> int:
        return sum(len(places) for _, places in self.places.values())

    @property
    def series(self) -> list[OpenSeries]:
        """The series that somebody waits for."""
        return [series for series, _ in self.places.values()]

    def add(self, series: OpenSeries, place: int) -> None:
        """Put a place at the end, unless it waits already."""
        self.places.setdefault(id(series), (series, OrderedDict()))[1].setdefault(place)

    def discard(self, series: OpenSeries, place: int) -> None:
        """Take a place out."""
        if id(series) in self.places:
            places = self.places[id(series)][1]
            places.pop(place, None)
            if not places:
                del self.places[id(series)]

    def take(
        self, allowed: Callable[[OpenSeries], bool], alike: Callable[[OpenSeries, int, int], bool], most: int
    ) -> tuple[OpenSeries, list[int]] | None:
        """Take out the first place of the series whose turn it is, with up to `most` in all that are `alike`."""
        found = next((each for each in self.places.values() if allowed(each[0])), None)
        if found is None:
            return None
        series, waiting = found
        first = next(iter(waiting))
        taken = list(islice((place for place in waiting if alike(series, first, place)), most))
        for place in taken:
            del waiting[place]
        del self.places[id(series)]
        if waiting:
            self.places[id(series)] = found
        return series, taken
