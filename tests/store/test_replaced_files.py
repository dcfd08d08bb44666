"""Files replaced under an open series, their headers untouched: new pixels soon, never old and new together."""

import asyncio
from collections.abc import Callable, Iterable
from pathlib import Path

import numpy as np
import pytest
from pydicom.encaps import encapsulate

from tests.store.conftest import StoreProcess
from tests.store.made import SERIES, STUDY, noise, slice_of, write
from tests.store.waiting import until
from viewer.archive import FolderArchive
from viewer.store.client import FrameFailed, SeriesStore, StoreClient

Serve = Callable[..., StoreProcess]
J2K = "1.2.840.10008.1.2.4.90"
COUNT = 6
SOON = 5.0
ALL = range(1, COUNT + 1)


def replace(folder: Path, state: Path, numbers: Iterable[int]) -> None:
    """Give slices other pixels under the same header, as another process writes and scans them."""
    write(folder, [slice_of(noise(number + 100), number) for number in numbers])
    FolderArchive("main", folder, state=state).scan(settle=0)


async def shown(client: StoreClient, series: SeriesStore) -> dict[int, int]:
    """Return, by slice number, the seed of the values that are shown; every frame has to be of some version."""
    found = {}
    for number in ALL:
        values = await client.frame(series, f"{SERIES}.{number}")
        (found[number],) = [seed for seed in (number, number + 100) if np.array_equal(values, noise(seed))]
    return found


@pytest.mark.parametrize("replaced", [[4], list(ALL)], ids=["one", "all"])
async def test_replaced_pixels_are_shown_soon_and_the_page_hears_of_it(
    serve: Serve, client: StoreClient, tmp_path: Path, state: Path, replaced: list[int]
) -> None:
    folder = write(tmp_path / "ct", [slice_of(noise(number), number) for number in ALL])
    serve(folder)
    series = await client.series("main", STUDY, SERIES)
    assert await shown(client, series) == {number: number for number in ALL}
    told: list[SeriesStore] = []
    client.on_changed(told.append)
    replace(folder, state, replaced)
    await until(lambda: bool(told), SOON)
    assert told == [series]
    again = await client.series("main", STUDY, SERIES)
    assert again.digest != series.digest
    assert await shown(client, again) == {number: number + 100 * (number in replaced) for number in ALL}
    # Nobody mixes: what was opened before stays what it was.
    assert await shown(client, series) == {number: number for number in ALL}


async def test_frames_that_were_not_fetched_before_the_change_fail_in_the_old_version(
    serve: Serve, client: StoreClient, tmp_path: Path, state: Path
) -> None:
    folder = write(tmp_path / "ct", [slice_of(noise(number), number) for number in ALL])
    serve(folder)
    series = await client.series("main", STUDY, SERIES)
    await client.frame(series, f"{SERIES}.1")
    replace(folder, state, ALL)
    with pytest.raises(FrameFailed, match="changed"):
        await client.frame(series, f"{SERIES}.2")
    assert np.array_equal(await client.frame(series, f"{SERIES}.1"), noise(1))
    assert (await client.status())["paused"] == []


async def test_files_replaced_while_no_store_ran_are_new_at_the_first_opening(
    serve: Serve, client: StoreClient, tmp_path: Path, state: Path
) -> None:
    folder = write(tmp_path / "ct", [slice_of(noise(number), number) for number in ALL])
    store = serve(folder)
    await shown(client, await client.series("main", STUDY, SERIES))
    store.stop()
    replace(folder, state, ALL)
    store.start()
    other = StoreClient(state)
    series = await other.series("main", STUDY, SERIES)
    assert await shown(other, series) == {number: number + 100 for number in ALL}
    await other.close()


async def test_a_damaged_compressed_file_is_readable_once_it_is_repaired(
    serve: Serve, client: StoreClient, tmp_path: Path, state: Path
) -> None:
    slices = [slice_of(noise(number), number, J2K) for number in (1, 2)]
    good = slices[1].PixelData
    slices[1].PixelData = encapsulate([b"\xff\x4f\xff\x51 this is no picture " * 30])
    folder = write(tmp_path / "ct", slices)
    serve(folder)
    series = await client.series("main", STUDY, SERIES)
    with pytest.raises(FrameFailed):
        await client.frame(series, f"{SERIES}.2")
    slices[1].PixelData = good
    write(folder, slices[1:])
    FolderArchive("main", folder, state=state).scan(settle=0)
    await until(lambda: series.changed, SOON)
    again = await client.series("main", STUDY, SERIES)
    assert np.array_equal(await client.frame(again, f"{SERIES}.2"), noise(2))
    assert np.array_equal(await client.frame(again, f"{SERIES}.1"), noise(1))


async def test_replacing_again_and_again_never_mixes(
    serve: Serve, client: StoreClient, tmp_path: Path, state: Path
) -> None:
    folder = write(tmp_path / "ct", [slice_of(noise(number), number) for number in ALL])
    serve(folder)
    for turn in range(1, 4):
        write(folder, [slice_of(np.full((64, 64), turn, np.int16), number) for number in ALL])
        FolderArchive("main", folder, state=state).scan(settle=0)
        async with asyncio.timeout(10):
            while True:
                series = await client.series("main", STUDY, SERIES)
                try:
                    seen = {int((await client.frame(series, f"{SERIES}.{number}"))[0, 0]) for number in ALL}
                except FrameFailed:
                    seen = {-1}
                if seen == {turn}:
                    break
                assert seen == {-1} or turn == 1 or seen == {turn - 1}
                await asyncio.sleep(0.1)
