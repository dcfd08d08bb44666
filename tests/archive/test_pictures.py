"""Plain JPEG, PNG and TIFF in a folder: virtual images without a millimetre, and what hostile files get."""

import io
import json
import struct
import time
import zlib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import tifffile
from PIL import Image, ImageCms

from tests.archive.test_native import svs
from tests.imaging import deltae
from tests.imaging.datasets import folder as real_data
from viewer.archive import ArchiveError, FolderArchive
from viewer.imaging import colour, colourspace, spacing, stack
from viewer.imaging.pixels import PixelError, PixelFormat
from viewer.imaging.record import Instance, instances
from viewer.store.decode import decode

IDENTITY = {
    "00100010": {"vr": "PN", "Value": [{"Alphabetic": "Derma^Dora"}]},
    "00100020": {"vr": "LO", "Value": ["D1"]},
    "00080050": {"vr": "SH", "Value": ["S24-7"]},
    "00080020": {"vr": "DA", "Value": ["20240401"]},
}
RISING = np.add.outer(np.arange(48) * 5, np.arange(64) * 0).astype(np.uint8)
# Red rises to the right, green downwards; blue marks the upper left.
PHOTO = np.dstack((np.broadcast_to(np.arange(64, dtype=np.uint8) * 4, (48, 64)), RISING, np.zeros((48, 64), np.uint8)))
PHOTO[:8, :8] = (0, 0, 255)
WORDS = (np.arange(48 * 64).reshape(48, 64) * 21).astype(np.uint16)


@pytest.fixture
def images(tmp_path: Path) -> Path:
    made = tmp_path / "images"
    made.mkdir()
    return made


def opened(images: Path, tmp_path: Path, **how: Any) -> FolderArchive:
    found = FolderArchive("main", images, state=tmp_path / "state", **how)
    found.scan(settle=0)
    return found


def listed(archive: FolderArchive) -> list[Instance]:
    """Return the images of the only series."""
    (study,) = archive.search_studies()
    uid = study["0020000D"]["Value"][0]
    (series,) = archive.search_series(uid)
    return instances(archive.series_metadata(uid, series["0020000E"]["Value"][0]))


def frame(archive: FolderArchive, image: Instance, number: int = 1) -> tuple[str, np.ndarray]:
    """Return the syntax in which a frame comes, and its stored values as a decode worker makes them."""
    uids = (image.StudyInstanceUID or "", image.SeriesInstanceUID or "", image.SOPInstanceUID or "")
    (found,) = archive.frames(*uids, [number])
    return found.transfer_syntax, decode(found.data, found.transfer_syntax, PixelFormat.of(image))


def saved(picture: Image.Image, path: Path, **how: Any) -> bytes:
    picture.save(path, **how)
    return path.read_bytes()


def test_a_jpeg_is_a_photograph_whose_stored_bytes_are_its_frame(images: Path, tmp_path: Path) -> None:
    data = saved(Image.fromarray(PHOTO), images / "arm.jpg", quality=95, dpi=(300, 300))
    archive = opened(images, tmp_path)
    (image,) = listed(archive)
    uids = (image.StudyInstanceUID or "", image.SeriesInstanceUID or "", image.SOPInstanceUID or "")
    (found,) = archive.frames(*uids, [1])
    assert (found.data, found.transfer_syntax, found.ours) == (data, "1.2.840.10008.1.2.4.50", False)
    assert stack.kind(image).viewable and stack.kind(image).words == "photograph"
    assert (image.Modality, image.SeriesDescription, image.PatientID) == ("XC", "arm", None)
    assert all(uid.startswith("2.25.") for uid in uids)
    assert image.LossyImageCompression == "01"
    # A density of print is no millimetre of a patient.
    assert spacing.spacing(image, image.frame(1)).basis == "none" and image.PixelSpacing is None
    _, pixels = frame(archive, image)
    assert np.array_equal(pixels, np.asarray(Image.open(io.BytesIO(data)).convert("RGB")))
    with pytest.raises(ArchiveError, match="no frame 2"):
        list(archive.frames(*uids, [2]))
    with pytest.raises(ArchiveError, match="no DICOM file"):
        archive.instance(*uids)


