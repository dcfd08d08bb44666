"""Odd and wrong multipart answers: read or refused, and never a frame under another's number."""

import random
import re
from collections import Counter

import pytest
from pydicom.dataset import Dataset

from tests.archive.answering import Reply, Server
from tests.faults import oddities
from tests.faults.oddities import Asked
from tests.faults.spoken import slice_of_bytes
from viewer.archive import ArchiveError, WebArchive


@pytest.mark.parametrize("count", [200, pytest.param(5000, marks=pytest.mark.full)])
def test_odd_answers_are_read_or_refused_and_no_frame_takes_the_place_of_another(
    server: Server, speaking: list[Dataset], count: int
) -> None:
    bodies = {number: dataset.PixelData for number, dataset in enumerate(speaking, 1)}
    assert all(slice_of_bytes(data) == number for number, data in bodies.items())
    dice = random.Random(count)
    counted: Counter[str] = Counter()
    for turn in range(count):
        make = oddities.KINDS[turn % len(oddities.KINDS)]
        how = oddities.style(dice)
        numbers = dice.sample(range(1, len(bodies) + 1), dice.choice([1, 1, 2, 3, 5]))
        known = random.Random(turn)

        readable: list[bool | None] = []

        def reply(path: str, make=make, how=how, known=known, readable=readable) -> Reply:  # type: ignore[no-untyped-def]
            found = re.fullmatch(r"(.*)/frames/([\d,]+)", path)
            if found is None:
                return 404, {}, b""
            asked = Asked(found[1], tuple(map(int, found[2].split(","))), bodies)
            told = make(asked, how, known)
            readable.append(told.readable)
            return 200, {"Content-Type": told.content_type}, told.body

        server.reply = reply
        archive = WebArchive("odd", server.root)
        got = {}
        try:
            for frame in archive.frames("1.2", "1.2.3", "1.2.3.4", numbers):
                got[frame.number] = slice_of_bytes(frame.data)
        except ArchiveError as error:
            assert error.words
            assert readable[-1] is not True, f"{make.__name__} {how} was refused: {error}"
            counted["refused"] += 1
        else:
            assert sorted(got) == sorted(numbers)
            assert readable[-1] is not False, f"{make.__name__} {how} was believed"
            counted["read"] += 1
        assert all(number == slice_ for number, slice_ in got.items()), f"{make.__name__} {how}: {got}"
    assert min(counted["read"], counted["refused"]) > count / 5
    print(f"\n{dict(counted)}, 0 on the wrong number")


def test_a_server_that_names_no_frames_is_asked_for_one_at_a_time_from_then_on(
    server: Server, speaking: list[Dataset]
) -> None:
    bodies = {number: dataset.PixelData for number, dataset in enumerate(speaking, 1)}

    def reply(path: str) -> Reply:
        numbers = tuple(map(int, path.rsplit("/", 1)[1].split(",")))
        how = oddities.Style(named=False)
        told = oddities.shuffled(Asked("/x", numbers, bodies), how, random.Random(len(server.seen)))
        return 200, {"Content-Type": told.content_type}, told.body

    server.reply = reply
    archive = WebArchive("odd", server.root)
    for numbers in ([3, 1, 2], [7, 9]):
        frames = list(archive.frames("1.2", "1.2.3", "1.2.3.4", numbers))
        assert [(frame.number, slice_of_bytes(frame.data)) for frame in frames] == [(each, each) for each in numbers]
    assert [path.rsplit("/", 1)[1] for path, _ in server.seen] == ["3,1,2", "3", "1", "2", "7", "9"]
