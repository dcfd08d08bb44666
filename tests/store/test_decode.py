"""Every transfer syntax gives the stored values; what is cut short, too large or contradictory gives a reason."""

import os
import struct
import subprocess
import sys
import warnings
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import imagecodecs
import numpy as np
import pydicom
import pytest
from pydicom.dataset import Dataset
from pydicom.encaps import generate_frames
from pydicom.pixels import pixel_array

from tests.unpacked_data import test_data
from viewer.imaging.pixels import PixelError, PixelFormat, native
from viewer.imaging.record import instances
from viewer.store.codestream import BadCodestream, jpeg, jpeg2000
from viewer.store.decode import decode

JPEG = "1.2.840.10008.1.2.4."
RLE = "1.2.840.10008.1.2.5"
LITTLE = "1.2.840.10008.1.2.1"
SIXTEEN = PixelFormat(48, 64, 1, 16, 16, 15, False, "MONOCHROME2")
TWELVE = replace(SIXTEEN, bits_stored=12, high_bit=11)
SIGNED = replace(SIXTEEN, signed=True)
EIGHT = PixelFormat(48, 64, 1, 8, 8, 7, False, "MONOCHROME2")
RGB = PixelFormat(48, 64, 3, 8, 8, 7, False, "RGB")
YBR = replace(RGB, photometric="YBR_FULL_422")


