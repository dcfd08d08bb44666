"""A glimpse: one image of a series, before the series itself is known; from a few headers and one frame."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from viewer.archive import ArchiveError, Malformed
from viewer.archive.port import Archive
from viewer.imaging import stack
from viewer.imaging.pixels import PixelError, PixelFormat
from viewer.imaging.record import Instance, MetadataError
from viewer.imaging.words import gettext_noop
from viewer.store import metadata, shelf
from viewer.store.archives import Archives
from viewer.store.deaths import Compressed
from viewer.store.decode import NATIVE, uncompressed
from viewer.store.decoding import Decoding
from viewer.store.fill import LARGEST_ENCODED, check_origin
from viewer.store.opened import CantOpen, format_of, tables
from viewer.store.store import Store
from viewer.store.workers import Undecodable, WorkerDied

HERE = gettext_noop("the series is here")
NO_GLIMPSE = gettext_noop("no image of the series can be shown before the series is known")


@dataclass(frozen=True)
class Glimpse:
    """The metadata of a few instances, which of them is the one that is shown, and its stored values."""

    kept: metadata.Kept
    instance: str
    array: np.ndarray


def numbers(count: int | None) -> list[int]:
    """Return the Instance Numbers whose headers tell how a series of `count` images begins: both ends, the middle."""
    return sorted({1, (count + 1) // 2, count // 2 + 1, count}) if count and count > 1 else [1]


def chosen(listed: Sequence[Instance], count: int | None) -> str | None:
    """Return the UID of the instance that a series opens with, as far as those at its ends and its middle tell.

    The first image; of an MR volume the middle one. None when none of them can be shown by itself.
    """
    single = [each for each in listed if stack.kind(each).viewable and each.frame_count == 1]
    built = stack.stacks([each for each in single if not stack.kind(each).slide])
    shown = built[0].shown if built else []
    if not shown:
        return None
    at = 0
    if built[0].modality == "MR" and built[0].spatial and len(shown) == len(numbers(count)):
        at = len(shown) // 2  # the same image as in the middle of the whole series, whichever way it is numbered
    return shown[at].SOPInstanceUID


def found(archive: Archive, key: shelf.Key, count: int | None, instance: str) -> tuple[metadata.Kept, str]:
    """Return the metadata of a few instances, and the UID of the one to show: `instance`, else as the series opens.

    Raises ArchiveError, CantOpen or BadMetadata.
    """
    uids = list(archive.numbered(key.study, key.series, numbers(count)).values())
    if instance and instance not in uids:
        uids.append(instance)
    bodies = [archive.instance_metadata(key.study, key.series, uid) for uid in uids]
    content = b"[" + b",".join(body.strip()[1:-1] for body in bodies) + b"]"
    try:
        listed = metadata.Kept(content, {}, {}).instances()
    except MetadataError as error:
        raise metadata.BadMetadata(str(error)) from error
    wanted = instance or chosen(listed, count)
    if wanted is None:
        raise CantOpen(NO_GLIMPSE)
    return metadata.Kept(content, tables(archive, listed), {}), wanted


def fetched(archive: Archive, key: shelf.Key, record: Instance) -> tuple[bytes, str, PixelFormat]:
    """Return the only frame of an instance as it is stored, its transfer syntax and format. Raises ArchiveError."""
    form, words = format_of(record)
    kind = stack.kind(record)
    if form is None or words or record.frame_count != 1 or not kind.viewable or kind.slide:
        raise CantOpen(NO_GLIMPSE)
    (frame,) = archive.frames(key.study, key.series, record.SOPInstanceUID or "", [1])
    check_origin(frame)
    if frame.number != 1 or not 0 < len(frame.data) <= LARGEST_ENCODED:
        raise Malformed(gettext_noop("the archive sent another frame than the one asked for"))
    return frame.data, frame.transfer_syntax, form


async def glimpse(store: Store, key: shelf.Key, count: int | None, instance: str) -> Glimpse:
    """Return the image that a series of `count` opens with, or `instance`; raises CantOpen.

    A compressed frame waits for a decoder like any other that somebody waits for.
    """
    if key in store.holdings.series or store.shelf.find(key) is not None:
        raise CantOpen(HERE)
    return await asyncio.to_thread(read, store.archives, key, count, instance, store.decoding)


def read(archives: Archives, key: shelf.Key, count: int | None, instance: str, decoding: Decoding) -> Glimpse:
    """The part of `glimpse` that waits for the archive and decodes."""
    try:
        archive = archives.get(key.archive)
        kept, wanted = found(archive, key, count, instance)
        record = next((each for each in kept.instances() if each.SOPInstanceUID == wanted), None)
        if record is None:
            raise CantOpen(NO_GLIMPSE)
        data, syntax, form = fetched(archive, key, record)
        if syntax in NATIVE:
            return Glimpse(kept, wanted, uncompressed(data, syntax, form))
        return Glimpse(kept, wanted, decoding.values(Compressed(data, syntax, form)))
    except (ArchiveError, metadata.BadMetadata, PixelError) as error:
        raise CantOpen(error.args[0] if error.args else str(error)) from error
    except (Undecodable, WorkerDied) as error:
        raise CantOpen(NO_GLIMPSE) from error
