"""Decode workers: a slot is a process, its pipe and whoever waits; a dead one is born again and loses one frame."""

import contextlib
import logging
import math
import multiprocessing
import os
import time
from dataclasses import dataclass
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
TOO_LATE: Sentence = ("decoding took longer than {seconds} s", {"seconds": worker.WALL_SECONDS})
decoded = msgspec.msgpack.Decoder(worker.Decoded)


class WorkerDied(Exception):
    """The process ended, or was ended, while it had this frame; the text says how, `code` is its exit code."""

    def __init__(self, words: Sentence, code: int | None = None) -> None:
        super().__init__(words)
        self.words = words
        self.code = code


class Undecodable(Exception):
    """The frame can't be decoded, and trying again won't help."""

    def __init__(self, words: Sentence) -> None:
        super().__init__(words)
        self.words = words


@dataclass
class Slot:
    """One place to decode: used by one thread at a time."""

    context: multiprocessing.context.ForkServerContext
    process: ForkServerProcess | None = None
    pipe: Connection | None = None
    deaths: int = 0
    frames: int = 0
    deadline: float = math.inf
    late: bool = False
    shared: Shared | None = None

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
        self.process = self.pipe = self.shared = None

    def decode(self, data: bytes, syntax: str, form: PixelFormat) -> np.ndarray:
        """Return the stored values of a frame; raises Undecodable, WorkerDied or OSError. `watch` ends what blocks."""
        array = self.decode_in_place(data, syntax, form).copy()
        array.flags.writeable = False
        return array

    def decode_in_place(self, data: bytes, syntax: str, form: PixelFormat) -> np.ndarray:
        """Return the same where the worker has put it: it stands there until this slot decodes again."""
        process, pipe = self.worker()
        self.late = False
        self.deadline = time.monotonic() + worker.WALL_SECONDS
        try:
            try:
                array = self.sent(process, pipe, data, syntax, form)
            except BrokenPipeError:  # it had ended before it got the frame, which has nothing to do with that
                self.stop()
                process, pipe = self.worker()
                array = self.sent(process, pipe, data, syntax, form)
            header = decoded.decode(pipe.recv_bytes(4096))
            if header.words is not None:
                self.frames += 1
                raise Undecodable(header.words)
            if header.shape != array.shape or header.dtype != array.dtype.name:
                raise EOFError
        except (EOFError, OSError, msgspec.MsgspecError, multiprocessing.ProcessError) as error:
            process.join(1)
            code = process.exitcode
            self.fail()
            log.warning("a decode worker ended: exit code %s, %s", code, type(error).__name__)
            raise WorkerDied(TOO_LATE if self.late else ended(code), code) from error
        finally:
            self.deadline = math.inf
        self.frames += 1
        return array

    def sent(
        self, process: ForkServerProcess, pipe: Connection, data: bytes, syntax: str, form: PixelFormat
    ) -> np.ndarray:
        """Give the worker a frame to decode; return where the result will stand."""
        start, size = places(len(data), form.stored_size_bytes)
        shared, file = self.shared, -1
        if shared is None or shared.size < size or shared.size > max(size, KEPT_BYTES):
            shared, file = Shared.made(max(size, FIRST_BYTES))
        self.shared = shared
        try:
            shared.view(0, len(data))[:] = data
            task = worker.Task(syntax, form, len(data), start, shared.size if file >= 0 else 0)
            pipe.send_bytes(msgspec.msgpack.encode(task))
            if file >= 0:
                send_handle(pipe, file, process.pid)
        finally:
            if file >= 0:
                os.close(file)
        return np.frombuffer(shared.memory, form.stored_dtype, math.prod(form.shape), start).reshape(form.shape)

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
