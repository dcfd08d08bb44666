"""What a JPEG XL frame says of itself before it is decoded (ISO/IEC 18181-1 Annex D, 18181-2 for its boxes)."""

from viewer.store.codestream import BadCodestream, Codestream

SIGNATURE = bytes.fromhex("0000000c4a584c200d0a870a")
BARE = b"\xff\x0a"
WHOLE, PARTIAL, RECONSTRUCTION = b"jxlc", b"jxlp", b"jbrd"
# Width by height for the ratios that a header names by number.
RATIOS = {1: (1, 1), 2: (12, 10), 3: (4, 3), 4: (3, 2), 5: (16, 9), 6: (5, 4), 7: (2, 1)}
ENDS_EARLY = "the JPEG XL stream ends within its header"


class Bits:
    """Reads fields of a header, low bits first; raises BadCodestream at the end of the data."""

    def __init__(self, data: bytes) -> None:
        self.word, self.left = int.from_bytes(data, "little"), 8 * len(data)

    def take(self, count: int) -> int:
        """Return the next `count` bits as a number."""
        if count > self.left:
            raise BadCodestream(ENDS_EARLY)
        value = self.word & ((1 << count) - 1)
        self.word >>= count
        self.left -= count
        return value

    def choice(self, *ways: tuple[int, int]) -> int:
        """Return a number that is written in one of four ways: (what is added, bits that follow)."""
        added, count = ways[self.take(2)]
        return added + self.take(count)


def codestream_of(data: bytes) -> tuple[bytes, bool]:
    """Return the beginning of the codestream, out of its boxes, and whether a JPEG file can be made of it again."""
    if data.startswith(BARE):
        return data[:256], False
    if not data.startswith(SIGNATURE):
        raise BadCodestream("the frame doesn't start like a JPEG XL stream")
    at, from_jpeg, head = 0, False, b""
    while at + 8 <= len(data):
        length, kind = int.from_bytes(data[at : at + 4]), data[at + 4 : at + 8]
        start = at + 8
        if length == 1:
            length, start = int.from_bytes(data[at + 8 : at + 16]), at + 16
        end = at + length if length else len(data)
        if end < start:
            break
        from_jpeg |= kind == RECONSTRUCTION
        if kind in (WHOLE, PARTIAL) and not head:
            start += 4 if kind == PARTIAL else 0
            head = data[start : min(end, start + 256)]
        at = end
    if not head:
        raise BadCodestream(ENDS_EARLY)
    return head, from_jpeg


def size_of(bits: Bits) -> tuple[int, int]:
    """Return (rows, columns)."""
    sizes = ((1, 9), (1, 13), (1, 18), (1, 30))
    small = bits.take(1)
    rows = 8 * (bits.take(5) + 1) if small else bits.choice(*sizes)
    ratio = bits.take(3)
    if ratio:
        width, height = RATIOS[ratio]
        return rows, rows * width // height
    return rows, 8 * (bits.take(5) + 1) if small else bits.choice(*sizes)


def jpegxl(data: bytes) -> tuple[Codestream, bool]:
    """Read the header of a JPEG XL frame, and whether it is a JPEG frame packed anew; raises BadCodestream.

    What no image of DICOM has is refused: alpha and other extra channels, a turned picture, previews, animation.
    """
    head, from_jpeg = codestream_of(data)
    if not head.startswith(BARE):
        raise BadCodestream("the frame doesn't start like a JPEG XL stream")
    bits = Bits(head[2:])
    rows, columns = size_of(bits)
    if bits.take(1):  # everything as most pictures have it: 8 bits, RGB
        return Codestream(rows, columns, 3, 8, colour="RGB", transformed=True), from_jpeg
    if bits.take(1):
        turned = bits.take(3)
        if bits.take(1):
            size_of(bits)
        if turned or bits.take(2):
            raise BadCodestream("the JPEG XL stream is turned, or has a preview or an animation")
    if bits.take(1):
        raise BadCodestream("the JPEG XL stream holds floating point samples")
    precision = bits.choice((8, 0), (10, 0), (12, 0), (1, 6))
    bits.take(1)
    if bits.choice((0, 0), (1, 0), (2, 4), (1, 12)):
        raise BadCodestream("the JPEG XL stream has more channels than its colours")
    transformed = bool(bits.take(1))
    grey = False
    if not bits.take(1):
        bits.take(1)
        grey = bits.choice((0, 0), (1, 0), (2, 4), (18, 6)) == 1
    return Codestream(rows, columns, 1 if grey else 3, precision, colour="RGB", transformed=transformed), from_jpeg
