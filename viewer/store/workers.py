"""Decode workers: a slot is a process, its pipe and whoever waits; a dead one is born again and loses one frame."""

import contextlib
import logging
import math
import multiprocessing
import os
import time
from collections import deque
from dataclasses import dataclass, field
from multiprocessing.connection import Connection
from multiprocessing.context import ForkServerProcess
from multiprocessing.reduction import send_handle

import msgspec
import numpy as np

from viewer.imaging.pixels import PixelFormat
from viewer.store import worker
from viewer.store.protocol import Sentence
from viewer.store.shared import FIRST_BYTES, KEPT_BYTES, Shared, places

log = logging.getLogger(__name__)
PRELOADED = ["viewer.store.worker"]
# Frames in a worker at a time, and one more seat for what is being stored meanwhile.
AT_ONCE = 2
SEATS = AT_ONCE + 1
# Behind a frame that takes longer none is given: who waits for another would wait for two.
SOON_SECONDS = 0.006
TOO_LATE: Sentence = ("decoding took longer than {seconds} s", {"seconds": worker.WALL_SECONDS})
decoded = msgspec.msgpack.Decoder(worker.Decoded)


class WorkerDied(Exception):
    """The process ended, or was ended, while it had this frame; the text says how, `code` is its exit code."""

    def __init__(self, words: Sentence, code: int | None = None) -> None:
        super().__init__(words)
        self.words = words
        self.code = code


class WorkerBusy(Exception):
    """The frame couldn't be given behind others; it has to be given again."""


class Undecodable(Exception):
    """The frame can't be decoded, and trying again won't help."""

    def __init__(self, words: Sentence) -> None:
        super().__init__(words)
        self.words = words


@dataclass
class Seat:
    """Memory for one frame on its way through a worker, and what will stand in it."""

    shared: Shared | None = None
    array: np.ndarray = field(default_factory=lambda: np.empty(0))

    def room(self, size: int) -> int:
        """Have room for `size` bytes; return the file of new memory, for the worker, or -1. Raises OSError."""
        if self.shared is not None and size <= self.shared.size <= max(size, KEPT_BYTES):
            return -1
        self.shared = None
        self.shared, file = Shared.made(max(size, FIRST_BYTES))
        return file

    def filled(self, data: bytes, form: PixelFormat, start: int) -> Shared:
        """Put the compressed frame where the worker looks for it."""
        assert self.shared is not None
        self.shared.view(0, len(data))[:] = data
        count = math.prod(form.shape)
        self.array = np.frombuffer(self.shared.memory, form.stored_dtype, count, start).reshape(form.shape)
        return self.shared


