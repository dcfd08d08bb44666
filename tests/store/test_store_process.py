"""The store process answers, survives nonsense and keeps to itself; its client hears what changes."""

import asyncio
import os
import socket
import stat
import struct
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from tests.store.conftest import StoreProcess
from tests.store.made import SERIES, STUDY, noise, slice_of, write
from tests.store.waiting import until
from viewer.archive import FolderArchive
from viewer.store import frames, protocol
from viewer.store.client import FrameFailed, SeriesStore, StoreClient, StoreError

Serve = Callable[..., StoreProcess]
JPEG_LS = "1.2.840.10008.1.2.4.80"


def ct(folder: Path, count: int = 12, syntax: str = "1.2.840.10008.1.2.1", series: str = SERIES) -> Path:
    return write(folder, [slice_of(noise(number), number, syntax, series) for number in range(1, count + 1)])


def order(series: SeriesStore) -> list[tuple[str, int]]:
    """Return all frames in metadata order."""
    return [(str(each.SOPInstanceUID), number + 1) for each in series.instances for number in range(each.frame_count)]


def expected_values(series: SeriesStore, uid: str) -> np.ndarray:
    return noise(int(uid.removeprefix(f"{series.series}.")))


@pytest.mark.parametrize("syntax", ["1.2.840.10008.1.2.1", JPEG_LS, "1.2.840.10008.1.2.4.90"])
async def test_frames_arrive_as_they_are_in_the_files(
    serve: Serve, client: StoreClient, tmp_path: Path, syntax: str
) -> None:
    serve(ct(tmp_path / "ct", syntax=syntax))
    series = await client.series("main", STUDY, SERIES)
    assert (len(series.instances), series.expected, set(series.states())) == (12, 12, {frames.ABSENT})
    for uid, number in order(series):
        frame = await client.frame(series, uid, number)
        assert frame.dtype == np.int16
        assert not frame.flags.writeable
        assert np.array_equal(frame, expected_values(series, uid))
    assert set(series.states()) == {frames.PRESENT}


async def test_what_the_store_keeps_is_for_its_user_only(
    serve: Serve, client: StoreClient, tmp_path: Path, state: Path
) -> None:
    serve(ct(tmp_path / "ct"))
    series = await client.series("main", STUDY, SERIES)
    await client.frame(series, f"{SERIES}.1")
    for path in (state, *(state / "frames").rglob("*"), state / "frames", state / protocol.SOCKET):
        assert stat.S_IMODE(path.stat().st_mode) & 0o077 == 0, path
    assert stat.S_IMODE((state / protocol.SOCKET).stat().st_mode) == 0o600


async def test_no_name_of_a_patient_or_study_stands_in_a_path_or_in_the_log(
    serve: Serve, client: StoreClient, tmp_path: Path, state: Path
) -> None:
    store = serve(ct(tmp_path / "ct"))
    series = await client.series("main", STUDY, SERIES)
    await client.frame(series, f"{SERIES}.1")
    await client.close()
    assert "Nobody" not in store.stop()
    assert not [path for path in state.rglob("*") if "Nobody" in path.name]


async def test_prefetch_follows_the_reader_and_tells_of_it(serve: Serve, client: StoreClient, tmp_path: Path) -> None:
    serve(ct(tmp_path / "ct", 200))
    told: list[bytes] = []
    client.on_progress(lambda uid, states: told.append(states) if uid == SERIES else None)
    series = await client.series("main", STUDY, SERIES)
    await client.looking(series, order(series), 100, 1)
    await until(lambda: set(series.states()) == {frames.PRESENT})
    await until(lambda: bool(told) and set(told[-1]) == {frames.PRESENT})
    for uid, number in order(series):
        assert np.array_equal(await client.frame(series, uid, number), expected_values(series, uid))
    figures = await client.status()
    assert (figures["stored"], figures["waiting"], figures["queue"]) == (200, 0, 0)
    assert figures["bytes"] >= 200 * 64 * 64 * 2


async def test_a_frame_that_the_series_does_not_have_fails(serve: Serve, client: StoreClient, tmp_path: Path) -> None:
    serve(ct(tmp_path / "ct"))
    series = await client.series("main", STUDY, SERIES)
    for uid, number in ((f"{SERIES}.1", 2), (f"{SERIES}.1", 0), ("1.2.3", 1)):
        with pytest.raises(FrameFailed, match="no such frame"):
            await client.frame(series, uid, number)


