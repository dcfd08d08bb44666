"""The frame files of one series: a table of states and one data file for each shape, written by pwrite only."""

import os
import struct
import threading
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import numpy as np
from isal import isal_zlib

ABSENT, PRESENT, FAILED, QUEUED, UNVERIFIED = range(5)
MAGIC = b"SAMSYNF1"
HEADER = struct.Struct("<8sIII36s8x")
SHAPE = struct.Struct("<IIII8s")
ENTRY = np.dtype([("shape", "<u4"), ("slot", "<u4"), ("checksum", "<u4"), ("spare", "<u4")])
DTYPES = frozenset(("uint8", "int8", "uint16", "int16", "uint32", "int32", "float32", "float64"))
NO_SHAPE = 0xFFFFFFFF
MOST_FRAMES = 1_000_000
LARGEST_FRAME = 512 << 20


class BadTable(Exception):
    """The table isn't one, or is cut short."""


class NotPresent(LookupError):
    """The frame isn't in the file."""


@dataclass(frozen=True)
class Shape:
    """What all frames of one data file have in common; `samples` is 1 or 3, `dtype` numpy's name."""

    rows: int
    columns: int
    samples: int
    dtype: str

    @property
    def array_shape(self) -> tuple[int, ...]:
        return (self.rows, self.columns) if self.samples == 1 else (self.rows, self.columns, self.samples)

    @property
    def frame_bytes(self) -> int:
        return self.rows * self.columns * self.samples * np.dtype(self.dtype).itemsize


@dataclass(frozen=True)
class Layout:
    """Where things lie in a table: header, shapes, one state byte a frame, one entry a frame."""

    count: int
    shapes: tuple[Shape, ...]
    boot: str

    @cached_property
    def states_at(self) -> int:
        return HEADER.size + len(self.shapes) * SHAPE.size

    @cached_property
    def entries_at(self) -> int:
        return (self.states_at + self.count + 15) // 16 * 16

    @property
    def size(self) -> int:
        return self.entries_at + self.count * ENTRY.itemsize

    def header(self) -> bytes:
        """Return the first bytes of the table."""
        shapes = [SHAPE.pack(s.rows, s.columns, s.samples, 0, s.dtype.encode()) for s in self.shapes]
        return HEADER.pack(MAGIC, self.count, len(self.shapes), 0, self.boot.encode()) + b"".join(shapes)

    @classmethod
    def parse(cls, table: bytes | memoryview, size: int) -> "Layout":
        """Return the layout that the first bytes of a table of `size` bytes describe; raises BadTable."""
        try:
            magic, count, shape_count, _, boot = HEADER.unpack_from(table)
            if magic != MAGIC or count > MOST_FRAMES or shape_count > count:
                raise BadTable("not a table of frames")
            shapes = []
            for number in range(shape_count):
                rows, columns, samples, _, dtype = SHAPE.unpack_from(table, HEADER.size + number * SHAPE.size)
                shapes.append(Shape(rows, columns, samples, dtype.rstrip(b"\0").decode("ascii")))
            layout = cls(count, tuple(shapes), boot.rstrip(b"\0").decode("ascii"))
        except (struct.error, UnicodeDecodeError) as error:
            raise BadTable("not a table of frames") from error
        if layout.size != size or any(shape.dtype not in DTYPES for shape in shapes):
            raise BadTable("the table of frames is cut short")
        return layout


def boot_id() -> str:
    """Return what tells this run of the machine from the one before."""
    return Path("/proc/sys/kernel/random/boot_id").read_text().strip()


def data_name(shape: int) -> str:
    """Return the name of the data file of shape number `shape`."""
    return f"{shape}.frames"


def checksum(data: memoryview | bytes) -> int:
    """Return the CRC-32 of a frame's bytes."""
    return isal_zlib.crc32(data)


def write_all(file: int, data: bytes | memoryview, at: int) -> None:
    """Write all of `data` at offset `at`; raises OSError (a full disk) with nothing promised about the file."""
    view = memoryview(data).cast("B")
    while view:
        written = os.pwrite(file, view, at)
        view, at = view[written:], at + written


def create(directory: Path, shapes: list[Shape | None]) -> None:
    """Make the files for one frame per item of `shapes` (None: it will never have pixels); raises OSError.

    The table is written out, so that marking a frame needs no more room; data files are sparse at full size.
    """
    distinct = tuple(dict.fromkeys(shape for shape in shapes if shape is not None))
    layout = Layout(len(shapes), distinct, boot_id())
    numbers = {shape: number for number, shape in enumerate(distinct)}
    entries = np.zeros(len(shapes), ENTRY)
    entries["shape"] = [NO_SHAPE if shape is None else numbers[shape] for shape in shapes]
    states = bytes(layout.entries_at - layout.states_at)
    table = os.open(directory / "table", os.O_RDWR | os.O_CREAT | os.O_EXCL, 0o600)
    try:
        write_all(table, layout.header() + states + entries.tobytes(), 0)
    finally:
        os.close(table)
    for number, shape in enumerate(distinct):
        data = os.open(directory / data_name(number), os.O_RDWR | os.O_CREAT | os.O_EXCL, 0o600)
        try:
            os.ftruncate(data, shape.frame_bytes * int((entries["shape"] == number).sum()))
        finally:
            os.close(data)


