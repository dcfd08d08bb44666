"""What runs inside a decode worker: one frame after the other, under limits on memory and time."""

import contextlib
import resource
import signal
from multiprocessing.connection import Connection
from typing import Any

import msgspec

from viewer.imaging.pixels import PixelError, PixelFormat
from viewer.store.codestream import BadCodestream
from viewer.store.decode import decode
from viewer.store.protocol import Sentence, sentence

MEMORY_BYTES = 1536 << 20
CPU_SECONDS = 10
WALL_SECONDS = 15


class Decoded(msgspec.Struct, frozen=True, array_like=True):
    """What a worker says before it sends the bytes; `words` is there when there are none."""

    shape: tuple[int, ...] = ()
    dtype: str = ""
    words: Sentence | None = None


def limit() -> None:
    """Take away from this process what no decoder needs."""
    for what, most in ((resource.RLIMIT_AS, MEMORY_BYTES), (resource.RLIMIT_CORE, 0), (resource.RLIMIT_FSIZE, 0)):
        resource.setrlimit(what, (most, most))


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
    with contextlib.suppress(EOFError, BrokenPipeError, ConnectionResetError):
        while True:
            job: tuple[str, PixelFormat, bytes] = pipe.recv()
            allow_cpu(CPU_SECONDS)
            answer(pipe, *job)


def answer(pipe: Connection, syntax: str, form: PixelFormat, data: bytes) -> None:
    """Send a header and the decoded bytes, or a header with words."""
    array: Any = None
    try:
        array = decode(data, syntax, form)
        header = Decoded(array.shape, array.dtype.name)
    except (PixelError, BadCodestream) as error:
        header = Decoded(words=sentence(error))
    except MemoryError:
        header = Decoded(words=("decoding needs more memory than a frame may take", {}))
    except BaseException as error:  # pyo3's PanicException is no Exception
        header = Decoded(words=unexpected(error))
    pipe.send_bytes(msgspec.msgpack.encode(header))
    if header.words is None:
        pipe.send_bytes(array.data.cast("B"))


def unexpected(error: BaseException) -> Sentence:
    """Return what a codec complained of, short and printable."""
    text = "".join(letter for letter in str(error)[:200] if letter.isprintable())
    return "the frame can't be decoded: {error}", {"error": f"{type(error).__name__}: {text}"}