async def test_a_series_that_is_not_there_is_refused_in_words(
    serve: Serve, client: StoreClient, tmp_path: Path
) -> None:
    serve(ct(tmp_path / "ct"))
    with pytest.raises(StoreError):
        await client.series("main", STUDY, "1.2.3")
    with pytest.raises(StoreError, match="archive elsewhere isn't configured"):
        await client.series("elsewhere", STUDY, SERIES)
    with pytest.raises(StoreError):
        await client.series("main", "../../../etc", "../passwd")


async def test_garbage_on_the_socket_harms_nobody(
    serve: Serve, client: StoreClient, tmp_path: Path, state: Path
) -> None:
    store = serve(ct(tmp_path / "ct"))
    series = await client.series("main", STUDY, SERIES)
    rng = np.random.default_rng(1)
    good = protocol.packed(protocol.Open(1, "main", STUDY, SERIES))
    nonsense = [
        b"", b"\0", b"GET / HTTP/1.1\r\n\r\n", struct.pack("<I", 0xFFFFFFFF), struct.pack("<I", 100) + b"\xc1" * 100,
        struct.pack("<I", 0), struct.pack("<I", 5000) + b"\x91" * 5000, good[:-3], good[:4] + good[5:] + b"\0",
        protocol.packed(protocol.Want(1, 999, -5)), protocol.packed(protocol.Looking(7, [-1, 2**40], -3, 9)),
        protocol.packed(protocol.Present(1)), *(rng.bytes(int(rng.integers(1, 3000))) for _ in range(60)),
        *(good + protocol.packed(protocol.Looking(1, rng.integers(-99, 99, 50).tolist(), 7, -1)) for _ in range(5)),
        good + protocol.packed(protocol.Want(2, 1, 2**62)) + protocol.packed(protocol.Forget(77)),
    ]  # fmt: skip
    for each in nonsense:
        with socket.socket(socket.AF_UNIX) as talker:
            talker.connect(os.fspath(state / protocol.SOCKET))
            talker.sendall(each)
            talker.shutdown(socket.SHUT_WR)
            talker.settimeout(5)
            while talker.recv(65536):
                pass
    assert np.array_equal(await client.frame(series, f"{SERIES}.5"), noise(5))
    assert store.process.poll() is None
    assert "Traceback" not in store.stop()


async def test_two_stores_never_share_a_state_folder(
    serve: Serve, client: StoreClient, tmp_path: Path, state: Path
) -> None:
    serve(ct(tmp_path / "ct"))
    await client.series("main", STUDY, SERIES)
    second = StoreProcess(state).start()
    _, said = await asyncio.to_thread(second.process.communicate, timeout=20)
    assert second.process.returncode == 3
    assert b"another store process" in said
    assert (await client.series("main", STUDY, SERIES)).instances


async def test_a_long_state_path_has_a_socket_too(tmp_path: Path) -> None:
    folder = ct(tmp_path / "ct")
    state = tmp_path / ("deep" * 30)
    state.mkdir()
    (state / "archives.json").write_text(f'[{{"name": "main", "location": "{folder}"}}]')
    FolderArchive("main", folder, state=state).scan(settle=0)
    store, client = StoreProcess(state).start(), StoreClient(state)
    try:
        series = await client.series("main", STUDY, SERIES)
        assert np.array_equal(await client.frame(series, f"{SERIES}.3"), noise(3))
    finally:
        await client.close()
        store.stop()


