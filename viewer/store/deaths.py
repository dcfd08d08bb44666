"""Frames that ended decode workers, known by their bytes: counted over restarts, and not tried a third time."""

import hashlib
import logging
import os
import threading
from dataclasses import dataclass
from pathlib import Path

import imagecodecs
import msgspec

from viewer.imaging.pixels import PixelFormat
from viewer.store.protocol import Sentence

log = logging.getLogger(__name__)
NAME = "deaths"
TO_QUARANTINE = 2
MOST = 10_000


@dataclass(frozen=True)
class Compressed:
    """A frame as it is stored, and what its bytes are said to be."""

    data: bytes
    syntax: str
    form: PixelFormat


class Death(msgspec.Struct, frozen=True, array_like=True):
    """How many workers a frame of `size` bytes has ended since it was last decoded, and how the last one ended."""

    size: int
    frame: str
    count: int
    words: Sentence


class Deaths:
    """Used by any thread. What can't be written down is known for as long as this process lives."""

    def __init__(self, state: Path) -> None:
        self.path = state / NAME
        self.lock = threading.Lock()
        self.known: dict[str, Death] = {}
        self.sizes: frozenset[int] = frozenset()
        for line in self.path.read_bytes().splitlines() if self.path.exists() else ():
            try:
                self.take(msgspec.json.decode(line, type=Death))
            except (msgspec.DecodeError, msgspec.ValidationError):
                log.warning("a line about a frame that ended a decoder is cut short")

    def take(self, death: Death) -> None:
        """Know what is said of a frame; of very many, the oldest are let go."""
        self.known.pop(death.frame, None)
        if death.count:
            self.known[death.frame] = death
            while len(self.known) > MOST:
                del self.known[next(iter(self.known))]
        self.sizes = frozenset(each.size for each in self.known.values())

    def of(self, frame: Compressed) -> Death | None:
        """Return what is known against a frame; most cost no more than a look at their size."""
        return self.known.get(name(frame)) if len(frame.data) in self.sizes else None

    def died(self, frame: Compressed, words: Sentence, *, lasting: bool = True) -> Death:
        """A worker has ended with the frame; unless `lasting`, the next process needn't know."""
        which = name(frame)
        with self.lock:
            before = self.known.get(which)
            death = Death(len(frame.data), which, 1 + (before.count if before else 0), words)
            self.take(death)
            if lasting:
                self.note(death)
        return death

    def lived(self, frame: Compressed) -> None:
        """The frame was decoded: whatever ended a worker before, it wasn't this."""
        if len(frame.data) in self.sizes and (which := name(frame)) in self.known:
            cleared = Death(len(frame.data), which, 0, ("", {}))
            with self.lock:
                self.take(cleared)
                self.note(cleared)

    def note(self, death: Death) -> None:
        """Write it down."""
        try:
            file = os.open(self.path, os.O_WRONLY | os.O_CREAT | os.O_APPEND | os.O_NOFOLLOW, 0o600)
            try:
                os.write(file, msgspec.json.encode(death) + b"\n")
            finally:
                os.close(file)
        except OSError as error:
            log.warning("a frame that ended a decoder couldn't be written down: %s", error.strerror)


def name(frame: Compressed) -> str:
    """Return what tells a frame from all others; another release of the decoders may try it anew."""
    known = hashlib.blake2b(frame.data, digest_size=16)
    known.update(msgspec.json.encode((str(frame.syntax), frame.form, imagecodecs.__version__)))
    return known.hexdigest()
