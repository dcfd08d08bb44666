"""The metadata of one series on disk, as the archive sent it, under a digest that ignores order and knows revisions."""

import hashlib
import os
from bisect import bisect_right
from collections.abc import Sequence
from itertools import accumulate
from pathlib import Path

import msgspec
import zstandard

from viewer.imaging.record import Instance, instances

NAME = "metadata.zst"
LARGEST = 1 << 30
MOST_INSTANCES = 50_000  # each costs a kilobyte and a good part of a millisecond, in every process that opens them


class BadMetadata(Exception):
    """The stored metadata is damaged, or the archive's isn't a DICOM JSON array."""


class Kept(msgspec.Struct, frozen=True):
    """`metadata` is the archive's DICOM JSON array; `bulkdata` what its lookup tables' BulkDataURIs lead to.

    `revisions` are the instances' as the archive tells them: pixels may change where no attribute does.
    """

    metadata: bytes
    bulkdata: dict[str, bytes]
    revisions: dict[str, str]

    def instances(self) -> list[Instance]:
        """Return the typed records; raises MetadataError."""
        return instances(self.metadata, self.bulkdata)


def digest(metadata: bytes, revisions: dict[str, str]) -> str:
    """Return the SHA-256 of a DICOM JSON array and its instances' revisions, in whatever order they come.

    Raises BadMetadata.
    """
    try:
        objects = msgspec.json.decode(metadata, type=list[msgspec.Raw])
    except (msgspec.DecodeError, msgspec.ValidationError) as error:
        raise BadMetadata("the metadata is not a DICOM JSON array") from error
    if len(objects) > MOST_INSTANCES:
        raise BadMetadata(f"the archive lists {len(objects)} instances in one series, more than can be opened")
    whole = hashlib.sha256()
    for each in sorted(hashlib.sha256(raw).digest() for raw in objects):
        whole.update(each)
    if revisions:
        whole.update(msgspec.json.encode(sorted(revisions.items())))
    return whole.hexdigest()


def save(directory: Path, kept: Kept) -> None:
    """Write the metadata, compressed and with a checksum; raises OSError."""
    packed = zstandard.ZstdCompressor(write_checksum=True, write_content_size=True).compress(
        msgspec.msgpack.encode(kept)
    )
    file = os.open(directory / NAME, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(file, "wb") as out:
        out.write(packed)
        out.flush()
        os.fsync(out.fileno())


def load(directory: Path) -> Kept:
    """Return what `save` wrote; raises BadMetadata or OSError."""
    try:
        packed = (directory / NAME).read_bytes()
        return msgspec.msgpack.decode(
            zstandard.ZstdDecompressor().decompress(packed, max_output_size=LARGEST), type=Kept
        )
    except (zstandard.ZstdError, msgspec.DecodeError, msgspec.ValidationError) as error:
        raise BadMetadata("the stored metadata is damaged") from error


class Places:
    """Frames of a series counted through in metadata order: instance 0 frame 1 is place 0."""

    def __init__(self, listed: Sequence[Instance]) -> None:
        self.starts = [0, *accumulate(each.frame_count for each in listed)]
        self.numbers = {each.SOPInstanceUID: number for number, each in enumerate(listed) if each.SOPInstanceUID}

    @property
    def count(self) -> int:
        return self.starts[-1]

    def place(self, instance_uid: str, number: int) -> int:
        """Return the place of frame `number` (from 1) of an instance; raises LookupError."""
        instance = self.numbers[instance_uid]
        place = self.starts[instance] + number - 1
        if not self.starts[instance] <= place < self.starts[instance + 1]:
            raise LookupError(f"there is no frame {number}")
        return place

    def frame(self, place: int) -> tuple[int, int]:
        """Return the instance's index and the frame's number (from 1) at a place; raises LookupError."""
        if not 0 <= place < self.count:
            raise LookupError(f"there is no frame at {place}")
        instance = bisect_right(self.starts, place) - 1
        return instance, place - self.starts[instance] + 1
