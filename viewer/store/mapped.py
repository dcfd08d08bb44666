"""The reading side of the frame files: mapped read-only, and never touched where nothing has been written."""

import mmap
import os
from pathlib import Path

import numpy as np

from viewer.store.frames import ABSENT, ENTRY, NO_SHAPE, PRESENT, UNVERIFIED, BadTable, Layout, NotPresent, data_name

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
        entry = self.entries[frame]
        number = int(entry["shape"])
        if number == NO_SHAPE:
            raise NotPresent(f"frame {frame} has no pixels")
        shape = self.layout.shapes[number]
        count = shape.frame_bytes // np.dtype(shape.dtype).itemsize
        values = np.frombuffer(self.data[number], shape.dtype, count, int(entry["slot"]) * shape.frame_bytes)
        return values.reshape(shape.array_shape)