def transparent() -> tuple[Image.Image, np.ndarray]:
    """Return a picture of which a half can be seen through, and how it looks on white paper."""
    alpha = np.full((48, 64, 1), 255, np.uint8)
    alpha[:, 32:] = 0
    paper = PHOTO.copy()
    paper[:, 32:] = 255
    return Image.fromarray(np.concatenate((PHOTO, alpha), axis=2)), paper


def by_palette() -> tuple[Image.Image, np.ndarray]:
    made = Image.fromarray(PHOTO).quantize(16)
    return made, np.asarray(made.convert("RGB"))


def by_ink() -> tuple[Image.Image, np.ndarray]:
    """Return cyan, magenta, yellow and black without a profile: red is what is left of white without cyan."""
    inks = np.zeros((48, 64, 4), np.uint8)
    inks[..., :3] = 255 - PHOTO
    return Image.fromarray(inks, mode="CMYK"), PHOTO


EXACT: dict[str, tuple[str, Callable[[], tuple[Image.Image, np.ndarray]], dict[str, Any]]] = {
    "PNG": ("a.png", lambda: (Image.fromarray(PHOTO), PHOTO), {}),
    "PNG, transparent": ("a.png", transparent, {}),
    "PNG of a palette": ("a.png", by_palette, {}),
    "PNG, grey": ("a.png", lambda: (Image.fromarray(RISING), RISING), {}),
    "PNG of 16 bits": ("a.png", lambda: (Image.fromarray(WORDS), WORDS), {}),
    "PNG, black and white": ("a.png", lambda: (Image.fromarray(RISING > 99), (RISING > 99) * np.uint8(255)), {}),
    "TIFF by LZW": ("a.tif", lambda: (Image.fromarray(PHOTO), PHOTO), {"compression": "tiff_lzw"}),
    "TIFF, grey": ("a.tif", lambda: (Image.fromarray(RISING), RISING), {}),
    "TIFF of 16 bits": ("a.tif", lambda: (Image.fromarray(WORDS), WORDS), {"compression": "tiff_adobe_deflate"}),
    "TIFF of inks": ("a.tif", by_ink, {}),
}


@pytest.mark.parametrize("name", EXACT)
def test_what_isnt_lossy_is_shown_to_the_last_bit(images: Path, tmp_path: Path, name: str) -> None:
    file, make, how = EXACT[name]
    picture, expected = make()
    saved(picture, images / file, **how)
    archive = opened(images, tmp_path)
    (image,) = listed(archive)
    syntax, pixels = frame(archive, image)
    assert syntax.startswith("2.25.") and image.LossyImageCompression == "00"
    assert pixels.dtype == expected.dtype and np.array_equal(pixels, expected)
    assert colour.is_colour(image) == (expected.ndim == 3)
    assert (image.Modality, stack.kind(image).words) == ("OT", "secondary capture")


def test_sixteen_bits_of_a_tiff_keep_their_meaning(images: Path, tmp_path: Path) -> None:
    negative = (np.arange(48 * 64).reshape(48, 64) - 1000).astype(np.int16)
    tifffile.imwrite(images / "a.tif", negative)
    archive = opened(images, tmp_path)
    (image,) = listed(archive)
    assert (image.PixelRepresentation, image.BitsStored, image.PhotometricInterpretation) == (1, 16, "MONOCHROME2")
    assert np.array_equal(frame(archive, image)[1], negative)
    tifffile.imwrite(images / "a.tif", WORDS, photometric="miniswhite", byteorder="<")
    archive.scan(settle=0)
    (image,) = listed(archive)
    assert image.PhotometricInterpretation == "MONOCHROME1"
    assert np.array_equal(frame(archive, image)[1], WORDS)


# EXIF's orientation: what has to be done with the stored rows and columns (Exif 2.32, 4.6.4 A).
HELD: dict[int, Callable[[np.ndarray], np.ndarray]] = {
    1: lambda a: a, 2: lambda a: a[:, ::-1], 3: lambda a: a[::-1, ::-1], 4: lambda a: a[::-1],
    5: lambda a: a.swapaxes(0, 1), 6: lambda a: a[::-1].swapaxes(0, 1), 7: lambda a: a[::-1, ::-1].swapaxes(0, 1),
    8: lambda a: a[:, ::-1].swapaxes(0, 1),
}  # fmt: skip


