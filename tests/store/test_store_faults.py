"""Killed decoders, a killed store and a full disk: no frame that isn't there, and the web process goes on."""

import asyncio
import contextlib
import os
import resource
import signal
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pytest

from tests.store.conftest import StoreProcess
from tests.store.made import SERIES, STUDY, noise, slice_of, write
from tests.store.waiting import until
from viewer.archive import FolderArchive
from viewer.store import frames
from viewer.store.client import FrameFailed, SeriesStore, StoreClient, StoreError
from viewer.store.gathering import gathered

Serve = Callable[..., StoreProcess]
J2K = "1.2.840.10008.1.2.4.90"
LARGE = 1536


def native(folder: Path, count: int, size: int = 256) -> Path:
    return write(folder, [slice_of(noise(number, size, size), number) for number in range(1, count + 1)])


def slow(folder: Path, count: int) -> Path:
    """Slices that take OpenJPEG about half a second each."""
    return write(folder, [slice_of(noise(number, LARGE, LARGE), number, J2K) for number in range(1, count + 1)])


def order(series: SeriesStore) -> list[tuple[str, int]]:
    return [(str(each.SOPInstanceUID), 1) for each in series.instances]


def right(series: SeriesStore) -> int:
    """Return the number of present frames; every one of them has to be the right one."""
    count = 0
    for place, state in enumerate(series.states()):
        if state == frames.PRESENT:
            array = series.frames.array(place)
            number = int(str(series.instances[place].SOPInstanceUID).rsplit(".", 1)[1])
            assert np.array_equal(array, noise(number, *array.shape)), f"frame {number}"
            count += 1
    return count


async def busy(client: StoreClient) -> list[int]:
    """Return the process ids of the workers that have a frame at this moment."""
    return [each["pid"] for each in (await client.status())["workers"] if each["busy"]]


async def a_busy_one(client: StoreClient) -> int:
    """Return the process id of a worker in the middle of a frame."""
    async with asyncio.timeout(20):
        while not (pids := await busy(client)):
            await asyncio.sleep(0.01)
    await asyncio.sleep(0.05)
    return pids[0]


async def test_a_decode_worker_killed_in_the_middle_costs_nothing_but_time(
    serve: Serve, client: StoreClient, tmp_path: Path
) -> None:
    serve(slow(tmp_path / "ct", 3))
    series = await client.series("main", STUDY, SERIES)
    wanted = [asyncio.create_task(client.frame(series, *each)) for each in order(series)]
    victim = await a_busy_one(client)
    os.kill(victim, signal.SIGKILL)
    got = await asyncio.gather(*wanted)
    assert right(series) == len(got) == 3
    figures = await client.status()
    assert sum(each["deaths"] for each in figures["workers"]) == 1
    assert victim not in [each["pid"] for each in figures["workers"]]


async def test_a_frame_that_ends_two_workers_goes_into_quarantine_and_the_others_arrive(
    serve: Serve, client: StoreClient, tmp_path: Path, state: Path
) -> None:
    store = serve(slow(tmp_path / "ct", 1), "--decoders", "1")
    series = await client.series("main", STUDY, SERIES)
    wanted = asyncio.create_task(client.frame(series, f"{SERIES}.1"))
    killed: set[int] = set()
    while not wanted.done():
        for pid in await busy(client):
            if pid not in killed:
                os.kill(pid, signal.SIGKILL)
                killed.add(pid)
        await asyncio.sleep(0.01)
    with pytest.raises(FrameFailed, match=r"quarantine.*signal 9"):
        await wanted
    assert len(killed) == 2
    assert series.states() == bytes((frames.FAILED,))
    assert "quarantine" in str(series.reason(f"{SERIES}.1"))
    store.stop()
    store.start()
    other = StoreClient(state)
    again = await other.series("main", STUDY, SERIES)
    with pytest.raises(FrameFailed, match="quarantine"):
        await other.frame(again, f"{SERIES}.1")
    assert not (await other.status())["workers"][0]["deaths"]
    await other.close()


async def test_random_murder_of_workers_under_load_shows_no_wrong_frame(
    serve: Serve, client: StoreClient, tmp_path: Path
) -> None:
    folder = write(tmp_path / "ct", [slice_of(noise(n, 512, 512), n, J2K) for n in range(1, 41)])
    serve(folder)
    series = await client.series("main", STUDY, SERIES)
    await client.looking(series, order(series), 10, 1)
    rng = np.random.default_rng(3)
    for _ in range(6):
        await asyncio.sleep(float(rng.uniform(0, 0.1)))
        with contextlib.suppress(ProcessLookupError):
            os.kill(await a_busy_one(client), signal.SIGKILL)
        right(series)
    await until(lambda: set(series.states()) <= {frames.PRESENT, frames.FAILED}, 60)
    quarantined = series.states().count(frames.FAILED)
    assert quarantined <= 3
    assert right(series) == 40 - quarantined