def values(form: PixelFormat, seed: int = 1) -> np.ndarray:
    """Return smooth values with some noise, using all bits stored."""
    top = 2**form.bits_stored
    ramp = np.add.outer(np.arange(form.rows) * 7, np.arange(form.columns) * 3) * top // 600 % top
    noisy = (ramp + np.random.default_rng(seed).integers(0, max(top // 100, 2), ramp.shape)) % top
    if form.samples == 3:
        noisy = np.stack((noisy, top - 1 - noisy, noisy // 2), axis=-1)
    return noisy.astype(f"u{form.bits_allocated // 8}")


def rle(array: np.ndarray) -> bytes:
    """Return an RLE frame whose runs are all literal (PS3.5 Annex G)."""
    planes = array.reshape(array.shape[0] * array.shape[1], -1)
    width = array.dtype.itemsize
    segments = []
    for sample in planes.T:
        octets = np.ascontiguousarray(sample).view(np.uint8).reshape(-1, width)
        for byte in range(width - 1, -1, -1):
            raw = octets[:, byte].tobytes()
            coded = b"".join(
                bytes((len(part) - 1,)) + part for part in (raw[at : at + 128] for at in range(0, len(raw), 128))
            )
            segments.append(coded + b"\0" * (len(coded) % 2))
    starts = [64 + sum(map(len, segments[:number])) for number in range(len(segments))]
    return struct.pack("<16I", len(segments), *starts, *[0] * (15 - len(starts))) + b"".join(segments)


def jpeg2000_of(array: np.ndarray, **how: object) -> bytes:
    return imagecodecs.jpeg2k_encode(array, level=0, codecformat="J2K", reversible=True, **how)


def lossless_jpeg(array: np.ndarray, predictor: int = 1) -> bytes:
    bits = array.dtype.itemsize * 8
    return imagecodecs.jpeg8_encode(array, lossless=True, predictor=predictor, bitspersample=bits)


LOSSLESS = {
    "native": (LITTLE, lambda array: array.tobytes()),
    "rle": (RLE, rle),
    "jpeg lossless": (JPEG + "57", lambda array: lossless_jpeg(array, 4)),
    "jpeg lossless first order": (JPEG + "70", lossless_jpeg),
    "jpeg-ls": (JPEG + "80", imagecodecs.jpegls_encode),
    "jpeg 2000": (JPEG + "90", jpeg2000_of),
    "htj2k": (JPEG + "201", lambda array: imagecodecs.htj2k_encode(array, reversible=True)),
}


@pytest.mark.parametrize("name", LOSSLESS)
@pytest.mark.parametrize("form", [SIXTEEN, TWELVE, SIGNED, EIGHT, RGB], ids=["16", "12", "signed", "8", "rgb"])
def test_lossless_syntaxes_give_back_every_bit(name: str, form: PixelFormat) -> None:
    syntax, encode = LOSSLESS[name]
    original = values(form)
    decoded = decode(encode(original), syntax, form)
    assert decoded.dtype == form.stored_dtype
    assert np.array_equal(decoded, original.view(form.stored_dtype))


@pytest.mark.parametrize("predictor", range(1, 8))
def test_lossless_jpeg_is_exact_with_every_predictor(predictor: int) -> None:
    original = values(SIXTEEN)
    assert np.array_equal(decode(lossless_jpeg(original, predictor), JPEG + "57", SIXTEEN), original)


def test_twelve_bit_jpeg_is_close() -> None:
    original = values(TWELVE)
    data = imagecodecs.jpeg8_encode(original, level=98, bitspersample=12)
    decoded = decode(data, JPEG + "51", TWELVE)
    assert np.abs(decoded.astype(int) - original)[:, 8:24].mean() < 60
    assert decoded.max() > 3000


@pytest.mark.parametrize("space", ["RGB", "YCBCR"])
def test_colour_of_a_jpeg_is_what_the_stream_says_not_what_the_file_claims(space: str) -> None:
    red = np.zeros((48, 64, 3), np.uint8)
    red[..., 0], red[..., 2] = 200, 40
    data = imagecodecs.jpeg8_encode(red, level=95, colorspace="RGB", outcolorspace=space)
    for form in (RGB, YBR):
        assert np.abs(decode(data, JPEG + "50", form).astype(int) - red).max() <= 4


def test_without_markers_the_file_decides_the_colour_of_a_jpeg() -> None:
    green = np.full((48, 64, 3), (20, 180, 60), np.uint8)
    data = imagecodecs.jpeg8_encode(green, level=95, colorspace="RGB", outcolorspace="YCBCR", subsampling="444")
    length = int.from_bytes(data[4:6])
    bare = data[:2] + data[4 + length :]
    assert jpeg(data).colour == "YBR"
    assert jpeg(bare).colour == ""
    assert np.abs(decode(bare, JPEG + "50", YBR).astype(int) - green).max() <= 4
    assert np.abs(decode(bare, JPEG + "50", RGB).astype(int) - green).max() > 50


def test_ybr_in_lossless_syntaxes_becomes_rgb() -> None:
    ybr = values(RGB)
    full = replace(RGB, photometric="YBR_FULL")
    wanted = native(ybr.tobytes(), full)
    for name in ("rle", "jpeg-ls", "jpeg lossless"):
        syntax, encode = LOSSLESS[name]
        assert np.array_equal(decode(encode(ybr), syntax, full), wanted), name


def test_ultrasound_that_claims_422_but_is_full_is_read_by_its_length() -> None:
    ybr = values(RGB)
    wanted = native(ybr.tobytes(), replace(RGB, photometric="YBR_FULL"))
    assert np.array_equal(decode(ybr.tobytes(), LITTLE, YBR), wanted)


@pytest.mark.parametrize("name", LOSSLESS)
def test_a_frame_cut_short_is_never_a_frame(name: str) -> None:
    syntax, encode = LOSSLESS[name]
    data = encode(values(SIXTEEN))
    for kept in (0, 1, 7, 20, 70, len(data) // 3, len(data) // 2, len(data) * 9 // 10, len(data) - 3):
        with pytest.raises((PixelError, BadCodestream, RuntimeError)):
            decode(data[:kept], syntax, SIXTEEN)


def test_a_baseline_jpeg_cut_short_is_never_a_frame() -> None:
    data = imagecodecs.jpeg8_encode(values(EIGHT), level=90)
    for kept in (0, 1, 20, len(data) // 2, len(data) - 1):
        with pytest.raises(BadCodestream):
            decode(data[:kept], JPEG + "50", EIGHT)


def test_a_baseline_jpeg_too_small_for_its_picture_is_refused_where_decoders_would_fill_with_grey() -> None:
    data = imagecodecs.jpeg8_encode(values(EIGHT), level=90)
    large = replace(EIGHT, rows=8000, columns=8000)
    at = data.index(b"\xff\xc0") + 5
    with pytest.raises(BadCodestream, match="too small for its picture"):
        decode(data[:at] + struct.pack(">2H", 8000, 8000) + data[at + 4 :], JPEG + "50", large)
    flat = imagecodecs.jpeg8_encode(np.zeros((8000, 8000), np.uint8), level=1)
    assert decode(flat, JPEG + "50", large).max() <= 1  # whose blocks take no more than a few bits each


@pytest.mark.parametrize("length", [0, 1, 6143, 6146, 12288])
def test_a_native_frame_of_another_length_is_refused(length: int) -> None:
    with pytest.raises(PixelError, match="of 6144 bytes"):
        decode(b"\1" * length, LITTLE, SIXTEEN)


def test_a_compressed_frame_of_another_size_than_declared_is_refused_before_decoding() -> None:
    for name in ("jpeg lossless", "jpeg-ls", "jpeg 2000", "htj2k"):
        syntax, encode = LOSSLESS[name]
        with pytest.raises(PixelError, match="48 × 64 × 1, the file declares 48 × 65 × 1"):
            decode(encode(values(SIXTEEN)), syntax, replace(SIXTEEN, columns=65))
        with pytest.raises(PixelError, match="bits a sample"):
            decode(encode(values(SIXTEEN)), syntax, EIGHT)


def test_a_header_that_promises_gigabytes_is_refused_by_its_numbers() -> None:
    huge = replace(EIGHT, rows=60000, columns=60000)
    bomb = bytearray(jpeg2000_of(values(EIGHT)))
    bomb[8:16] = struct.pack(">2I", 60000, 60000)
    assert (jpeg2000(bytes(bomb)).rows, jpeg2000(bytes(bomb)).columns) == (60000, 60000)
    with pytest.raises(PixelError, match="larger than 512 MiB"):
        decode(bytes(bomb), JPEG + "90", huge)
    with pytest.raises(PixelError, match="the file declares"):
        decode(bytes(bomb), JPEG + "90", EIGHT)
    with pytest.raises(PixelError, match="larger than 512 MiB"):
        decode(b"", LITTLE, huge)


@pytest.mark.parametrize("marker", [b"\xff\xde", b"\xff\xc5"])
def test_hierarchical_jpeg_is_called_by_its_name(marker: bytes) -> None:
    frame = b"\xff\xd8" + marker + b"\x00\x0b\x08\x00\x30\x00\x40\x01\x01\x11\x00" + b"\xff\xd9"
    with pytest.raises(BadCodestream, match="hierarchical JPEG"):
        decode(frame, JPEG + "53", EIGHT)


def test_frames_within_one_codestream_are_told() -> None:
    several = jpeg2000_of(values(RGB), mct=False)
    with pytest.raises(PixelError, match="3 components at once, as JPEG 2000 part 2"):
        decode(several, JPEG + "92", EIGHT)


def test_an_unknown_syntax_is_named() -> None:
    with pytest.raises(PixelError, match=r"1\.2\.840\.10008\.1\.2\.4\.100 can't be decoded"):
        decode(b"\0\0", JPEG + "100", EIGHT)


def test_a_stream_in_a_jp2_file_is_found() -> None:
    original = values(SIXTEEN)
    wrapped = imagecodecs.jpeg2k_encode(original, level=0, codecformat="JP2", reversible=True)
    assert np.array_equal(decode(wrapped, JPEG + "90", SIXTEEN), original)


PERTURBED = """
import hashlib, sys
import numpy as np
from pathlib import Path
sys.path.insert(0, sys.argv[1])
from viewer.imaging.pixels import PixelFormat
from viewer.store.decode import decode
form = PixelFormat(48, 64, 1, 8, 8, 7, False, "MONOCHROME2")
print(np.empty(30000, np.uint8)[20000])
for syntax, name in (line.split() for line in sys.stdin):
    try:
        print(hashlib.sha256(decode(Path(name).read_bytes(), syntax, form).tobytes()).hexdigest())
    except Exception as error:
        print(type(error).__name__)
"""


def test_damaged_frames_show_no_uninitialised_memory(tmp_path: Path) -> None:
    """Whatever still decodes of damaged streams is the same over differently poisoned memory."""
    damaged = []
    rng = np.random.default_rng(5)
    whole = {syntax: encode(values(EIGHT)) for syntax, encode in LOSSLESS.values()}
    whole[JPEG + "50"] = imagecodecs.jpeg8_encode(values(EIGHT), level=90)
    for syntax, data in whole.items():
        for number in range(12):
            broken = bytearray(data)
            for at in rng.integers(len(data) // 3, len(data) - 2, 3):
                broken[at] = rng.integers(0, 255)
            path = tmp_path / f"{syntax}-{number}"
            path.write_bytes(broken if number % 2 else data[: len(data) // 2] + data[-2:])
            damaged.append(f"{syntax} {path}")
    root = Path(__file__).resolve().parents[2]
    answers = [
        subprocess.run(
            [sys.executable, "-c", PERTURBED, root], input="\n".join(damaged), text=True,
            env={**os.environ, "MALLOC_PERTURB_": poison, "MALLOC_MMAP_THRESHOLD_": str(1 << 30)},
            capture_output=True, check=True,
        ).stdout.split()
        for poison in ("85", "170")
    ]  # fmt: skip
    controls = [each.pop(0) for each in answers]
    assert controls[0] != controls[1]
    assert len(set(answers[0])) > len(damaged) / 4
    different = [name for name, one, two in zip(damaged, *answers, strict=True) if one != two]
    assert different == []


# Real data


def images() -> Iterator[tuple[Path, Dataset]]:
    """Yield the files of the real data that hold pixels."""
    for path in sorted(test_data().rglob("*")):
        if path.is_file():
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")
                try:
                    data = pydicom.dcmread(path)
                    if "PixelData" in data and data.file_meta.get("TransferSyntaxUID"):
                        yield path, data
                except (pydicom.errors.InvalidDicomError, OSError, NotImplementedError):
                    continue


def form_of(data: Dataset) -> PixelFormat:
    """Return the format as our own reader of DICOM JSON gives it."""
    header = Dataset()
    for element in data:
        if element.tag.group in (0x0028, 0x0008, 0x0020) and element.VR != "SQ" and element.tag.element < 0x1000:
            header.add(element)
    return PixelFormat.of(instances(b"[" + header.to_json(suppress_invalid_tags=True).encode() + b"]")[0])


def count_of(data: Dataset) -> int:
    """Return the number of frames, one where the file's is unreadable."""
    try:
        return int(data.get("NumberOfFrames") or 1)
    except ValueError:
        return 1


def sample(count: int) -> list[int]:
    """Return the indexes of first, middle and last frame."""
    return sorted({0, count // 2, count - 1})


def raw_frames(data: Dataset, form: PixelFormat) -> list[bytes]:
    """Return up to three frames' bytes: first, middle, last."""
    count = count_of(data)
    chosen = sample(count)
    if data.file_meta.TransferSyntaxUID.is_encapsulated:
        frames = list(generate_frames(data.PixelData, number_of_frames=count))
        return [frames[number] for number in chosen]
    size = form.frame_size_bytes
    pixels = data.PixelData
    big_endian = not data.file_meta.TransferSyntaxUID.is_little_endian
    if big_endian and form.bits_allocated == 8 and data["PixelData"].VR == "OW":
        pixels = np.frombuffer(pixels, ">u2").astype("<u2").tobytes()  # 8-bit samples in 16-bit words (PS3.5 8.1.1)
    return [pixels[number * size : (number + 1) * size] for number in chosen]


LOSSY = frozenset(JPEG + end for end in ("50", "51", "53", "55", "81", "91", "203"))
REFUSED = {
    "MR_truncated.dcm": "the frame holds 8130 of 8192 bytes",
    "nested_priv_SQ.dcm": "Rows, Columns or Bits Allocated are missing",
    "JPEG2000-embedded-sequence-delimiter.dcm": (
        "the compressed frame is 1024 × 3722445056 × 1, the file declares 1024 × 256 × 1"
    ),
}


def reference(data: Dataset, number: int) -> np.ndarray | None:
    """Return pydicom's frame, RGB for colour, scaled to 8 bits; None where pydicom has no decoder for it."""
    try:
        frame = pixel_array(data, index=number, raw=False)
    except (RuntimeError, NotImplementedError, ValueError):
        return None
    if frame.ndim == 3 and frame.dtype.itemsize > 1:
        return np.rint(frame.astype(np.float64) * 255 / np.iinfo(frame.dtype).max)
    return frame


@pytest.mark.parametrize("lossless", [True, False], ids=["lossless", "lossy"])
def test_real_images_decode_as_pydicom_decodes_them(lossless: bool) -> None:
    """Exact where the syntax is lossless; within the rounding of another inverse DCT where it is lossy."""
    compared, wrong, refused, alone = 0, [], {}, set()
    for path, data in images():
        syntax = str(data.file_meta.TransferSyntaxUID)
        if (syntax in LOSSY) == lossless or data.get("BitsAllocated") == 1:  # bits run over frames: the archive's part
            continue
        try:
            form = form_of(data)
            decoded = [decode(frame, syntax, form) for frame in raw_frames(data, form)]
        except (PixelError, BadCodestream, RuntimeError) as error:
            refused[path.name] = str(error)
            continue
        for number, ours in zip(sample(count_of(data)), decoded, strict=True):
            theirs = reference(data, number)
            if theirs is None:
                alone.add(path.name)
                continue
            compared += 1
            difference = np.abs(ours.astype(np.float64) - theirs).max()
            if difference > (0 if lossless else 1):
                wrong.append((path.name, syntax, form.photometric, form.bits_stored, difference))
    assert compared > (700 if lossless else 50)
    assert wrong == []
    assert refused == {name: words for name, words in REFUSED.items() if name in refused}
    assert alone == {"badVR.dcm"} if lossless else {name for name in alone if "JPEGProcess" in name}