@pytest.mark.parametrize("held", HELD)
@pytest.mark.parametrize("kind", ["png", "jpg", "tif"])
def test_however_the_camera_was_held_up_is_up(images: Path, tmp_path: Path, kind: str, held: int) -> None:
    exif = Image.Exif()
    exif[274] = held
    how = {"quality": 100, "subsampling": 0} if kind == "jpg" else {}
    saved(Image.fromarray(PHOTO), images / f"a.{kind}", exif=exif, **how)
    archive = opened(images, tmp_path)
    (image,) = listed(archive)
    expected = HELD[held](PHOTO)
    assert (image.Rows, image.Columns) == expected.shape[:2]
    syntax, pixels = frame(archive, image)
    assert np.abs(pixels.astype(int) - expected).max() <= (8 if kind == "jpg" else 0)
    assert syntax.endswith(".4.50") == (kind == "jpg" and held == 1)


def test_pages_of_one_kind_are_frames_and_smaller_copies_are_left_out(images: Path, tmp_path: Path) -> None:
    with tifffile.TiffWriter(images / "scan.tif") as out:
        for number in range(3):
            out.write(np.full((48, 64), 10 * number, np.uint8), photometric="minisblack")
            out.write(np.full((6, 8), 99, np.uint8), photometric="minisblack", subfiletype=1)
        out.write(PHOTO, photometric="rgb")
    archive = opened(images, tmp_path)
    grey, photo = sorted(listed(archive), key=lambda each: each.InstanceNumber or 0)
    assert (grey.NumberOfFrames, photo.NumberOfFrames) == (3, None)
    assert [int(frame(archive, grey, number)[1].max()) for number in (1, 2, 3)] == [0, 10, 20]
    assert np.array_equal(frame(archive, photo)[1], PHOTO)
    (first, *_), = [each.entries for each in stack.stacks(listed(archive)) if len(each.entries) == 3]  # fmt: skip
    assert first is not None


def test_a_profile_goes_along_and_one_of_inks_is_used_up(images: Path, tmp_path: Path) -> None:
    own = colourspace.named("ADOBERGB")
    for name, how in (("a.jpg", {"quality": 100, "subsampling": 0}), ("a.png", {}), ("a.tif", {})):
        path = images / name
        saved(Image.fromarray(PHOTO), path, icc_profile=own, **how)
        archive = opened(images, tmp_path)
        (image,) = listed(archive)
        assert colourspace.profile(image) == own
        path.unlink()
        archive.scan(settle=0)
    saved(Image.fromarray(RISING), images / "grey.png", icc_profile=own)
    (image,) = listed(opened(images, tmp_path))
    assert colourspace.profile(image) == b""


def test_a_damaged_profile_of_inks_leaves_the_plain_way(images: Path, tmp_path: Path) -> None:
    saved(by_ink()[0], images / "a.tif", icc_profile=ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes())
    archive = opened(images, tmp_path)
    (image,) = listed(archive)
    assert np.array_equal(frame(archive, image)[1], PHOTO)


def test_a_jpeg_of_inks_and_one_that_comes_in_waves_are_decoded(images: Path, tmp_path: Path) -> None:
    for picture, how in ((by_ink()[0], {}), (Image.fromarray(PHOTO), {"progressive": True})):
        saved(picture, images / "a.jpg", quality=98, subsampling=0, **how)
        archive = opened(images, tmp_path)
        (image,) = listed(archive)
        syntax, pixels = frame(archive, image)
        assert syntax.startswith("2.25.")
        assert np.quantile(deltae.between(pixels, PHOTO), 0.95) < 3


def test_a_fax_is_as_high_as_it_was(images: Path, tmp_path: Path) -> None:
    saved(Image.fromarray(RISING > 99), images / "fax.tif", compression="group4", dpi=(204, 98))
    archive = opened(images, tmp_path)
    (image,) = listed(archive)
    found = spacing.spacing(image, image.frame(1))
    assert (found.row, found.basis) == (None, "none")
    assert found.aspect == pytest.approx(204 / 98, rel=1e-3)
    assert np.array_equal(frame(archive, image)[1] > 0, RISING > 99)