async def test_a_store_killed_while_it_fills_loses_nothing_that_was_there(
    serve: Serve, client: StoreClient, tmp_path: Path
) -> None:
    store = serve(native(tmp_path / "ct", 150, 512))
    series = await client.series("main", STUDY, SERIES)
    for round_ in range(4):
        await client.looking(series, order(series), 30 * round_, 1)
        before = right(series)
        await until(lambda before=before: series.states().count(frames.PRESENT) >= min(before + 15, 150))
        store.kill()
        present = right(series)
        assert present >= before
        uid = next(uid for place, (uid, _) in enumerate(order(series)) if series.states()[place] == frames.PRESENT)
        assert (await client.frame(series, uid)).shape == (512, 512)
        store.start()
    await client.looking(series, order(series), 0, 1)
    await until(lambda: set(series.states()) == {frames.PRESENT}, 60)
    assert right(series) == 150


async def test_a_wish_outlives_the_death_of_the_store(serve: Serve, client: StoreClient, tmp_path: Path) -> None:
    store = serve(slow(tmp_path / "ct", 2))
    series = await client.series("main", STUDY, SERIES)
    wanted = asyncio.create_task(client.frame(series, f"{SERIES}.1"))
    await until(lambda: frames.QUEUED in series.states())
    store.kill()
    store.start()
    assert np.array_equal(await wanted, noise(1, LARGE, LARGE))


async def test_what_waits_for_frames_and_planes_outlives_a_store_that_comes_back_after_seconds(
    serve: Serve, client: StoreClient, tmp_path: Path
) -> None:
    store = serve(slow(tmp_path / "ct", 6))
    series = await client.series("main", STUDY, SERIES)
    planes = [asyncio.create_task(gathered(client, series, order(series))) for _ in range(3)]
    frame = asyncio.create_task(client.frame(series, f"{SERIES}.1"))
    await until(lambda: frames.QUEUED in series.states())
    store.kill()
    assert frames.PRESENT not in series.states()
    await asyncio.sleep(6)
    assert not any(task.done() for task in (frame, *planes)), "who waits isn't told of a fault that passes"
    store.start()
    assert np.array_equal(await frame, noise(1, LARGE, LARGE))
    assert await asyncio.gather(*planes) == [{}, {}, {}]
    assert right(series) == 6


