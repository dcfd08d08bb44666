"""multipart/related read from a stream, part by part, and written (RFC 2387, PS3.18 8.6.1)."""

import secrets
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from email.message import Message

from viewer.archive.port import Malformed, Unreachable
from viewer.imaging.words import gettext_noop

LONGEST_HEADERS = 16 << 10
LONGEST_PREAMBLE = 64 << 10
LARGEST_PART = 4 << 30


@dataclass(frozen=True)
class MediaType:
    """A Content-Type: `name` in lower case, `parameters` by lower-case name, unquoted."""

    name: str
    parameters: dict[str, str]

    @classmethod
    def parse(cls, text: str) -> "MediaType":
        message = Message()
        message["content-type"] = text.replace("\r", " ").replace("\n", " ")
        name, *parameters = message.get_params(failobj=[("", "")])
        return cls(name[0].strip().lower(), {key.lower(): value for key, value in parameters})

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


def parts(media_type: MediaType, chunks: Iterable[bytes]) -> Iterator[Part]:
    """Yield the parts of a body as they arrive.

    Takes quoted and unquoted boundaries, a preamble, bare line feeds and parts with or without a length.
    Raises Malformed for what isn't multipart, Unreachable when the body ends before its closing boundary.
    """
    boundary = media_type.parameters.get("boundary", "").strip()
    if not media_type.name.startswith("multipart/") or not 1 <= len(boundary) <= 200:
        raise Malformed(
            gettext_noop(
                "The archive answers with {kind} instead of multipart/related.", kind=media_type.name or "no media type"
            )
        )
    yield from _Reader(chunks, boundary.encode("latin-1", "replace")).parts()


class _Reader:
    def __init__(self, chunks: Iterable[bytes], boundary: bytes) -> None:
        self._chunks = iter(chunks)
        self._buffer = bytearray()
        self._boundary = b"--" + boundary
        self._newline = b"\r\n"

    def parts(self) -> Iterator[Part]:
        more = self._first_boundary()
        while more:
            headers = self._headers()
            body, more = self._body(headers.get("content-length", ""))
            yield Part(headers, body)
        # Read to the end, so that the connection can serve again.
        left = LONGEST_PREAMBLE - len(self._buffer)
        for chunk in self._chunks:
            left -= len(chunk)
            if left < 0:
                return

    def _more(self) -> None:
        chunk = next(self._chunks, None)
        if chunk is None:
            raise Unreachable(gettext_noop("The archive's answer ends before its last part is complete."))
        self._buffer += chunk

    def _need(self, count: int) -> None:
        while len(self._buffer) < count:
            self._more()

    def _first_boundary(self) -> bool:
        """Skip the preamble; learn from the first boundary's line whether lines end in CRLF or in LF alone."""
        start = 0
        while True:
            at = self._buffer.find(self._boundary, start)
            if at < 0 or len(self._buffer) < at + len(self._boundary) + 2:
                if len(self._buffer) > LONGEST_PREAMBLE:
                    raise Malformed(gettext_noop("The archive's multipart answer has no boundary."))
                self._more()
                continue
            if at == 0 or self._buffer[at - 1 : at] == b"\n":
                ending = self._ending(at + len(self._boundary))
                if ending is not None:
                    return ending
            start = at + 1

    def _ending(self, after: int) -> bool | None:
        """Consume a boundary that ends at `after`: True before another part, False at the end, None if it is none."""
        self._need(after + 2)
        if self._buffer[after : after + 2] == b"--":
            del self._buffer[: after + 2]
            return False
        position = after
        while self._buffer[position : position + 1] in (b" ", b"\t"):
            position += 1
            self._need(position + 2)
        for newline in (b"\r\n", b"\n"):
            if self._buffer[position : position + len(newline)] == newline:
                self._newline = newline
                del self._buffer[: position + len(newline)]
                return True
        return None

    def _headers(self) -> dict[str, str]:
        found: dict[str, str] = {}
        while True:
            end = self._buffer.find(b"\n")
            if end < 0:
                if len(self._buffer) > LONGEST_HEADERS:
                    raise Malformed(gettext_noop("The headers of a part are too long."))
                self._more()
                continue
            line = bytes(self._buffer[:end]).rstrip(b"\r")
            del self._buffer[: end + 1]
            if not line:
                return found
            name, colon, value = line.partition(b":")
            if not colon or len(found) > 50:
                raise Malformed(gettext_noop("The headers of a part can't be read."))
            found[name.strip().lower().decode("latin-1")] = value.strip().decode("latin-1")

    def _body(self, declared: str) -> tuple[bytes, bool]:
        delimiter = self._newline + self._boundary
        if declared.isdigit() and int(declared) <= LARGEST_PART:
            # A length lets a boundary stand inside pixel data; without a boundary behind it, it isn't believed.
            length = int(declared)
            self._need(length + len(delimiter) + 2)
            if self._buffer[length : length + len(delimiter)] == delimiter:
                body = bytes(self._buffer[:length])
                ending = self._ending(length + len(delimiter))
                if ending is not None:
                    return body, ending
        start = 0
        while True:
            at = self._buffer.find(delimiter, start)
            if at < 0:
                start = max(0, len(self._buffer) - len(delimiter))
                if len(self._buffer) > LARGEST_PART:
                    raise Malformed(gettext_noop("A part of the archive's answer is too large."))
                self._more()
                continue
            self._need(at + len(delimiter) + 2)
            body = bytes(self._buffer[:at])
            ending = self._ending(at + len(delimiter))
            if ending is not None:
                return body, ending
            start = at + 1


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
