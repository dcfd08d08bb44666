"""A frame is in its file, whole and marked, or it isn't there at all."""

import errno
import os
import resource
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from viewer.store import frames
from viewer.store.frames import BadTable, FrameFiles, NotPresent, Shape
from viewer.store.mapped import MappedFrames

SHAPE = Shape(8, 16, 1, "int16")
COLOUR = Shape(4, 4, 3, "uint8")


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    frames.create(tmp_path, [SHAPE, None, SHAPE, COLOUR, SHAPE])
    return tmp_path


def values(seed: int, shape: Shape = SHAPE) -> np.ndarray:
    return np.random.default_rng(seed).integers(1, 100, shape.array_shape).astype(shape.dtype)


def test_frames_come_back_as_they_were_written_whatever_the_order(folder: Path) -> None:
    files, mapped = FrameFiles(folder), MappedFrames(folder)
    for place in (4, 0, 2):
        files.write(place, values(place))
    files.write(3, values(3, COLOUR))
    for place in (0, 2, 4):
        assert np.array_equal(mapped.array(place), values(place))
    assert np.array_equal(mapped.array(3), values(3, COLOUR))
    assert mapped.states() == bytes((1, 0, 1, 1, 1))


def test_what_is_mapped_cannot_be_written_to(folder: Path) -> None:
    files, mapped = FrameFiles(folder), MappedFrames(folder)
    files.write(0, values(0))
    with pytest.raises(ValueError, match="read-only"):
        mapped.array(0)[0, 0] = 1


def test_a_hole_is_never_read(folder: Path) -> None:
    mapped = MappedFrames(folder)
    for place in range(5):
        with pytest.raises(NotPresent):
            mapped.array(place)
    with pytest.raises(IndexError):
        mapped.array(5)


def test_a_volume_is_the_file_itself_with_the_slots_of_its_slices(folder: Path) -> None:
    files, mapped = FrameFiles(folder), MappedFrames(folder)
    with pytest.raises(NotPresent):
        mapped.volume([0, 2, 4])
    files.write(4, values(4))
    files.write(0, values(0))
    stored, slots = mapped.volume([4, -1, 2, 0])
    assert stored.shape[1:] == (8, 16) and not stored.flags.writeable and not stored.flags.owndata
    assert [slot >= 0 for slot in slots] == [True, False, False, True]
    assert np.array_equal(stored[slots[0]], values(4)) and np.array_equal(stored[slots[3]], values(0))
    files.write(3, values(3, COLOUR))
    with pytest.raises(NotPresent):
        mapped.volume([0, 3])
    stored, slots = mapped.volume([3])
    assert stored.shape[1:] == values(3, COLOUR).shape and np.array_equal(stored[slots[0]], values(3, COLOUR))


def test_a_frame_of_another_shape_or_type_is_refused(folder: Path) -> None:
    files = FrameFiles(folder)
    for wrong in (values(0).T, values(0).astype(np.uint16), np.zeros((8, 15), np.int16)):
        with pytest.raises(ValueError, match="frame 0"):
            files.write(0, wrong)
    assert files.states[0] == frames.ABSENT


def test_frames_survive_the_death_of_the_writer_but_not_what_was_under_way(folder: Path) -> None:
    before = FrameFiles(folder)
    before.write(0, values(0))
    before.mark(2, frames.QUEUED)
    after = FrameFiles(folder)
    assert bytes(after.states) == bytes((1, 0, 0, 0, 0))
    after.write(2, values(2))
    assert np.array_equal(MappedFrames(folder).array(0), values(0))


