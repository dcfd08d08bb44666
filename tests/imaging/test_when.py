"""Dates and times of studies against tables worked out by hand: reading, order, intervals, what can't be true."""

import itertools
from datetime import UTC, date, datetime, time, timedelta, timezone

import pytest

from viewer.imaging.when import When, days_between, doubts, in_order, is_earlier, minutes_east, offset_words, read

NOON = datetime(2026, 11, 23, 12, 0, tzinfo=timezone(timedelta(hours=1)))  # the site's clock, UTC+1
BORN = date(1960, 2, 29)
FUTURE, UNBORN = "the study is dated in the future", "the study is dated before the birth"


def no_day(value: str) -> str:
    return f"the study date is no day of the calendar: {value}"


# date, time, offset as the file has them; local time and instant (UTC) that they mean; what is said of them.
CASES = [
    ("20261123", "101500", "+0100", "2026-11-23T10:15:00", "2026-11-23T09:15:00", ""),
    ("20261123", "101500", None, "2026-11-23T10:15:00", None, ""),
    ("20261123", None, "+0100", "2026-11-23T00:00:00", None, ""),
    (None, "101500", "+0100", None, None, ""),
    ("", "", "", None, None, ""),
    ("2026.11.23", "10:15:30.5", "-0330", "2026-11-23T10:15:30.500000", "2026-11-23T13:45:30.500000", FUTURE),
    ("2026-11-22", "2359", "-1200", "2026-11-22T23:59:00", "2026-11-23T11:59:00", FUTURE),
    ("20261124", "000500", "+1400", "2026-11-24T00:05:00", "2026-11-23T10:05:00", ""),
    ("20261124", "010500", "+1400", "2026-11-24T01:05:00", "2026-11-23T11:05:00", ""),
    ("20261124", "012000", "+1400", "2026-11-24T01:20:00", "2026-11-23T11:20:00", FUTURE),
    ("20261123", "120900", None, "2026-11-23T12:09:00", None, ""),
    ("20261123", "121100", None, "2026-11-23T12:11:00", None, FUTURE),
    ("20261124", "", None, "2026-11-24T00:00:00", None, FUTURE),
    ("20261124", "", "+1400", "2026-11-24T00:00:00", None, ""),
    ("20261123", "235960", "+0530", "2026-11-23T23:59:59", "2026-11-23T18:29:59", FUTURE),
    ("20261123", "250000", "+0100", "2026-11-23T00:00:00", None, ""),
    ("20260230", "101500", "+0100", None, None, no_day("20260230")),
    ("00000000", "101500", None, None, None, no_day("00000000")),
    ("yesterday", None, None, None, None, no_day("yesterday")),
    ("20240229", "101500", "-0000", "2024-02-29T10:15:00", None, ""),
    ("20240229", "101500", "+0199", "2024-02-29T10:15:00", None, ""),
    ("20240229", "101500", "+1500", "2024-02-29T10:15:00", None, ""),
    ("19600228", "101500", "+0100", "1960-02-28T10:15:00", "1960-02-28T09:15:00", UNBORN),
    ("19600229", "000000", "+0000", "1960-02-29T00:00:00", "1960-02-29T00:00:00", ""),
    ("00010101", "000000", "+1400", "0001-01-01T00:00:00", None, UNBORN),
    ("99991231", "235900", "-1200", "9999-12-31T23:59:00", None, FUTURE),
]


@pytest.mark.parametrize(("on", "at", "offset", "local", "instant", "said"), CASES)
def test_a_study_is_dated_as_its_file_says(
    on: str | None, at: str | None, offset: str | None, local: str | None, instant: str | None, said: str
) -> None:
    found = read(on, at, offset)
    assert (found.local.isoformat() if found.local else None) == local
    assert (found.instant.isoformat() if found.instant else None) == (instant and f"{instant}+00:00")
    assert "; ".join(doubts(found, BORN, NOON)) == said


def test_offsets_are_shown_as_iso_8601_writes_them() -> None:
    written = ["+0530", "-0330", "+0000", "+1400", "-1200", "-0100", None, "Z"]
    assert [offset_words(minutes_east(each)) for each in written] == [
        "+05:30", "-03:30", "+00:00", "+14:00", "-12:00", "-01:00", "", "",
    ]  # fmt: skip


TOKYO = read("20261123", "080000", "+0900")  # 22 November 23:00 UTC
LONDON = read("20261122", "233000", "+0000")  # half an hour later, though dated the day before
NOWHERE = read("20261123", "010000", None)


def test_priors_are_ordered_by_the_instant_where_both_clocks_are_known() -> None:
    assert is_earlier(TOKYO, LONDON) and not is_earlier(LONDON, TOKYO)
    assert is_earlier(NOWHERE, TOKYO) and is_earlier(LONDON, NOWHERE)
    assert not is_earlier(TOKYO, TOKYO) and not is_earlier(When(), TOKYO) and not is_earlier(TOKYO, When())


def test_known_instants_keep_their_order_whatever_stands_between_them() -> None:
    several = [TOKYO, LONDON, NOWHERE, read("20261122", None, "+0900"), read("20261123", "233000", None)]
    for given in itertools.permutations(several):
        found = in_order(given, lambda each: each)
        assert found.index(TOKYO) < found.index(LONDON)
        assert found.index(several[3]) < found.index(NOWHERE) < found.index(several[4])


def test_ties_stay_as_they_came_and_undated_ones_come_first() -> None:
    same = read("20261123", "080000", None)
    given = [("a", same), ("b", TOKYO), ("c", When()), ("d", same), ("e", TOKYO), ("f", read("20261123", "", None))]
    assert [name for name, _when in in_order(given, lambda each: each[1])] == list("cfabde")


def test_days_between_are_counted_by_the_later_clock() -> None:
    assert days_between(TOKYO, LONDON) == 0  # by calendar dates alone it would be one day after
    assert days_between(LONDON, TOKYO) == 0
    assert days_between(read("20260823", "", None), read("20261123", "", None)) == 92
    assert days_between(NOWHERE, LONDON) == -1
    assert days_between(When(), LONDON) is None


def test_an_instant_is_the_one_of_the_calendar() -> None:
    found = When(date(2026, 10, 25), time(2, 30), 120).instant
    assert found == datetime(2026, 10, 25, 0, 30, tzinfo=UTC)
