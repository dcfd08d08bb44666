"""multipart/related read from a stream, part by part, and written (RFC 2387, PS3.18 8.6.1)."""

import re
import secrets
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from email.message import Message
from email.utils import collapse_rfc2231_value
from functools import lru_cache

from viewer.archive.port import Malformed, Unreachable
from viewer.imaging.words import gettext_noop

LONGEST_HEADERS = 16 << 10
LONGEST_PREAMBLE = 64 << 10
LONGEST_PADDING = 1 << 10
LARGEST_PART = 4 << 30
FIRST_BUFFER, FIRST_OF_MANY = 256 << 10, 2 << 20  # zeroed, which a single small part would wait for

ReadInto = Callable[[memoryview], int]
"""Fills a buffer from its start with what has arrived, and says how much that is; 0 at the end of the body."""


@dataclass(frozen=True)
class MediaType:
    """A Content-Type: `name` in lower case, `parameters` by lower-case name, unquoted."""

    name: str
    parameters: dict[str, str]

    @classmethod
    @lru_cache(64)
    def parse(cls, text: str) -> "MediaType":
        """Return what a Content-Type says; every part of a series says the same."""
        message = Message()
        message["content-type"] = text.replace("\r", " ").replace("\n", " ")
        name, *parameters = message.get_params(failobj=[("", "")])
        return cls(name[0].strip().lower(), {key.lower(): collapse_rfc2231_value(value) for key, value in parameters})

    @property
    def transfer_syntax(self) -> str | None:
        """The syntax named by the parameter; some servers hide it inside the quoted `type`."""
        inner = MediaType.parse(self.parameters["type"]) if "type" in self.parameters else None
        return self.parameters.get("transfer-syntax") or (inner.transfer_syntax if inner else None)


@dataclass(frozen=True)
class Part:
    """One part: headers by lower-case name, and its bytes."""

    headers: dict[str, str]
    body: bytes

    @property
    def media_type(self) -> MediaType:
        return MediaType.parse(self.headers.get("content-type", ""))


def parts(media_type: MediaType, chunks: Iterable[bytes], largest: int = LARGEST_PART) -> Iterator[Part]:
    """Yield the parts of a body as they arrive; takes and raises what `streamed` does."""
    for headers, body in streamed(media_type, drawn(chunks), largest, first_buffer=FIRST_BUFFER):
        yield Part(headers, bytes(body))


def streamed(
    media_type: MediaType, read_into: ReadInto, largest: int = LARGEST_PART, *, first_buffer: int = FIRST_OF_MANY
) -> Iterator[tuple[dict[str, str], memoryview]]:
    """Yield (headers, body) of each part as soon as it is whole; the body's bytes stand until the next is asked for.

    Takes quoted and unquoted boundaries, a preamble, bare line feeds and parts with or without a length.
    Raises Malformed for what isn't multipart or has a part of more than `largest` bytes, Unreachable when the body
    ends before its closing boundary.
    """
    boundary = media_type.parameters.get("boundary", "").strip()
    if not media_type.name.startswith("multipart/") or not 1 <= len(boundary) <= 200:
        raise Malformed(
            gettext_noop(
                "The archive answers with {kind} instead of multipart/related.", kind=media_type.name or "no media type"
            )
        )
    yield from _Reader(read_into, boundary.encode("latin-1", "replace"), largest, first_buffer).parts()


def drawn(chunks: Iterable[bytes]) -> ReadInto:
    """Return what fills buffers from chunks."""
    source, left = iter(chunks), memoryview(b"")

    def read_into(buffer: memoryview) -> int:
        nonlocal left
        while not left:
            chunk = next(source, None)
            if chunk is None:
                return 0
            left = memoryview(chunk)
        count = min(len(left), len(buffer))
        buffer[:count] = left[:count]
        left = left[count:]
        return count

    return read_into


