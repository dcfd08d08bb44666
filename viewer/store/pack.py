"""Frames of one series as an archive stores them, kept on disk: one file of bytes and an index by place."""

import contextlib
import os
import struct
import threading
from pathlib import Path

from isal import isal_zlib

from viewer.store.frames import write_all

ENTRY = struct.Struct("<QII")  # where the record starts, its length, its CRC-32
DATA = "tiles"
INDEX = "tiles.index"
LONGEST_SYNTAX = 64


class TilePack:
    """Grows at its end only; may be used from any thread. A folder that is gone holds nothing and takes nothing."""

    def __init__(self, directory: Path) -> None:
        self.directory = directory
        self.lock = threading.Lock()

    def read(self, place: int) -> tuple[str, bytes] | None:
        """Return (transfer syntax, bytes) of the frame at a place, None when it isn't here or is damaged."""
        try:
            entry = self._slice(INDEX, place * ENTRY.size, ENTRY.size)
            start, length, checksum = ENTRY.unpack(entry)
            record = self._slice(DATA, start, length) if length else b""
        except (OSError, struct.error):
            return None
        if not record or len(record) != length or isal_zlib.crc32(record) != checksum:
            return None
        end = 1 + record[0]
        return record[1:end].decode("ascii", "replace"), record[end:]

    def write(self, place: int, syntax: str, data: bytes) -> int:
        """Keep a frame, its bytes before its entry; return how much the files grew. Raises OSError."""
        name = syntax.encode("ascii", "replace")[:LONGEST_SYNTAX]
        record = bytes((len(name),)) + name + data
        with self.lock, contextlib.ExitStack() as stack:
            files = []
            for each in (DATA, INDEX):
                file = os.open(self.directory / each, os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW | os.O_CLOEXEC, 0o600)
                stack.callback(os.close, file)
                files.append(file)
            start = os.fstat(files[0]).st_size
            write_all(files[0], record, start)
            write_all(files[1], ENTRY.pack(start, len(record), isal_zlib.crc32(record)), place * ENTRY.size)
        return len(record) + ENTRY.size

    def _slice(self, name: str, start: int, length: int) -> bytes:
        file = os.open(self.directory / name, os.O_RDONLY | os.O_NOFOLLOW | os.O_CLOEXEC)
        try:
            return os.pread(file, length, start)
        finally:
            os.close(file)
