"""The rest of a series in one answer: what it brings, what it is not trusted with, and when it ends."""

import asyncio
import random
import threading
import time
from collections.abc import Iterator

import numpy as np
import pytest

from tests.store.made import SERIES, STUDY, noise, slice_of
from tests.store.pretend import PretendArchive, part10
from tests.store.waiting import until
from viewer.archive import Malformed, Unreachable
from viewer.archive.delivered import delivered, of_series
from viewer.archive.port import Delivered
from viewer.store import archives, frames, store, wishes
from viewer.store.opened import OpenSeries, Result, Stored
from viewer.store.shelf import Key
from viewer.store.store import STREAMED_TO_DECODER, Store

KEY = Key("main", STUDY, SERIES)
J2K = "1.2.840.10008.1.2.4.90"
COUNT = 80
READER = (1, 1)


@pytest.fixture
def archive(monkeypatch: pytest.MonkeyPatch) -> PretendArchive:
    made = PretendArchive([slice_of(noise(number), number) for number in range(1, COUNT + 1)], streaming=True)
    monkeypatch.setattr(archives, "connect", lambda *args, **kwargs: made)
    return made


def present(series: OpenSeries) -> int:
    return series.files.states.count(frames.PRESENT)


def right(series: OpenSeries) -> None:
    """Every present frame has to be the right one."""
    content = (series.directory / "0.frames").read_bytes()
    for place, state in enumerate(series.files.states):
        if state == frames.PRESENT:
            start = int(series.files.entries[place]["slot"]) * 64 * 64 * 2
            number = int(str(series.listed[place].SOPInstanceUID).rsplit(".", 1)[1])
            assert np.array_equal(np.frombuffer(content, np.int16, 64 * 64, start).reshape(64, 64), noise(number))


def look(running: Store, series: OpenSeries, index: int = 0, **how: bool) -> None:
    running.looking(READER, series, list(range(COUNT)), index, 1, **how)


async def wanted(running: Store, series: OpenSeries, place: int) -> Result:
    answer: asyncio.Future[Result] = asyncio.get_running_loop().create_future()
    running.want(series, place, object(), answer.set_result)
    async with asyncio.timeout(20):
        return await answer


@pytest.mark.parametrize("syntax", [None, J2K])
async def test_neighbours_come_singly_and_all_others_in_one_answer(
    running: Store, archive: PretendArchive, syntax: str | None
) -> None:
    if syntax:
        archive.datasets[:] = [slice_of(noise(number), number, syntax) for number in range(1, COUNT + 1)]
    series = await running.holdings.open(KEY)
    look(running, series, 40)
    await until(lambda: present(series) == COUNT)
    right(series)
    assert archive.streams == 1
    assert len(archive.asked) <= 24
    await until(lambda: not running.streams.running)


@pytest.mark.parametrize(("seconds", "singly"), [(60.0, wishes.FEW), (0.0, wishes.NEAR)])
async def test_an_archive_that_answers_at_once_is_asked_for_fewer_neighbours(
    running: Store, archive: PretendArchive, monkeypatch: pytest.MonkeyPatch, seconds: float, singly: int
) -> None:
    monkeypatch.setattr(store, "QUICK_SECONDS", seconds)
    archive.near = False
    series = await running.holdings.open(KEY)
    look(running, series, 40)
    await until(lambda: present(series) == COUNT)
    right(series)
    assert archive.streams == 1
    assert len(archive.asked) == singly


async def test_few_frames_are_not_worth_a_stream(running: Store, archive: PretendArchive) -> None:
    del archive.datasets[20:]
    series = await running.holdings.open(KEY)
    look(running, series)
    await until(lambda: present(series) == 20)
    assert not archive.streams


async def test_who_waits_is_not_kept_by_the_stream(running: Store, archive: PretendArchive) -> None:
    archive.flow = threading.Semaphore(0)
    series = await running.holdings.open(KEY)
    look(running, series)
    await until(lambda: bool(running.streams.running))
    began = time.monotonic()
    assert await wanted(running, series, COUNT - 1) == Stored()
    assert time.monotonic() - began < 1
    assert running.streams.running
    archive.flow.release(COUNT)
    await until(lambda: present(series) == COUNT)
    right(series)


@pytest.mark.parametrize("fault", [Unreachable("The archive's answer was cut short."), Malformed("Not multipart.")])
async def test_what_a_stream_cut_short_did_not_bring_comes_singly(
    running: Store, archive: PretendArchive, fault: Exception
) -> None:
    archive.sent[f"{SERIES}.50"] = fault  # type: ignore[assignment]
    series = await running.holdings.open(KEY)
    look(running, series)
    await until(lambda: present(series) == COUNT)
    right(series)
    assert archive.streams == 1
    assert f"{SERIES}.49" not in archive.asked
    assert {f"{SERIES}.{number}" for number in range(50, COUNT + 1)} <= set(archive.asked)


async def test_an_archive_that_delivers_no_series_is_asked_for_one_only_once(
    running: Store, archive: PretendArchive
) -> None:
    archive.streaming = False
    series = await running.holdings.open(KEY)
    look(running, series)
    await until(lambda: present(series) == COUNT)
    assert archive.streams == 1
    for data in archive.datasets:
        data.SeriesInstanceUID = "2.25.2001"
    other = await running.holdings.open(Key("main", STUDY, "2.25.2001"))
    look(running, other)
    await until(lambda: present(other) == COUNT)
    assert archive.streams == 1