class _Reader:
    """What has been read and not yet used lies in `_buffer[_start:_end]`; bodies are views of it, not copies."""

    def __init__(self, read_into: ReadInto, boundary: bytes, largest: int, first_buffer: int) -> None:
        self._read_into = read_into
        self._boundary = b"--" + boundary
        self._largest = largest
        self._newline = b"\r\n"
        self._buffer = bytearray(first_buffer)
        self._start = self._end = 0

    def parts(self) -> Iterator[tuple[dict[str, str], memoryview]]:
        more = self._first_boundary()
        while more:
            headers = self._headers()
            body, more = self._body(headers.get("content-length", ""))
            yield headers, body
        # Read to the end, so that the connection can serve again.
        while self._end - self._start <= LONGEST_PREAMBLE and self._read():
            pass

    def _read(self) -> int:
        """Read once; return how much, 0 at the end of the body."""
        if self._end == len(self._buffer):
            held = self._end - self._start
            # Never resized: somebody may look at a body in it.
            room = self._buffer if self._start > held else bytearray(2 * len(self._buffer))
            room[:held] = memoryview(self._buffer)[self._start : self._end]
            self._buffer, self._start, self._end = room, 0, held
        count = self._read_into(memoryview(self._buffer)[self._end :])
        self._end += count
        return count

    def _need(self, count: int) -> None:
        """Have `count` unused bytes."""
        while self._end - self._start < count:
            if not self._read():
                raise Unreachable(gettext_noop("The archive's answer ends before its last part is complete."))

    def _at(self, offset: int, expected: bytes) -> bool:
        """Say whether `expected` stands `offset` bytes from here."""
        return self._buffer.startswith(expected, self._start + offset, self._end)

    def _find(self, wanted: bytes, offset: int) -> int:
        """Return how far from here, and from `offset` on, `wanted` stands, or -1."""
        at = self._buffer.find(wanted, self._start + offset, self._end)
        return at - self._start if at >= 0 else -1

    def _first_boundary(self) -> bool:
        """Skip the preamble; learn from the first boundary's line whether lines end in CRLF or in LF alone."""
        offset = 0
        while True:
            at = self._find(self._boundary, offset)
            if at < 0:
                held = self._end - self._start
                if held > LONGEST_PREAMBLE:
                    raise Malformed(gettext_noop("The archive's multipart answer has no boundary."))
                self._need(held + 1)
                continue
            if at == 0 or self._at(at - 1, b"\n"):
                ending = self._ending(at + len(self._boundary))
                if ending is not None:
                    more, used = ending
                    self._start += used
                    return more
            offset = at + 1

    def _ending(self, after: int) -> tuple[bool, int] | None:
        """Look at a boundary that ends at `after`: whether another part follows, and where it begins; None for no end.

        Nothing is used up yet.
        """
        self._need(after + 2)
        if self._at(after, b"--"):
            return False, after + 2
        position = after
        while self._at(position, b" ") or self._at(position, b"\t"):
            position += 1
            if position - after > LONGEST_PADDING:
                return None
            self._need(position + 2)
        for newline in (b"\r\n", b"\n"):
            if self._at(position, newline):
                self._newline = newline
                return True, position + len(newline)
        return None

    def _headers(self) -> dict[str, str]:
        found: dict[str, str] = {}
        while True:
            end = self._find(b"\n", 0)
            if end < 0:
                held = self._end - self._start
                if held > LONGEST_HEADERS:
                    raise Malformed(gettext_noop("The headers of a part are too long."))
                self._need(held + 1)
                continue
            line = bytes(memoryview(self._buffer)[self._start : self._start + end]).rstrip(b"\r")
            self._start += end + 1
            if not line:
                return found
            name, colon, value = line.partition(b":")
            if not colon or len(found) > 50 or len(line) > LONGEST_HEADERS:
                raise Malformed(gettext_noop("The headers of a part can't be read."))
            found[name.strip().lower().decode("latin-1")] = value.strip().decode("latin-1")

    def _body(self, declared: str) -> tuple[memoryview, bool]:
        delimiter = self._newline + self._boundary
        if re.fullmatch("[0-9]{1,12}", declared) and int(declared) <= self._largest:
            # A length lets a boundary stand inside pixel data; without a boundary behind it, it isn't believed.
            length = int(declared)
            self._need(length + len(delimiter) + 2)
            if self._at(length, delimiter):
                found = self._ended(length, len(delimiter))
                if found is not None:
                    return found
        offset = 0
        while True:
            at = self._find(delimiter, offset)
            if at < 0:
                held = self._end - self._start
                offset = max(0, held - len(delimiter))
                if held > self._largest:
                    raise Malformed(gettext_noop("A part of the archive's answer is too large."))
                self._need(held + 1)
                continue
            found = self._ended(at, len(delimiter))
            if found is not None:
                return found
            offset = at + 1

    def _ended(self, length: int, delimiter: int) -> tuple[memoryview, bool] | None:
        """Use up a body of `length` bytes and its boundary; None when that is no boundary."""
        ending = self._ending(length + delimiter)
        if ending is None:
            return None
        more, used = ending
        body = memoryview(self._buffer)[self._start : self._start + length]
        self._start += used
        return body, more


def written(bodies: Iterable[bytes], part_type: str) -> tuple[str, bytes]:
    """Return (Content-Type, body) of a multipart/related message whose boundary stands in none of its parts."""
    held = list(bodies)
    boundary = secrets.token_hex(16)
    while any(boundary.encode() in body for body in held):
        boundary = secrets.token_hex(16)
    message = bytearray()
    for body in held:
        message += f"--{boundary}\r\nContent-Type: {part_type}\r\nContent-Length: {len(body)}\r\n\r\n".encode()
        message += body
        message += b"\r\n"
    message += f"--{boundary}--\r\n".encode()
    return f'multipart/related; type="{part_type}"; boundary={boundary}', bytes(message)
