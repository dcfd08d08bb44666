"""The folder archive on what folders hold in life: half-written, hostile, doubled and vanished files."""

import json
import os
import subprocess
import sys
import time
import warnings
import zlib
from io import BytesIO
from pathlib import Path

import pydicom
import pytest
from pydicom.dataset import Dataset
from pydicom.filebase import DicomBytesIO
from pydicom.filewriter import write_file_meta_info
from pydicom.uid import DeflatedExplicitVRLittleEndian, ExplicitVRBigEndian

from tests.archive.examples import CHEST, CT_SERIES, LATER, LATER_SERIES, examples, image, write
from viewer.archive import Changed, FolderArchive, NotThere, Unreachable
from viewer.archive import folder as folder_module
from viewer.archive.port import ScanReport
from viewer.archive.rooted import Rooted

LATER_FILE = ("later/1.dcm", LATER, LATER_SERIES, f"{LATER_SERIES}.1")


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "in").mkdir()
    return tmp_path / "in"


@pytest.fixture
def archive(folder: Path, tmp_path: Path) -> FolderArchive:
    return FolderArchive("main", folder, state=tmp_path / "state")


def put(folder: Path, name: str, data_set: Dataset) -> Path:
    path = folder / name
    path.parent.mkdir(parents=True, exist_ok=True)
    data_set.save_as(path, enforce_file_format=True)
    return path


def reasons(report: ScanReport) -> dict[str, str]:
    return {skipped.path: skipped.reason for skipped in report.skipped}


def test_a_file_is_left_alone_until_it_has_stood_still(folder: Path, archive: FolderArchive) -> None:
    put(folder, "1.dcm", examples()["later/1.dcm"])
    first = archive.scan(settle=1.0)
    assert (first.instances, first.waiting) == (0, 1)
    time.sleep(1.1)
    second = archive.scan(settle=1.0)
    assert (second.instances, second.waiting) == (1, 0)


def test_a_clock_that_is_wrong_hides_no_file_for_ever(folder: Path, archive: FolderArchive) -> None:
    path = put(folder, "1.dcm", examples()["later/1.dcm"])
    os.utime(path, (time.time() + 9999, time.time() + 9999))
    assert archive.scan(settle=0.2).waiting == 1
    time.sleep(0.3)
    assert archive.scan(settle=0.2).instances == 1


def test_only_what_changed_is_read_again(folder: Path, archive: FolderArchive) -> None:
    write(folder)
    assert archive.scan(settle=0).added == 9
    again = archive.scan(settle=0)
    assert (again.added, again.changed, again.removed, again.changed_studies) == (0, 0, 0, frozenset())
    changed = examples()["later/1.dcm"]
    changed.PatientName = "Mueller^Jorgen"  # as long as before
    path = folder / "later/1.dcm"
    before = path.stat()
    put(folder, "later/1.dcm", changed)
    os.utime(path, ns=(before.st_atime_ns, before.st_mtime_ns))
    report = archive.scan(settle=0)
    assert (report.changed, report.changed_studies) == (1, frozenset({LATER}))
    (study,) = archive.search_studies(StudyInstanceUID=LATER)
    assert study["00100010"]["Value"] == [{"Alphabetic": "Mueller^Jorgen"}]


def test_what_is_deleted_goes_and_takes_its_study_along(folder: Path, archive: FolderArchive) -> None:
    write(folder)
    archive.scan(settle=0)
    (folder / "later/1.dcm").unlink()
    report = archive.scan(settle=0)
    assert (report.removed, report.changed_studies) == (1, frozenset({LATER}))
    assert archive.search_studies(StudyInstanceUID=LATER) == []
    with pytest.raises(NotThere):
        archive.series_metadata(LATER, LATER_SERIES)


def test_a_folder_that_cannot_be_read_deletes_nothing(
    folder: Path, archive: FolderArchive, monkeypatch: pytest.MonkeyPatch
) -> None:
    write(folder)
    archive.scan(settle=0)
    descend = Rooted._descend

    def refused(self: Rooted, folders: tuple[bytes, ...]) -> int:
        if folders and folders[0] == b"later":
            raise PermissionError(13, "Permission denied")
        return descend(self, folders)

    monkeypatch.setattr(Rooted, "_descend", refused)
    report = archive.scan(settle=0)
    assert report.removed == 0
    assert reasons(report) == {"later": "not readable"}
    assert archive.search_studies(StudyInstanceUID=LATER)
    monkeypatch.undo()
    assert archive.scan(settle=0).skipped == ()


