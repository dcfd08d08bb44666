"""Small truths: the due clock, spans of time, and names that could be taken for each other."""

import datetime

import pytest

from worklist.lookalikes import Named, lookalikes, within_one_letter
from worklist.views.due import apart, due, span

NOW = datetime.datetime(2026, 11, 22, 12, tzinfo=datetime.UTC)


def minutes(count: float) -> datetime.timedelta:
    return datetime.timedelta(minutes=count)


@pytest.mark.parametrize(
    ("left", "words", "percent", "level"),
    [
        (60, "60 min", 50, ""),
        (29, "29 min", 24, "soon"),
        (0, "1 min late", 0, "late"),
        (-200, "3 h late", 0, "late"),
        (0.2, "1 min", 0, "soon"),
    ],
)
def test_the_clock_shortens_turns_amber_in_the_last_quarter_and_then_counts_what_is_late(
    left: float, words: str, percent: int, level: str
) -> None:
    clock = due(NOW + minutes(left), NOW + minutes(left) - minutes(120), NOW)
    assert clock is not None
    assert (clock.words, clock.percent, clock.level) == (words, percent, level)


def test_stat_is_at_least_amber_and_late_is_red() -> None:
    clocks = [due(NOW + minutes(left), NOW - minutes(10), NOW, stat=True) for left in (100, -1)]
    assert [clock and clock.level for clock in clocks] == ["soon", "late"]


def test_no_due_time_no_clock() -> None:
    assert due(None, NOW, NOW) is None


def test_a_due_time_before_the_request_still_has_a_bar() -> None:
    clock = due(NOW + minutes(60), NOW + minutes(90), NOW)
    assert clock is not None and 0 < clock.left <= 1


@pytest.mark.parametrize(
    ("seconds", "words"), [(1, "1 min"), (7199, "120 min"), (7200, "2 h"), (172_799, "48 h"), (172_800, "2 d")]
)
def test_spans_change_their_unit_in_one_place(seconds: float, words: str) -> None:
    assert span(seconds) == words


@pytest.mark.parametrize(
    ("days", "words"),
    [(1, "1 d"), (13, "13 d"), (14, "2 wk"), (60, "9 wk"), (61, "2 mo"), (91, "3 mo"), (729, "24 mo"), (730, "2 y")],
)
def test_distances_between_exams(days: int, words: str) -> None:
    assert apart(days) == words


@pytest.mark.parametrize(
    ("one", "other", "near"),
    [
        ("andersson", "anderson", True), ("larsson", "larssen", True), ("nilsson", "nilsson", True),
        ("nilsen", "nilsson", False), ("berg", "borgs", False), ("li", "lu", False), ("li", "li", True),
        ("xandersson", "andersson", True),
    ],
)  # fmt: skip
def test_one_letter_apart_is_near(one: str, other: str, near: bool) -> None:
    assert within_one_letter(one, other) is within_one_letter(other, one) is near


def test_only_different_patients_are_lookalikes() -> None:
    anna, anna_again = Named("a", "andersson", "anna"), Named("a", "andersson", "anna")
    assert lookalikes([anna, anna_again]) == {}
    assert set(lookalikes([anna, Named("b", "anderson", "annika"), Named("c", "andersson", "bo")])) == {"a", "b"}
    assert lookalikes([Named("x", "", ""), Named("y", "", "")]) == {}
