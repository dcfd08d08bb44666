"""Stored frames and their modality values: bits, signs, padding, rescale, modality lookup table."""

from dataclasses import dataclass
from functools import lru_cache

import numpy as np

from viewer.imaging import realworld
from viewer.imaging.dicomjson import LookupTable
from viewer.imaging.pixelformat import (
    GREY,
    PALETTE_COLOR,
    SUBSAMPLED,
    YBR,
    PixelError,
    PixelFormat,
)
from viewer.imaging.record import FrameAttributes, Instance
from viewer.imaging.words import gettext_noop

__all__ = [
    "GREY", "IDENTITY", "PALETTE_COLOR", "YBR", "ModalityLUT", "Padding", "PixelError", "PixelFormat", "Rescale",
    "Transform", "first_mapped", "modality_values", "native", "stored", "table_values", "transform", "unit",
]  # fmt: skip
LOG_OR_DISPLAY = frozenset(("LOG", "DISP"))


def native(data: bytes | memoryview, form: PixelFormat, *, big_endian: bool = False) -> np.ndarray:
    """Return the stored frame of uncompressed bytes, in the shape and type of `form` (PS3.5 8.1, 8.2).

    A trailing padding byte is ignored; too few bytes raise PixelError, and never become zeros.
    One-bit frames begin at a byte. In big endian 8-bit words the caller has put the bytes in order.
    """
    wanted = form.frame_size_bytes
    if len(data) < wanted:
        raise PixelError(gettext_noop("the frame holds {got} of {wanted} bytes", got=len(data), wanted=wanted))
    buffer = np.frombuffer(data, np.uint8, wanted)
    pixels = form.rows * form.columns
    if form.bits_allocated == 1:
        return np.unpackbits(buffer, bitorder="little")[:pixels].reshape(form.shape)
    if form.bits_allocated == 12 and form.colour:
        raise PixelError(gettext_noop("colour in 12 packed bits"))
    if form.bits_allocated == 12:
        return stored(unpacked_12_bits(buffer, pixels).reshape(form.shape), form)
    kind = "f" if form.floating else "u"
    if form.floating and form.bits_allocated < 32:
        raise PixelError(gettext_noop("{bits} bits make no floating point pixel", bits=form.bits_allocated))
    samples = buffer.view(np.dtype(f"{'>' if big_endian else '<'}{kind}{form.bits_allocated // 8}"))
    if form.photometric in SUBSAMPLED:
        return stored(full_chroma(samples, form), form)
    if form.colour and form.planar_configuration == 1:
        return stored(samples.reshape(3, form.rows, form.columns).transpose(1, 2, 0), form)
    return stored(samples.reshape(form.shape), form)


def stored(array: np.ndarray, form: PixelFormat, *, photometric: str | None = None) -> np.ndarray:
    """Return decoded samples as the frame store keeps them: masked, sign-extended; colour as 8-bit RGB.

    `array` is (rows, columns) or (rows, columns, 3). `photometric` is the colour space that the decoder gave when
    it isn't the file's: most JPEG decoders already return RGB.
    """
    if array.shape != form.shape:
        shape = "×".join(map(str, array.shape[:4]))
        raise PixelError(gettext_noop("the frame decodes to {shape}, not to what the file declares", shape=shape))
    if form.floating:
        return np.ascontiguousarray(array, form.stored_dtype)
    if form.colour:
        space = photometric or form.photometric
        eight = eight_bits(array, form)
        return rgb_of_ybr(eight, partial="PARTIAL" in space) if space in YBR else np.ascontiguousarray(eight)
    if array.dtype.kind == "f":
        raise PixelError(gettext_noop("the decoder gave floating point pixels for whole ones"))
    return sign_extended(array, form)