def test_a_root_that_is_gone_deletes_nothing(folder: Path, archive: FolderArchive) -> None:
    write(folder)
    archive.scan(settle=0)
    folder.rename(folder.with_name("away"))
    with pytest.raises(NotThere):
        archive.scan(settle=0)
    folder.with_name("away").rename(folder)
    assert archive.scan(settle=0).removed == 0
    assert len(archive.search_studies()) == 4


def test_a_file_that_changed_since_the_scan_is_not_read_as_the_old_one(folder: Path, archive: FolderArchive) -> None:
    name, study, series, instance = LATER_FILE
    put(folder, name, examples()[name])
    archive.scan(settle=0)
    other = examples()["chest/ct/1.dcm"]
    put(folder, name, other)
    with pytest.raises(Unreachable):
        list(archive.frames(study, series, instance, [1]))
    with pytest.raises(Unreachable):
        archive.instance(study, series, instance)


def test_links_and_special_files_are_listed_and_never_followed(
    folder: Path, archive: FolderArchive, tmp_path: Path
) -> None:
    outside = put(tmp_path, "outside/1.dcm", examples()["later/1.dcm"])
    (folder / "link.dcm").symlink_to(outside)
    (folder / "links").symlink_to(outside.parent)
    os.mkfifo(folder / "pipe")
    report = archive.scan(settle=0)
    assert report.instances == 0
    assert set(reasons(report)) == {"link.dcm", "links", "pipe"}


def test_a_folder_swapped_for_a_link_after_the_scan_is_not_followed(
    folder: Path, archive: FolderArchive, tmp_path: Path
) -> None:
    name, study, series, instance = LATER_FILE
    path = put(folder, name, examples()[name])
    archive.scan(settle=0)
    path.parent.rename(tmp_path / "moved")
    path.parent.symlink_to(tmp_path / "moved")
    with pytest.raises(NotThere):
        archive.instance(study, series, instance)


def test_what_is_no_dicom_object_is_listed_with_its_reason(folder: Path, archive: FolderArchive) -> None:
    (folder / "photo.jpg").write_bytes(b"\xff\xd8\xff\xe0" + b"\0" * 500)
    (folder / "empty").write_bytes(b"")
    (folder / "noise.dcm").write_bytes(b"\0" * 128 + b"DICM" + os.urandom(500))
    (folder / "name \udcff\udcfe.txt").write_bytes(b"text")
    nameless = examples()["later/1.dcm"]
    del nameless.StudyInstanceUID
    put(folder, "nameless.dcm", nameless)
    hostile = put(folder, "hostile.dcm", examples()["later/1.dcm"])
    hostile.write_bytes(hostile.read_bytes().replace(LATER_SERIES.encode(), (b"../" * 20)[: len(LATER_SERIES)]))
    report = archive.scan(settle=0)
    found = reasons(report)
    assert report.instances == 0
    assert found["photo.jpg"].startswith("damaged picture")
    assert found["empty"] == "no DICOM header"
    assert found["nameless.dcm"] == "no DICOM identity: Study Instance UID missing or not valid"
    assert found["hostile.dcm"].startswith("no DICOM identity: Series Instance UID, SOP Instance")
    assert len(found) == 6
    assert "Müller" not in str(report) and "M-1" not in str(report)


def test_a_file_without_preamble_and_meta_is_read_and_given_out_whole(folder: Path, archive: FolderArchive) -> None:
    name, study, series, instance = LATER_FILE
    path = put(folder, name, examples()[name])
    whole = path.read_bytes()
    start = 132 + 12 + int.from_bytes(whole[140:144], "little")
    path.write_bytes(whole[start:])
    assert archive.scan(settle=0).instances == 1
    (frame,) = archive.frames(study, series, instance, [1])
    assert frame.data == image(9).tobytes()
    given = pydicom.dcmread(BytesIO(archive.instance(study, series, instance)))
    assert given.file_meta.MediaStorageSOPInstanceUID == instance
    assert given.PatientName == "Müller^Jürgen"