async def test_without_a_store_a_wish_fails_in_words_within_seconds(
    serve: Serve, client: StoreClient, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("viewer.store.client.PATIENCE_SECONDS", 0.5)
    store = serve(native(tmp_path / "ct", 3))
    series = await client.series("main", STUDY, SERIES)
    await client.frame(series, f"{SERIES}.1")
    store.kill()
    await asyncio.sleep(0.1)
    assert np.array_equal(await client.frame(series, f"{SERIES}.1"), noise(1, 256, 256))
    with pytest.raises(FrameFailed, match="not answering"):
        await client.frame(series, f"{SERIES}.2")
    with pytest.raises(StoreError, match="not answering"):
        await client.series("main", STUDY, "1.2.3")
    await client.looking(series, order(series), 0, 1)
    store.start()
    await until(lambda: set(series.states()) == {frames.PRESENT}, 30)
    assert right(series) == 3


async def test_a_frozen_worker_is_ended_after_its_wall_time(serve: Serve, client: StoreClient, tmp_path: Path) -> None:
    serve(slow(tmp_path / "ct", 1), "--decoders", "1")
    series = await client.series("main", STUDY, SERIES)
    wanted = asyncio.create_task(client.frame(series, f"{SERIES}.1"))
    pid = await a_busy_one(client)
    os.kill(pid, signal.SIGSTOP)
    assert np.array_equal(await asyncio.wait_for(wanted, 40), noise(1, LARGE, LARGE))
    assert pid != (await client.status())["workers"][0]["pid"]


@pytest.fixture
def small_disk(state: Path) -> Iterator[Path]:
    """Return the state folder on a disk of 4 MiB."""
    if subprocess.run(
        ["mount", "-t", "tmpfs", "-o", "size=4m,mode=700", "tmpfs", state], capture_output=True
    ).returncode:
        pytest.skip("mounting a small disk isn't allowed here")
    yield state
    subprocess.run(["umount", "-l", state], check=True)


async def test_on_a_full_disk_reading_goes_on_and_no_frame_is_made_up(
    serve: Serve, client: StoreClient, tmp_path: Path, small_disk: Path
) -> None:
    store = serve(native(tmp_path / "ct", 20, 512))
    series = await client.series("main", STUDY, SERIES)
    await client.looking(series, order(series), 0, 1)
    async with asyncio.timeout(20):
        while not (await client.status())["disk_full"]:
            await asyncio.sleep(0.05)
    stored = right(series)
    assert 3 <= stored < 8
    for uid, number in order(series):
        frame = await client.frame(series, uid, number)
        assert np.array_equal(frame, noise(int(uid.rsplit(".", 1)[1]), 512, 512))
        assert not frame.flags.writeable
    assert right(series) <= 8
    assert set(series.states()) <= {frames.ABSENT, frames.PRESENT, frames.QUEUED}
    assert store.process.poll() is None


async def test_a_series_for_which_the_disk_has_no_byte_left_is_read_and_nothing_of_it_is_kept(
    serve: Serve, client: StoreClient, tmp_path: Path, small_disk: Path
) -> None:
    store = serve(native(tmp_path / "ct", 5, 512))
    ballast = small_disk / "ballast"
    with ballast.open("wb", buffering=0) as full, contextlib.suppress(OSError):
        while True:
            full.write(bytes(4096))
    series = await client.series("main", STUDY, SERIES)
    for uid, number in order(series):
        frame = await client.frame(series, uid, number)
        assert np.array_equal(frame, noise(int(uid.rsplit(".", 1)[1]), 512, 512))
    assert right(series) == 0 and not series.directory.is_relative_to(small_disk)
    aside = series.directory.parent
    store.stop()
    assert not aside.exists()
    ballast.unlink()
    store.start()
    other = StoreClient(small_disk)
    assert (await filled(other, SERIES)).directory.is_relative_to(small_disk)
    await other.close()


async def test_a_full_disk_makes_room_with_series_that_nobody_uses(
    serve: Serve, client: StoreClient, tmp_path: Path, small_disk: Path
) -> None:
    for series_uid in ("2.25.3001", "2.25.3002"):
        write(tmp_path / "ct", [slice_of(noise(n, 512, 512), n, series=series_uid) for n in range(1, 6)])
    serve(tmp_path / "ct")
    first = StoreClient(small_disk)
    old = (await filled(first, "2.25.3001")).directory
    await first.close()
    await asyncio.sleep(0.2)
    assert right(await filled(client, "2.25.3002")) == 5
    assert not old.exists()


async def filled(client: StoreClient, series_uid: str) -> SeriesStore:
    """Return the series once all its frames are there; what is held mapped keeps its room on the disk."""
    series = await client.series("main", STUDY, series_uid)
    await client.looking(series, order(series), 0, 1)
    await until(lambda: set(series.states()) == {frames.PRESENT}, 40)
    return series


def limit_files() -> None:
    """Let the store write no file beyond 2 MiB: what a disk that can't be mounted would do."""
    signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_FSIZE, (2 << 20, resource.RLIM_INFINITY))


async def test_where_no_file_may_grow_the_series_is_refused_in_words(
    serve: Serve, client: StoreClient, tmp_path: Path
) -> None:
    store = serve(native(tmp_path / "ct", 20, 512), preexec=limit_files)
    with pytest.raises(StoreError, match="disk of the image store is full"):
        await client.series("main", STUDY, SERIES)
    assert store.process.poll() is None


async def test_damaged_files_of_the_store_are_fetched_anew(
    serve: Serve, client: StoreClient, tmp_path: Path, state: Path
) -> None:
    store = serve(native(tmp_path / "ct", 3))
    series = await client.series("main", STUDY, SERIES)
    await client.frame(series, f"{SERIES}.1")
    for name in ("table", "metadata.zst", "0.frames"):
        store.stop()
        path = series.directory / name
        content = path.read_bytes()
        path.unlink()
        path.write_bytes(content[: len(content) // 2])
        store.start()
        other = StoreClient(state)
        again = await other.series("main", STUDY, SERIES)
        assert np.array_equal(await other.frame(again, f"{SERIES}.2"), noise(2, 256, 256))
        await other.close()
    assert FolderArchive("main", tmp_path / "ct", state=state).search_series(STUDY)
