"""Native slides in a folder: a virtual DICOM series, its tiles as they lie in the file, and what hostile files get."""

import io
import json
import struct
import time
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import tifffile
from openslide import OpenSlide
from PIL import Image

from tests import slides
from tests.archive.examples import examples
from tests.imaging.datasets import folder
from viewer.archive import ArchiveError, FolderArchive, native
from viewer.archive.native import BY_OPENSLIDE, JPEG_BASELINE
from viewer.imaging.jpegmarkers import ADOBE_RGB, inserted
from viewer.imaging.pixels import PixelFormat
from viewer.imaging.record import Instance, instances
from viewer.imaging.slide import Slide
from viewer.imaging.slide import slides as slides_of
from viewer.store.vendor import region

WHOLE = slides.picture(600, 400)
APERIO = (
    "Aperio Image Library v11.2.1 \r\n600x400 (128x128) JPEG/RGB Q=90"
    "|AppMag = 20|MPP = 0.5|Date = 03/31/24|Time = 10:20:30"
)
IDENTITY = {
    "00100010": {"vr": "PN", "Value": [{"Alphabetic": "Glass^Greta"}]},
    "00100020": {"vr": "LO", "Value": ["G1"]},
    "00080050": {"vr": "SH", "Value": ["P24-7"]},
    "00080020": {"vr": "DA", "Value": ["20240401"]},
    "00400512": {"vr": "LO", "Value": ["P24-7-A1"]},
}


def svs(path: Path, *, compression: str = "jpeg", levels: int = 2, description: str = APERIO, **more: Any) -> Path:
    """Write a slide of tiles of 128 pixels, full size and halves, as Aperio does; return its path."""
    arguments = {"outcolorspace": "rgb", "level": 95} if compression == "jpeg" else None
    with tifffile.TiffWriter(path) as out:
        for number in range(levels):
            whole = np.ascontiguousarray(WHOLE[:: 4**number, :: 4**number])
            out.write(
                whole, tile=(128, 128), compression=compression, compressionargs=arguments, photometric="rgb",
                description=description, metadata=None, software=None, **more,
            )  # fmt: skip
    return path


def opened(images: Path, tmp_path: Path) -> FolderArchive:
    found = FolderArchive("main", images, state=tmp_path / "state")
    found.scan(settle=0)
    return found


def only_slide(archive: FolderArchive) -> tuple[Slide, list[Instance]]:
    (study,) = archive.search_studies()
    uid = study["0020000D"]["Value"][0]
    (series,) = archive.search_series(uid)
    listed = instances(archive.series_metadata(uid, series["0020000E"]["Value"][0]))
    (found,), left = slides_of(listed)
    assert left == {}
    return found, listed


def tile(archive: FolderArchive, slide: Slide, level: int, number: int) -> tuple[str, bytes]:
    record = slide.levels[level].instance
    names = (record.StudyInstanceUID or "", record.SeriesInstanceUID or "", record.SOPInstanceUID or "")
    (frame,) = archive.frames(*names, [number])
    return frame.transfer_syntax, frame.data


def pixels(data: bytes, *, rgb: bool = True) -> np.ndarray:
    return np.asarray(Image.open(io.BytesIO(inserted(data, ADOBE_RGB) if rgb else data)).convert("RGB"))


def vendor(path: Path, level: int, column: int, row: int, side: int, scale: float) -> np.ndarray:
    with OpenSlide(path) as slide:
        corner = (round(column * side * scale), round(row * side * scale))
        return np.asarray(slide.read_region(corner, level, (side, side)))


@pytest.fixture
def images(tmp_path: Path) -> Path:
    made = tmp_path / "images"
    made.mkdir()
    return made


def test_a_slide_is_a_series_with_one_image_for_each_level(images: Path, tmp_path: Path) -> None:
    svs(images / "A1.svs")
    slide, listed = only_slide(opened(images, tmp_path))
    assert [(each.columns, each.rows) for each in slide.levels] == [(600, 400), (150, 100)]
    assert slide.spacing == pytest.approx((0.0005, 0.0005), rel=1e-12)
    assert (slide.objective, slide.container, slide.basis) == (20, "A1", "slide")
    assert slide.words == ["no patient identity"]
    assert listed[0].AcquisitionDateTime == "20240331102030"
    assert all((each.SOPInstanceUID or "").startswith("2.25.") for each in listed)


