"""Tiles and series in one answer that nobody waits for any more: the archive is left within half a second."""

import asyncio
from io import BytesIO
from pathlib import Path

import pytest
from pydicom.dataset import Dataset

from tests import slides
from tests.faults.proxy import NONE, Fault, FaultProxy, spoiling
from tests.faults.spoken import listed, numbered, phantoms, right, written
from tests.slow_archive import slow_archive
from tests.store.conftest import StoreProcess
from tests.store.waiting import until
from viewer.archive.multipart import written as multipart
from viewer.store import frames
from viewer.store.client import StoreClient

TILES = f"{slides.SERIES}.1"


def flights(proxy: FaultProxy, pattern: str) -> int:
    """Return how many requests for a path are under way."""
    return proxy.count(pattern) - sum(each.left is not None for each in proxy.seen if pattern in each.path)


def lateness(proxy: FaultProxy, since: float) -> float:
    """Return how many seconds after `since` the last of those that were left was left."""
    return max(each.left - since for each in proxy.seen if each.left)


@pytest.mark.parametrize("stall", [Fault(latency=60), Fault(stall_after=0.3)], ids=["silent", "halfway"])
async def test_tiles_of_a_place_that_was_left_are_not_waited_for(
    stall: Fault, store: StoreProcess, client: StoreClient, tmp_path: Path, state: Path
) -> None:
    folder = slides.write(tmp_path / "slide", [slides.level(slides.picture(640, 640))])
    there = phantoms(4, patient=2)
    with (
        slow_archive(folder, tmp_path / "index") as archive,
        slow_archive(written(there, tmp_path / "files"), tmp_path / "other") as beside,
        spoiling(archive.address, choose=lambda path, dice: stall if "/frames/" in path else NONE) as proxy,
        spoiling(beside.address) as other,
    ):
        archive.let(1_000_000)
        beside.let(1_000_000)
        listed(state, proxy, other)
        store.start()
        series = await client.series("main", slides.STUDY, slides.SERIES)
        wanted = [asyncio.create_task(client.tile(series, TILES, number)) for number in range(1, 101)]
        await until(lambda: flights(proxy, "/frames/") == 6)
        kept = await client.series("other", str(there[0].StudyInstanceUID), str(there[0].SeriesInstanceUID))
        await asyncio.wait_for(client.tile(kept, str(there[0].SOPInstanceUID), 1), 5)
        await asyncio.sleep(0.5)
        left = asyncio.get_running_loop().time()
        for each in wanted:
            each.cancel()
        await until(lambda: flights(proxy, "/frames/") == 0, 5)
        assert lateness(proxy, left) <= 0.5
        assert proxy.count("/frames/") == 6, "what waited behind them was never asked for"
        proxy.choose = lambda path, dice: NONE
        found = await asyncio.wait_for(client.tile(series, TILES, 7), 5)
        assert found[1].rstrip(b"\0") == slides.rgb_jpeg(slides.tiles(slides.picture(640, 640))[6])
        await asyncio.gather(*wanted, return_exceptions=True)


def half_a_series(datasets: list[Dataset]) -> Fault:
    """Return an answer that delivers a series, and stalls in its middle."""
    bodies = []
    for dataset in datasets:
        held = BytesIO()
        dataset.save_as(held, enforce_file_format=True)
        bodies.append(held.getvalue())
    kind, body = multipart(bodies, "application/dicom")
    return Fault(status=200, headers={"content-type": kind}, body=body, stall_after=0.5)


@pytest.mark.parametrize("how", ["silent", "halfway"])
async def test_a_series_that_nobody_looks_at_is_not_waited_for(
    how: str, store: StoreProcess, client: StoreClient, tmp_path: Path, state: Path
) -> None:
    datasets = phantoms(120)
    stall = Fault(latency=60) if how == "silent" else half_a_series(datasets)
    whole = f"/series/{datasets[0].SeriesInstanceUID}"
    with (
        slow_archive(written(datasets, tmp_path / "files"), tmp_path / "index") as archive,
        spoiling(archive.address, choose=lambda path, dice: stall if path.endswith(whole) else NONE) as proxy,
    ):
        archive.let(1_000_000)
        listed(state, proxy)
        store.start()
        series = await client.series("main", str(datasets[0].StudyInstanceUID), str(datasets[0].SeriesInstanceUID))
        order = [(str(each.SOPInstanceUID), 1) for each in series.instances]
        await client.looking(series, order, 5, 1)
        enough = 50 if how == "halfway" else 5
        await until(lambda: series.states().count(frames.PRESENT) >= enough)
        await until(lambda: any(each.path.endswith(whole) for each in proxy.seen))
        (stream,) = [each for each in proxy.seen if each.path.endswith(whole)]
        assert stream.left is None
        assert right(series, numbered(datasets)) >= enough
        left = asyncio.get_running_loop().time()
        await client.close()
        await until(lambda: stream.left is not None, 5)
        assert lateness(proxy, left) <= 0.5
        assert store.process.poll() is None