def test_deflated_and_big_endian_files_give_their_pixels(folder: Path, archive: FolderArchive) -> None:
    deflated = examples()["chest/ct/1.dcm"]
    deflated.file_meta.TransferSyntaxUID = DeflatedExplicitVRLittleEndian
    put(folder, "1.dcm", deflated)
    swapped = examples()["chest/ct/2.dcm"]
    swapped.file_meta.TransferSyntaxUID = ExplicitVRBigEndian
    swapped.PixelData = image(2).byteswap().tobytes()
    put(folder, "2.dcm", swapped)
    assert archive.scan(settle=0).instances == 2
    (frame,) = archive.frames(CHEST, CT_SERIES, f"{CT_SERIES}.1", [1])
    assert frame.data == image(1).tobytes()
    (frame,) = archive.frames(CHEST, CT_SERIES, f"{CT_SERIES}.2", [1])
    assert (frame.data, frame.transfer_syntax) == (image(2).byteswap().tobytes(), ExplicitVRBigEndian)


def test_a_deflated_bomb_is_refused_quickly_and_small(folder: Path, archive: FolderArchive) -> None:
    meta = examples()["later/1.dcm"].file_meta
    meta.TransferSyntaxUID = DeflatedExplicitVRLittleEndian
    head = DicomBytesIO()
    write_file_meta_info(head, meta, enforce_standard=True)
    squeeze = zlib.compressobj(9, zlib.DEFLATED, -zlib.MAX_WBITS)
    bomb = b"".join(squeeze.compress(b"\0" * (1 << 20)) for _ in range(1024)) + squeeze.flush()
    assert len(bomb) < 2 << 20
    (folder / "bomb.dcm").write_bytes(b"\0" * 128 + b"DICM" + head.getvalue() + bomb)
    started = time.process_time()
    report = archive.scan(settle=0)
    assert time.process_time() - started < 5
    assert reasons(report) == {"bomb.dcm": "The deflated data set grows beyond what is allowed."}


def test_sequences_nested_without_end_cost_one_file_and_no_scan(folder: Path, archive: FolderArchive) -> None:
    name = LATER_FILE[0]
    good = put(folder, name, examples()[name])
    implicit = good.read_bytes()
    start = 132 + 12 + int.from_bytes(implicit[140:144], "little")
    opening = bytes.fromhex("08004011ffffffff") + bytes.fromhex("feff00e0ffffffff")
    (folder / "nested.dcm").write_bytes(implicit[:start] + opening * 5000)
    report = archive.scan(settle=0)
    assert report.instances == 1
    assert reasons(report)["nested.dcm"] == "Sequences nested too deeply."


def test_a_frame_cut_short_is_an_error_and_never_a_short_frame(folder: Path, archive: FolderArchive) -> None:
    name, study, series, instance = LATER_FILE
    path = put(folder, name, examples()[name])
    path.write_bytes(path.read_bytes()[:-10])
    archive.scan(settle=0)
    with pytest.raises(Exception, match="cut short"):
        list(archive.frames(study, series, instance, [1]))


def test_files_with_one_identity_and_different_content_are_reported(folder: Path, archive: FolderArchive) -> None:
    one = examples()["later/1.dcm"]
    put(folder, "a/1.dcm", one)
    put(folder, "same/1.dcm", one)
    assert archive.scan(settle=0).conflicts == ()
    one.PatientName = "Somebody^Else"
    put(folder, "b/1.dcm", one)
    (conflict,) = archive.scan(settle=0).conflicts
    assert (conflict.uid, conflict.paths) == (one.SOPInstanceUID, ("a/1.dcm", "b/1.dcm", "same/1.dcm"))
    (study,) = archive.search_studies()
    assert study["00100010"]["Value"] == [{"Alphabetic": "Müller^Jürgen"}]
    assert study["00201208"]["Value"] == [1]
    (folder / "a/1.dcm").unlink()
    archive.scan(settle=0)
    (study,) = archive.search_studies()
    assert study["00100010"]["Value"] == [{"Alphabetic": "Somebody^Else"}]


@pytest.mark.parametrize("uid", ["....", "1..2", ".1", "1."])
def test_dots_are_no_identity(folder: Path, archive: FolderArchive, uid: str) -> None:
    data_set = examples()["chest/ct/1.dcm"]
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        data_set.StudyInstanceUID = uid
        put(folder, "1.dcm", data_set)
    assert "Study Instance UID" in reasons(archive.scan(settle=0))["1.dcm"]


def test_one_study_of_two_patients_is_reported(folder: Path, archive: FolderArchive) -> None:
    put(folder, "1.dcm", examples()["chest/ct/1.dcm"])
    other = examples()["chest/ct/2.dcm"]
    other.PatientID = "M-2"
    put(folder, "2.dcm", other)
    (conflict,) = archive.scan(settle=0).conflicts
    assert conflict.uid == CHEST and "different patients" in conflict.words


