"""Loops that are compiled: when they are called first, and kept for the next start where there is room to."""

import logging
from collections.abc import Callable
from typing import Any, TypeVar

import numba
from numba.core.caching import FunctionCache

logger = logging.getLogger(__name__)

Loop = TypeVar("Loop", bound=Callable[..., Any])


class Kept(FunctionCache):
    """Numba's files of compiled code; what can't be kept is compiled again by the next process."""

    def save_overload(self, sig: Any, data: Any) -> None:
        """Keep the code of one signature."""
        try:
            super().save_overload(sig, data)
        except OSError as error:
            logger.warning("compiled code can't be kept: %s", error.strerror)


def kernel(function: Loop) -> Loop:
    """Have a loop compiled; it lets other threads run meanwhile."""
    made: Any = numba.njit(cache=True, nogil=True)(function)
    made._cache = Kept(function)
    return made
