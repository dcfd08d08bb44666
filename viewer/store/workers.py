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

import msgspec
import numpy as np

from viewer.imaging.pixels import PixelFormat
from viewer.store import worker
from viewer.store.protocol import Sentence

log = logging.getLogger(__name__)
PRELOADED = ["viewer.store.worker"]
TOO_LATE: Sentence = ("decoding took longer than {seconds} s", {"seconds": worker.WALL_SECONDS})
decoded = msgspec.msgpack.Decoder(worker.Decoded)


class WorkerDied(Exception):
    """The process ended, or was ended, while it had this frame; the text says how."""

    def __init__(self, words: Sentence) -> None:
        super().__init__(words)
        self.words = words


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

    def start(self) -> None:
        """Have a living worker; raises OSError when none can be had."""
        self.worker()

    def worker(self) -> tuple[ForkServerProcess, Connection]:
        """Return a living worker and the pipe to it; raises OSError when none can be had."""
        if self.process is None or self.pipe is None or not self.process.is_alive():
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

    def decode(self, data: bytes, syntax: str, form: PixelFormat) -> np.ndarray:
        """Return the stored values of a frame; raises Undecodable, WorkerDied or OSError. `watch` ends what blocks."""
        process, pipe = self.worker()
        self.late = False
        self.deadline = time.monotonic() + worker.WALL_SECONDS
        try:
            pipe.send((syntax, form, data))
            header = decoded.decode(pipe.recv_bytes(4096))
            if header.words is not None:
                self.frames += 1
                raise Undecodable(header.words)
            array = np.empty(form.shape, form.stored_dtype)
            if header.shape != array.shape or header.dtype != array.dtype.name:
                raise EOFError
            if pipe.recv_bytes_into(array.data.cast("B")) != array.nbytes:
                raise EOFError
        except (EOFError, OSError, msgspec.MsgspecError, multiprocessing.ProcessError) as error:
            process.join(1)
            code = process.exitcode
            self.fail()
            log.warning("a decode worker ended: exit code %s, %s", code, type(error).__name__)
            raise WorkerDied(TOO_LATE if self.late else ended(code)) from error
        finally:
            self.deadline = math.inf
        self.frames += 1
        array.flags.writeable = False
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
