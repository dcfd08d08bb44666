"""Archives that stall, flap or are gone: nobody else waits, what nobody wants is left, all slices come in the end."""

import asyncio
import random
import time
from collections.abc import Callable
from pathlib import Path

import pytest
from pydicom.dataset import Dataset

from tests.faults.proxy import NONE, Fault, FaultProxy, cuts, spoiling
from tests.faults.spoken import listed, numbered, phantoms, right, slice_told, written
from tests.slow_archive import SlowArchive, slow_archive
from tests.store.conftest import StoreProcess
from tests.store.waiting import until
from viewer.store import frames
from viewer.store.client import FrameFailed, SeriesStore, StoreClient

STALL = Fault(stall_after=0.3)


def stalled(path: str, dice: object) -> Fault:
    return STALL if "/frames/" in path or path.endswith("/series/x") else NONE


def uids(dataset: Dataset) -> tuple[str, str]:
    return str(dataset.StudyInstanceUID), str(dataset.SeriesInstanceUID)


def order(series: SeriesStore) -> list[tuple[str, int]]:
    return [(str(each.SOPInstanceUID), 1) for each in series.instances]


async def timed(client: StoreClient, series: SeriesStore, uid: str) -> float:
    started = time.monotonic()
    await client.frame(series, uid)
    return time.monotonic() - started


async def showing(client: StoreClient, series: SeriesStore, uid: str, datasets: list[Dataset]) -> None:
    """Have a frame within two seconds, and see that it is the right one."""
    assert slice_told(await asyncio.wait_for(client.frame(series, uid), 2)) == numbered(datasets)[uid]


def flights(proxy: FaultProxy) -> list[object]:
    return [each for each in proxy.seen if "/frames/" in each.path and each.left is None]


async def test_what_a_reader_has_scrolled_past_is_left_within_half_a_second(
    speaking_archive: SlowArchive, speaking: list[Dataset], store: StoreProcess, client: StoreClient, state: Path
) -> None:
    with spoiling(speaking_archive.address, choose=stalled) as proxy:
        listed(state, proxy)
        store.start()
        series = await client.series("main", *uids(speaking[0]))
        wanted = [asyncio.create_task(client.frame(series, uid)) for uid, _ in order(series)[:12]]
        await until(lambda: proxy.count("/frames/") == 8)
        await asyncio.sleep(0.5)
        status = await client.status()
        assert status["fetching"] == 8 and status["threads"] - status["fetching"] >= 1
        past = time.monotonic()
        for each in wanted[:11]:
            each.cancel()
        await until(lambda: len(flights(proxy)) == 1, 5)
        late = [each.left - past for each in proxy.seen if each.left]
        assert len(late) >= 7 and max(late) <= 0.5
        proxy.choose = lambda path, dice: NONE
        await showing(client, series, order(series)[0][0], speaking)
        wanted[11].cancel()
        await asyncio.gather(*wanted, return_exceptions=True)


async def test_a_jump_leaves_what_was_fetched_around_the_place_before(
    store: StoreProcess, client: StoreClient, tmp_path: Path, state: Path
) -> None:
    datasets = phantoms(120)
    with (
        slow_archive(written(datasets, tmp_path / "files"), tmp_path / "index") as archive,
        spoiling(archive.address, choose=stalled) as proxy,
    ):
        archive.let(1_000_000)
        listed(state, proxy)
        store.start()
        series = await client.series("main", *uids(datasets[0]))
        await client.looking(series, order(series), 5, 1)
        await until(lambda: len(flights(proxy)) >= 6)
        await asyncio.sleep(0.4)
        before = list(proxy.seen)
        proxy.choose = lambda path, dice: NONE
        jumped = time.monotonic()
        await client.looking(series, order(series), 100, 1)
        await until(lambda: all(each.left for each in before if "/frames/" in each.path), 5)
        assert max(each.left - jumped for each in before if each.left) <= 0.5
        await showing(client, series, order(series)[100][0], datasets)


