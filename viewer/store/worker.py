"""What runs inside a decode worker: one frame after the other, under limits on memory and time."""

import contextlib
import ctypes
import math
import resource
import signal
from multiprocessing.connection import Connection

import msgspec
import numpy as np

from viewer.imaging.pixels import PixelError, PixelFormat
from viewer.store.codestream import BadCodestream
from viewer.store.decode import decode
from viewer.store.protocol import Sentence, sentence
from viewer.store.shared import Shared

MEMORY_BYTES = 1536 << 20
CPU_SECONDS = 10
WALL_SECONDS = 15
KEPT_FREE_BYTES = 32 << 20
M_TRIM_THRESHOLD, M_MMAP_THRESHOLD = -1, -3  # of glibc's malloc.h


class Decoded(msgspec.Struct, frozen=True, array_like=True):
    """What a worker says when the frame lies in the shared memory; `words` say why there is none."""

    shape: tuple[int, ...] = ()
    dtype: str = ""
    words: Sentence | None = None


class Task(msgspec.Struct, frozen=True, array_like=True):
    """A frame to decode: `encoded` bytes at the start of a seat's shared memory; the result belongs at `start`.

    With `fresh` bytes the memory is another than before, and comes behind this.
    """

    seat: int
    syntax: str
    form: PixelFormat
    encoded: int
    start: int
    fresh: int


tasks = msgspec.msgpack.Decoder(Task)


def limit() -> None:
    """Take away from this process what no decoder needs."""
    for what, most in ((resource.RLIMIT_AS, MEMORY_BYTES), (resource.RLIMIT_CORE, 0), (resource.RLIMIT_FSIZE, 0)):
        resource.setrlimit(what, (most, most))


def keep_freed_memory() -> None:
    """Have the allocator keep what decoders free: to get it anew from the kernel, zeroed, costs JPEG 2000 2 %.

    Where the C library has no such setting, nothing changes.
    """
    with contextlib.suppress(OSError, AttributeError):
        allocator = ctypes.CDLL(None)
        for what, size in ((M_MMAP_THRESHOLD, KEPT_FREE_BYTES), (M_TRIM_THRESHOLD, KEPT_FREE_BYTES)):
            allocator.mallopt(what, size)


def allow_cpu(seconds: int) -> None:
    """Let this process use `seconds` of CPU from now on; then the kernel ends it."""
    used = resource.getrusage(resource.RUSAGE_SELF)
    until = int(used.ru_utime + used.ru_stime) + 1 + seconds
    resource.setrlimit(resource.RLIMIT_CPU, (until, resource.getrlimit(resource.RLIMIT_CPU)[1]))


def run(pipe: Connection) -> None:
    """Decode what comes through the pipe until it closes. Whatever a decoder raises is an answer, not an end."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.signal(signal.SIGTERM, signal.SIG_DFL)
    limit()
    keep_freed_memory()
    seats: dict[int, Shared] = {}
    with contextlib.suppress(EOFError, BrokenPipeError, ConnectionResetError):
        while True:
            task = tasks.decode(pipe.recv_bytes())
            if task.fresh:
                seats.pop(task.seat, None)
                seats[task.seat] = Shared.received(task.fresh, pipe)
            allow_cpu(CPU_SECONDS)
            answer(pipe, task, seats[task.seat])


def answer(pipe: Connection, task: Task, shared: Shared) -> None:
    """Put the decoded frame into the shared memory and say so, or say why there is none."""
    try:
        array = decode(bytes(shared.view(0, task.encoded)), task.syntax, task.form)
        room = np.frombuffer(shared.memory, task.form.stored_dtype, math.prod(task.form.shape), task.start)
        np.copyto(room.reshape(task.form.shape), array, casting="no")
        header = Decoded(array.shape, array.dtype.name)
    except (PixelError, BadCodestream) as error:
        header = Decoded(words=sentence(error))
    except MemoryError:
        header = Decoded(words=("decoding needs more memory than a frame may take", {}))
    except BaseException as error:  # pyo3's PanicException is no Exception
        header = Decoded(words=unexpected(error))
    pipe.send_bytes(msgspec.msgpack.encode(header))


def unexpected(error: BaseException) -> Sentence:
    """Return what a codec complained of, short and printable."""
    text = "".join(letter for letter in str(error)[:200] if letter.isprintable())
    return "the frame can't be decoded: {error}", {"error": f"{type(error).__name__}: {text}"}