@pytest.mark.parametrize("name", ["arm.jpg.json", "study.json"])
def test_the_file_beside_a_picture_says_whose_it_is(images: Path, tmp_path: Path, name: str) -> None:
    saved(Image.fromarray(PHOTO), images / "arm.jpg")
    said = IDENTITY | {
        "00080060": {"vr": "CS", "Value": ["OP"]}, "00200062": {"vr": "CS", "Value": ["L"]},
        # A place in the patient that no photograph has.
        "00200032": {"vr": "DS", "Value": [0, 0, 0]}, "00200037": {"vr": "DS", "Value": [1, 0, 0, 0, 1, 0]},
        "00200052": {"vr": "UI", "Value": ["1.2.3"]}, "00280030": {"vr": "DS", "Value": [1, 1]},
        "00080016": {"vr": "UI", "Value": ["1.2.840.10008.5.1.4.1.1.2"]},
    }  # fmt: skip
    (images / name).write_text(json.dumps([said]))
    archive = opened(images, tmp_path)
    (image,) = listed(archive)
    assert (image.PatientID, image.PatientName, image.AccessionNumber) == ("D1", "Derma^Dora", "S24-7")
    assert (image.Modality, image.ImageLaterality, image.StudyDate) == ("OP", "L", "20240401")
    assert (image.ImagePositionPatient, image.FrameOfReferenceUID, image.PixelSpacing) == (None, None, None)
    assert (image.SOPClassUID or "").endswith(".77.1.4")
    (study,) = archive.search_studies(PatientID="D1")
    assert study["00080020"]["Value"] == ["20240401"]
    assert archive.scan(settle=0).changed == 0


@pytest.mark.parametrize(
    "other",
    [
        {"00100020": {"vr": "LO", "Value": ["D2"]}},
        {"00100010": {"vr": "PN", "Value": [{"Alphabetic": "Other^Otto"}]}},
        {"00100020": {"vr": "LO", "Value": ["D1"]}, "00100021": {"vr": "LO", "Value": ["Elsewhere"]}},
    ],
)
def test_a_picture_of_another_patient_takes_nothing_of_its_folders(
    images: Path, tmp_path: Path, other: dict[str, Any]
) -> None:
    saved(Image.fromarray(PHOTO), images / "arm.jpg")
    folder = IDENTITY | {
        "00100021": {"vr": "LO", "Value": ["Here"]}, "0020000D": {"vr": "UI", "Value": ["1.2.3.4"]},
    }  # fmt: skip
    (images / "study.json").write_text(json.dumps(folder))
    (images / "arm.jpg.json").write_text(json.dumps(other))
    (image,) = listed(opened(images, tmp_path))
    said = [(value.get("Value") or [""])[0] for value in other.values()]
    of_whom = {
        image.PatientID, image.PatientName, image.IssuerOfPatientID, image.AccessionNumber, image.PatientBirthDate
    }  # fmt: skip
    assert of_whom - {None, ""} == {each["Alphabetic"] if isinstance(each, dict) else each for each in said}
    assert image.StudyInstanceUID != "1.2.3.4"


def test_what_a_picture_adds_to_its_folders_patient_is_taken(images: Path, tmp_path: Path) -> None:
    saved(Image.fromarray(PHOTO), images / "arm.jpg")
    (images / "study.json").write_text(json.dumps(IDENTITY))
    own = {"00100020": IDENTITY["00100020"], "00200062": {"vr": "CS", "Value": ["L"]}}
    (images / "arm.jpg.json").write_text(json.dumps(own))
    (image,) = listed(opened(images, tmp_path))
    assert (image.PatientName, image.AccessionNumber, image.ImageLaterality) == ("Derma^Dora", "S24-7", "L")


def test_a_modality_that_photographs_dont_have_isnt_taken(images: Path, tmp_path: Path) -> None:
    saved(Image.fromarray(PHOTO), images / "arm.jpg")
    (images / "study.json").write_text(json.dumps(IDENTITY | {"00080060": {"vr": "CS", "Value": ["CT"]}}))
    assert listed(opened(images, tmp_path))[0].Modality == "XC"


def test_pictures_of_one_case_are_one_study_and_an_unreadable_identity_hides_them(images: Path, tmp_path: Path) -> None:
    saved(Image.fromarray(PHOTO), images / "a.png")
    saved(Image.fromarray(RISING), images / "b.png")
    (images / "study.json").write_text(json.dumps(IDENTITY))
    archive = opened(images, tmp_path)
    (study,) = archive.search_studies()
    assert len(archive.search_series(study["0020000D"]["Value"][0])) == 2
    (images / "study.json").write_text("{")
    report = archive.scan(settle=0)
    assert archive.search_studies() == []
    assert sum("whose patient isn't known" in each.reason for each in report.skipped) == 2