def test_a_server_that_reads_its_files_apart_lists_the_slide_too(images: Path, tmp_path: Path) -> None:
    svs(images / "A1.svs")
    archive = FolderArchive("main", images, state=tmp_path / "state", apart=True)
    report = archive.scan(settle=0)
    assert archive._reader is not None
    archive._reader.stop()
    assert (report.instances, report.skipped) == (2, ())


def test_every_tile_is_the_stored_one_and_decodes_to_what_openslide_reads(images: Path, tmp_path: Path) -> None:
    path = svs(images / "A1.svs")
    archive = opened(images, tmp_path)
    slide, _ = only_slide(archive)
    stored = path.read_bytes()
    for number in range(1, 21):
        syntax, data = tile(archive, slide, 0, number)
        assert syntax == JPEG_BASELINE
        assert data[data.index(b"\xff\xda") :] in stored
        row, column = divmod(number - 1, 5)
        read = vendor(path, 0, column, row, 128, 1)
        inside = read[..., 3] == 255
        assert np.array_equal(pixels(data)[inside], read[..., :3][inside])


def test_levels_that_are_no_jpeg_are_read_by_openslide(images: Path, tmp_path: Path) -> None:
    path = svs(images / "A1.svs", compression="deflate")
    archive = opened(images, tmp_path)
    slide, listed = only_slide(archive)
    form = PixelFormat.of(listed[0])
    for number in (1, 7, 20):
        syntax, data = tile(archive, slide, 0, number)
        assert syntax == BY_OPENSLIDE
        row, column = divmod(number - 1, 5)
        expected = slides.tiles(WHOLE, 128)[number - 1]
        shown = region(data, form)
        high, wide = min(128, 400 - row * 128), min(128, 600 - column * 128)
        assert np.array_equal(shown[:high, :wide], expected[:high, :wide])
        assert (shown[high:] == 255).all()
    path.touch()
    with pytest.raises(ValueError, match="changed since"):
        region(data, form)


def test_a_left_out_tile_is_white(images: Path, tmp_path: Path) -> None:
    path = svs(images / "A1.svs")
    with tifffile.TiffFile(path) as file:
        at = file.pages[0].tags[325].valueoffset  # type: ignore[union-attr]
    data = bytearray(path.read_bytes())
    data[at + 8 : at + 12] = bytes(4)
    path.write_bytes(data)
    archive = opened(images, tmp_path)
    slide, listed = only_slide(archive)
    syntax, job = tile(archive, slide, 0, 3)
    assert syntax == BY_OPENSLIDE
    assert region(job, PixelFormat.of(listed[0])).shape == (128, 128, 3)


@pytest.mark.parametrize("name", ["A1.svs.json", "study.json"])
def test_the_file_beside_a_slide_says_whose_it_is(images: Path, tmp_path: Path, name: str) -> None:
    svs(images / "A1.svs")
    (images / name).write_text(json.dumps([IDENTITY]))
    archive = opened(images, tmp_path)
    slide, listed = only_slide(archive)
    assert (listed[0].PatientID, listed[0].PatientName, listed[0].AccessionNumber) == ("G1", "Glass^Greta", "P24-7")
    assert (slide.container, slide.words) == ("P24-7-A1", [])
    (study,) = archive.search_studies(PatientID="G1")
    assert study["00080020"]["Value"] == ["20240401"]


def test_slides_of_one_case_are_one_study(images: Path, tmp_path: Path) -> None:
    svs(images / "A1.svs")
    svs(images / "A2.svs", levels=1)
    (images / "study.json").write_text(json.dumps({key: value for key, value in IDENTITY.items() if key != "00400512"}))
    archive = opened(images, tmp_path)
    (study,) = archive.search_studies()
    assert len(archive.search_series(study["0020000D"]["Value"][0])) == 2


def test_a_changed_identity_is_read_again_and_one_level_less_leaves_nothing_behind(
    images: Path, tmp_path: Path
) -> None:
    path = svs(images / "A1.svs")
    archive = opened(images, tmp_path)
    assert archive.scan(settle=0).changed == 0
    (images / "A1.svs.json").write_text(json.dumps(IDENTITY))
    assert archive.scan(settle=0).changed == 1
    assert only_slide(archive)[1][0].PatientID == "G1"
    svs(path, levels=1)
    archive.scan(settle=0)
    assert len(only_slide(archive)[0].levels) == 1
    path.unlink()
    archive.scan(settle=0)
    assert archive.search_studies() == []


