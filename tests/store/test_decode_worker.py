"""A decode worker answers whatever happens inside it, and lives under limits."""

import os
import resource
import signal
from pathlib import Path

import msgspec
import numpy as np
import pytest

from tests.store.made import j2k, noise
from viewer.imaging.pixels import PixelFormat
from viewer.store import protocol, worker
from viewer.store.codestream import BadCodestream, jpeg, jpeg2000
from viewer.store.shared import Shared
from viewer.store.workers import Slot, Undecodable, WorkerDied, slots

FORM = PixelFormat(64, 64, 1, 16, 16, 15, True, "MONOCHROME2")
J2K = "1.2.840.10008.1.2.4.90"


@pytest.fixture(scope="module")
def slot() -> Slot:
    (made,) = slots(1)
    yield made  # type: ignore[misc]
    made.stop()


class Pipe:
    """Keeps what a worker sends."""

    def __init__(self) -> None:
        self.sent: list[bytes] = []

    def send_bytes(self, content: bytes) -> None:
        self.sent.append(bytes(content))


class PanicException(BaseException):
    """What pyo3 raises: no Exception."""


@pytest.mark.parametrize(
    "error", [PanicException("index out of range"), MemoryError(), SystemExit(3), ValueError("a\0b\n" * 500)]
)
def test_whatever_a_codec_raises_becomes_an_answer(error: BaseException, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*args: object) -> None:
        raise error

    monkeypatch.setattr(worker, "decode", fail)
    shared, file = Shared.made(8192)
    os.close(file)
    pipe = Pipe()
    task = worker.Task(0, J2K, FORM, 0, 0, 0)
    worker.answer(pipe, task, shared)  # type: ignore[arg-type]
    (header,) = pipe.sent
    said = msgspec.msgpack.decode(header, type=worker.Decoded).words
    assert said is not None
    words = str(protocol.words_of(said))
    assert words.isprintable()
    assert len(words) < 300


def test_a_worker_is_born_decodes_and_is_reused(slot: Slot) -> None:
    assert np.array_equal(slot.decode(j2k(noise(1)), J2K, FORM), noise(1))
    pid = slot.figures()["pid"]
    assert np.array_equal(slot.decode(j2k(noise(2)), J2K, FORM), noise(2))
    assert slot.figures() == {"pid": pid, "busy": False, "frames": 2, "deaths": 0}


def test_what_one_frame_left_in_the_shared_memory_is_never_the_next(slot: Slot) -> None:
    kept = slot.decode(j2k(noise(1)), J2K, FORM)
    with pytest.raises(Undecodable):
        slot.decode(j2k(noise(2, 32, 32)), J2K, FORM)
    large = noise(3, 2048, 2048)
    form = PixelFormat(2048, 2048, 1, 16, 16, 15, True, "MONOCHROME2")
    assert np.array_equal(slot.decode(j2k(large), J2K, form), large)
    assert np.array_equal(slot.decode(j2k(noise(4)), J2K, FORM), noise(4))
    assert np.array_equal(kept, noise(1))


def test_frames_given_together_come_out_in_order_and_stand_while_others_are_decoded(slot: Slot) -> None:
    expected = [noise(number) for number in range(9)]
    slot.give(j2k(expected[0]), J2K, FORM)
    for number, each in enumerate(expected):
        slot.seconds = 0.0  # as if a frame took no time: another may wait behind it
        for following in expected[number + len(slot.given) :]:
            if not slot.has_room(1000, FORM):
                break
            slot.give(j2k(following), J2K, FORM)
        taken = slot.take()
        slot.seconds = 0.0
        for following in expected[number + 1 + len(slot.given) :]:
            if not slot.has_room(1000, FORM):
                break
            slot.give(j2k(following), J2K, FORM)
        assert np.array_equal(taken, each)
    assert not slot.given


