"""Who waits for what: series take turns, and thousands that wait cost what they cost and not their square."""

from types import SimpleNamespace
from typing import Any

from viewer.store.queues import Queues


def series(name: str) -> Any:
    return SimpleNamespace(name=name)


def any_of(*_: Any) -> bool:
    return True


def test_series_take_turns_and_places_keep_their_order() -> None:
    queues, slide, other = Queues(), series("slide"), series("other")
    for place in (5, 3, 9, 3):
        queues.add(slide, place)
    queues.add(other, 1)
    taken = [queues.take(any_of, any_of, 1) for _ in range(5)]
    assert [each and (each[0].name, each[1]) for each in taken] == [
        ("slide", [5]), ("other", [1]), ("slide", [3]), ("slide", [9]), None,
    ]  # fmt: skip
    assert len(queues) == 0 and queues.series == []


def test_only_what_is_allowed_and_alike_is_taken_together() -> None:
    queues, stale, slide = Queues(), series("stale"), series("slide")
    queues.add(stale, 0)
    for place in range(6):
        queues.add(slide, place)
    queues.discard(slide, 2)
    found = queues.take(lambda each: each is slide, lambda _series, one, other: one % 2 == other % 2, 2)
    assert found is not None and found[1] == [0, 4]
    assert len(queues) == 4 and queues.series == [stale, slide]


def test_the_first_of_many_is_found_without_looking_at_the_others() -> None:
    queues, slide, looked = Queues(), series("slide"), 0

    def alike(*_: Any) -> bool:
        nonlocal looked
        looked += 1
        return True

    for place in range(20_000):
        queues.add(slide, place)
    while queues.take(any_of, alike, 1):
        pass
    assert looked <= 2 * 20_000