WRONG = {
    "cut off": "{",
    "of nobody": "[]",
    "no element": '{"00100020": 3}',
    "no UID": '{"0020000D": {"vr": "UI", "Value": ["../x"]}}',
    "dots for a UID": '{"0020000D": {"vr": "UI", "Value": ["...."]}}',
    "a line break after a UID": '{"0020000D": {"vr": "UI", "Value": ["1.2\\n"]}}',
    "an object for a value": '{"00100020": {"vr": "LO", "Value": {"a": 1}}}',
    "a number for a name": '{"00100010": {"vr": "PN", "Value": [5]}}',
    "a number within a name": '{"00100010": {"vr": "PN", "Value": [{"Alphabetic": 5}]}}',
    "a name for an ID": '{"00100020": {"vr": "PN", "Value": [{"Alphabetic": "P1"}]}}',
    "an ID that is a number": '{"00100020": {"vr": "LO", "Value": [5]}}',
    "a VR of three letters": '{"00100020": {"vr": "LOL", "Value": ["P1"]}}',
    "a VR that is none": '{"00100020": {"vr": 7, "Value": ["P1"]}}',
    "a zero byte": '{"00100020": {"vr": "LO", "Value": ["P\\u0000"]}}',
    "a sequence of texts": '{"00400560": {"vr": "SQ", "Value": ["x"]}}',
    "nested without end": '{"00400560": {"vr": "SQ", "Value": [' * 500 + "]}}" * 500,
}


@pytest.mark.parametrize("content", WRONG.values(), ids=WRONG)
def test_no_slide_rather_than_one_of_nobody_knows_whom(images: Path, tmp_path: Path, content: str) -> None:
    svs(images / "A1.svs")
    (images / "A1.svs.json").write_text(content)
    archive = FolderArchive("main", images, state=tmp_path / "state")
    report = archive.scan(settle=0)
    assert archive.search_studies() == []
    assert any("whose patient isn't known" in each.reason for each in report.skipped)