@dataclass
class Slot:
    """One place to decode: used by one thread at a time. A few frames are in it at once, one of them in decoding."""

    context: multiprocessing.context.ForkServerContext
    process: ForkServerProcess | None = None
    pipe: Connection | None = None
    deaths: int = 0
    frames: int = 0
    deadline: float = math.inf
    late: bool = False
    seats: list[Seat] = field(default_factory=lambda: [Seat() for _ in range(SEATS)])
    given: deque[Seat] = field(default_factory=deque)
    last: int = 0
    seconds: float = math.inf  # that the last frame took
    since: float = 0.0

    def start(self) -> None:
        """Have a living worker; raises OSError when none can be had."""
        self.worker()

    def worker(self) -> tuple[ForkServerProcess, Connection]:
        """Return a worker, living but if it has ended since the last frame, and the pipe to it; raises OSError."""
        if self.process is None or self.pipe is None:
            self.stop()
            ours, theirs = self.context.Pipe()
            process = self.context.Process(target=worker.run, args=(theirs,), name="decode", daemon=True)
            process.start()
            theirs.close()
            self.process, self.pipe = process, ours
        return self.process, self.pipe

    def stop(self) -> None:
        """End the worker."""
        if self.pipe is not None:
            self.pipe.close()
        if self.process is not None:
            self.process.kill()
            self.process.join(5)
            with contextlib.suppress(ValueError):
                self.process.close()
        self.process = self.pipe = None
        self.given.clear()
        self.deadline = math.inf
        for seat in self.seats:
            seat.shared = None

    def decode(self, data: bytes, syntax: str, form: PixelFormat) -> np.ndarray:
        """Return the stored values of a frame; raises Undecodable, WorkerDied or OSError. `watch` ends what blocks."""
        self.give(data, syntax, form)
        array = self.take().copy()
        array.flags.writeable = False
        return array

    def has_room(self, encoded: int, form: PixelFormat) -> bool:
        """Say whether a frame of so many bytes may be given behind those that are here.

        Not where it may wait long, who waits for another frame would wait as well; and large ones come alone.
        """
        if not self.given:
            return True
        small = places(encoded, form.stored_size_bytes)[1] <= KEPT_BYTES
        return small and len(self.given) < AT_ONCE and self.seconds < SOON_SECONDS

    def give(self, data: bytes, syntax: str, form: PixelFormat) -> None:
        """Have a frame decoded behind those that were given before; raises OSError.

        Behind others WorkerBusy, when it can't be sent: who takes these hears what became of the worker.
        """
        number = (self.last + 1) % SEATS
        start, size = places(len(data), form.stored_size_bytes)
        for again in (False, True):
            process, pipe = self.worker()
            file = self.seats[number].room(size)
            try:
                shared = self.seats[number].filled(data, form, start)
                task = worker.Task(number, syntax, form, len(data), start, shared.size if file >= 0 else 0)
                pipe.send_bytes(msgspec.msgpack.encode(task))
                if file >= 0:
                    send_handle(pipe, file, process.pid)
                break
            except OSError as error:
                if self.given:
                    self.kill()
                    raise WorkerBusy from error
                self.stop()  # it had ended before it got the frame, which has nothing to do with that
                if again:
                    raise
            finally:
                if file >= 0:
                    os.close(file)
        self.last = number
        if not self.given:
            self.begin()
        self.given.append(self.seats[number])

    def begin(self) -> None:
        """The worker begins with a frame now."""
        self.late = False
        self.since = time.monotonic()
        self.deadline = self.since + worker.WALL_SECONDS

    def take(self) -> np.ndarray:
        """Return the stored values of the frame that was given first, where the worker has put them.

        They stand there until the next one is taken. Waits. Raises Undecodable, or WorkerDied: then those that were
        given behind it have to be given again.
        """
        process, pipe, array = self.process, self.pipe, self.given[0].array
        assert process is not None
        assert pipe is not None
        try:
            header = decoded.decode(pipe.recv_bytes(4096))
            if header.words is None and (header.shape != array.shape or header.dtype != array.dtype.name):
                raise EOFError
        except (EOFError, OSError, msgspec.MsgspecError, multiprocessing.ProcessError) as error:
            process.join(1)
            code = process.exitcode
            self.fail()
            log.warning("a decode worker ended: exit code %s, %s", code, type(error).__name__)
            raise WorkerDied(TOO_LATE if self.late else ended(code), code) from error
        self.given.popleft()
        self.seconds = time.monotonic() - self.since
        if self.given:
            self.begin()
        else:
            self.deadline = math.inf
        self.frames += 1
        if header.words is not None:
            raise Undecodable(header.words)
        return array

    def watch(self) -> None:
        """End the worker when its frame has taken too long; to be called from time to time."""
        if time.monotonic() > self.deadline and not self.late:
            self.late = True
            self.kill()

    def kill(self) -> None:
        """End the worker from another thread than the one that waits for it."""
        if self.process is not None:
            with contextlib.suppress(ValueError):
                self.process.kill()

    def figures(self) -> dict[str, int | bool | None]:
        """Return the worker's process id, whether it has a frame, how many it has decoded, and deaths in this slot."""
        pid = self.process.pid if self.process is not None else None
        return {"pid": pid, "busy": self.deadline < math.inf, "frames": self.frames, "deaths": self.deaths}

    def fail(self) -> None:
        """Count a death and clear the slot for the next worker."""
        self.deaths += 1
        self.stop()


def ended(code: int | None) -> Sentence:
    """Return how a worker ended, in words."""
    if code == -24:  # SIGXCPU
        return "decoding took longer than {seconds} s of computing", {"seconds": worker.CPU_SECONDS}
    return "the decoder crashed ({code})", {
        "code": f"signal {-code}" if code is not None and code < 0 else f"exit {code}"
    }


def slots(count: int) -> list[Slot]:
    """Return `count` slots over one fork server, whose libraries are loaded once; a worker is born in some 20 ms."""
    for name in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS"):
        os.environ.setdefault(name, "1")
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload(PRELOADED)
    return [Slot(context) for _ in range(count)]