def sign_extended(array: np.ndarray, form: PixelFormat) -> np.ndarray:
    """Return the Bits Stored up to High Bit as numbers of the stored type; other bits (old overlays) are dropped."""
    dtype = form.stored_dtype
    bits = dtype.itemsize * 8
    unsigned = np.dtype(f"u{dtype.itemsize}")
    if form.bits_stored == bits:
        return np.ascontiguousarray(array.astype(unsigned, copy=False)).view(dtype)
    if array.dtype in (dtype, unsigned) and form.high_bit == form.bits_stored - 1 and array.size:
        # Most frames have nothing above their stored bits: two looks at them cost a tenth of the shifting.
        values = np.ascontiguousarray(array).view(dtype)
        limit = 1 << (form.bits_stored - form.signed)
        if values.min() >= (-limit if form.signed else 0) and values.max() < limit:
            return values
    # Moving the top stored bit to the top of the word and back drops what lies above and extends the sign.
    words = array.astype(unsigned) << np.array(bits - 1 - form.high_bit, unsigned)
    return words.view(dtype) >> np.array(bits - form.bits_stored, dtype)


def eight_bits(array: np.ndarray, form: PixelFormat) -> np.ndarray:
    """Return colour samples as uint8, scaled from Bits Stored."""
    if form.bits_stored == 8:
        return array.astype(np.uint8, copy=False)
    top = 2**form.bits_stored - 1
    scaled = (array.astype(np.uint64) & np.uint64(top)).astype(np.float64) * (255 / top)
    return np.rint(scaled).astype(np.uint8)


def rgb_of_ybr(ybr: np.ndarray, *, partial: bool = False) -> np.ndarray:
    """Return uint8 RGB of uint8 YBR_FULL or YBR_PARTIAL samples (PS3.3 C.7.6.3.1.2)."""
    y, b, r = (ybr[..., channel].astype(np.float32) for channel in range(3))
    b, r = b - 128, r - 128
    if partial:
        y, b, r = (y - 16) * (255 / 219), b * (255 / 224), r * (255 / 224)
    rgb = np.stack((y + 1.402 * r, y - 0.344136 * b - 0.714136 * r, y + 1.772 * b), axis=-1)
    return np.clip(np.rint(rgb), 0, 255).astype(np.uint8)


