"""How the pixels of an instance are stored, and as what the frame store keeps them."""

import math
from dataclasses import dataclass

import numpy as np

from viewer.imaging.record import Instance
from viewer.imaging.words import gettext_noop

PARAMETRIC_MAP = "1.2.840.10008.5.1.4.1.1.30"
GREY = frozenset(("MONOCHROME1", "MONOCHROME2"))
PALETTE_COLOR = "PALETTE COLOR"
YBR = frozenset(("YBR_FULL", "YBR_FULL_422", "YBR_PARTIAL_420", "YBR_PARTIAL_422", "YBR_ICT", "YBR_RCT"))
XYB = "XYB"  # of JPEG XL, whose decoder makes RGB of it
SUBSAMPLED = frozenset(("YBR_FULL_422", "YBR_PARTIAL_422"))


class PixelError(ValueError):
    """The frame can't be turned into a picture; the text says why, without patient data."""


@dataclass(frozen=True, slots=True)
class PixelFormat:
    """How the pixels of an instance are stored (PS3.3 C.7.6.3.1)."""

    rows: int
    columns: int
    samples: int
    bits_allocated: int
    bits_stored: int
    high_bit: int
    signed: bool
    photometric: str
    planar_configuration: int = 0
    floating: bool = False
    least_bits: int = 0  # fewer in a compressed frame's samples aren't what is looked for

    @classmethod
    def of(cls, instance: Instance) -> "PixelFormat":
        """Return the format of `instance`; raises PixelError where the declared sizes make no picture."""
        rows, columns, allocated = instance.Rows, instance.Columns, instance.BitsAllocated
        if not rows or not columns or not allocated or not 0 < rows <= 65535 or not 0 < columns <= 65535:
            raise PixelError(gettext_noop("Rows, Columns or Bits Allocated are missing"))
        samples = 1 if instance.SamplesPerPixel is None else instance.SamplesPerPixel
        photometric = (instance.PhotometricInterpretation or "").upper()
        if not photometric:
            photometric = "RGB" if samples == 3 else "MONOCHROME2"
        colour = photometric in ("RGB", XYB) or photometric in YBR
        if not colour and photometric not in GREY and photometric != PALETTE_COLOR:
            raise PixelError(gettext_noop("photometric interpretation {name} is not known", name=photometric[:32]))
        if samples != (3 if colour else 1):
            raise PixelError(gettext_noop("{n} samples per pixel don't fit {name}", n=samples, name=photometric))
        stored = instance.BitsStored or allocated
        high = stored - 1 if instance.HighBit is None else instance.HighBit
        if allocated not in (1, 8, 12, 16, 32, 64) or not 0 < stored <= allocated or not stored - 1 <= high < allocated:
            raise PixelError(
                gettext_noop("{stored} bits stored of {allocated} make no pixel", stored=stored, allocated=allocated)
            )
        floating = is_floating(instance, allocated)
        if allocated == 64 and samples == 1 and not floating:
            raise PixelError(gettext_noop("whole numbers of 64 bits"))
        return cls(
            rows=rows, columns=columns, samples=samples, bits_allocated=allocated, bits_stored=stored, high_bit=high,
            signed=instance.PixelRepresentation == 1, photometric=photometric,
            planar_configuration=instance.PlanarConfiguration or 0, floating=floating,
        )  # fmt: skip

    def described_by(
        self, photometric: str, rows: int | None, columns: int | None, samples: int | None, bits_allocated: int | None,
        bits_stored: int | None, high_bit: int | None, representation: int | None, planar_configuration: int | None,
    ) -> bool:  # fmt: skip
        """Say whether another description of the same pixels agrees with this one, defaults as in `of`."""
        stored = bits_stored or bits_allocated
        high = stored - 1 if high_bit is None and stored else high_bit
        colour = photometric.upper() or ("RGB" if samples == 3 else "MONOCHROME2")
        return (rows, columns, 1 if samples is None else samples, bits_allocated, stored, high, colour) == (
            self.rows, self.columns, self.samples, self.bits_allocated, self.bits_stored, self.high_bit,
            self.photometric,
        ) and (representation == 1, planar_configuration or 0) == (self.signed, self.planar_configuration)  # fmt: skip

    @property
    def colour(self) -> bool:
        """True for three samples a pixel; a palette image is stored as one index a pixel."""
        return self.samples == 3

    @property
    def shape(self) -> tuple[int, ...]:
        """Shape of the frame as the frame store keeps it."""
        return (self.rows, self.columns, 3) if self.colour else (self.rows, self.columns)

    @property
    def stored_dtype(self) -> np.dtype:
        """Type that the frame store keeps: RGB is always uint8, one bit a pixel becomes a byte."""
        if self.floating:
            return np.dtype(np.float64 if self.bits_allocated == 64 else np.float32)
        if self.colour:
            return np.dtype(np.uint8)
        size = {1: 1, 8: 1, 12: 2, 16: 2, 32: 4}[self.bits_allocated]
        return np.dtype(f"{'i' if self.signed else 'u'}{size}")

    @property
    def stored_size_bytes(self) -> int:
        """Bytes of one frame in the frame store."""
        return math.prod(self.shape) * self.stored_dtype.itemsize

    @property
    def frame_size_bytes(self) -> int:
        """Bytes of one uncompressed frame, rounded up to a whole byte; 4:2:2 keeps two samples a pixel."""
        samples = 2 if self.photometric in SUBSAMPLED else self.samples
        return (self.rows * self.columns * samples * self.bits_allocated + 7) // 8


def is_floating(instance: Instance, allocated: int) -> bool:
    """True for Float or Double Float Pixel Data, which only parametric maps carry and archives may not list."""
    return instance.float_pixels or (instance.SOPClassUID == PARAMETRIC_MAP and allocated > 16)