async def test_a_series_that_changes_in_the_archive_is_opened_anew(
    serve: Serve, client: StoreClient, tmp_path: Path, state: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("viewer.store.client.REOPEN_SECONDS", 0.0)
    folder = ct(tmp_path / "ct")
    serve(folder, "--reread", "0")
    changed: list[SeriesStore] = []
    client.on_changed(changed.append)
    before = await client.series("main", STUDY, SERIES)
    first = await client.frame(before, f"{SERIES}.1")
    write(folder, [slice_of(noise(13), 13)])
    FolderArchive("main", folder, state=state).scan(settle=0)
    async with asyncio.timeout(20):
        while not changed:
            await client.series("main", STUDY, SERIES)
            await asyncio.sleep(0.05)
    assert changed == [before]
    after = await client.series("main", STUDY, SERIES)
    assert (len(before.instances), len(after.instances), after.expected) == (12, 13, 13)
    assert after.digest != before.digest
    assert np.array_equal(await client.frame(after, f"{SERIES}.13"), noise(13))
    assert np.array_equal(first, noise(1))
    assert np.array_equal(await client.frame(before, f"{SERIES}.1"), noise(1))
    with pytest.raises(FrameFailed, match="changed"):
        await client.frame(before, f"{SERIES}.2")


async def test_what_is_read_again_unchanged_keeps_its_frames(
    serve: Serve, client: StoreClient, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("viewer.store.client.REOPEN_SECONDS", 0.0)
    serve(ct(tmp_path / "ct"), "--reread", "0")
    series = await client.series("main", STUDY, SERIES)
    await client.frame(series, f"{SERIES}.1")
    for _ in range(5):
        assert await client.series("main", STUDY, SERIES) is series
        await asyncio.sleep(0.1)
    assert series.present(f"{SERIES}.1")
    assert not series.changed


async def test_frames_are_still_there_after_a_restart(
    serve: Serve, client: StoreClient, tmp_path: Path, state: Path
) -> None:
    store = serve(ct(tmp_path / "ct"))
    series = await client.series("main", STUDY, SERIES)
    await client.looking(series, order(series), 0, 1)
    await until(lambda: set(series.states()) == {frames.PRESENT})
    store.stop()
    (tmp_path / "ct").rename(tmp_path / "gone")
    store.start()
    other = StoreClient(state)
    again = await other.series("main", STUDY, SERIES)
    assert set(again.states()) == {frames.PRESENT}
    assert np.array_equal(await other.frame(again, f"{SERIES}.7"), noise(7))
    await other.close()


async def test_the_least_recently_used_series_makes_room_but_none_in_use(
    serve: Serve, client: StoreClient, tmp_path: Path, state: Path
) -> None:
    for number in range(4):
        ct(tmp_path / "ct", 40, series=f"2.25.300{number}")
    store = serve(tmp_path / "ct", "--budget", str(1_000_000))
    seen = []
    for number in range(3):
        other = StoreClient(state)
        series = await other.series("main", STUDY, f"2.25.300{number}")
        await other.looking(series, order(series), 0, 1)
        await until(lambda series=series: set(series.states()) == {frames.PRESENT})
        seen.append(series)
        if number < 2:
            await other.close()
            await asyncio.sleep(0.1)
    assert not seen[0].directory.exists()
    assert seen[2].directory.exists()
    assert np.array_equal(seen[0].frames.array(0), expected_values(seen[0], order(seen[0])[0][0]))
    in_use = seen[2]
    for number in (0, 1, 3):
        series = await client.series("main", STUDY, f"2.25.300{number}")
        for uid, frame in order(series):
            assert np.array_equal(await client.frame(series, uid, frame), expected_values(series, uid))
    assert in_use.directory.exists()
    assert (await client.status())["bytes"] <= 1_100_000
    await other.close()
    store.stop()


async def test_a_series_larger_than_the_budget_is_read_all_the_same(
    serve: Serve, client: StoreClient, tmp_path: Path
) -> None:
    serve(ct(tmp_path / "ct", 40), "--budget", str(200_000))
    series = await client.series("main", STUDY, SERIES)
    await client.looking(series, order(series), 0, 1)
    for uid, number in order(series) * 2:
        assert np.array_equal(await client.frame(series, uid, number), expected_values(series, uid))
    assert 5 < series.states().count(frames.PRESENT) < 25
    assert (await client.status())["bytes"] <= 210_000


async def test_files_made_anew_behind_the_clients_back_are_mapped_again(
    serve: Serve, client: StoreClient, tmp_path: Path
) -> None:
    store = serve(ct(tmp_path / "ct"))
    series = await client.series("main", STUDY, SERIES)
    first = await client.frame(series, f"{SERIES}.1")
    store.stop()
    for path in series.directory.iterdir():
        path.unlink()
    store.start()
    assert np.array_equal(await client.frame(series, f"{SERIES}.2"), noise(2))
    assert series.states().count(frames.PRESENT) == 1
    assert np.array_equal(await client.frame(series, f"{SERIES}.1"), first)