class FrameFiles:
    """The writing side, owned by the store process; every method may be called from any thread."""

    def __init__(self, directory: Path) -> None:
        """Open the files of `directory`; frames from before a reboot are to be verified. Raises BadTable, OSError."""
        self.lock = threading.Lock()
        self.directory = directory
        self.table = os.open(directory / "table", os.O_RDWR | os.O_NOFOLLOW)
        self.data: list[int] = []
        try:
            content = os.pread(self.table, os.fstat(self.table).st_size, 0)
            self.layout = Layout.parse(content, len(content))
            self.states = bytearray(content[self.layout.states_at : self.layout.states_at + self.layout.count])
            self.entries = np.frombuffer(content, ENTRY, self.layout.count, self.layout.entries_at).copy()
            for number, shape in enumerate(self.layout.shapes):
                self.data.append(os.open(directory / data_name(number), os.O_RDWR | os.O_NOFOLLOW))
                slots = int((self.entries["shape"] == number).sum())
                if os.fstat(self.data[number]).st_size != slots * shape.frame_bytes:
                    raise BadTable("a data file doesn't have its size")
            self.recover()
        except BaseException:
            self.close()
            raise

    def recover(self) -> None:
        """Bring states that an earlier process left behind in order, and list the free slots."""
        after_reboot = self.layout.boot != boot_id()
        for frame, state in enumerate(self.states):
            if state == PRESENT and after_reboot:
                self.put(frame, UNVERIFIED)
            elif state not in (ABSENT, PRESENT, UNVERIFIED):
                self.put(frame, ABSENT)
        if after_reboot:
            self.layout = Layout(self.layout.count, self.layout.shapes, boot_id())
            write_all(self.table, self.layout.header(), 0)
        self.unverified = {frame for frame, state in enumerate(self.states) if state == UNVERIFIED}
        self.free: list[list[int]] = []
        states = np.frombuffer(bytes(self.states), np.uint8)
        for number in range(len(self.layout.shapes)):
            mine = self.entries["shape"] == number
            taken = set(self.entries["slot"][mine & ((states == PRESENT) | (states == UNVERIFIED))].tolist())
            self.free.append([slot for slot in range(int(mine.sum()) - 1, -1, -1) if slot not in taken])

    def close(self) -> None:
        """Close the files; what is mapped elsewhere stays mapped."""
        for file in (self.table, *self.data):
            if file >= 0:
                os.close(file)
        self.table, self.data = -1, []

    def shape(self, frame: int) -> Shape | None:
        """Return the shape of a frame, None when its instance has no pixels that can be stored."""
        number = int(self.entries["shape"][frame])
        return None if number == NO_SHAPE else self.layout.shapes[number]

    def put(self, frame: int, state: int) -> None:
        """Write a state byte; the caller holds the lock or is alone."""
        write_all(self.table, bytes((state,)), self.layout.states_at + frame)
        self.states[frame] = state

    def mark(self, frame: int, state: int) -> None:
        """Mark a frame that isn't present as `state` (anything but PRESENT, which only `write` and `verify` give)."""
        if state == PRESENT:
            raise ValueError("only a written frame is present")
        with self.lock:
            if self.states[frame] != PRESENT:
                self.put(frame, state)

    def claim(self, frame: int, *, failed: bool = False) -> bool:
        """Mark a frame as on its way; False when it is already, or is there, or has failed (unless `failed` may be)."""
        with self.lock:
            if self.states[frame] in (PRESENT, QUEUED) or (self.states[frame] == FAILED and not failed):
                return False
            self.put(frame, QUEUED)
            return True

    def write(self, frame: int, array: np.ndarray) -> None:
        """Store the decoded frame, then its checksum, then mark it present; raises OSError when there is no room."""
        shape = self.shape(frame)
        if shape is None or array.shape != shape.array_shape or array.dtype != np.dtype(shape.dtype):
            raise ValueError(f"frame {frame} is {array.shape} {array.dtype}, not {shape}")
        content = np.ascontiguousarray(array).data.cast("B")
        number = int(self.entries["shape"][frame])
        with self.lock:
            if self.states[frame] == PRESENT:
                return
            slot = self.free[number].pop()
        try:
            write_all(self.data[number], content, slot * shape.frame_bytes)
            entry = np.array([(number, slot, checksum(content), 0)], ENTRY)
            with self.lock:
                write_all(self.table, entry.tobytes(), self.layout.entries_at + frame * ENTRY.itemsize)
                self.entries[frame] = entry[0]
                self.put(frame, PRESENT)
        except BaseException:
            with self.lock:
                self.free[number].append(slot)
            raise

    def verify(self, frame: int) -> bool:
        """Say whether a frame from before a reboot is whole, and if so mark it present; else its slot is free again."""
        with self.lock:
            if frame not in self.unverified:
                return self.states[frame] == PRESENT
            self.unverified.discard(frame)
        entry = self.entries[frame]
        number, slot = int(entry["shape"]), int(entry["slot"])
        size = self.layout.shapes[number].frame_bytes
        content = os.pread(self.data[number], size, slot * size)
        whole = len(content) == size and checksum(content) == int(entry["checksum"])
        with self.lock:
            if whole:
                self.put(frame, PRESENT)
            else:
                self.free[number].append(slot)
        return whole
