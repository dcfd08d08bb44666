"""All bits of a compressed frame's words: old files keep drawings in those that hold no value."""

import asyncio
import logging
from dataclasses import replace
from functools import partial

import numpy as np

from viewer.store.deaths import Compressed
from viewer.store.decode import DEFLATED_FRAMES, JPEG, JPEG_XL_LOSSLESS
from viewer.store.decoding import Decoding
from viewer.store.opened import OpenSeries, Result, TileBytes, Waiter
from viewer.store.tiles import TileDesk
from viewer.store.workers import Undecodable, WorkerDied

log = logging.getLogger(__name__)
LITTLE_ENDIAN = "1.2.840.10008.1.2.1"
# What gives back each bit that it was given; RLE is unpacked by whoever asks.
LOSSLESS = frozenset(
    (*(JPEG + end for end in ("57", "70", "80", "90", "92", "201", "202")), JPEG_XL_LOSSLESS, DEFLATED_FRAMES)
)


def want(
    tiles: TileDesk, decoding: Decoding, bits: int, series: OpenSeries, place: int, token: object, waiter: Waiter
) -> None:
    """Have `waiter` called with the frame's stored bytes, decompressed to native words if the lowest `bits` survive.

    Else as they are: then there is nothing beside the values. Used on the store's event loop; raises Gone.
    """
    tiles.want(series, place, token, partial(unpack, decoding, bits, series, place, waiter))


def unpack(decoding: Decoding, bits: int, series: OpenSeries, place: int, waiter: Waiter, result: Result) -> None:
    """Hand the stored bytes on when they are decompressed; whatever else came at once."""
    form = series.formats[series.places.frame(place)[0]]
    if not isinstance(result, TileBytes) or result.syntax not in LOSSLESS or form is None or form.floating:
        return waiter(result)
    if not 0 < bits <= form.bits_allocated or form.colour:
        return waiter(result)
    form = replace(form, bits_stored=bits, high_bit=bits - 1, signed=False, least_bits=bits)
    frame = Compressed(result.data, result.syntax, form)
    future = asyncio.get_running_loop().run_in_executor(None, decoding.values, frame)
    future.add_done_callback(partial(unpacked, waiter, result))
    return None


def unpacked(waiter: Waiter, stored: TileBytes, future: "asyncio.Future[np.ndarray]") -> None:
    """Hand on what a decoder made of it."""
    error = None if future.cancelled() else future.exception()
    if future.cancelled() or error is not None:
        if error is not None and not isinstance(error, Undecodable | WorkerDied):
            log.error("the words of a frame couldn't be had", exc_info=error)
        return waiter(stored)
    words = future.result()
    return waiter(TileBytes(LITTLE_ENDIAN, words.astype(words.dtype.newbyteorder("<"), copy=False).tobytes()))