def test_after_a_reboot_a_frame_is_shown_only_when_its_checksum_is_right(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    files = FrameFiles(folder)
    files.write(0, values(0))
    files.write(2, values(2))
    os.pwrite(files.data[0], b"torn", int(files.entries["slot"][2]) * SHAPE.frame_bytes)
    files.close()
    monkeypatch.setattr(frames, "boot_id", lambda: "another boot")
    files, mapped = FrameFiles(folder), MappedFrames(folder)
    assert mapped.states() == bytes(5)
    assert files.verify(0)
    assert not files.verify(2)
    assert np.array_equal(mapped.array(0), values(0))
    assert not mapped.present(2)
    files.write(2, values(2))
    files.write(4, values(4))
    assert [np.array_equal(mapped.array(place), values(place)) for place in (0, 2, 4)] == [True] * 3


def test_a_frame_waiting_for_its_checksum_stays_unverified_over_a_second_start(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    FrameFiles(folder).write(0, values(0))
    monkeypatch.setattr(frames, "boot_id", lambda: "another boot")
    FrameFiles(folder).close()
    files = FrameFiles(folder)
    assert not MappedFrames(folder).present(0)
    assert files.verify(0)


@pytest.mark.parametrize("cut", [0, 1, 30, 63, 64, 80, 150])
def test_a_table_cut_short_is_no_table(folder: Path, cut: int) -> None:
    content = (folder / "table").read_bytes()
    (folder / "table").write_bytes(content[:cut])
    with pytest.raises(BadTable):
        FrameFiles(folder)
    with pytest.raises(BadTable):
        MappedFrames(folder)


def test_a_data_file_of_the_wrong_size_is_not_mapped(folder: Path) -> None:
    os.truncate(folder / frames.data_name(0), 10)
    with pytest.raises(BadTable):
        FrameFiles(folder)
    with pytest.raises(BadTable):
        MappedFrames(folder)


def test_unlinked_files_stay_readable_for_who_has_them_mapped(folder: Path) -> None:
    files, mapped = FrameFiles(folder), MappedFrames(folder)
    files.write(0, values(0))
    for each in folder.iterdir():
        each.unlink()
    assert np.array_equal(mapped.array(0), values(0))


def test_what_could_not_be_written_whole_is_not_there_and_its_slot_is_free_again(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    files, mapped = FrameFiles(folder), MappedFrames(folder)
    real = os.pwrite
    room = [100]

    def short_of_room(file: int, data: bytes, at: int) -> int:
        if file != files.data[0]:
            return real(file, data, at)
        if not room[0]:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        written = real(file, data[: room[0]], at)
        room[0] -= written
        return written

    monkeypatch.setattr(os, "pwrite", short_of_room)
    with pytest.raises(OSError, match="No space"):
        files.write(0, values(0))
    assert not mapped.present(0)
    room[0] = 10**6
    for place in (0, 2, 4):
        files.write(place, values(place))
    assert np.array_equal(mapped.array(0), values(0))


FILL = """
import sys, numpy as np
from pathlib import Path
from viewer.store import frames
folder = Path(sys.argv[1])
shape = frames.Shape(512, 512, 1, "uint16")
frames.create(folder, [shape] * 40)
files = frames.FrameFiles(folder)
written = 0
for place in range(40):
    try:
        files.write(place, np.full((512, 512), place + 1, np.uint16))
        written += 1
    except OSError as error:
        print(error.errno, end=" ")
        break
print(written)
"""


def test_on_a_really_full_disk_the_frames_written_are_right_and_the_others_absent(tmp_path: Path) -> None:
    """A tmpfs of 4 MiB takes 7 of 40 frames of 512 KiB."""
    disk = tmp_path / "disk"
    disk.mkdir()
    mounted = subprocess.run(["mount", "-t", "tmpfs", "-o", "size=4m", "tmpfs", disk], capture_output=True)
    if mounted.returncode:
        pytest.skip("mounting a small disk isn't allowed here")
    try:
        done = subprocess.run([sys.executable, "-c", FILL, disk], capture_output=True, text=True, check=True)
        code, written = map(int, done.stdout.split())
        assert code == errno.ENOSPC
        assert written == 7
        mapped = MappedFrames(disk)
        assert mapped.states() == b"\1" * written + bytes(40 - written)
        assert all((mapped.array(place) == place + 1).all() for place in range(written))
        del mapped
    finally:
        subprocess.run(["umount", "-l", disk], check=True)


def test_a_file_size_limit_is_an_error_and_not_the_end(tmp_path: Path) -> None:
    """Where no disk can be mounted, the kernel's file size limit is the nearest thing to a full one."""
    limit = "import resource, signal; signal.signal(signal.SIGXFSZ, signal.SIG_IGN);"
    limit += f"resource.setrlimit(resource.RLIMIT_FSIZE, ({1 << 20}, {resource.RLIM_INFINITY}))\n"
    done = subprocess.run([sys.executable, "-c", limit + FILL, tmp_path], capture_output=True, text=True)
    assert "OSError" in done.stderr
    assert "File too large" in done.stderr
