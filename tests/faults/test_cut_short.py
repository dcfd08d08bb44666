"""Answers cut off at a random byte: no partial picture is ever shown, none is ever kept, and all come in the end."""

import asyncio
from pathlib import Path

import pytest

from tests.faults.proxy import NONE, cuts, spoiling
from tests.faults.spoken import listed, numbered, phantoms, right, slice_told, written
from tests.slow_archive import slow_archive
from tests.store.conftest import StoreProcess
from tests.store.waiting import until
from viewer.store.client import FrameFailed, SeriesStore, StoreClient


async def insist(client: StoreClient, series: SeriesStore, uid: str, number: int) -> None:
    """Ask for a frame until it comes; whatever comes is the right one, and whole."""
    while True:
        try:
            assert slice_told(await client.frame(series, uid)) == number
        except FrameFailed as error:
            assert error.words
            await asyncio.sleep(0.01)
        else:
            return


@pytest.mark.parametrize("single", [False, True], ids=["multipart", "single"])
@pytest.mark.parametrize("cut", [30, pytest.param(1000, marks=pytest.mark.full)])
async def test_no_answer_that_is_cut_short_becomes_a_picture_or_poisons_the_store(
    cut: int, single: bool, store: StoreProcess, client: StoreClient, tmp_path: Path, state: Path
) -> None:
    datasets = phantoms(max(16, cut // 16), compressed=True)
    numbers = numbered(datasets)
    with (
        slow_archive(written(datasets, tmp_path / "files"), tmp_path / "index") as archive,
        spoiling(archive.address, seed=cut, choose=cuts(0.95, silent=0.3)) as proxy,
    ):
        archive.let(1_000_000)
        archive.single = single
        listed(state, proxy)
        store.start()
        series = await client.series("main", str(datasets[0].StudyInstanceUID), str(datasets[0].SeriesInstanceUID))
        waiting = asyncio.gather(*(insist(client, series, uid, number) for uid, number in numbers.items()))
        while not waiting.done() and proxy.count("/frames/", spoiled=True) < cut:
            await asyncio.sleep(0.1)
            right(series, numbers)
        proxy.choose = lambda path, dice: NONE
        await waiting
        assert right(series, numbers) == len(numbers)
        assert proxy.count("/frames/", spoiled=True) >= cut * 0.5
        print(f"\n{proxy.count('/frames/', spoiled=True)} answers cut, {len(numbers)} slices right")
        store.stop()
    # Whatever was kept is whole: it is read again without an archive.
    store.start()
    again = StoreClient(state)
    kept = await again.series("main", str(datasets[0].StudyInstanceUID), str(datasets[0].SeriesInstanceUID))
    await until(lambda: right(kept, numbers) == len(numbers), 30)
    await again.close()
