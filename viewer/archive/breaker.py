"""A circuit breaker for one archive: while it is down or asks for peace, nobody waits for it and nobody storms it."""

import random
import threading
import time
from collections.abc import Callable

from viewer.archive.port import ArchiveError

FAILURES = 3
PAUSE_SECONDS = (0.25, 3.0)
LONGEST_PEACE = 300.0
VERDICT_SECONDS = 1.0  # that others wait for the one that tries


class Breaker:
    """Counts failures in a row. From the third on requests fail at once, but for one that tries after each pause."""

    def __init__(self, clock: Callable[[], float] = time.monotonic, dice: Callable[[], float] = random.random) -> None:
        self._clock = clock
        self._dice = dice
        self._lock = threading.Condition()
        self._failures = 0
        self._pause = self._until = self._peace_until = 0.0
        self._trying = False
        self._why: ArchiveError | None = None

    def enter(self) -> float:
        """Return 0 for a request that may go, or the seconds for which the archive has asked for peace.

        Raises the last failure again while the archive is taken to be down.
        """
        with self._lock:
            now = self._clock()
            if now < self._peace_until:
                return self._peace_until - now
            if self._failures >= FAILURES and now >= self._until and self._trying:
                self._lock.wait_for(lambda: not self._trying, VERDICT_SECONDS)
            if self._failures >= FAILURES:
                if self._clock() < self._until or self._trying:
                    assert self._why is not None
                    raise type(self._why)(self._why.words, self._why.status)
                self._trying = True
            return 0.0

    def worked(self) -> None:
        """The archive has answered."""
        with self._lock:
            self._failures, self._pause = 0, 0.0
            self._tried()

    def failed(self, error: ArchiveError) -> None:
        """The archive hasn't answered."""
        with self._lock:
            now = self._clock()
            self._failures += 1
            self._why = error
            if self._failures >= FAILURES and now >= self._until:
                shortest, longest = PAUSE_SECONDS
                self._pause = min(longest, max(shortest, 2 * self._pause))
                self._until = now + self._pause * (0.5 + self._dice() / 2)
            self._tried()

    def left(self) -> None:
        """A request came to no end that would say anything."""
        with self._lock:
            self._tried()

    def peace(self, seconds: float) -> None:
        """The archive has asked not to be asked for so long (429 or 503 with Retry-After)."""
        with self._lock:
            self._tried()
            self._peace_until = max(self._peace_until, self._clock() + min(seconds, LONGEST_PEACE))

    def _tried(self) -> None:
        self._trying = False
        self._lock.notify_all()