@pytest.mark.parametrize("how", ["stalled", "refused"])
async def test_an_archive_that_is_gone_keeps_no_other_waiting(
    how: str,
    speaking_archive: SlowArchive,
    speaking: list[Dataset],
    store: StoreProcess,
    client: StoreClient,
    state: Path,
    tmp_path: Path,
) -> None:
    there = phantoms(40, patient=2)
    with (
        slow_archive(written(there, tmp_path / "files"), tmp_path / "index") as archive,
        spoiling(speaking_archive.address) as gone,
        spoiling(archive.address) as other,
    ):
        archive.let(1_000_000)
        listed(state, gone, other)
        store.start()
        lost = await client.series("main", *uids(speaking[0]))
        kept = await client.series("other", *uids(there[0]))
        places = [uid for uid, _ in order(kept)]
        quiet = sorted([await timed(client, kept, uid) for uid in places[:20]])
        if how == "refused":
            gone.refuse()
        else:
            gone.choose = lambda path, dice: STALL
        waiting = [asyncio.create_task(client.frame(lost, uid)) for uid, _ in order(lost)]
        opening = [asyncio.create_task(client.series("main", uids(speaking[0])[0], f"1.2.{n}")) for n in range(9)]
        await asyncio.sleep(0.5)
        beside = sorted([await timed(client, kept, uid) for uid in places[20:]])
        print(f"\n{how}: median {quiet[10] * 1e3:.1f} -> {beside[10] * 1e3:.1f} ms, worst {beside[-1] * 1e3:.0f} ms")
        assert beside[-1] < 2, "nobody waits for the archive that is gone"
        for each in (*waiting, *opening):
            each.cancel()
        ended = await asyncio.gather(*waiting, *opening, return_exceptions=True)
        if how == "refused":
            words = [str(each) for each in ended if isinstance(each, FrameFailed)]
            assert len(words) == len(waiting) and all("takes no connections" in each for each in words)


async def test_who_waits_for_an_archive_that_is_back_has_it_within_ten_seconds(
    speaking_archive: SlowArchive, speaking: list[Dataset], store: StoreProcess, client: StoreClient, state: Path
) -> None:
    with spoiling(speaking_archive.address) as proxy:
        listed(state, proxy)
        store.start()
        series = await client.series("main", *uids(speaking[0]))
        first, *rest = order(series)
        await client.frame(series, first[0])
        proxy.refuse()
        await client.looking(series, order(series), 3, 1)
        for uid, _ in rest[:4]:
            with pytest.raises(FrameFailed, match="takes no connections"):
                await asyncio.wait_for(client.frame(series, uid), 3)
        await showing(client, series, first[0], speaking)
        await asyncio.sleep(2)
        proxy.start()
        since = time.monotonic()
        await until(lambda: series.states().count(frames.PRESENT) == len(speaking), 15)
        print(f"\nall slices {time.monotonic() - since:.1f} s after the archive was back")
        assert time.monotonic() - since <= 10


@pytest.mark.parametrize(
    ("slices", "turns"), [(100, (0.2, 1.0)), pytest.param(2500, (0.2, 2.0), marks=pytest.mark.full)]
)
async def test_a_flapping_archive_gives_all_slices_in_the_end_without_a_storm(
    slices: int,
    turns: tuple[float, float],
    store: StoreProcess,
    client: StoreClient,
    tmp_path: Path,
    state: Path,
) -> None:
    datasets = phantoms(slices)
    numbers = numbered(datasets)
    slow: Callable[..., Fault] = lambda path, dice: Fault(latency=0.04)  # noqa: E731
    with (
        slow_archive(written(datasets, tmp_path / "files"), tmp_path / "index") as archive,
        spoiling(archive.address, seed=slices, choose=slow) as proxy,
    ):
        archive.let(1_000_000)
        listed(state, proxy)
        store.start()
        series = await client.series("main", *uids(datasets[0]))
        proxy.flap(*turns)
        await client.looking(series, order(series), 0, 1)
        started = time.monotonic()
        await until(lambda: series.states().count(frames.PRESENT) == slices, 120 + slices)
        assert right(series, numbers) == slices
        asked = proxy.count("/frames/")
        print(f"\n{asked} requests for {slices} slices in {time.monotonic() - started:.0f} s")
        assert asked <= 1.5 * slices + 12, "what was under way at one turn more or less, where slices are few"


def test_the_proxy_is_seedable() -> None:
    choose = cuts(0.5, silent=0.5)
    chosen = [[choose("/frames/1", dice) for _ in range(50)] for dice in (random.Random(3), random.Random(3))]
    assert chosen[0] == chosen[1] and 10 < sum(each != NONE for each in chosen[0]) < 40
