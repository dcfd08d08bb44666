"""Files of a folder that are no DICOM and are shown all the same: slides first, then plain pictures."""

from collections.abc import Iterable, Iterator
from typing import BinaryIO

import msgspec

from viewer.archive import native, picture
from viewer.archive.native import Native, NoSlide
from viewer.archive.picture import BY_PILLOW, Picture
from viewer.archive.port import Attributes, Frame, Malformed
from viewer.archive.rooted import Rooted
from viewer.imaging.words import gettext_noop

JOBS = frozenset((native.BY_OPENSLIDE, BY_PILLOW))  # frames that open files: never to be taken from outside
packed = msgspec.msgpack.Decoder(Native | Picture)


def sniffed(head: bytes) -> bool:
    """Say whether a file begins like one of these."""
    return native.sniffed(head) or picture.sniffed(head)


def state_of(kept: bytes) -> str:
    """Return the state in which the identity of an indexed file was read."""
    return packed.decode(kept).beside


def instances(rooted: Rooted, path: bytes, source: BinaryIO) -> list[tuple[tuple[str, str, str], Attributes, bytes]]:
    """Return (UIDs, DICOM JSON, what the index keeps) of each image of a file; raises ArchiveError in words."""
    source.seek(0)
    head = source.read(132)
    if native.sniffed(head):
        try:
            return native.instances(rooted, path, source)
        except NoSlide:
            if not picture.sniffed(head):
                raise
        try:
            return picture.instances(rooted, path, source)
        except Malformed as error:
            raise Malformed(gettext_noop("no slide; {reason}", reason=error.words)) from error
    return picture.instances(rooted, path, source)


def frames(
    source: BinaryIO, kept: bytes, numbers: Iterable[int], rooted: Rooted, path: bytes, stamp: tuple[int, int, int]
) -> Iterator[Frame]:
    """Yield frames as they are stored, or jobs that make them; raises NotThere or Malformed."""
    found = packed.decode(kept)
    if isinstance(found, Picture):
        yield from picture.frames(source, found, numbers, rooted, path, stamp)
    else:
        yield from native.frames(source, found, numbers, rooted, path, stamp)
