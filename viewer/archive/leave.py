"""Leaving an archive's answer before it is complete: the connection on which a thread waits is cut by another."""

import contextlib
import socket
import threading
from collections.abc import Iterator
from contextvars import ContextVar

from viewer.archive.port import Unreachable
from viewer.imaging.words import gettext_noop


class Left(Unreachable):
    """Nobody waits for the answer any more; it says nothing of the archive."""

    def __init__(self) -> None:
        super().__init__(gettext_noop("Nobody waits for it any more."))


class Leave:
    """One thread's waiting for an archive, one connection at a time. `now` may be called from any thread."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._gone = threading.Event()
        self._socket: socket.socket | None = None

    @property
    def taken(self) -> bool:
        """Whether `now` was called."""
        return self._gone.is_set()

    def now(self) -> None:
        """End what the thread waits for, and whatever else it would ask under this leave."""
        with self._lock:
            self._gone.set()
            if self._socket is not None:
                # The plain socket's own shutdown: that of a TLS socket isn't meant for another thread.
                with contextlib.suppress(OSError):
                    socket.socket.shutdown(self._socket, socket.SHUT_RDWR)
                self._socket = None

    def hold(self, connection: socket.socket) -> None:
        """The thread waits on this connection from now on; raises Left."""
        with self._lock:
            if self._gone.is_set():
                raise Left
            self._socket = connection

    def let_go(self) -> None:
        """The thread is done with its connection, which may now serve another."""
        with self._lock:
            self._socket = None

    def rest(self, seconds: float) -> None:
        """Wait; raises Left as soon as the waiting is for nobody."""
        if self._gone.wait(seconds):
            raise Left


_current: ContextVar[Leave | None] = ContextVar("leave", default=None)


def current() -> Leave:
    """Return the leave under which this thread asks archives."""
    return _current.get() or Leave()


@contextlib.contextmanager
def under(leave: Leave) -> Iterator[None]:
    """Ask archives under `leave` in this block; raises Left from within once it is taken."""
    token = _current.set(leave)
    try:
        yield
    finally:
        _current.reset(token)
