"""Every transfer syntax from a file to stored values, against DCMTK's programs, GDCM, or what was encoded."""

import base64
import shutil
import subprocess
import zlib
from collections.abc import Callable
from dataclasses import replace
from itertools import chain, islice
from pathlib import Path

import gdcm
import imagecodecs
import numpy as np
import pytest
from pydicom import dcmread
from pydicom.dataset import Dataset
from pydicom.encaps import encapsulate, encapsulate_extended
from pydicom.filebase import DicomBytesIO
from pydicom.filewriter import write_dataset, write_file_meta_info
from pydicom.pixels import pixel_array
from pydicom.uid import ExplicitVRBigEndian, ExplicitVRLittleEndian, ImplicitVRLittleEndian

from tests.store.made import slice_of
from tests.unpacked_data import test_data
from viewer.archive.folder import FolderArchive
from viewer.archive.port import ArchiveError
from viewer.imaging.pixels import PixelError, PixelFormat
from viewer.imaging.record import instances
from viewer.store.codestream import BadCodestream
from viewer.store.decode import decode
from viewer.store.jpegxl import jpegxl

JPEG = "1.2.840.10008.1.2.4."
DEFLATED_FRAMES = "1.2.840.10008.1.2.8.1"
dcmtk = pytest.mark.skipif(shutil.which("dcmcjpeg") is None, reason="DCMTK is missing: apt-get install dcmtk")
# A 16 × 24 wedge by cjpeg -quality 95 -arithmetic, then with -progressive: nothing else here encodes so.
ARITHMETIC = {
    "52": "/9j/4AAQSkZJRgABAQAAAQABAAD/2wBDAAIBAQEBAQIBAQECAgICAgQDAgICAgUEBAMEBgUGBgYFBgYGBwkIBgcJBwYGCAsICQoKCgoKBggL"
    "DAsKDAkKCgr/yQALCAAQABgBAREA/8wABgAQEAX/2gAIAQEAAD8A/wDuz7Feea7TWG7I8ywfY/qpeQWs/aOY+lmPghDM0ePISucrSMgb4nfF/9k=",
    "56": "/9j/4AAQSkZJRgABAQAAAQABAAD/2wBDAAIBAQEBAQIBAQECAgICAgQDAgICAgUEBAMEBgUGBgYFBgYGBwkIBgcJBwYGCAsICQoKCgoKBggL"
    "DAsKDAkKCgr/ygALCAAQABgBAREA/8wABAAQ/9oACAEBAAAAAf8A3ZqlS/T/zAAEEAX/2gAIAQEAAQUCFiND0sWvA1AZQdRZN4D/zAAEEAX/2gAI"
    "AQEABj8CCuNm1lWA/8wABBAF/9oACAEBAAE/IUvGE7ZYB2r/2gAIAQEAAAAQUP/MAAQQBf/aAAgBAQABPxCmP0Igxf8AUP/Z",
}