def test_storing_never_writes_into_the_folder_and_refuses_another_object_of_the_same_name(
    folder: Path, archive: FolderArchive
) -> None:
    data_set = examples()["later/1.dcm"]
    held = BytesIO()
    data_set.save_as(held, enforce_file_format=True)
    assert archive.store([held.getvalue()])[0].stored
    data_set.PatientName = "Somebody^Else"
    other = BytesIO()
    data_set.save_as(other, enforce_file_format=True)
    assert not archive.store([other.getvalue()])[0].stored
    assert list(folder.rglob("*")) == []
    report = archive.scan(settle=0)
    assert (report.instances, report.added, report.removed) == (1, 0, 0)
    assert len(archive.search_studies()) == 1


def test_a_damaged_index_is_made_anew(folder: Path, archive: FolderArchive, tmp_path: Path) -> None:
    write(folder)
    archive.scan(settle=0)
    (tmp_path / "state/index/main.sqlite").write_bytes(b"this was an index" * 1000)
    (tmp_path / "state/index/main.sqlite-wal").unlink(missing_ok=True)
    again = FolderArchive("main", folder, state=tmp_path / "state")
    assert again.scan(settle=0).added == 9


def test_another_folder_under_the_same_name_starts_an_index_of_its_own(
    folder: Path, archive: FolderArchive, tmp_path: Path
) -> None:
    write(folder)
    archive.scan(settle=0)
    (tmp_path / "other").mkdir()
    assert FolderArchive("main", tmp_path / "other", state=tmp_path / "state").search_studies() == []


SCANNER = """
import sys
from pathlib import Path
from viewer.archive import FolderArchive
archive = FolderArchive("main", Path(sys.argv[1]), state=Path(sys.argv[2]))
print(archive.scan(settle=0).instances)
"""


def test_a_thousand_files_and_two_processes_at_once(folder: Path, archive: FolderArchive, tmp_path: Path) -> None:
    ct = examples()["chest/ct/1.dcm"]
    for number in range(1000):
        ct.SOPInstanceUID = ct.file_meta.MediaStorageSOPInstanceUID = f"{CT_SERIES}.{number + 1}"
        put(folder, f"{number:04}.dcm", ct)
    command = [sys.executable, "-c", SCANNER, str(folder), str(tmp_path / "state")]
    started = time.monotonic()
    scanners = [subprocess.Popen(command, stdout=subprocess.PIPE, text=True) for _ in range(2)]
    found = [int(scanner.communicate(timeout=120)[0]) for scanner in scanners]
    assert found == [1000, 1000]
    assert time.monotonic() - started < 60
    assert archive.scan(settle=0).added == 0
    assert len(json.loads(archive.series_metadata(CHEST, CT_SERIES))) == 1000
    (study,) = archive.search_studies()
    assert study["00201208"]["Value"] == [1000]


def test_another_state_of_a_file_is_another_revision_and_its_frames_no_longer_the_old_ones(
    folder: Path, archive: FolderArchive
) -> None:
    name, study, series, instance = LATER_FILE
    path = put(folder, name, examples()[name])
    archive.scan(settle=0)
    before = archive.revisions(study, series)
    assert list(archive.frames(study, series, instance, [1], revision=before[instance]))
    header = archive.series_metadata(study, series)
    content = path.read_bytes()
    path.write_bytes(content[:-1] + bytes((content[-1] ^ 1,)))
    archive.scan(settle=0)
    assert archive.series_metadata(study, series) == header
    after = archive.revisions(study, series)
    assert set(after) == set(before) and after != before
    with pytest.raises(Changed):
        list(archive.frames(study, series, instance, [1], revision=before[instance]))
    assert list(archive.frames(study, series, instance, [1], revision=after[instance]))


def test_a_file_written_over_while_its_frames_are_read_ends_the_reading(
    folder: Path, archive: FolderArchive, monkeypatch: pytest.MonkeyPatch
) -> None:
    name, study, series, instance = LATER_FILE
    put(folder, name, examples()[name])
    archive.scan(settle=0)

    def overwritten(*how: object) -> object:
        with (folder / name).open("ab") as target:
            target.write(b"\0")
        return cut(*how)  # type: ignore[arg-type]

    cut = folder_module.frame
    monkeypatch.setattr(folder_module, "frame", overwritten)
    with pytest.raises(Changed):
        list(archive.frames(study, series, instance, [1]))