def test_one_file_that_cannot_be_read_stops_no_scan(
    images: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    svs(images / "Glass^Greta.svs")
    svs(images / "good.svs", levels=1)
    whole = native.instances

    def failing(rooted: Any, path: bytes, source: Any) -> Any:
        if b"Greta" in path:
            raise KeyError("Glass^Greta")
        return whole(rooted, path, source)

    monkeypatch.setattr(native, "instances", failing)
    archive = FolderArchive("main", images, state=tmp_path / "state")
    (skipped,) = archive.scan(settle=0).skipped
    assert (skipped.path, skipped.reason) == ("Glass^Greta.svs", "not readable: KeyError")
    assert len(archive.search_studies()) == 1
    assert "KeyError" in caplog.text and "Greta" not in caplog.text


@pytest.mark.parametrize("name", ["1.svs", "z.svs"])
def test_a_slide_never_takes_over_a_study_that_dicom_files_define(images: Path, tmp_path: Path, name: str) -> None:
    dataset = examples()["chest/ct/1.dcm"]
    dataset.save_as(images / "m.dcm", enforce_file_format=True)
    svs(images / name)
    (images / f"{name}.json").write_text(
        json.dumps(IDENTITY | {"0020000D": {"vr": "UI", "Value": [str(dataset.StudyInstanceUID)]}})
    )
    archive = FolderArchive("main", images, state=tmp_path / "state")
    (conflict,) = archive.scan(settle=0).conflicts
    assert conflict.uid == dataset.StudyInstanceUID and "different patients" in conflict.words
    (study,) = archive.search_studies(fields=["PatientComments"])
    assert study["00100020"]["Value"] == [dataset.PatientID]
    assert study["00100010"]["Value"] != IDENTITY["00100010"]["Value"]


def test_an_identity_through_a_link_is_refused(images: Path, tmp_path: Path) -> None:
    svs(images / "A1.svs")
    (tmp_path / "elsewhere.json").write_text(json.dumps(IDENTITY))
    (images / "A1.svs.json").symlink_to(tmp_path / "elsewhere.json")
    assert opened(images, tmp_path).search_studies() == []


def test_no_pitch_means_no_millimetres(images: Path, tmp_path: Path) -> None:
    svs(images / "A1.svs", description=APERIO.replace("MPP = 0.5", "MPP = 0"))
    slide, _ = only_slide(opened(images, tmp_path))
    assert (slide.spacing, slide.basis) == (None, "none")


def test_the_colour_profile_is_kept(images: Path, tmp_path: Path) -> None:
    svs(images / "A1.svs", iccprofile=slides.profile())
    assert only_slide(opened(images, tmp_path))[0].icc == slides.profile()


def classic(entries: list[tuple[int, int, int, int]], following: int = 0) -> bytes:
    """Return a little-endian TIFF of one directory at byte 8 with these (tag, type, count, value)."""
    body = struct.pack("<H", len(entries)) + b"".join(struct.pack("<HHII", *each) for each in sorted(entries))
    return b"II*\0" + struct.pack("<I", 8) + body + struct.pack("<I", following)


def page(width: int, height: int, tile: int, *, count: int, offsets: int = 4000) -> list[tuple[int, int, int, int]]:
    return [
        (256, 4, 1, width), (257, 4, 1, height), (258, 3, 1, 8), (259, 3, 1, 7), (262, 3, 1, 2), (277, 3, 1, 3),
        (284, 3, 1, 1), (322, 4, 1, tile), (323, 4, 1, tile), (324, 4, count, offsets), (325, 4, count, offsets),
    ]  # fmt: skip


HOSTILE = {
    "a directory that leads to itself": classic(page(256, 256, 128, count=4), following=8),
    "sizes beyond reason": classic(page(2**32 - 1, 2**32 - 1, 16, count=4)),
    "four thousand million tiles": classic(page(2**20, 2**20, 16, count=2**32 - 1)),
    "offsets outside the file": classic(page(256, 256, 128, count=4, offsets=2**31)),
    "tiles of no size": classic(page(256, 256, 0, count=4)),
    "cut within its directory": classic(page(256, 256, 128, count=4))[:40],
    "nothing but a beginning": b"II*\0",
    "a big one without an end": b"II+\0\x08\0\0\0" + b"\xff" * 64,
}


@pytest.mark.parametrize("name", HOSTILE)
def test_a_hostile_file_ends_in_a_reason(images: Path, tmp_path: Path, name: str) -> None:
    (images / "bad.svs").write_bytes(HOSTILE[name])
    svs(images / "good.svs")
    started = time.monotonic()
    archive = FolderArchive("main", images, state=tmp_path / "state")
    report = archive.scan(settle=0)
    assert time.monotonic() - started < 20
    assert len(archive.search_studies()) == 1 or report.instances > 2
    if report.skipped:
        (skipped,) = report.skipped
        assert skipped.path == "bad.svs"
        assert "slide" in skipped.reason
        assert str(images) not in skipped.reason


@pytest.mark.parametrize("damage", ["offset", "length", "bytes"])
def test_a_damaged_tile_ends_in_words(images: Path, tmp_path: Path, damage: str) -> None:
    path = svs(images / "A1.svs")
    with tifffile.TiffFile(path) as file:
        first = file.pages[0]
        offsets, counts, start = first.tags[324].valueoffset, first.tags[325].valueoffset, first.dataoffsets[0]  # type: ignore[union-attr]
    data = bytearray(path.read_bytes())
    at = {"offset": offsets, "length": counts, "bytes": start}[damage]
    data[at : at + 4] = b"\xff\xff\xff\x7f"
    path.write_bytes(data)
    archive = opened(images, tmp_path)
    slide, _ = only_slide(archive)
    with pytest.raises(ArchiveError) as caught:
        tile(archive, slide, 0, 1)
    assert caught.value.words
    assert tile(archive, slide, 0, 2)[0] == JPEG_BASELINE
    with pytest.raises(ArchiveError):
        tile(archive, slide, 0, 21)


def test_a_real_svs_tile_by_tile(tmp_path: Path, images: Path) -> None:
    root = folder()
    if root is None:
        pytest.skip("no real data")
    path = images / "cmu.svs"
    path.write_bytes((root / "wsi/cmu-1-small-region.svs").read_bytes())
    archive = opened(images, tmp_path)
    slide, _ = only_slide(archive)
    assert (slide.columns, slide.rows, slide.objective) == (2220, 2967, 20)
    assert slide.spacing == pytest.approx((0.000499, 0.000499))
    for number in range(1, 131, 7):
        syntax, data = tile(archive, slide, 0, number)
        assert syntax == JPEG_BASELINE
        row, column = divmod(number - 1, 10)
        read = vendor(path, 0, column, row, 240, 1)
        inside = read[..., 3] == 255
        assert np.array_equal(pixels(data)[inside], read[..., :3][inside])
