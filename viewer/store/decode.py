"""Which decoder turns which transfer syntax into stored values; runs in decode workers, except for native frames.

Chosen by `python -m bench.decoders`: CPU milliseconds for a frame of 512 × 512 × 12 bits with noise, all checks
included, and in brackets the next best that gives the same pixels.

RLE by numpy and packbits 0.4 (pylibjpeg 0.6, pydicom 4.0); JPEG by libjpeg-turbo: 12 bits 2.0, lossless 2.5 (ljpeg
3.3, jpegsof3 5.2, GDCM 6.1); JPEG-LS by CharLS 4.5 (GDCM 6.1); JPEG 2000 by OpenJPEG 27 (GDCM's own 30); HTJ2K by
OpenJPEG 4.3, and not by OpenJPH 1.4, which fills in what is cut short; JPEG XL by libjxl 20; deflated by zlib 1.7.
"""

import zlib
from collections.abc import Callable
from dataclasses import replace
from itertools import pairwise

import numpy as np
from imagecodecs import (
    jpeg2k_decode,
    jpeg8_decode,
    jpegls_decode,
    jpegsof3_decode,
    jpegxl_decode,
    jpegxl_decode_jpeg,
    packbits_decode,
)

from viewer.imaging.pixels import YBR, PixelError, PixelFormat, native, stored
from viewer.imaging.words import gettext_noop
from viewer.store.codestream import Codestream, jpeg, jpeg2000
from viewer.store.frames import LARGEST_FRAME
from viewer.store.jpegxl import jpegxl
from viewer.store.picture import BY_PILLOW, page
from viewer.store.vendor import BY_OPENSLIDE, region

BIG_ENDIAN = "1.2.840.10008.1.2.2"
NATIVE = frozenset(
    ("1.2.840.10008.1.2", "1.2.840.10008.1.2.1", BIG_ENDIAN, "1.2.840.10008.1.2.1.98", "1.2.840.10008.1.2.1.99")
)
JPEG = "1.2.840.10008.1.2.4."
JPEG_XL_LOSSLESS = JPEG + "110"
RLE = "1.2.840.10008.1.2.5"
DEFLATED_FRAMES = "1.2.840.10008.1.2.8.1"
CODESTREAM_START = b"\xff\x4f\xff\x51"


