"""Files read in a process of their own give what they give in this one; one that ends its reader costs itself."""

import os
import signal
import struct
from pathlib import Path

import pytest

from tests.archive import examples
from viewer.archive import FolderArchive, apart
from viewer.archive.port import ScanReport
from viewer.archive.rooted import Rooted
from viewer.archive.scan import stamp


@pytest.fixture
def images(tmp_path: Path) -> Path:
    (tmp_path / "in").mkdir()
    return tmp_path / "in"


def scanned(folder: Path, state: Path, *, alone: bool) -> tuple[ScanReport, dict[str, bytes]]:
    """Return what a scan reports and the metadata of each series."""
    archive = FolderArchive("main", folder, state=state, apart=alone)
    report = archive.scan(settle=0)
    found = {}
    for study in sorted(report.changed_studies):
        for series in archive.search_series(study):
            uid = series["0020000E"]["Value"][0]
            found[uid] = archive.series_metadata(study, uid)
    if archive._reader is not None:
        archive._reader.stop()
    return report, found


def test_what_is_read_apart_is_what_is_read_here(images: Path, tmp_path: Path) -> None:
    examples.write(images)
    (images / "words.txt").write_text("no DICOM")
    here, apart_from_here = (scanned(images, tmp_path / name, alone=name == "apart") for name in ("here", "apart"))
    assert here[1] == apart_from_here[1] and len(here[1]) > 2
    assert (here[0].instances, here[0].skipped) == (apart_from_here[0].instances, apart_from_here[0].skipped)


def many_items(count: int) -> bytes:
    """Return a file whose header is a sequence of empty items: eight bytes each, and a thousand when parsed."""
    head = b"\0" * 128 + b"DICM\x02\0\x10\0UI\x14\x001.2.840.10008.1.2.1\0"
    item = b"\xfe\xff\0\xe0" + struct.pack("<L", 0)
    return head + b"\x08\0\x40\x11SQ\0\0\xff\xff\xff\xff" + item * count + b"\xfe\xff\xdd\xe0\0\0\0\0"


def test_a_file_that_wants_more_memory_than_there_is_costs_itself(images: Path, tmp_path: Path) -> None:
    examples.write(images)
    (images / "bomb.dcm").write_bytes(many_items(3_000_000))
    report, found = scanned(images, tmp_path / "state", alone=True)
    (skipped,) = report.skipped
    assert skipped.path == "bomb.dcm" and ("memory" in skipped.reason.lower() or "given up" in skipped.reason)
    assert report.instances > 5 and found


def test_a_reader_that_was_ended_is_begun_anew_and_one_that_hangs_is_given_up(
    images: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    examples.write(images)
    rooted = Rooted(images)
    found = next(rooted.walk())
    assert found.status is not None
    key, now = (0, found.path), stamp(found.status)
    reader = apart.Reader("folder:main")
    (row,) = reader.read(key, rooted, now)
    assert row.uids and row.header
    process = reader._begun()
    os.kill(process.pid, signal.SIGKILL)
    assert reader.read(key, rooted, now)[0].uids == row.uids
    monkeypatch.setattr(apart, "WALL_SECONDS", 0.5)
    os.kill(reader._begun().pid, signal.SIGSTOP)
    (given_up,) = reader.read(key, rooted, now)
    assert given_up.uids is None and "given up" in str(given_up.reason)
    monkeypatch.undo()
    assert reader.read(key, rooted, now)[0].uids == row.uids
    reader.stop()


def test_the_reader_lives_under_limits_and_ends_with_whoever_began_it(images: Path) -> None:
    examples.write(images)
    rooted = Rooted(images)
    found = next(rooted.walk())
    assert found.status is not None
    reader = apart.Reader("folder:main")
    reader.read((0, found.path), rooted, stamp(found.status))
    process = reader._begun()
    lines = Path(f"/proc/{process.pid}/limits").read_text().splitlines()
    soft = {line[:26].strip(): line[26:47].strip() for line in lines[1:]}
    assert soft["Max address space"] == str(apart.MEMORY_BYTES)
    assert soft["Max core file size"] == "0"
    assert 10 <= int(soft["Max cpu time"]) <= 13
    assert process.stdin is not None
    process.stdin.close()
    assert process.wait(20) == 0