async def test_what_was_recompressed_on_the_way_is_not_taken(running: Store, archive: PretendArchive) -> None:
    archive.sent = {f"{SERIES}.{number}": slice_of(noise(number) // 2, number, J2K) for number in range(1, COUNT + 1)}
    series = await running.holdings.open(KEY)
    look(running, series)
    await until(lambda: present(series) == COUNT)
    right(series)
    assert len(set(archive.asked)) == COUNT


@pytest.mark.parametrize(("attribute", "value"), [("BitsStored", 12), ("PixelRepresentation", 0), ("Columns", 32)])
async def test_an_instance_that_describes_its_pixels_otherwise_is_not_taken(
    running: Store, archive: PretendArchive, attribute: str, value: int
) -> None:
    other = slice_of(noise(99), 60)
    setattr(other, attribute, value)
    archive.sent[f"{SERIES}.60"] = other
    series = await running.holdings.open(KEY)
    look(running, series)
    await until(lambda: present(series) == COUNT)
    right(series)


async def test_what_is_of_another_state_than_the_metadata_is_not_taken(running: Store, archive: PretendArchive) -> None:
    archive.revised = {f"{SERIES}.{number}": "1" for number in range(1, COUNT + 1)}
    series = await running.holdings.open(KEY)
    series.compared = archive.revised = archive.revised | {f"{SERIES}.60": "2"}
    archive.sent[f"{SERIES}.60"] = slice_of(noise(99), 60)
    look(running, series)
    await until(lambda: bool(series.streamed))
    assert series.files.states[59] != frames.PRESENT or f"{SERIES}.60" in archive.asked


async def test_a_stream_ends_with_the_look_of_its_reader(running: Store, archive: PretendArchive) -> None:
    archive.flow = threading.Semaphore(0)
    series = await running.holdings.open(KEY)
    look(running, series)
    await until(lambda: bool(running.streams.running))
    running.leave(READER)
    began = time.monotonic()
    await until(lambda: not running.streams.running)
    assert time.monotonic() - began < 0.5
    archive.flow.release(COUNT)
    look(running, series)
    await until(lambda: present(series) == COUNT)
    assert archive.streams == 2


async def test_a_stream_ends_when_its_series_is_stale(running: Store, archive: PretendArchive) -> None:
    archive.flow = threading.Semaphore(0)
    series = await running.holdings.open(KEY)
    look(running, series)
    await until(lambda: bool(running.streams.running))
    series.stale = True
    running.stale(series)
    began = time.monotonic()
    await until(lambda: not running.streams.running)
    assert time.monotonic() - began < 0.5


async def test_a_prefetch_makes_room_for_a_reader(running: Store, archive: PretendArchive) -> None:
    archive.flow = threading.Semaphore(0)
    series = await running.holdings.open(KEY)
    running.looking((2, 1), series, list(range(COUNT)), 0, 0, ahead=True)
    await until(lambda: [run.ahead for run in running.streams.running.values()] == [True])
    look(running, series)
    assert [run.ahead for run in running.streams.running.values()] == [False]


async def test_the_archive_waits_while_the_decoder_is_behind(
    running: Store, archive: PretendArchive, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(wishes, "NEAR", 0)
    monkeypatch.setattr(wishes, "FEW", 0)
    archive.datasets[:] = [slice_of(noise(number), number, J2K) for number in range(1, COUNT + 1)]
    series = await running.holdings.open(KEY)
    with monkeypatch.context() as behind:
        behind.setattr(running.decoding, "start", lambda: None)
        look(running, series)
        await until(lambda: len(running.decoding.queue) == STREAMED_TO_DECODER)
        await asyncio.sleep(0.3)
        assert len(running.decoding.queue) == STREAMED_TO_DECODER
        assert running.streams.running
    running.decoding.start()
    await until(lambda: present(series) == COUNT)
    right(series)
    assert not archive.asked


def spoilt(archive: PretendArchive, dice: random.Random) -> Iterator[Delivered]:
    """Yield a series as a server sends it that mixes everything up: each lie is to be noticed, or to do no harm."""
    sent = [*archive.datasets, *dice.sample(archive.datasets, 10)]
    dice.shuffle(sent)
    for data in sent:
        content, lie = part10(data), dice.randrange(16)
        if lie == 0:
            content = content[: dice.randrange(len(content))]
        elif lie in (1, 2, 3, 4):
            other = slice_of(noise(900 + lie), int(data.InstanceNumber))
            keyword, value = (("Rows", 32), ("BitsStored", 12), ("StudyInstanceUID", "1.2"), ("SOPInstanceUID", "1.2"))[
                lie - 1
            ]
            setattr(other, keyword, value)
            content = part10(other)
        elif lie == 5:
            content = part10(slice_of(noise(905), int(data.InstanceNumber), J2K))
        elif lie == 6:
            content = content.replace(b"1.2.840.10008.1.2.1\0", b"1.2.840.10008.1.2.5\0")
        yield of_series(delivered(memoryview(content)), STUDY, SERIES)


@pytest.mark.parametrize("seeds", [range(6), pytest.param(range(6, 206), marks=pytest.mark.full)])
async def test_a_server_that_mixes_everything_up_puts_no_frame_at_a_wrong_place(
    running: Store, archive: PretendArchive, monkeypatch: pytest.MonkeyPatch, seeds: range
) -> None:
    for seed in seeds:
        dice = random.Random(seed)
        monkeypatch.setattr(archive, "stream", lambda study, series, dice=dice: spoilt(archive, dice))
        running.streams.refused.clear()
        series = await running.holdings.open(KEY)
        look(running, series, seed % COUNT)
        await until(lambda series=series: present(series) == COUNT)
        right(series)
        running.leave(READER)
        running.holdings.close(series)
        await until(lambda series=series: series.closed)
        running.shelf.drop(series.directory)
