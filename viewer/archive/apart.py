"""A folder's files read in a process of its own: what a file does to its reader, it does to nobody else.

`Reader` is this side of it, `main` the other, which lives under limits and answers one question after the other. It
ends with its standard input, or when nothing was asked for a while.
"""

import contextlib
import os
import resource
import select
import signal
import struct
import subprocess
import sys
import time
from pathlib import Path
from typing import IO

import msgspec

from viewer.archive import native_probe
from viewer.archive.rooted import Rooted
from viewer.archive.scan import Key, Row, Stamp, Uids, bulk_address, read
from viewer.imaging.words import gettext_noop

MEMORY_BYTES = 1 << 30
WRITTEN_BYTES = 2 << 30
CPU_SECONDS = 10
WALL_SECONDS = 45
IDLE_SECONDS = 60
TRIES = 2
LARGEST_MESSAGE = 1 << 30
LENGTH = struct.Struct(">L")
GIVEN_UP = gettext_noop("reading it was given up: it wants more memory or time than any header needs")


class Question(msgspec.Struct, frozen=True, array_like=True):
    """Which file of which folder, in which state; `root` is where the archive's bulk values have their addresses."""

    folder: bytes
    key: Key
    now: Stamp
    root: str


rows_of = msgspec.msgpack.Decoder(list[Row])
question_of = msgspec.msgpack.Decoder(Question)


class Reader:
    """The process that reads for one archive; begun when it is needed. Used by one thread at a time."""

    def __init__(self, root: str) -> None:
        self.root = root
        self._process: subprocess.Popen[bytes] | None = None

    def read(self, key: Key, rooted: Rooted, now: Stamp) -> list[Row]:
        """Return what `scan.read` makes of a file, or a row with the reason where that ended its reader twice.

        Twice, for the process may have gone to rest just then, or have been ended by somebody else; not where it used
        up its time.
        """
        asked = msgspec.msgpack.encode(Question(os.fsencode(rooted.folder), key, now, self.root))
        for _again in range(TRIES):
            process = self._begun()
            try:
                return rows_of.decode(self._answer(process, asked))
            except TimeoutError:
                self._ended()
                break
            except (OSError, EOFError, msgspec.MsgspecError):
                if self._ended() == -signal.SIGXCPU:
                    break
        return [Row(key, now, GIVEN_UP)]

    def stop(self) -> None:
        """End the process."""
        if self._process is not None:
            self._ended()

    def _begun(self) -> "subprocess.Popen[bytes]":
        if self._process is None or self._process.poll() is not None:
            self._process = subprocess.Popen(
                [sys.executable, "-c", "from viewer.archive.apart import main; main()"],
                cwd=Path(__file__).resolve().parents[2], stdin=subprocess.PIPE, stdout=subprocess.PIPE, bufsize=0,
            )  # fmt: skip
        return self._process

    def _answer(self, process: "subprocess.Popen[bytes]", asked: bytes) -> bytes:
        """Return the answer to a question; raises EOFError, OSError or TimeoutError when none comes."""
        assert process.stdin is not None and process.stdout is not None
        process.stdin.write(LENGTH.pack(len(asked)) + asked)
        until = time.monotonic() + WALL_SECONDS
        (length,) = LENGTH.unpack(_received(process.stdout, LENGTH.size, until))
        return _received(process.stdout, min(length, LARGEST_MESSAGE), until)

    def _ended(self) -> int:
        """Have the process ended, whatever it is at; return its exit code."""
        process, self._process = self._process, None
        assert process is not None
        try:
            code = process.wait(0.2)
        except subprocess.TimeoutExpired:
            process.kill()
            code = process.wait()
        for pipe in (process.stdin, process.stdout):
            if pipe is not None:
                with contextlib.suppress(OSError):
                    pipe.close()
        return code


def _received(pipe: IO[bytes], count: int, until: float) -> bytes:
    """Return `count` bytes; raises EOFError at the pipe's end, TimeoutError when it is too late."""
    held = bytearray()
    while len(held) < count:
        ready, _, _ = select.select([pipe], [], [], max(0.0, until - time.monotonic()))
        if not ready:
            raise TimeoutError
        piece = os.read(pipe.fileno(), min(count - len(held), 1 << 20))
        if not piece:
            raise EOFError
        held += piece
    return bytes(held)


def limit() -> None:
    """Take away from this process what no header needs; one that it asks about a slide may take what that may."""
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY_BYTES, max(MEMORY_BYTES, native_probe.MEMORY_BYTES)))
    for what, most in ((resource.RLIMIT_CORE, 0), (resource.RLIMIT_FSIZE, WRITTEN_BYTES)):
        resource.setrlimit(what, (most, most))


def allow_cpu(seconds: int) -> None:
    """Let this process use `seconds` of CPU from now on; then the kernel ends it."""
    used = resource.getrusage(resource.RUSAGE_SELF)
    until = int(used.ru_utime + used.ru_stime) + 1 + seconds
    resource.setrlimit(resource.RLIMIT_CPU, (until, resource.getrlimit(resource.RLIMIT_CPU)[1]))


def answered(asked: Question) -> bytes:
    """Return the rows of a file as they go back."""

    def address(uids: Uids, where: str) -> str:
        return bulk_address(asked.root, uids, where)

    rows = read(asked.key, Rooted(Path(os.fsdecode(asked.folder))), asked.now, address)
    return msgspec.msgpack.encode(rows, enc_hook=str)  # reasons remember their templates, which stay here


def main() -> None:
    """Answer until nobody asks any more."""
    limit()
    with contextlib.suppress(EOFError, TimeoutError, BrokenPipeError):
        while select.select([sys.stdin.buffer], [], [], IDLE_SECONDS)[0]:
            (length,) = LENGTH.unpack(_received(sys.stdin.buffer, LENGTH.size, time.monotonic() + WALL_SECONDS))
            asked = question_of.decode(_received(sys.stdin.buffer, length, time.monotonic() + WALL_SECONDS))
            allow_cpu(CPU_SECONDS)
            told = answered(asked)
            sys.stdout.buffer.write(LENGTH.pack(len(told)) + told)
            sys.stdout.buffer.flush()