def test_behind_a_slow_or_a_large_frame_none_is_given(slot: Slot) -> None:
    large = PixelFormat(8192, 8192, 1, 16, 16, 15, True, "MONOCHROME2")
    slot.give(j2k(noise(1)), J2K, FORM)
    slot.seconds = 0.0
    assert slot.has_room(1000, FORM)
    assert not slot.has_room(1000, large)
    slot.seconds = 1.0
    assert not slot.has_room(1000, FORM)
    slot.take()
    assert slot.has_room(1000, large)


def test_a_worker_that_ends_takes_none_but_its_first_frame_along(slot: Slot) -> None:
    slot.decode(j2k(noise(1)), J2K, FORM)
    process, _pipe = slot.worker()
    os.kill(process.pid or 0, signal.SIGSTOP)
    slot.give(j2k(noise(2)), J2K, FORM)
    slot.give(j2k(noise(3)), J2K, FORM)
    deaths = slot.deaths
    slot.kill()
    with pytest.raises(WorkerDied):
        slot.take()
    assert slot.deaths == deaths + 1
    assert not slot.given
    assert np.array_equal(slot.decode(j2k(noise(3)), J2K, FORM), noise(3))


def test_a_frame_for_a_worker_that_has_ended_is_blamed_for_nothing(slot: Slot) -> None:
    slot.decode(j2k(noise(1)), J2K, FORM)
    process, _pipe = slot.worker()
    slot.kill()
    process.join(10)
    deaths = slot.deaths
    assert np.array_equal(slot.decode(j2k(noise(2)), J2K, FORM), noise(2))
    assert slot.deaths == deaths


def test_a_worker_cannot_cut_off_the_memory_that_it_shares() -> None:
    shared, file = Shared.made(8192)
    try:
        for size in (0, 4096, 1 << 20):
            with pytest.raises(PermissionError):
                os.ftruncate(file, size)
    finally:
        os.close(file)
    assert len(shared.view(0, 8192)) == 8192


def test_a_worker_has_its_limits(slot: Slot) -> None:
    slot.decode(j2k(noise(1)), J2K, FORM)
    limits = Path(f"/proc/{slot.figures()['pid']}/limits").read_text().splitlines()
    soft = {line[:26].strip(): line[26:47].strip() for line in limits[1:]}
    assert soft["Max address space"] == str(1536 << 20)
    assert soft["Max core file size"] == soft["Max file size"] == "0"
    assert 10 <= int(soft["Max cpu time"]) <= 13
    assert resource.getrlimit(resource.RLIMIT_AS)[0] == resource.RLIM_INFINITY


def test_a_worker_sees_neither_our_files_nor_our_sockets(slot: Slot, tmp_path: Path) -> None:
    with (tmp_path / "secret").open("wb"):
        slot.stop()
        slot.decode(j2k(noise(1)), J2K, FORM)
        links = [os.readlink(each) for each in Path(f"/proc/{slot.figures()['pid']}/fd").iterdir()]
    assert not [link for link in links if "secret" in link]


def test_what_cannot_be_decoded_costs_no_worker(slot: Slot) -> None:
    slot.decode(j2k(noise(1)), J2K, FORM)
    before = slot.figures()["pid"]
    with pytest.raises(Undecodable):
        slot.decode(b"\xff\x4f\xff\x51" + b"\0" * 50, J2K, FORM)
    assert slot.figures()["pid"] == before


def test_headers_of_random_bytes_only_ever_raise_bad_codestream() -> None:
    rng = np.random.default_rng(4)
    starts = (b"\xff\xd8", b"\xff\x4f\xff\x51", b"\xff\xd8\xff\xc0\x00\x11", j2k(noise(1))[:120])
    for number in range(4000):
        data = bytearray(starts[number % 4] + rng.bytes(int(rng.integers(0, 80))))
        for at in rng.integers(0, len(data), 3):
            data[at] = int(rng.choice((0, 1, 0x52, 0x51, 0xC3, 0xDA, 0xFF, 0x7F)))
        for parse in (jpeg, jpeg2000):
            try:
                parse(bytes(data))
            except BadCodestream:
                continue
