"""Rounds: the same small piece of work again and again, in a thread of its own."""

import logging
import threading
from collections.abc import Callable

from django.db import Error, close_old_connections, connection

logger = logging.getLogger(__name__)

STOP_WITHIN = 5.0  # seconds that a stop waits for the round that is being done


class Rounds:
    """Does `work` at once, and again `every` seconds after it ended, until stopped. A round that fails is logged.

    `trouble` says in the log what it means that the database doesn't answer. With `last`, one more round follows the
    stop.
    """

    def __init__(
        self, name: str, every: float, work: Callable[[], object], *, trouble: str, last: bool = False
    ) -> None:
        self.name = name
        self.every = every
        self.work = work
        self.trouble = trouble
        self.last = last
        self._stop = threading.Event()
        self._thread: threading.Thread | None = None

    def start(self) -> None:
        """Begin."""
        self._stop.clear()
        self._thread = threading.Thread(target=self._run, name=self.name, daemon=True)
        self._thread.start()

    def stop(self) -> None:
        """End, after the round that is being done."""
        self._stop.set()
        if self._thread is not None:
            self._thread.join(STOP_WITHIN)
            self._thread = None

    def _run(self) -> None:
        while not self._stop.is_set():
            self._once()
            self._stop.wait(self.every)
        if self.last:
            self._once()
        connection.close()

    def _once(self) -> None:
        try:
            self.work()
        except Error as error:  # its text may quote a row
            logger.error("%s: %s", self.trouble, type(error).__name__)
            close_old_connections()
        except Exception:
            logger.exception("a round of %s failed", self.name)
