"""What the store does with an archive that is slow, gone, wrong or cut short, and in which order it asks."""

import asyncio
import threading

import numpy as np
import pytest
from pydicom.dataset import Dataset

from tests.store.made import SERIES, STUDY, noise, slice_of
from tests.store.pretend import PretendArchive
from tests.store.waiting import until
from viewer.archive import Malformed, NotThere, Unreachable
from viewer.store import archives, frames, protocol, store, underway
from viewer.store.opened import CantOpen, NoRoom, OpenSeries, Result, Stored
from viewer.store.shelf import Key
from viewer.store.store import Gone, Store
from viewer.store.wishes import outward

KEY = Key("main", STUDY, SERIES)
J2K = "1.2.840.10008.1.2.4.90"


@pytest.fixture
def archive(monkeypatch: pytest.MonkeyPatch) -> PretendArchive:
    made = PretendArchive([slice_of(noise(number), number) for number in range(1, 31)])
    monkeypatch.setattr(archives, "connect", lambda *args, **kwargs: made)
    return made


async def wanted(running: Store, series: OpenSeries, place: int) -> Result:
    """Return what the store answers to a wish."""
    answer: asyncio.Future[Result] = asyncio.get_running_loop().create_future()
    running.want(series, place, object(), answer.set_result)
    async with asyncio.timeout(20):
        return await answer


def words(result: Result) -> str:
    assert not isinstance(result, Stored | NoRoom)
    return str(protocol.words_of(result))


def stored_frame(series: OpenSeries, place: int) -> np.ndarray:
    """Return the frame's values from its file."""
    entry, shape = series.files.entries[place], series.files.shape(place)
    assert shape is not None
    content = (series.directory / "0.frames").read_bytes()[int(entry["slot"]) * shape.frame_bytes :][
        : shape.frame_bytes
    ]
    return np.frombuffer(content, shape.dtype).reshape(shape.array_shape)


async def test_a_truncated_answer_is_never_a_frame(running: Store, archive: PretendArchive) -> None:
    series = await running.holdings.open(KEY)
    whole = noise(1).tobytes()
    rng = np.random.default_rng(2)
    for length in (0, 1, 8191, 8190, 4096, *rng.integers(0, 8191, 20)):
        archive.answers[f"{SERIES}.1"] = whole[: int(length)]
        place = series.places.place(f"{SERIES}.1", 1)
        said = words(await wanted(running, series, place))
        assert "empty" in said if not length else f"holds {length} of 8192 bytes" in said
        assert series.files.states[place] == frames.FAILED
        series.files.mark(place, frames.ABSENT)


