"""Rounds go on whatever one of them meets, and end when they are told to."""

import logging
import threading

import pytest
from django.db import OperationalError

from viewer.rounds import Rounds


def test_a_round_that_fails_is_told_and_the_next_one_comes(caplog: pytest.LogCaptureFixture) -> None:
    did, done = [OperationalError("a row: Berg^Anna"), ValueError("odd")], threading.Event()

    def work() -> None:
        if did:
            raise did.pop(0)
        done.set()

    rounds = Rounds("trial", 0.01, work, trouble="rows can't be counted")
    with caplog.at_level(logging.ERROR):
        rounds.start()
        assert done.wait(5)
        rounds.stop()
    assert [record.getMessage() for record in caplog.records] == [
        "rows can't be counted: OperationalError", "a round of trial failed",
    ]  # fmt: skip
    assert "trial" not in {thread.name for thread in threading.enumerate()}


@pytest.mark.parametrize("last", [False, True])
def test_the_first_round_comes_at_once_and_the_last_one_after_the_stop_where_wanted(last: bool) -> None:
    did, first = [], threading.Event()

    def work() -> None:
        did.append(None)
        first.set()

    rounds = Rounds("trial", 60, work, trouble="", last=last)
    rounds.start()
    assert first.wait(5)
    rounds.stop()
    assert len(did) == 1 + last
