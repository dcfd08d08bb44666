"""Overlay planes that lie within the stored pixels: their bits come from the bytes that the archive has."""

from dataclasses import replace

from viewer.doors.opened import Opened, Place
from viewer.imaging import embedded, overlays
from viewer.store.client import FrameFailed, StoreClient

MOST_KEPT = 64  # frames of a series


def has(place: Place) -> bool:
    """Whether a frame has such planes that can be read."""
    instance = place.instance
    return bool(instance.overlays) and any(embedded.can_be_read(each, instance) for each in overlays.planes(instance))


async def with_planes(client: StoreClient, opened: Opened, place: Place) -> Place:
    """Return the place with the bits of its planes, as far as its stored bytes tell them; those read last are kept.

    The frame store keeps values, and values only: what else lay in their words is asked for when it is needed.
    """
    instance, key = place.instance, (place.uid, place.frame.number)
    kept = opened.embedded.get(key)
    if kept is None:
        try:
            bits = max(each.embedded + 1 for each in overlays.planes(instance) if each.embedded is not None)
            syntax, data = await client.tile(opened.series, *key, bits)
        except FrameFailed:
            return place
        kept = tuple(
            each if each.embedded is None else embedded.read(each, instance, place.frame.number, syntax, data)
            for each in overlays.planes(instance)
        )
        opened.embedded[key] = kept
        while len(opened.embedded) > MOST_KEPT:
            del opened.embedded[next(iter(opened.embedded))]
    return replace(place, planes=kept)
