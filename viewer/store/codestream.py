"""What a compressed frame says of itself before it is decoded: size, precision, components, colour, completeness."""

import struct
from dataclasses import dataclass

START_OF_FRAME = frozenset((*range(0xC0, 0xC4), *range(0xC5, 0xC8), *range(0xC9, 0xCC), *range(0xCD, 0xD0), 0xF7))
BASELINE_FRAMES = frozenset((0xC0, 0xC1, 0xC2))
SEQUENTIAL = frozenset((0xC0, 0xC1))
LOSSLESS_FRAMES = frozenset((0xC3, 0xC7, 0xCB, 0xCF, 0xF7))
HIERARCHICAL, DIFFERENTIAL = 0xDE, frozenset((*range(0xC5, 0xC8), *range(0xCD, 0xD0)))
ALONE = frozenset((0x01, *range(0xD0, 0xDA)))
END = b"\xff\xd9"


class BadCodestream(ValueError):
    """The compressed frame isn't what it should be; the text says what is wrong."""


@dataclass(frozen=True)
class Codestream:
    """`precision` in bits; `colour` "RGB", "YBR" or "" (unsaid); `transformed` by JPEG 2000's own colour transform."""

    rows: int
    columns: int
    samples: int
    precision: int
    signed: bool = False
    colour: str = ""
    transformed: bool = False
    lossless: bool = False
    baseline: bool = False  # or extended or progressive: Huffman-coded DCT, which everybody decodes


def jpeg(data: bytes) -> Codestream:
    """Read the markers of a JPEG or JPEG-LS stream up to its coded data; raises BadCodestream."""
    if not data.startswith(b"\xff\xd8"):
        raise BadCodestream("the frame doesn't start like a JPEG stream")
    adobe = jfif = None
    frame = None
    at = 2
    while at + 4 <= len(data):
        if data[at] != 0xFF:
            raise BadCodestream("the markers of the JPEG stream are damaged")
        marker = data[at + 1]
        if marker == 0xFF:
            at += 1
            continue
        if marker in ALONE:
            at += 2
            continue
        length = int.from_bytes(data[at + 2 : at + 4])
        segment = data[at + 4 : at + 2 + length]
        if length < 2 or len(segment) != length - 2:
            raise BadCodestream("the JPEG stream ends within its header")
        if marker == HIERARCHICAL or marker in DIFFERENTIAL:
            raise BadCodestream("hierarchical JPEG, several sizes of a picture in one stream, isn't decoded")
        if marker in START_OF_FRAME:
            frame = (marker, segment)
        elif marker == 0xEE and segment.startswith(b"Adobe") and len(segment) >= 12:
            adobe = segment[11]
        elif marker == 0xE0 and segment.startswith(b"JFIF\0"):
            jfif = True
        elif marker == 0xDA:
            if frame is None:
                raise BadCodestream("the JPEG stream doesn't say how large it is")
            if END not in data[at:]:
                raise BadCodestream("the JPEG stream is cut short: it has no end")
            found = jpeg_frame(*frame, adobe=adobe, jfif=bool(jfif))
            if frame[0] in SEQUENTIAL and len(data) - at < least_bytes(found):
                raise BadCodestream("the JPEG stream is cut short: it is too small for its picture")
            return found
        at += 2 + length
    raise BadCodestream("the JPEG stream ends within its header")


def least_bytes(stream: Codestream) -> int:
    """Return what the blocks of a sequential JPEG take at least: two codes for every 8 × 8 samples (T.81 F.1.2).

    Decoders make grey of what is missing, and say nothing.
    """
    return -(-stream.rows // 8) * -(-stream.columns // 8) * 2 // 8


def jpeg_frame(marker: int, segment: bytes, *, adobe: int | None, jfif: bool) -> Codestream:
    """Return what the frame header says, with the colour space that the other markers betray."""
    try:
        precision, rows, columns, samples = struct.unpack_from(">BHHB", segment)
    except struct.error as error:
        raise BadCodestream("the JPEG stream ends within its header") from error
    if len(segment) < 6 + 3 * samples:
        raise BadCodestream("the JPEG stream ends within its header")
    names = bytes(segment[6 + 3 * number] for number in range(samples))
    colour = ""
    if samples == 3:
        if adobe is not None:
            colour = "RGB" if adobe == 0 else "YBR"
        elif jfif:
            colour = "YBR"
        elif names == b"RGB":
            colour = "RGB"
        elif len({segment[7 + 3 * number] for number in range(samples)}) > 1:
            colour = "YBR"  # nobody halves red or blue
    baseline, lossless = marker in BASELINE_FRAMES, marker in LOSSLESS_FRAMES
    return Codestream(rows, columns, samples, precision, colour=colour, lossless=lossless, baseline=baseline)


def jpeg2000(data: bytes) -> Codestream:
    """Read the main header of a JPEG 2000 or HTJ2K codestream; raises BadCodestream."""
    if not data.startswith(b"\xff\x4f\xff\x51"):
        raise BadCodestream("the frame doesn't start like a JPEG 2000 codestream")
    try:
        x1, y1, x0, y0, tile_columns, tile_rows, _, _, samples = struct.unpack_from(">8IH", data, 8)
        components = [struct.unpack_from(">BBB", data, 42 + 3 * number) for number in range(min(samples, 4))]
    except struct.error as error:
        raise BadCodestream("the JPEG 2000 codestream ends within its header") from error
    if not components or not tile_columns or not tile_rows or x1 <= x0 or y1 <= y0:
        raise BadCodestream("the header of the JPEG 2000 codestream is damaged")
    depths = {depth for depth, _, _ in components}
    if len(depths) != 1 or {step for _, *steps in components for step in steps} != {1}:
        raise BadCodestream("the components of the JPEG 2000 codestream differ in depth or size")
    transformed, lossless = coding_style(data)
    (depth,) = depths
    return Codestream(
        y1 - y0, x1 - x0, samples, (depth & 0x7F) + 1, signed=depth >= 0x80, transformed=transformed, lossless=lossless
    )


def coding_style(data: bytes) -> tuple[bool, bool]:
    """Return whether a JPEG 2000 codestream carries its own colour transform, and whether its wavelet is reversible."""
    at = 2
    style = None
    while at + 4 <= len(data) and data[at] == 0xFF:
        marker, length = data[at + 1], int.from_bytes(data[at + 2 : at + 4])
        if marker == 0x90:
            break
        if marker == 0x52 and length >= 12:
            style = data[at + 4 : at + 2 + length]
        if length < 2:
            break
        at += 2 + length
    if style is None or len(style) < 10:
        raise BadCodestream("the JPEG 2000 codestream has no coding style")
    if END not in data[at:]:
        raise BadCodestream("the JPEG 2000 codestream is cut short: it has no end")
    return style[4] == 1, style[9] == 1