def test_the_camera_says_when_and_its_clock_counts_where_nobody_else_does(images: Path, tmp_path: Path) -> None:
    exif = Image.Exif()
    exif[306], exif[271], exif[272] = "2023:05:06 07:08:09", "ACME\0", "Box 1"
    saved(Image.fromarray(PHOTO), images / "a.jpg", exif=exif)
    archive = opened(images, tmp_path)
    (image,) = listed(archive)
    assert (image.StudyDate, image.StudyTime, image.ContentDate) == ("20230506", "070809", "20230506")
    assert image.Manufacturer == "ACME"
    (images / "study.json").write_text(json.dumps(IDENTITY))
    archive.scan(settle=0)
    assert (listed(archive)[0].StudyDate, listed(archive)[0].ContentDate) == ("20240401", "20230506")


def chunk(name: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))


def png(width: int, height: int, *more: bytes, depth: int = 8, kind: int = 2) -> bytes:
    head = struct.pack(">IIBBBBB", width, height, depth, kind, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + b"".join(more) + chunk(b"IEND", b"")


def encoded(picture: Image.Image, kind: str, **how: Any) -> bytes:
    out = io.BytesIO()
    picture.save(out, kind, **how)
    return out.getvalue()


def jpeg_of(side: int) -> bytes:
    data = bytearray(encoded(Image.fromarray(PHOTO), "JPEG"))
    at = data.index(b"\xff\xc0")
    data[at + 5 : at + 9] = struct.pack(">HH", side, side)
    return bytes(data)


def looping() -> bytes:
    data = bytearray(encoded(Image.fromarray(RISING), "TIFF"))
    (at,) = struct.unpack_from("<L", data, 4)
    (count,) = struct.unpack_from("<H", data, at)
    struct.pack_into("<L", data, at + 2 + 12 * count, at)
    return bytes(data)


def many_pages(count: int) -> bytes:
    """Return a TIFF of as many pages of one pixel, each of its own directory."""
    out, entries = bytearray(b"II*\0" + struct.pack("<L", 8)), 9
    tags = (
        (256, 4, 1, 1), (257, 4, 1, 1), (258, 3, 1, 8), (259, 3, 1, 1), (262, 3, 1, 1), (273, 4, 1, 0), (277, 3, 1, 1),
        (278, 4, 1, 1), (279, 4, 1, 1),
    )  # fmt: skip
    for number in range(count):
        out += struct.pack("<H", entries) + b"".join(struct.pack("<HHLL", *tag) for tag in tags)
        out += struct.pack("<L", 0 if number == count - 1 else len(out) + 4)
    return bytes(out)


HOSTILE: dict[str, tuple[Callable[[], bytes], str]] = {
    "a PNG of 60000²": (lambda: png(60000, 60000, chunk(b"IDAT", zlib.compress(b"\0" * 99))), "60000 × 60000 pixels"),
    "a PNG wider than DICOM": (lambda: png(65536, 1, chunk(b"IDAT", b"")), "65536 × 1 pixels"),
    "a PNG of no size": (lambda: png(0, 0), "pixels|damaged"),
    "a PNG of nothing else": (lambda: b"\x89PNG\r\n\x1a\n", "damaged picture"),
    "a PNG whose profile is a bomb": (
        lambda: png(8, 8, chunk(b"iCCP", b"x\0\0" + zlib.compress(b"\0" * (256 << 20), 9)), chunk(b"IDAT", b"")),
        "damaged picture",
    ),
    "a JPEG of 65500²": (lambda: jpeg_of(65500), "65500 × 65500 pixels"),
    "a JPEG of its beginning": (lambda: b"\xff\xd8\xff\xe0", "damaged picture"),
    "a JPEG without a picture": (lambda: b"\xff\xd8\xff\xd9" + bytes(99), "damaged picture"),
    "a TIFF of floating point": (
        lambda: encoded(Image.fromarray(RISING.astype(np.float32)), "TIFF"), r"kind of pixels \(F\)"
    ),
    "a TIFF of nothing else": (lambda: b"II*\0\xff\xff\xff\xff", "no slide|damaged"),
    "a TIFF of too many pages": (lambda: many_pages(2500), "more than 2000 pages"),
}  # fmt: skip


@pytest.mark.parametrize("name", HOSTILE)
def test_a_hostile_picture_ends_in_a_reason(images: Path, tmp_path: Path, name: str) -> None:
    make, reason = HOSTILE[name]
    (images / "bad").write_bytes(make())
    saved(Image.fromarray(RISING), images / "good.png")
    started = time.monotonic()
    archive = FolderArchive("main", images, state=tmp_path / "state")
    (skipped,) = archive.scan(settle=0).skipped
    assert time.monotonic() - started < 20
    assert skipped.path == "bad"
    assert str(images) not in skipped.reason
    with pytest.raises(AssertionError, match=reason):
        raise AssertionError(skipped.reason)
    assert len(archive.search_studies()) == 1


def test_a_directory_that_leads_to_itself_ends(images: Path, tmp_path: Path) -> None:
    (images / "loop.tif").write_bytes(looping())
    archive = opened(images, tmp_path)
    (image,) = listed(archive)
    assert np.array_equal(frame(archive, image)[1], RISING)


SPOILT: dict[str, tuple[str, Callable[[bytes], bytes]]] = {
    "a PNG cut short": ("PNG", lambda data: data[: len(data) // 2]),
    "a PNG with other bytes": ("PNG", lambda data: data[:60] + bytes(20) + data[80:]),
    "a JPEG cut short": ("JPEG", lambda data: data[: len(data) * 3 // 4]),
    "a TIFF cut short": ("TIFF", lambda data: data[: len(data) // 2]),
}


@pytest.mark.parametrize("name", SPOILT)
def test_a_damaged_picture_is_never_shown_in_part(images: Path, tmp_path: Path, name: str) -> None:
    kind, spoil = SPOILT[name]
    noise = Image.fromarray(np.random.default_rng(1).integers(0, 255, (64, 64, 3)).astype(np.uint8))
    how = {"compression": "tiff_lzw"} if kind == "TIFF" else {}
    (images / "bad").write_bytes(spoil(encoded(noise, kind, **how)))
    archive = FolderArchive("main", images, state=tmp_path / "state")
    report = archive.scan(settle=0)
    if report.skipped:
        assert "picture" in report.skipped[0].reason
        return
    with pytest.raises((PixelError, ValueError), match=r"damaged|cut short|no end"):
        frame(archive, listed(archive)[0])


def test_a_picture_that_changed_meanwhile_is_not_shown(images: Path, tmp_path: Path) -> None:
    saved(Image.fromarray(PHOTO), images / "a.png")
    archive = opened(images, tmp_path)
    (image,) = listed(archive)
    uids = (image.StudyInstanceUID or "", image.SeriesInstanceUID or "", image.SOPInstanceUID or "")
    (job,) = archive.frames(*uids, [1])
    saved(Image.fromarray(PHOTO[::-1]), images / "a.png")
    with pytest.raises(PixelError, match="changed"):
        decode(job.data, job.transfer_syntax, PixelFormat.of(image))
    with pytest.raises(ArchiveError):
        list(archive.frames(*uids, [1]))


def test_a_reader_under_limits_reads_pictures_too(images: Path, tmp_path: Path) -> None:
    saved(Image.fromarray(PHOTO), images / "a.jpg")
    (images / "bad.png").write_bytes(png(60000, 60000))
    svs(images / "slide.svs", levels=1)
    archive = FolderArchive("main", images, state=tmp_path / "state", apart=True)
    (skipped,) = archive.scan(settle=0).skipped
    assert (skipped.path, len(archive.search_studies())) == ("bad.png", 2)


def test_real_mammograms_in_sixteen_bits(images: Path, tmp_path: Path) -> None:
    root = real_data()
    if root is None:
        pytest.skip("no real data")
    path = sorted((root / "mg/gmic-4view-png").glob("*.png"))[0]
    (images / "view.png").write_bytes(path.read_bytes())
    archive = opened(images, tmp_path)
    (image,) = listed(archive)
    expected = np.asarray(Image.open(path))
    assert (image.BitsStored, (image.Rows, image.Columns)) == (16, expected.shape)
    assert np.array_equal(frame(archive, image)[1], expected)