def wedge(shape: tuple[int, ...], bits: int) -> np.ndarray:
    """Return smooth values with some noise over all of `bits`, from their lowest to their highest."""
    rows, columns = shape[:2]
    top = 2**bits - 1
    values = np.add.outer(np.arange(rows) * 5, np.arange(columns) * 3) / max(5 * rows + 3 * columns - 8, 1) * top
    values = values + np.random.default_rng(3).normal(0, top / 60, (rows, columns))
    whole = np.clip(np.rint(values), 0, top).astype(np.uint16 if bits > 8 else np.uint8)
    whole.flat[0], whole.flat[-1] = 0, top
    return np.stack((whole, top - whole, whole // 2), axis=-1) if len(shape) == 3 else whole


def image(values: np.ndarray, bits: int, syntax: str = ExplicitVRLittleEndian, *, signed: bool = False) -> Dataset:
    """Return an image of one frame, (rows, columns) or (rows, columns, 3), not compressed yet."""
    data = slice_of(np.zeros((1, 1), np.uint16), 1, syntax)
    data.Rows, data.Columns = values.shape[:2]
    data.BitsAllocated = 8 * values.dtype.itemsize
    data.BitsStored, data.HighBit, data.PixelRepresentation = bits, bits - 1, int(signed)
    if values.ndim == 3:
        data.SamplesPerPixel, data.PlanarConfiguration, data.PhotometricInterpretation = 3, 0, "RGB"
    data.PixelData = values.tobytes() + b"\0" * (values.nbytes % 2)
    data["PixelData"].VR = "OB" if data.BitsAllocated == 8 else "OW"
    return data


def compressed(values: np.ndarray, bits: int, syntax: str, *frames: bytes, **attributes: object) -> Dataset:
    """Return an image whose frames are compressed already; `attributes` by keyword."""
    data = image(values, bits, syntax)
    data.PixelData = encapsulate(list(frames))
    data["PixelData"].VR = "OB"
    if len(frames) > 1:
        data.NumberOfFrames = len(frames)
    for keyword, value in attributes.items():
        setattr(data, keyword, value)
    return data


def save(data: Dataset, path: Path) -> None:
    """Write a file; pydicom refuses to write the syntaxes that it doesn't know."""
    if data.file_meta.TransferSyntaxUID.is_transfer_syntax:
        data.save_as(path, enforce_file_format=True)
        return
    data["PixelData"].is_undefined_length = True
    head, body = DicomBytesIO(), DicomBytesIO()
    body.is_little_endian, body.is_implicit_VR = True, False
    write_file_meta_info(head, data.file_meta, enforce_standard=True)
    write_dataset(body, data)
    path.write_bytes(b"\0" * 128 + b"DICM" + head.getvalue() + body.getvalue())


def stored(data: Dataset | Path, folder: Path) -> list[np.ndarray]:
    """Return all frames of a file as our archive and our decoders give them."""
    (folder / "archive").mkdir(parents=True)
    if isinstance(data, Dataset):
        save(data, folder / "archive/it.dcm")
    else:
        shutil.copyfile(data, folder / "archive/it.dcm")
    archive = FolderArchive("a", folder / "archive", state=folder / "state")
    archive.scan(settle=0)
    (study,) = (each["0020000D"]["Value"][0] for each in archive.search_studies())
    (series,) = (each["0020000E"]["Value"][0] for each in archive.search_series(study))
    (record,) = instances(archive.series_metadata(study, series))
    form = PixelFormat.of(record)
    numbers = range(1, record.frame_count + 1)
    found = archive.frames(study, series, record.SOPInstanceUID or "", numbers)
    return [decode(frame.data, frame.transfer_syntax, form) for frame in found]


def alike(ours: np.ndarray, theirs: np.ndarray) -> bool:
    """Whether lossy pictures agree: within 1 at 99.9 % of pixels, within 3 anywhere."""
    away = np.abs(ours.astype(int) - theirs.astype(int))
    return ours.shape == theirs.shape and away.max() <= 3 and (away <= 1).mean() >= 0.999


def ran(*command: str | Path) -> None:
    subprocess.run(list(map(str, command)), check=True, capture_output=True)


BY_DCMTK = {
    # what DCMTK is told: syntax, bits, values, whether nothing is lost
    "50 grey": (["+eb"], "50", 8, (33, 47), False),
    "50 colour": (["+eb"], "50", 8, (33, 47, 3), False),
    "50 rgb within": (["+eb", "+cr"], "50", 8, (33, 47, 3), False),
    "51 of 8 bits": (["+ee"], "51", 8, (33, 47), False),
    "51 of 12 bits": (["+ee", "+bt"], "51", 12, (33, 47), False),
    "53 of 8 bits": (["+es"], "53", 8, (33, 47), False),
    "53 of 12 bits": (["+es", "+bt"], "53", 12, (33, 47), False),
    "53 colour": (["+es"], "53", 8, (33, 47, 3), False),
    "55 of 8 bits": (["+ep"], "55", 8, (33, 47), False),
    "55 of 12 bits": (["+ep", "+bt"], "55", 12, (33, 47), False),
    "57 of 16 bits": (["+el", "+sv", "6"], "57", 16, (33, 47), True),
    "57 of 12 bits": (["+el", "+sv", "4"], "57", 12, (33, 47), True),
    "57 colour": (["+el", "+sv", "2"], "57", 8, (33, 47, 3), True),
    "70 of 16 bits": (["+e1"], "70", 16, (33, 47), True),
    "70 of 8 bits": (["+e1"], "70", 8, (33, 47), True),
    "70 of one pixel": (["+e1"], "70", 12, (1, 1), True),
    "70 of one row": (["+e1"], "70", 16, (1, 31), True),
    "70 colour": (["+e1"], "70", 8, (33, 47, 3), True),
    "80 of 16 bits": (["+el"], "80", 16, (33, 47), True),
    "80 of 12 bits": (["+el"], "80", 12, (33, 47), True),
    "80 of one pixel": (["+el"], "80", 8, (1, 1), True),
    "80 colour by line": (["+el", "+il"], "80", 8, (33, 47, 3), True),
    "80 colour by sample": (["+el", "+is"], "80", 8, (33, 47, 3), True),
    "81 of 12 bits": (["+en", "+md", "3"], "81", 12, (33, 47), False),
    "81 colour": (["+en", "+md", "2"], "81", 8, (33, 47, 3), False),
    "57 signed": (["+el", "+sv", "7"], "57", 16, (33, 47), True),
    "80 signed": (["+el"], "80", 16, (33, 47), True),
}


@dcmtk
@pytest.mark.parametrize("name", BY_DCMTK)
def test_what_dcmtk_compresses_is_what_dcmtk_reads(name: str, tmp_path: Path) -> None:
    options, end, bits, shape, lossless = BY_DCMTK[name]
    values = wedge(shape, bits)
    signed = "signed" in name
    packer, unpacker = ("dcmcjpls", "dcmdjpls") if end in ("80", "81") else ("dcmcjpeg", "dcmdjpeg")
    image(values, bits, signed=signed).save_as(tmp_path / "plain.dcm", enforce_file_format=True)
    ran(packer, *options, tmp_path / "plain.dcm", tmp_path / "packed.dcm")
    ran(unpacker, tmp_path / "packed.dcm", tmp_path / "again.dcm")
    assert dcmread(tmp_path / "packed.dcm").file_meta.TransferSyntaxUID == JPEG + end
    theirs = pixel_array(tmp_path / "again.dcm", raw=True)
    (ours,) = stored(tmp_path / "packed.dcm", tmp_path)
    assert ours.shape == shape
    if lossless:
        assert np.array_equal(ours, values.view(ours.dtype))
        assert np.array_equal(ours, theirs)
    else:
        assert alike(ours, theirs)
        scale = 2**bits // 256
        assert np.abs(ours.astype(int) - values)[..., :].mean() < 12 * scale  # not merely equal: the picture


@dcmtk
def test_real_files_of_old_jpeg_processes_are_what_dcmtk_reads(tmp_path: Path) -> None:
    """Extended, spectral selection and full progression."""
    files = sorted((test_data() / "transfer-syntax/ctimage").glob("JPEGProcess*.4.5[135].dcm"))
    assert files
    for path in files:
        ran("dcmdjpeg", path, tmp_path / "again.dcm")
        (ours,) = stored(path, tmp_path / path.stem)
        assert alike(ours, pixel_array(tmp_path / "again.dcm", raw=True)), path.name


@pytest.mark.parametrize("end", ARITHMETIC)
def test_retired_jpeg_with_arithmetic_coding_is_read(end: str) -> None:
    wanted = np.add.outer(np.arange(16) * 9, np.arange(24) * 4)
    form = PixelFormat(16, 24, 1, 8, 8, 7, False, "MONOCHROME2")
    data = base64.b64decode(ARITHMETIC[end])
    assert np.abs(decode(data, JPEG + end, form).astype(int) - wanted).max() <= 1
    with pytest.raises((BadCodestream, RuntimeError)):
        decode(data[: len(data) // 2], JPEG + end, form)


@pytest.mark.parametrize("syntax", [ImplicitVRLittleEndian, ExplicitVRLittleEndian, ExplicitVRBigEndian])
@pytest.mark.parametrize("bits", [8, 12, 16, 32])
def test_native_pixels_are_what_was_written(syntax: str, bits: int, tmp_path: Path) -> None:
    values = wedge((5, 7), min(bits, 16))
    values = values.astype(np.uint32) * 65537 if bits == 32 else values
    data = image(values, bits, syntax)
    if syntax == ExplicitVRBigEndian:
        swapped = values.astype(values.dtype.newbyteorder(">")).tobytes()
        data.PixelData = swapped + b"\0" * (len(swapped) % 2)
        # Bytes in words are swapped as words (PS3.5 A.3).
        if bits == 8:
            data.PixelData = np.frombuffer(data.PixelData, ">u2").astype("<u2").tobytes()
            data["PixelData"].VR = "OW"
    elif syntax == ImplicitVRLittleEndian:
        data["PixelData"].VR = "OW"
    data._is_implicit_VR, data._is_little_endian = syntax == ImplicitVRLittleEndian, syntax != ExplicitVRBigEndian
    (ours,) = stored(data, tmp_path)
    assert np.array_equal(ours, values)


def raw_deflate(data: bytes) -> bytes:
    packer = zlib.compressobj(wbits=-zlib.MAX_WBITS)
    return packer.compress(data) + packer.flush()


@pytest.mark.parametrize("bits", [1, 8, 12, 16])
def test_frames_deflated_one_by_one_are_inflated(bits: int, tmp_path: Path) -> None:
    frames = [wedge((9, 11), bits), wedge((9, 11), bits)[::-1]]
    raw = [np.packbits(each, bitorder="little").tobytes() if bits == 1 else each.tobytes() for each in frames]
    data = compressed(frames[0], bits, DEFLATED_FRAMES, *map(raw_deflate, raw), BitsAllocated=1 if bits == 1 else
                      8 * frames[0].itemsize)  # fmt: skip
    assert all(map(np.array_equal, stored(data, tmp_path), frames))


def test_a_deflated_frame_has_the_length_that_it_declares() -> None:
    form = PixelFormat(9, 10, 1, 8, 8, 7, False, "MONOCHROME2")
    whole = raw_deflate(bytes(range(90)))
    assert decode(whole, DEFLATED_FRAMES, form)[8, 9] == 89
    for wrong in (whole[:40], raw_deflate(bytes(88)), raw_deflate(bytes(10_000_000)), b"\xff" * 40, b""):
        with pytest.raises(PixelError):
            decode(wrong, DEFLATED_FRAMES, form)


def test_uncompressed_frames_in_fragments_are_what_was_written(tmp_path: Path) -> None:
    frames = [wedge((9, 10), 12), wedge((9, 10), 12)[::-1]]
    data = compressed(frames[0], 12, "1.2.840.10008.1.2.1.98", *(each.tobytes() for each in frames))
    assert all(map(np.array_equal, stored(data, tmp_path), frames))


def test_rle_of_one_bit_is_unpacked(tmp_path: Path) -> None:
    values = wedge((9, 11), 1)
    packed = np.packbits(values, bitorder="little").tobytes()
    coded = bytes((len(packed) - 1,)) + packed
    frame = np.array([1, 64, *[0] * 14], "<u4").tobytes() + coded
    data = compressed(values, 1, "1.2.840.10008.1.2.5", frame, BitsAllocated=1)
    assert np.array_equal(stored(data, tmp_path)[0], values)


def by_gdcm(path: Path) -> np.ndarray:
    """Return the stored values of a grey file of 16 bits by GDCM."""
    reader = gdcm.ImageReader()
    reader.SetFileName(str(path))
    assert reader.Read()
    read = reader.GetImage()
    kind = "<i2" if read.GetPixelFormat().GetPixelRepresentation() else "<u2"
    data = read.GetBuffer().encode("utf-8", errors="surrogateescape")
    return np.frombuffer(data, kind).reshape(read.GetDimension(1), read.GetDimension(0))


@pytest.mark.parametrize("bits", [12, 16])
def test_signed_jpeg_2000_keeps_its_signs(bits: int, tmp_path: Path) -> None:
    values = (wedge((33, 47), bits).astype(int) - 2 ** (bits - 1)).astype(np.int16)
    frame = imagecodecs.jpeg2k_encode(values, level=0, codecformat="J2K", reversible=True, bitspersample=bits)
    data = compressed(values, bits, JPEG + "90", frame, PixelRepresentation=1)
    (ours,) = stored(data, tmp_path)
    assert np.array_equal(ours, values)
    assert np.array_equal(by_gdcm(tmp_path / "archive/it.dcm"), values)


@pytest.mark.parametrize(("end", "level"), [("91", 45), ("93", 45), ("92", 0)])
def test_jpeg_2000_that_loses_is_what_gdcm_reads(end: str, level: int, tmp_path: Path) -> None:
    values = wedge((65, 63), 12)
    frame = imagecodecs.jpeg2k_encode(values, level=level, codecformat="J2K", reversible=level == 0, bitspersample=12)
    data = compressed(values, 12, JPEG + end, frame)
    (ours,) = stored(data, tmp_path)
    data.file_meta.TransferSyntaxUID = JPEG + "91"
    data.save_as(tmp_path / "91.dcm")
    assert alike(ours, by_gdcm(tmp_path / "91.dcm"))
    assert np.array_equal(ours, values) == (level == 0)


@pytest.mark.parametrize("shape", [(1, 1), (1, 31), (33, 47), (64, 128), (40, 30), (33, 47, 3)])
@pytest.mark.parametrize("bits", [8, 12, 16])
def test_lossless_jpeg_xl_gives_back_every_bit(shape: tuple[int, ...], bits: int, tmp_path: Path) -> None:
    if len(shape) == 3 and bits > 8:
        pytest.skip("colour is kept as 8 bits")
    values = wedge(shape, bits)
    frame = imagecodecs.jpegxl_encode(values, lossless=True, bitspersample=bits)
    stream, from_jpeg = jpegxl(frame)
    samples = shape[2] if len(shape) == 3 else 1
    assert (stream.rows, stream.columns, stream.samples, stream.precision, from_jpeg) == (
        *shape[:2],
        samples,
        bits,
        False,
    )
    (ours,) = stored(compressed(values, bits, JPEG + "110", frame), tmp_path)
    assert np.array_equal(ours, values)


def test_signed_values_travel_through_jpeg_xl_as_their_bits(tmp_path: Path) -> None:
    values = (wedge((33, 47), 16).astype(int) - 32768).astype(np.int16)
    frame = imagecodecs.jpegxl_encode(values.view(np.uint16), lossless=True)
    (ours,) = stored(compressed(values, 16, JPEG + "110", frame, PixelRepresentation=1), tmp_path)
    assert np.array_equal(ours, values)


@pytest.mark.parametrize("shape", [(33, 47), (40, 48, 3)])
def test_jpeg_packed_anew_has_the_pixels_of_the_jpeg(shape: tuple[int, ...], tmp_path: Path) -> None:
    values = wedge(shape, 8)
    jpeg = imagecodecs.jpeg8_encode(values, level=85)
    frame = imagecodecs.jpegxl_encode_jpeg(jpeg)
    assert jpegxl(frame)[1]
    form = "YBR_FULL_422" if len(shape) == 3 else "MONOCHROME2"
    (ours,) = stored(compressed(values, 8, JPEG + "111", frame, PhotometricInterpretation=form), tmp_path / "new")
    plain = PixelFormat(*shape[:2], len(shape) * 2 - 3, 8, 8, 7, False, form)
    assert np.array_equal(ours, decode(jpeg, JPEG + "50", plain))


def test_jpeg_xl_that_loses_stays_near(tmp_path: Path) -> None:
    values = wedge((40, 48, 3), 8)
    frame = imagecodecs.jpegxl_encode(values, distance=0.5)
    assert jpegxl(frame)[0].transformed
    for photometric in ("RGB", "XYB", "YBR_FULL"):
        data = compressed(values, 8, JPEG + "112", frame, PhotometricInterpretation=photometric)
        (ours,) = stored(data, tmp_path / photometric)
        assert np.abs(ours.astype(int) - values).mean() < 4


def test_jpeg_xl_cut_short_or_unlike_its_header_is_refused() -> None:
    values = wedge((33, 47), 12)
    form = PixelFormat(33, 47, 1, 16, 12, 11, False, "MONOCHROME2")
    bare = imagecodecs.jpegxl_encode(values, lossless=True, bitspersample=12)
    boxed = imagecodecs.jpegxl_encode_jpeg(imagecodecs.jpeg8_encode((values >> 4).astype(np.uint8)))
    for frame, way in ((bare, form), (boxed, replace(form, bits_allocated=8, bits_stored=8, high_bit=7))):
        for kept in (0, 1, 2, 7, 30, len(frame) // 2, len(frame) - 1):
            with pytest.raises((PixelError, BadCodestream, RuntimeError)):
                decode(frame[:kept], JPEG + "112", way)
    for other in (replace(form, columns=48), replace(form, samples=3, photometric="RGB"),
                  replace(form, bits_allocated=8, bits_stored=8, high_bit=7)):  # fmt: skip
        with pytest.raises(PixelError, match="the file declares"):
            decode(bare, JPEG + "110", other)
    alpha = imagecodecs.jpegxl_encode(np.dstack((wedge((9, 9, 3), 8), wedge((9, 9), 8))), lossless=True)
    with pytest.raises(BadCodestream, match="more channels"):
        decode(alpha, JPEG + "110", PixelFormat(9, 9, 3, 8, 8, 7, False, "RGB"))


def split(frame: bytes, size: int) -> list[bytes]:
    """Return a frame's bytes in fragments of an even number of bytes."""
    pieces = iter(frame + b"\0" * (len(frame) % 2))
    return [bytes(piece) for piece in iter(lambda: list(islice(pieces, size)), [])]


def items(fragments: list[bytes]) -> bytes:
    """Return fragments as items behind each other."""
    return b"".join(b"\xfe\xff\x00\xe0" + len(each).to_bytes(4, "little") + each for each in fragments)


END = b"\xfe\xff\xdd\xe0\0\0\0\0"


@pytest.mark.parametrize("table", ["empty", "basic", "extended", "none for one frame"])
@pytest.mark.parametrize("end", ["80", "90", "70"])
def test_fragments_are_joined_into_their_frames(table: str, end: str, tmp_path: Path) -> None:
    encode: dict[str, Callable[[np.ndarray], bytes]] = {
        "80": imagecodecs.jpegls_encode,
        "90": lambda values: imagecodecs.jpeg2k_encode(values, level=0, codecformat="J2K", reversible=True),
        "70": lambda values: imagecodecs.jpeg8_encode(values, lossless=True, predictor=1, bitspersample=16),
    }
    single = table == "none for one frame"
    frames = [np.ascontiguousarray(np.rot90(wedge((24, 24), 16), turn)) for turn in range(1 if single else 3)]
    coded = [encode[end](each) for each in frames]
    data = compressed(frames[0], 16, JPEG + end, *coded)
    pieces = [split(each, 500) for each in coded]
    if table == "extended":
        data.PixelData, data.ExtendedOffsetTable, data.ExtendedOffsetTableLengths = encapsulate_extended(coded)
    elif table == "basic":
        starts = np.cumsum([0, *(len(items(each)) for each in pieces)])[:-1]
        data.PixelData = items([starts.astype("<u4").tobytes(), *chain(*pieces)]) + END
    else:  # three frames, several fragments each, and nothing says which are whose: their ends do
        data.PixelData = items([b"", *chain(*pieces)]) + END
    assert all(map(np.array_equal, stored(data, tmp_path), frames))


def test_a_fragment_too_few_is_no_frame(tmp_path: Path) -> None:
    values = wedge((24, 24), 16)
    pieces = split(imagecodecs.jpegls_encode(values), 200)
    data = compressed(values, 16, JPEG + "80", b"some")
    data.PixelData = items([b"", *pieces[:1], *pieces[2:]]) + END
    with pytest.raises((PixelError, BadCodestream, RuntimeError, ArchiveError)):
        stored(data, tmp_path)
