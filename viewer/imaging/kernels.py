"""Loops that are compiled: when they are called first, and kept for the next start where there is room to."""

import linecache
import logging
from collections.abc import Callable
from typing import Any, TypeVar
from zlib import crc32

import numba
import numpy as np
from llvmlite import ir
from numba.core import cgutils, types
from numba.core.caching import FunctionCache, IndexDataCacheFile
from numba.core.compiler import Compiler
from numba.extending import intrinsic, overload

logger = logging.getLogger(__name__)

Loop = TypeVar("Loop", bound=Callable[..., Any])
# A product and a sum are rounded once, and zeros have no sign; what is no number stays none.
ROUNDING = {"contract", "nsz"}


class Kept(FunctionCache):
    """Numba's files of compiled code; what can't be kept is compiled again by the next process."""

    def __init__(self, function: Any) -> None:
        super().__init__(function)
        impl = self._impl
        # Numba looks at the loop's own file only, and would go on with what another file said before.
        files = sorted(sources(function) | {__file__})
        stamp = tuple((path, crc32("".join(linecache.getlines(path)).encode())) for path in files)
        self._cache_file = IndexDataCacheFile(impl.locator.get_cache_path(), impl.filename_base, stamp)

    def save_overload(self, sig: Any, data: Any) -> None:
        """Keep the code of one signature."""
        try:
            super().save_overload(sig, data)
        except OSError as error:
            logger.warning("compiled code can't be kept: %s", error.strerror)


class Apart(Compiler):
    """Numba's compiler, told that no two arrays overlap: only then is a loop that writes one of them vectorised."""

    def __init__(self, *arguments: Any) -> None:
        flags = next(each for each in arguments if hasattr(each, "noalias"))
        flags.noalias = True
        super().__init__(*arguments)


def sources(function: Any) -> set[str]:
    """Return the files of a loop and of the loops that it calls."""
    found = {function.__code__.co_filename}
    for name in function.__code__.co_names:
        called = getattr(function.__globals__.get(name), "py_func", None)
        if called is not None and called is not function:
            found |= sources(called)
    return found


def kernel(function: Loop) -> Loop:
    """Have a loop compiled; it lets other threads run meanwhile.

    The arrays that it writes must not overlap any other that it is given.
    """
    made: Any = numba.njit(cache=True, nogil=True, fastmath=ROUNDING, error_model="numpy", pipeline_class=Apart)(
        function
    )
    made._cache = Kept(function)
    return made


def inlined(function: Loop) -> Loop:
    """Have what kernels do for each of very many samples compiled into them: a call would cost more than its work."""
    made: Any = numba.njit(nogil=True, fastmath=ROUNDING, error_model="numpy", forceinline=True)(function)
    found: Loop = made
    return found


def _joined(context: Any, array: Any, at: Any) -> Any:
    """Return two neighbouring 16-bit elements of a 1-D array as one int32, the first in its lower half."""

    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        held = cgutils.create_struct_proxy(signature.args[0])(context, builder, arguments[0])
        address = builder.bitcast(builder.gep(held.data, [arguments[1]]), ir.IntType(32).as_pointer())
        both = builder.load(address)
        both.align = 2
        return both

    return types.int32(array, at), generate


joined: Any = intrinsic(_joined)


def both(flat: Any, at: Any, step: Any) -> Any:
    """Return elements `at` and `at + step` of a 1-D array as float32; of 16 bits they lie side by side, `step` is 1."""
    raise NotImplementedError("a compiled loop calls this")


@overload(both)
def _both(flat: Any, at: Any, step: Any) -> Any:
    if flat.dtype == types.int16:
        return _signed
    if flat.dtype == types.uint16:
        return _unsigned
    return _single


def _signed(flat: Any, at: Any, step: Any) -> Any:
    pair = joined(flat, at)
    return np.float32(np.int32(pair << np.int32(16)) >> np.int32(16)), np.float32(pair >> np.int32(16))


def _unsigned(flat: Any, at: Any, step: Any) -> Any:
    pair = joined(flat, at)
    return np.float32(pair & np.int32(0xFFFF)), np.float32((pair >> np.int32(16)) & np.int32(0xFFFF))


def _single(flat: Any, at: Any, step: Any) -> Any:
    return np.float32(flat[at]), np.float32(flat[at + step])