def full_chroma(samples: np.ndarray, form: PixelFormat) -> np.ndarray:
    """Return (rows, columns, 3) of a 4:2:2 frame: each pair Y1 Y2 Cb Cr shares its colour."""
    if form.columns % 2:
        raise PixelError(gettext_noop("4:2:2 colour with an odd number of columns"))
    quads = samples.reshape(form.rows, form.columns // 2, 4)
    full = np.empty((form.rows, form.columns, 3), samples.dtype)
    full[..., 0] = quads[..., :2].reshape(form.rows, form.columns)
    full[..., 1:] = np.repeat(quads[..., 2:], 2, axis=1)
    return full


def unpacked_12_bits(buffer: np.ndarray, count: int) -> np.ndarray:
    """Return `count` uint16 of retired 12-bit packing: three bytes hold two pixels, low bits first."""
    padded = np.zeros((count + 1) // 2 * 3, np.uint16)
    padded[: len(buffer)] = buffer
    first, middle, last = padded.reshape(-1, 3).T
    pairs = np.stack((first | (middle & 0x0F) << 8, middle >> 4 | last << 4), axis=1)
    return pairs.reshape(-1)[:count]


@dataclass(frozen=True, slots=True)
class Rescale:
    """Modality value = slope × stored + intercept (PS3.3 C.11.1.1.2)."""

    slope: float = 1.0
    intercept: float = 0.0
    kind: str = ""

    def values(self, stored_values: np.ndarray) -> np.ndarray:
        """Return float64 modality values."""
        return stored_values.astype(np.float64) * self.slope + self.intercept


@dataclass(frozen=True, slots=True)
class ModalityLUT:
    """Modality values by lookup; stored values outside the table take its ends (PS3.3 C.11.1.1.1)."""

    table: LookupTable
    first: int
    kind: str = ""

    def values(self, stored_values: np.ndarray) -> np.ndarray:
        """Return float64 modality values."""
        entries = table_values(self.table)
        index = np.clip(stored_values.astype(np.int64) - self.first, 0, len(entries) - 1)
        return entries[index].astype(np.float64)


# Units (0054,1001) as readers write them (PS3.3 C.8.9.1.1.3).
PET_UNITS = {
    "BQML": "Bq/ml", "CNTS": "counts", "GML": "g/ml", "CM2ML": "cm²/ml", "PCNT": "%", "CPS": "counts/s",
    "MGMINML": "mg/min/ml", "UMOLMINML": "µmol/min/ml", "MLMING": "ml/min/g", "MLG": "ml/g", "1CM": "1/cm",
    "UMOLML": "µmol/ml", "PROPCNTS": "∝ counts", "PROPCPS": "∝ counts/s", "MLMINML": "ml/min/ml", "MLML": "ml/ml",
}  # fmt: skip
Transform = Rescale | ModalityLUT
IDENTITY = Rescale()


@lru_cache(64)
def table_values(table: LookupTable) -> np.ndarray:
    """Return the entries of a table as uint16, read-only."""
    values = table.values()
    values.setflags(write=False)
    return values


def transform(instance: Instance, frame: FrameAttributes) -> Transform:
    """Return the modality transform of a frame; raises PixelError while its table's data isn't there.

    The modality LUT of an XA or RF image in LOG or DISP leads away from display (PS3.3 C.8.7.1.1.2, C.11.1.1.2).
    """
    for table in frame.ModalityLUTSequence[:1]:
        if instance.Modality in ("XA", "RF", "XRF") and instance.PixelIntensityRelationship in LOG_OR_DISPLAY:
            return IDENTITY
        if not table.complete:
            raise PixelError(gettext_noop("the modality lookup table is incomplete"))
        return ModalityLUT(table, first_mapped(table, signed=instance.PixelRepresentation == 1), table.kind)
    slope = 1.0 if frame.RescaleSlope in (None, 0.0) else frame.RescaleSlope
    return Rescale(slope or 1.0, frame.RescaleIntercept or 0.0, frame.RescaleType or "")


def first_mapped(table: LookupTable, *, signed: bool) -> int:
    """Return the first value mapped, read as signed where the input of the table is signed."""
    if signed and table.first > 32767:
        return table.first - 65536
    return table.first if signed else table.first & 0xFFFF


@dataclass(frozen=True, slots=True)
class Padding:
    """Closed range of stored values that stand for "no pixel here" (PS3.3 C.7.5.1.1.2)."""

    low: int
    high: int

    @classmethod
    def of(cls, instance: Instance) -> "Padding | None":
        """Return the padding range of `instance`, its ends read by Pixel Representation, or None."""
        if instance.PixelPaddingValue is None:
            return None
        limit = instance.PixelPaddingRangeLimit
        ends = [represented(value, instance) for value in (instance.PixelPaddingValue, limit) if value is not None]
        return cls(min(ends), max(ends))

    def mask(self, stored_values: np.ndarray) -> np.ndarray:
        """Return True where the stored value is padding."""
        return (stored_values >= self.low) & (stored_values <= self.high)


def represented(value: int, instance: Instance) -> int:
    """Return a 16-bit value as Pixel Representation means it: some servers list -2000 as 63536, or the reverse."""
    bits = max(instance.BitsAllocated or 16, 16)
    if instance.PixelRepresentation == 1:
        return value - 2**bits if value >= 2 ** (bits - 1) else value
    return value + 2**bits if value < 0 else value


def modality_values(stored_values: np.ndarray, transformed: Transform) -> np.ndarray:
    """Return float64 modality values (HU for CT) of stored ones."""
    return transformed.values(stored_values)


def unit(instance: Instance, frame: FrameAttributes) -> str:
    """Return the unit of the modality values, "" where the file says none (PS3.3 C.11.1.1.2, C.8.2.1.1.4).

    Where no rescale changes the stored values, the unit that they have as real world values.
    """
    tables = frame.ModalityLUTSequence
    named = (tables[0].kind if tables else frame.RescaleType) or ""
    if named.upper() == "US":
        return ""
    if instance.Modality == "PT" and not tables and named.upper() in {"", *PET_UNITS}:
        return PET_UNITS.get(named.upper() or instance.nuclear.text("Units") or "", "")
    if named:
        return named
    if instance.Modality == "CT" and not tables and frame.RescaleIntercept is not None:
        return "" if "LOCALIZER" in (*instance.ImageType, *frame.FrameType) else "HU"
    as_stored = not tables and frame.RescaleSlope in (None, 0.0, 1.0) and not frame.RescaleIntercept
    return realworld.unit(instance, frame) if as_stored else ""
