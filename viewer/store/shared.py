"""Memory that a decode worker and the thread that waits for it both map: a frame goes there and back uncopied."""

import fcntl
import mmap
import os
from dataclasses import dataclass
from multiprocessing.connection import Connection
from multiprocessing.reduction import recv_handle

LINE = 64
FIRST_BYTES = 2 << 20
KEPT_BYTES = 32 << 20
SEALS = fcntl.F_SEAL_SHRINK | fcntl.F_SEAL_GROW | fcntl.F_SEAL_SEAL


def places(encoded: int, decoded: int) -> tuple[int, int]:
    """Return where the decoded frame lies behind the encoded one, and how many bytes both take."""
    start = (encoded + LINE - 1) // LINE * LINE
    return start, start + decoded


@dataclass
class Shared:
    """`size` bytes without a name, sealed: a worker that has been taken over can't cut them off under our feet."""

    size: int
    memory: mmap.mmap

    @classmethod
    def made(cls, size: int) -> tuple["Shared", int]:
        """Return new memory and the file behind it, which is the caller's to hand on and close; raises OSError."""
        file = os.memfd_create("frame", os.MFD_CLOEXEC | os.MFD_ALLOW_SEALING)
        try:
            os.ftruncate(file, size)
            fcntl.fcntl(file, fcntl.F_ADD_SEALS, SEALS)
            return cls(size, mmap.mmap(file, size)), file
        except BaseException:
            os.close(file)
            raise

    @classmethod
    def received(cls, size: int, pipe: Connection) -> "Shared":
        """Take over what the other side has sent."""
        file = recv_handle(pipe)
        try:
            return cls(size, mmap.mmap(file, size))
        finally:
            os.close(file)

    def view(self, start: int, length: int) -> memoryview:
        """Return a part of it."""
        return memoryview(self.memory)[start : start + length]