async def test_truncated_compressed_answers_are_never_frames(running: Store, archive: PretendArchive) -> None:
    archive.datasets[:] = [slice_of(noise(1), 1, J2K)]
    series = await running.holdings.open(KEY)
    whole = next(iter(archive.frames(STUDY, SERIES, f"{SERIES}.1", [1]))).data
    for length in (1, 50, len(whole) // 2, len(whole) - 10):
        archive.answers[f"{SERIES}.1"] = whole[:length]
        assert words(await wanted(running, series, 0))
        assert series.files.states[0] == frames.FAILED
        series.files.mark(0, frames.ABSENT)
    archive.answers.clear()
    assert await wanted(running, series, 0) == Stored()
    assert np.array_equal(stored_frame(series, 0), noise(1))


async def test_a_broken_frame_takes_no_other_with_it(running: Store, archive: PretendArchive) -> None:
    archive.answers[f"{SERIES}.3"] = b"\1" * 100
    series = await running.holdings.open(KEY)
    running.looking((1, 1), series, list(range(30)), 0, 1)
    await until(lambda: set(series.files.states) <= {frames.PRESENT, frames.FAILED})
    assert [place for place, state in enumerate(series.files.states) if state == frames.FAILED] == [2]
    assert all(np.array_equal(stored_frame(series, place), noise(place + 1)) for place in range(30) if place != 2)


async def test_who_waits_comes_first_then_the_neighbours_then_the_rest(
    running: Store, archive: PretendArchive, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(underway, "FETCHERS", 1)
    monkeypatch.setattr(underway, "AHEAD_FETCHERS", 1)
    series = await running.holdings.open(KEY)
    archive.gate.clear()
    running.looking((1, 1), series, list(range(30)), 15, -1)
    await until(lambda: len(archive.asked) == 1)
    running.want(series, 29, "a", lambda result: None)
    archive.gate.set()
    await until(lambda: set(series.files.states) == {frames.PRESENT})
    asked = [int(uid.rsplit(".", 1)[1]) - 1 for uid in archive.asked]
    assert asked[:8] == [15, 29, 14, 13, 16, 12, 11, 17]


@pytest.mark.parametrize(
    ("count", "index", "direction", "expected"),
    [
        (7, 3, 0, [4, 2, 5, 1, 6, 0]),
        (7, 3, 1, [4, 5, 2, 6, 1, 0]),
        (7, 3, -1, [2, 1, 4, 0, 5, 6]),
        (1, 0, 1, []),
        (3, 2, 1, [1, 0]),
    ],
)
def test_neighbours_come_nearest_first_and_twice_as_many_ahead(
    count: int, index: int, direction: int, expected: list[int]
) -> None:
    assert list(outward(count, index, direction)) == expected


async def test_the_newest_look_replaces_the_one_before(
    running: Store, archive: PretendArchive, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(underway, "AHEAD_FETCHERS", 1)  # several threads ask in any order
    series = await running.holdings.open(KEY)
    archive.gate.clear()
    running.looking((1, 1), series, list(range(30)), 0, 1)
    await until(lambda: len(archive.asked) == underway.AHEAD_FETCHERS)
    running.looking((1, 1), series, list(range(30)), 25, 1)
    archive.gate.set()
    await until(lambda: len(archive.asked) > underway.AHEAD_FETCHERS + 2)
    assert archive.asked[underway.AHEAD_FETCHERS] == f"{SERIES}.26"


async def test_a_wish_with_a_direction_turns_the_look(
    running: Store, archive: PretendArchive, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(underway, "AHEAD_FETCHERS", 1)
    series = await running.holdings.open(KEY)
    archive.gate.clear()
    running.looking((1, 1), series, list(range(30)), 0, 1)
    await until(lambda: len(archive.asked) == underway.AHEAD_FETCHERS)
    running.wishes.moved((1, 1), 20, -1)
    running.want(series, 20, "a", lambda result: None)
    archive.gate.set()
    await until(lambda: len(archive.asked) > underway.AHEAD_FETCHERS + 4)
    assert {f"{SERIES}.21", f"{SERIES}.20", f"{SERIES}.19"} <= set(archive.asked[underway.AHEAD_FETCHERS :][:4])


async def test_two_threads_are_always_left_for_who_waits(running: Store, archive: PretendArchive) -> None:
    series = await running.holdings.open(KEY)
    archive.gate.clear()
    running.looking((1, 1), series, list(range(30)), 0, 1)
    running.want(series, 29, "a", lambda result: None)
    await until(lambda: f"{SERIES}.30" in archive.asked, 2)
    assert len(archive.asked) == underway.AHEAD_FETCHERS + 1


async def test_an_archive_that_is_gone_fails_who_waits_and_is_asked_again_later(
    running: Store, archive: PretendArchive, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(store, "PAUSE_SECONDS", (0.2, 0.4))
    series = await running.holdings.open(KEY)
    archive.failure = Unreachable("The archive doesn't answer.")
    assert words(await wanted(running, series, 4)) == "The archive doesn't answer."
    assert series.files.states[4] == frames.ABSENT
    running.looking((1, 1), series, list(range(30)), 0, 1)
    await asyncio.sleep(0.5)
    assert set(series.files.states) <= {frames.ABSENT, frames.QUEUED}
    assert running.status()["paused"] in ([], ["main"])
    assert len(archive.asked) < 40
    archive.failure = None
    await until(lambda: set(series.files.states) == {frames.PRESENT})


async def test_a_frame_that_is_not_there_is_marked_and_may_come_later(
    running: Store, archive: PretendArchive, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(store, "RETRY_SECONDS", 0.1)
    series = await running.holdings.open(KEY)
    archive.answers[f"{SERIES}.2"] = NotThere("The archive has no such frame.")
    assert words(await wanted(running, series, 1)) == "The archive has no such frame."
    assert series.files.states[1] == frames.FAILED
    archive.answers.clear()
    await asyncio.sleep(0.15)
    assert await wanted(running, series, 1) == Stored()


async def test_an_archive_that_sends_nothing_or_the_wrong_frame_is_malformed(
    running: Store, archive: PretendArchive, monkeypatch: pytest.MonkeyPatch
) -> None:
    series = await running.holdings.open(KEY)
    honest = archive.frames
    monkeypatch.setattr(archive, "frames", lambda *args, **how: iter(()))
    assert "didn't send frame 1" in words(await wanted(running, series, 0))
    monkeypatch.setattr(archive, "frames", lambda *args, **how: honest(*args[:3], [7], **how))
    assert "another frame" in words(await wanted(running, series, 1))
    assert frames.PRESENT not in series.files.states


async def test_an_error_nobody_thought_of_fails_one_frame_only(
    running: Store, archive: PretendArchive, monkeypatch: pytest.MonkeyPatch
) -> None:
    series = await running.holdings.open(KEY)
    honest = archive.frames

    def surprise(*args: object, **how: object) -> object:
        raise ZeroDivisionError("secret^name")

    monkeypatch.setattr(archive, "frames", surprise)
    assert words(await wanted(running, series, 0)) == "the frame couldn't be fetched (ZeroDivisionError)"
    monkeypatch.setattr(archive, "frames", honest)
    assert await wanted(running, series, 1) == Stored()


async def test_a_reader_who_has_gone_is_not_waited_for(running: Store, archive: PretendArchive) -> None:
    series = await running.holdings.open(KEY)
    archive.gate.clear()
    for place in range(underway.FETCHERS + 3):
        running.want(series, place, "one", lambda result: None)
    for place in range(underway.FETCHERS + 3):
        running.forget(series, place, "one")
    archive.gate.set()
    await asyncio.sleep(0.3)
    assert len(archive.asked) == underway.FETCHERS
    assert series.waiting == {}


@pytest.mark.parametrize(
    ("failure", "said"), [(Unreachable("No answer."), "No answer."), (Malformed("Not DICOM JSON."), "Not DICOM JSON.")]
)
async def test_a_series_whose_metadata_cannot_be_had_is_refused_and_may_be_tried_again(
    running: Store, archive: PretendArchive, failure: Exception, said: str
) -> None:
    archive.failure = failure  # type: ignore[assignment]
    with pytest.raises(CantOpen, match=said):
        await running.holdings.open(KEY)
    archive.failure = None
    assert (await running.holdings.open(KEY)).places.count == 30


@pytest.mark.parametrize("content", [b"", b"<html>", b"{}", b"[1, 2]", b"[", b"[]", b"\xff\xfe"])
async def test_metadata_that_is_none_is_refused(
    running: Store, archive: PretendArchive, monkeypatch: pytest.MonkeyPatch, content: bytes
) -> None:
    monkeypatch.setattr(archive, "series_metadata", lambda study, series: content)
    with pytest.raises(CantOpen):
        await running.holdings.open(KEY)
    assert not list((running.shelf.root).iterdir())


async def test_many_who_open_at_once_cost_one_question(running: Store, archive: PretendArchive) -> None:
    asked = []
    honest = archive.series_metadata
    archive.series_metadata = lambda study, series: (asked.append(series), honest(study, series))[1]  # type: ignore[method-assign]
    opened = await asyncio.gather(*(running.holdings.open(KEY) for _ in range(20)))
    assert len(set(map(id, opened))) == 1
    assert opened[0].users == 20
    assert len(asked) == 1


async def test_what_the_archive_lists_is_kept_beside_what_it_sends(running: Store, archive: PretendArchive) -> None:
    archive.listed = 32
    series = await running.holdings.open(KEY)
    assert (series.current.expected, series.places.count) == (32, 30)


async def test_an_archive_that_does_not_say_how_many_it_lists_leaves_it_open(
    running: Store, archive: PretendArchive, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(study: str) -> list[object]:
        raise NotThere("No such search.")

    monkeypatch.setattr(archive, "search_series", refuse)
    assert (await running.holdings.open(KEY)).current.expected is None


async def test_lookup_tables_behind_addresses_are_fetched_with_the_metadata(
    running: Store, archive: PretendArchive
) -> None:
    table = Dataset()
    table.add_new("LUTDescriptor", "US", [256, 0, 16])
    table.add_new("LUTData", "OW", bytes(512))
    archive.datasets[0].ModalityLUTSequence = [table]
    archive.bulk = np.arange(1000, 1256, dtype="<u2").tobytes()
    series = await running.holdings.open(KEY)
    assert b"pretend:bulk" in archive.series_metadata(STUDY, SERIES)
    (found,) = series.listed[0].ModalityLUTSequence
    assert found.complete
    assert list(found.values()[:2]) == [1000, 1001]
    assert series.listed[1].ModalityLUTSequence == ()


async def test_the_order_of_instances_does_not_make_another_version(
    running: Store, archive: PretendArchive, monkeypatch: pytest.MonkeyPatch
) -> None:
    running.holdings.reread_seconds = -1
    series = await running.holdings.open(KEY)
    await until(lambda: not running.holdings.rereading)
    archive.datasets.reverse()
    assert await running.holdings.open(KEY) is series
    await until(lambda: not running.holdings.rereading)
    assert not series.stale
    archive.datasets[0].WindowCenter = 12
    await running.holdings.open(KEY)
    await until(lambda: series.stale)
    with pytest.raises(Gone):
        running.want(series, 0, "one", lambda result: None)
    fresh = await running.holdings.open(KEY)
    assert fresh is not series
    assert fresh.current.digest != series.current.digest


async def test_while_the_archive_is_down_a_series_stays_open_as_it_was(running: Store, archive: PretendArchive) -> None:
    running.holdings.reread_seconds = -1
    series = await running.holdings.open(KEY)
    archive.failure = Unreachable("No answer.")
    assert await running.holdings.open(KEY) is series
    await until(lambda: not running.holdings.rereading)
    assert not series.stale


async def test_who_waits_when_the_series_changes_is_told(running: Store, archive: PretendArchive) -> None:
    series = await running.holdings.open(KEY)
    archive.gate.clear()
    waiting = [asyncio.create_task(wanted(running, series, place)) for place in range(12)]
    await until(lambda: len(archive.asked) == underway.FETCHERS)
    series.stale = True
    running.stale(series)
    assert {words(await each) for each in waiting} == {"the series has changed in the archive"}


async def test_an_instance_without_pixels_says_so(running: Store, archive: PretendArchive) -> None:
    del archive.datasets[0].Rows
    series = await running.holdings.open(KEY)
    assert "Rows, Columns or Bits Allocated are missing" in words(await wanted(running, series, 0))
    assert await wanted(running, series, 1) == Stored()
    assert archive.asked == [f"{SERIES}.2"]


async def test_sizes_that_no_memory_holds_are_refused_before_anything_is_fetched(
    running: Store, archive: PretendArchive
) -> None:
    archive.datasets[0].Rows = archive.datasets[0].Columns = 65535
    series = await running.holdings.open(KEY)
    assert "larger than 512 MiB" in words(await wanted(running, series, 0))
    assert archive.asked == []


async def test_a_series_of_two_million_frames_is_refused(running: Store, archive: PretendArchive) -> None:
    for dataset in archive.datasets:
        dataset.NumberOfFrames = 2_000_000 // len(archive.datasets)
    with pytest.raises(CantOpen, match="more than 1000000 frames"):
        await running.holdings.open(KEY)


async def test_a_series_is_closed_when_nobody_uses_it(running: Store, archive: PretendArchive) -> None:
    series = await running.holdings.open(KEY)
    threads = threading.active_count()
    running.holdings.close(series)
    assert series.closed
    assert running.holdings.series == {}
    again = await running.holdings.open(KEY)
    assert again is not series
    assert threading.active_count() <= threads + 1
