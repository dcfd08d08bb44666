"""The reading side of the frame files: mapped read-only, and never touched where nothing has been written."""

import mmap
import os
import struct
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from viewer.store.frames import ABSENT, ENTRY, NO_SHAPE, PRESENT, UNVERIFIED, BadTable, Layout, NotPresent, data_name

SHAPE_AND_SLOT = struct.Struct("<II")  # the beginning of an ENTRY
UNVERIFIED_IS_ABSENT = bytes.maketrans(bytes((UNVERIFIED,)), bytes((ABSENT,)))


def mapping(path: Path) -> mmap.mmap:
    """Map a whole file for reading; raises OSError, or BadTable when it is empty."""
    file = os.open(path, os.O_RDONLY | os.O_NOFOLLOW)
    try:
        return mmap.mmap(file, 0, access=mmap.ACCESS_READ)
    except ValueError as error:
        raise BadTable(f"{path.name} is empty") from error
    finally:
        os.close(file)


class MappedFrames:
    """The frames of one series as read-only arrays over the page cache; they outlive the unlinked files."""

    def __init__(self, directory: Path) -> None:
        """Map what lies in `directory`; raises OSError or BadTable."""
        found = os.stat(directory / "table")
        self.identity = (found.st_dev, found.st_ino)
        self.table = mapping(directory / "table")
        self.layout = Layout.parse(memoryview(self.table), len(self.table))
        self.entries = np.frombuffer(self.table, ENTRY, self.layout.count, self.layout.entries_at)
        # What `array` needs of each shape, and pays for once.
        self.shapes = [
            (np.dtype(each.dtype), each.array_shape, int(np.prod(each.array_shape)), each.frame_bytes)
            for each in self.layout.shapes
        ]
        self.data = [mapping(directory / data_name(number)) for number in range(len(self.layout.shapes))]
        for number, shape in enumerate(self.layout.shapes):
            slots = int((self.entries["shape"] == number).sum())
            if len(self.data[number]) != slots * shape.frame_bytes:
                raise BadTable("a data file doesn't have its size")

    def same(self, directory: Path) -> bool:
        """Say whether the table in `directory` is the one that is mapped; raises OSError."""
        found = os.stat(directory / "table")
        return self.identity == (found.st_dev, found.st_ino)

    def present(self, frame: int) -> bool:
        """Say whether the frame may be touched."""
        if not 0 <= frame < self.layout.count:
            raise IndexError(f"there is no frame {frame}")
        return self.table[self.layout.states_at + frame] == PRESENT

    def states(self) -> bytes:
        """Return one byte per frame in metadata order: 0 absent, 1 present, 2 failed, 3 queued."""
        at = self.layout.states_at
        return self.table[at : at + self.layout.count].translate(UNVERIFIED_IS_ABSENT)

    def array(self, frame: int) -> np.ndarray:
        """Return the stored values, (rows, columns) or (rows, columns, 3), read-only; raises NotPresent."""
        if not self.present(frame):
            raise NotPresent(f"frame {frame} isn't present")
        number, slot = SHAPE_AND_SLOT.unpack_from(self.table, self.layout.entries_at + frame * ENTRY.itemsize)
        if number == NO_SHAPE:
            raise NotPresent(f"frame {frame} has no pixels")
        dtype, array_shape, count, frame_bytes = self.shapes[number]
        return np.frombuffer(self.data[number], dtype, count, slot * frame_bytes).reshape(array_shape)

    def volume(self, frames: Sequence[int]) -> tuple[np.ndarray, np.ndarray]:
        """Return (stored, slots): stored[slots[k]] is frame frames[k], where slots[k] isn't -1; nothing is copied.

        `stored` (slots, rows, columns), of RGB (slots, rows, columns, 3), is the whole read-only file of the shape that
        the frames share: only the slots given may be touched. -1 stands for a frame that isn't present, or was given as
        -1. Raises NotPresent when none is there, or when they don't share a shape.
        """
        present = np.frombuffer(self.table, np.uint8, self.layout.count, self.layout.states_at) == PRESENT
        wanted = np.asarray(frames, np.int64)
        here = (wanted >= 0) & present[wanted]
        numbers = set(self.entries["shape"][wanted[here]].tolist())
        if len(numbers) != 1 or NO_SHAPE in numbers:
            raise NotPresent("the frames share no file")
        number = numbers.pop()
        shape = self.layout.shapes[number]
        slots = np.where(here, self.entries["slot"][wanted].astype(np.int64), -1)
        stored = np.frombuffer(self.data[number], shape.dtype).reshape(-1, *shape.array_shape)
        return stored, slots