def check_size(form: PixelFormat) -> None:
    """Raise PixelError when a frame of this format is larger than the store takes (512 MiB)."""
    size = form.rows * form.columns * form.samples * max(form.bits_allocated // 8, 1)
    if max(size, form.stored_size_bytes) > LARGEST_FRAME:
        raise PixelError(
            gettext_noop(
                "a frame of {rows} × {columns} pixels is larger than 512 MiB", rows=form.rows, columns=form.columns
            )
        )


def uncompressed(data: bytes | memoryview, syntax: str, form: PixelFormat) -> np.ndarray:
    """Return the stored values of a native frame, whose length has to be the declared one; raises PixelError."""
    check_size(form)
    wanted = form.frame_size_bytes
    full_chroma = form.rows * form.columns * 3 * form.bits_allocated // 8
    if form.photometric in YBR and wanted < full_chroma <= len(data) <= full_chroma + 1:
        # Declared 4:2:2 but written at full chroma, as several ultrasound machines do: the length tells.
        form = replace(form, photometric="YBR_FULL")
        wanted = full_chroma
    if not wanted <= len(data) <= wanted + 1:
        raise PixelError(gettext_noop("the frame holds {got} of {wanted} bytes", got=len(data), wanted=wanted))
    return native(data, form, big_endian=syntax == BIG_ENDIAN)


def decode(data: bytes, syntax: str, form: PixelFormat) -> np.ndarray:
    """Return the stored values of a frame: (rows, columns), or (rows, columns, 3) RGB, of `form.stored_dtype`.

    Raises PixelError or BadCodestream saying what is wrong; a codec may raise anything or kill the process.
    """
    if syntax in NATIVE:
        return uncompressed(data, syntax, form)
    decoder = DECODERS.get(syntax)
    if decoder is None:
        raise PixelError(gettext_noop("transfer syntax {syntax} can't be decoded", syntax=syntax[:64]))
    check_size(form)
    return decoder(data, form)


def check(stream: Codestream, form: PixelFormat) -> PixelFormat:
    """Return the format with the bits that the stream really carries; raises PixelError where the two disagree."""
    if (stream.rows, stream.columns, stream.samples) != (form.rows, form.columns, form.samples):
        raise PixelError(
            gettext_noop(
                "the compressed frame is {rows} × {columns} × {samples}, the file declares {declared}",
                rows=stream.rows,
                columns=stream.columns,
                samples=stream.samples,
                declared=f"{form.rows} × {form.columns} × {form.samples}",
            )
        )
    if form.floating or not form.least_bits <= stream.precision <= form.bits_allocated:
        raise PixelError(
            gettext_noop(
                "the compressed frame has {got} bits a sample, the file declares {wanted}",
                got=stream.precision,
                wanted=form.least_bits or form.bits_allocated,
            )
        )
    if form.least_bits and not stream.lossless:
        raise PixelError(gettext_noop("the compressed frame keeps no single bits"))
    bits = min(stream.precision, form.bits_stored)
    return replace(form, bits_stored=bits, high_bit=bits - 1)


def colour_of(stream: Codestream, form: PixelFormat) -> str:
    """Return whether the samples of a baseline JPEG are "RGB" or "YBR": its markers know better than the data set."""
    return stream.colour or ("YBR" if form.photometric in YBR else "RGB")


def lossy_jpeg(data: bytes, form: PixelFormat) -> np.ndarray:
    """Baseline, extended and progressive JPEG of 8 or 12 bits."""
    stream = jpeg(data)
    form = check(stream, form)
    if stream.lossless:
        return lossless_jpeg(data, form)
    if stream.samples == 1:
        return stored(jpeg8_decode(data), form)
    space = "YCBCR" if colour_of(stream, form) == "YBR" else "RGB"
    return stored(jpeg8_decode(data, colorspace=space, outcolorspace="RGB"), form, photometric="RGB")


def lossless_jpeg(data: bytes, form: PixelFormat) -> np.ndarray:
    """Lossless JPEG, any predictor."""
    stream = jpeg(data)
    form = check(stream, form)
    if not stream.lossless:
        return lossy_jpeg(data, form)
    if stream.samples == 1:
        return stored(jpeg8_decode(data), form)
    return stored(jpegsof3_decode(data), form)


def jpeg_ls(data: bytes, form: PixelFormat) -> np.ndarray:
    """JPEG-LS, lossless and near-lossless."""
    form = check(jpeg(data), form)
    return stored(jpegls_decode(data), form)


def jpeg_2000(data: bytes, form: PixelFormat) -> np.ndarray:
    """JPEG 2000 and HTJ2K by OpenJPEG, which refuses what is cut short (OpenJPH fills in, and wraps where lossy)."""
    start = data.find(CODESTREAM_START, 0, 4096)
    if start > 0:  # wrapped in a JP2 file
        data = data[start:]
    stream = jpeg2000(data)
    if form.samples == 1 and stream.samples > 1:
        raise PixelError(
            gettext_noop(
                "the codestream holds {count} components at once, as JPEG 2000 part 2 may; they aren't taken apart",
                count=stream.samples,
            )
        )
    form = check(stream, form)
    samples = jpeg2k_decode(data)
    space = "RGB" if stream.transformed or form.photometric in ("YBR_RCT", "YBR_ICT") else form.photometric
    return stored(samples, form, photometric=space if form.colour else None)


def rle(data: bytes, form: PixelFormat) -> np.ndarray:
    """RLE Lossless (PS3.5 Annex G): one segment for each byte of each sample, or one for packed bits."""
    if form.bits_allocated == 1 and form.samples == 1:
        return native(segments(data, 1, form.frame_size_bytes)[0], form)
    if form.bits_allocated % 8 or form.floating:
        raise PixelError(gettext_noop("RLE of {bits} bits a sample can't be decoded", bits=form.bits_allocated))
    width = form.bits_allocated // 8
    pixels = form.rows * form.columns
    count = form.samples * width
    # Most significant byte first within each sample (G.2).
    planes = np.zeros((form.samples, pixels), f"<u{width}")
    for number, segment in enumerate(segments(data, count, pixels)):
        plane = planes[number // width]
        if number % width:
            plane <<= 8
        plane |= np.frombuffer(segment, np.uint8, pixels)
    samples = planes.reshape(form.samples, form.rows, form.columns)
    space = "YBR_FULL" if form.photometric in YBR else form.photometric
    return stored(samples.transpose(1, 2, 0) if form.colour else samples[0], form, photometric=space)


def segments(data: bytes, count: int, size: int) -> list[bytes]:
    """Return the unpacked segments of an RLE frame, each of at least `size` bytes (PS3.5 G.3 to G.5)."""
    header = np.frombuffer(data[:64], "<u4") if len(data) >= 64 else np.zeros(16, "<u4")
    starts = [*header[1 : 1 + count].tolist(), len(data)]
    if int(header[0]) != count or count > 15 or starts[0] < 64 or sorted(starts) != starts:
        raise PixelError(gettext_noop("the RLE frame doesn't have {wanted} segments", wanted=count))
    found = []
    for start, end in pairwise(starts):
        segment = bytes(packbits_decode(data[start:end]))
        if len(segment) < size:
            raise PixelError(
                gettext_noop("an RLE segment holds {got} of {wanted} bytes", got=len(segment), wanted=size)
            )
        found.append(segment)
    return found


def jpeg_xl(data: bytes, form: PixelFormat, *, lossless: bool = False) -> np.ndarray:
    """JPEG XL by libjxl, which refuses what is cut short. A JPEG frame packed anew is unpacked and decoded as one.

    So that it has the pixels that other viewers show of the JPEG frame itself: libjxl's own differ by up to 5.
    """
    stream, from_jpeg = jpegxl(data)
    checked = check(replace(stream, lossless=lossless), form)
    if from_jpeg:
        return lossy_jpeg(bytes(jpegxl_decode_jpeg(data, numthreads=1)), form)
    samples = jpegxl_decode(data)
    # Without a transform of its own, a lossless stream has the channels that the file names.
    as_named = lossless and not stream.transformed and form.photometric in YBR
    return stored(samples, checked, photometric=form.photometric if as_named else "RGB")


def jpeg_xl_lossless(data: bytes, form: PixelFormat) -> np.ndarray:
    """JPEG XL Lossless, whose channels may be YBR."""
    return jpeg_xl(data, form, lossless=True)


def deflated(data: bytes, form: PixelFormat) -> np.ndarray:
    """A native frame deflated by itself (PS3.5 A.4.13); never inflated beyond a byte more than it declares."""
    wanted = form.rows * form.columns * form.samples * form.bits_allocated // 8 + 2
    inflater = zlib.decompressobj(-zlib.MAX_WBITS)
    try:
        frame = inflater.decompress(data, wanted)
    except zlib.error as error:
        raise PixelError(gettext_noop("the deflated frame is damaged")) from error
    return uncompressed(frame, DEFLATED_FRAMES, form)


DECODERS: dict[str, Callable[[bytes, PixelFormat], np.ndarray]] = {
    # 52 to 56 are retired: other entropy coding and progression, told by the markers.
    **dict.fromkeys((JPEG + end for end in ("50", "51", "52", "53", "54", "55", "56")), lossy_jpeg),
    **dict.fromkeys((JPEG + end for end in ("57", "70")), lossless_jpeg),
    **dict.fromkeys((JPEG + "80", JPEG + "81"), jpeg_ls),
    **dict.fromkeys((JPEG + end for end in ("90", "91", "92", "93", "201", "202", "203")), jpeg_2000),
    JPEG_XL_LOSSLESS: jpeg_xl_lossless,
    **dict.fromkeys((JPEG + "111", JPEG + "112"), jpeg_xl),
    RLE: rle,
    DEFLATED_FRAMES: deflated,
    BY_OPENSLIDE: region,
    BY_PILLOW: page,
}
