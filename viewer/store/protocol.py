"""What the store process and its clients say to each other: length-prefixed msgpack over a unix socket."""

import asyncio
import contextlib
import os
import struct
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import msgspec

from viewer.imaging.words import Words, gettext_noop

Sentence = tuple[str, dict[str, str | int | float]]
"""A template and the values in it, so that a door can still translate it."""

LENGTH = struct.Struct("<I")
LARGEST_REQUEST = 8 << 20
LARGEST_ANSWER = 640 << 20
MOST_INTEGER = 2**63 - 1
LONGEST_ADDRESS = 100
SOCKET = "store.sock"


class ProtocolError(Exception):
    """The other side said something that isn't in this file."""


class Message(msgspec.Struct, frozen=True, tag=True, array_like=True):
    """One message; `ask` is the number by which an answer finds its question."""


class Open(Message, frozen=True):
    """Have the metadata of a series and its frame files ready; a later re-read may say Changed."""

    ask: int
    archive: str
    study: str
    series: str


class Close(Message, frozen=True):
    """The series is no longer in use on this connection."""

    handle: int


class Want(Message, frozen=True):
    """Somebody waits for this frame (its place in metadata order)."""

    ask: int
    handle: int
    frame: int
    direction: int = 0


class WantTile(Message, frozen=True):
    """Somebody waits for the bytes of this frame as they are stored (its place in metadata order).

    With `bits`: decompressed to native words, as far as the codec keeps so many bits of each.
    """

    ask: int
    handle: int
    frame: int
    bits: int = 0


class Forget(Message, frozen=True):
    """Nobody waits any more for the answer to `ask`."""

    ask: int


class Looking(Message, frozen=True):
    """The reader is at `index` of `order` (frames as places in metadata order) and moves in `direction`.

    `ahead`: nobody reads yet; it comes after everything that somebody does.
    """

    handle: int
    order: list[int]
    index: int
    direction: int = 0
    ahead: bool = False


class AskGlimpse(Message, frozen=True):
    """Have one image of a series that isn't known yet: `instance`, or what a series of `count` images opens with."""

    ask: int
    archive: str
    study: str
    series: str
    count: int | None
    instance: str = ""


class AskStatus(Message, frozen=True):
    """How is the store?"""

    ask: int


class Opened(Message, frozen=True):
    """The frame files of a series lie in `directory`; `reasons` tells why frames failed."""

    ask: int
    handle: int
    directory: str
    digest: str
    expected: int | None
    reasons: dict[int, Sentence]


class Refused(Message, frozen=True):
    """The series can't be opened, or the handle isn't known here (`gone`: open it again)."""

    ask: int
    words: Sentence
    gone: bool = False


class Present(Message, frozen=True):
    """The frame is in its file and marked so."""

    ask: int


class Tile(Message, frozen=True):
    """The bytes of a frame as they are stored, and in which transfer syntax."""

    ask: int
    syntax: str
    data: bytes


class Uncached(Message, frozen=True):
    """The frame itself, because the disk has no room for it: stored values, C order, little endian."""

    ask: int
    shape: list[int]
    dtype: str
    data: bytes


class Glimpse(Message, frozen=True):
    """One image, `instance`: metadata of it and a few others with their lookup tables, and its stored values."""

    ask: int
    metadata: bytes
    bulkdata: dict[str, bytes]
    instance: str
    shape: list[int]
    dtype: str
    data: bytes


class Failed(Message, frozen=True):
    """The frame can't be had."""

    ask: int
    words: Sentence


class Progress(Message, frozen=True):
    """States of frames have changed (read them from the table); `reasons` holds the new failures."""

    handle: int
    reasons: dict[int, Sentence]


class Changed(Message, frozen=True):
    """The archive now holds another version of the series: open it again."""

    handle: int


class Status(Message, frozen=True):
    """Figures of the store process."""

    ask: int
    figures: dict[str, Any]


Request = Open | Close | Want | WantTile | Forget | Looking | AskGlimpse | AskStatus
Answer = Opened | Refused | Present | Tile | Uncached | Glimpse | Failed | Progress | Changed | Status

requests = msgspec.msgpack.Decoder(Request)
answers = msgspec.msgpack.Decoder(Answer)
encode = msgspec.msgpack.Encoder().encode


def sentence(words: object) -> Sentence:
    """Return words (an error's, or text that remembers its template) as they go over the wire."""
    if isinstance(words, BaseException):
        words = words.args[0] if words.args else type(words).__name__
    if isinstance(words, Words):
        return words.template, {name: _part(value) for name, value in words.values.items()}
    return "{words}", {"words": str(words)}


def _part(value: object) -> int | float | str:
    """Return what stands in a sentence as the wire carries it: a file may declare numbers of any length."""
    if isinstance(value, float) or (isinstance(value, int) and abs(value) <= MOST_INTEGER):
        return value
    return str(value)


def words_of(said: Sentence) -> Words:
    """Return the words of a sentence from the wire."""
    template, values = said
    return gettext_noop(template, **values)


def packed(message: Message) -> bytes:
    """Return `message` as it goes over the wire."""
    body = encode(message)
    return LENGTH.pack(len(body)) + body


async def read(reader: asyncio.StreamReader, decoder: msgspec.msgpack.Decoder[Any], largest: int) -> Any:
    """Return the next message; raises ProtocolError, asyncio.IncompleteReadError or OSError."""
    (size,) = LENGTH.unpack(await reader.readexactly(LENGTH.size))
    if size > largest:
        raise ProtocolError(f"a message of {size} bytes")
    body = await reader.readexactly(size)
    try:
        return decoder.decode(body)
    except (msgspec.DecodeError, msgspec.ValidationError, RecursionError) as error:
        raise ProtocolError("not a message of the store") from error


@contextlib.contextmanager
def address(state: Path) -> Iterator[str]:
    """Yield a path of the socket below `state` that is short enough for the kernel (108 bytes)."""
    path = os.fspath(state / SOCKET)
    if len(os.fsencode(path)) <= LONGEST_ADDRESS:
        yield path
        return
    folder = os.open(state, os.O_PATH | os.O_DIRECTORY)
    try:
        yield f"/proc/self/fd/{folder}/{SOCKET}"
    finally:
        os.close(folder)
