"""Two thousand spoilt files in a folder: each shows a picture or says what is wrong, and nobody else notices."""

from pathlib import Path

import pytest

from tests.fuzz import rounds
from tests.fuzz.cases import case

SEED = 20261123


@pytest.mark.parametrize("count", [2000, pytest.param(20_000, marks=pytest.mark.full)])
def test_every_spoilt_file_shows_a_picture_or_says_what_is_wrong(count: int, tmp_path: Path) -> None:
    for start in range(0, count, 2000):
        outcome = rounds.run(SEED, range(start, start + 2000), tmp_path / "kept")
        again = f"python -m tests.fuzz --seed {SEED} --only NUMBER shows one again; files in {tmp_path / 'kept'}"
        assert not outcome.findings, f"{again}\n" + "\n".join(f"{whose}: {what}" for whose, what in outcome.findings)
        counted = outcome.counted
        # Enough of each kind: spoilt too little, nothing is tried; too much, nothing gets past the first door.
        assert counted["listed"] > 1200 and counted["refused"] > 200, counted
        assert counted["pictures"] > 500 and counted["words"] > 500, counted
        print(f"\n{dict(counted)}; {outcome.beside}; {outcome.seconds:.0f} s")


def test_a_number_under_a_seed_is_the_same_file_each_time() -> None:
    assert [case(3, number).data for number in range(60)] == [case(3, number).data for number in range(60)]
    assert case(3, 1).data != case(4, 1).data
