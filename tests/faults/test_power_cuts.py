"""All processes of a server end at once, in the middle of writes: what was acknowledged is there (hazard F21)."""

import os
import random
import signal
import threading
from pathlib import Path

import pytest

from tests.browser.reading import lay
from tests.faults.writing import ROLES, Writer, all_at_once, eventually, managed, missing, tokens
from tests.phantoms import speaking_phantom
from tests.serving import serving

ROUNDS = [
    pytest.param(1, 60, id="1 round of 60 writes"),
    pytest.param(50, 500, id="50 rounds of 500 writes", marks=pytest.mark.full),
]


@pytest.mark.parametrize(("rounds", "writes"), ROUNDS)
def test_what_was_acknowledged_outlives_a_power_cut(rounds: int, writes: int, tmp_path: Path) -> None:
    images, state = tmp_path / "images", tmp_path / "state"
    images.mkdir()
    state.mkdir()
    phantom = speaking_phantom(patient=1, series=1)
    study = lay(images, phantom)
    dice = random.Random(rounds)
    writers: list[Writer] = []
    acknowledged = 0
    for _ in range(rounds):
        with serving(images, state=state, own_group=True) as served:
            if not writers:
                given = tokens(state, *ROLES)
                writers = [Writer(each, study, phantom[2], random.Random(dice.random())) for each in given]
                path = f"/api/studies/main/{study}/measurements/"
                eventually(lambda: writers[0].ask(served, "GET", path)[0] == 200)  # noqa: B023 (asked at once)
                eventually(lambda: writers[0].draw(served))  # noqa: B023
            moment, counted = dice.randrange(writes // 4, writes), threading.Semaphore(0)
            threads = all_at_once(writers, served, writes, counted.release)
            for number in range(moment):
                assert counted.acquire(timeout=60), f"only {number} of {moment} writes were acknowledged"
            os.killpg(served.process.pid, signal.SIGKILL)
            for thread in threads:
                thread.join(60)
            acknowledged = sum(len(writer.messages) + len(writer.marks) for writer in writers)
        assert missing(state / "samsyn.sqlite3", writers) == []
        told = managed(state, "audit", "verify")
        assert told.returncode == 0, told.stdout
    assert acknowledged > rounds * writes // 10
    assert all(status < 500 for writer in writers for status in writer.statuses)
    with serving(images, state=state):
        assert "intact" in managed(state, "audit", "verify").stdout
