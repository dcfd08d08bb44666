"""Values of interest: window functions, VOI lookup tables and presets to 8-bit grey (PS3.3 C.11.2)."""

import math
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import cv2
import numpy as np

from viewer.imaging.dicomjson import LookupTable
from viewer.imaging.pixelformat import is_floating
from viewer.imaging.pixels import (
    IDENTITY,
    ModalityLUT,
    Padding,
    PixelError,
    Rescale,
    Transform,
    first_mapped,
    table_values,
)
from viewer.imaging.pixels import transform as modality_transform
from viewer.imaging.ramp import Line, Ramp, greys_of_values, ramp
from viewer.imaging.record import FrameAttributes, Instance

LINEAR = "LINEAR"
LINEAR_EXACT = "LINEAR_EXACT"
SIGMOID = "SIGMOID"
FUNCTIONS = (LINEAR, LINEAR_EXACT, SIGMOID)
FINE = 256  # a range of fractions below this has fewer whole numbers than there are greys
LUT_FIRST = frozenset(("DX", "CR", "MG", "IO", "PX", "RG"))


@dataclass(frozen=True, slots=True)
class Window:
    """A window in modality units; raises ValueError for what the standard calls no window."""

    center: float
    width: float
    function: str = LINEAR
    explanation: str = ""

    def __post_init__(self) -> None:
        if self.function not in FUNCTIONS:
            raise ValueError(f"window function must be one of {', '.join(FUNCTIONS)}, not {self.function[:32]}")
        if not math.isfinite(self.center) or not math.isfinite(self.width):
            raise ValueError("window center and width must be finite")
        if self.function == LINEAR and self.width < 1:
            raise ValueError(f"window width must be at least 1, not {self.width:g}")
        if self.width <= 0:
            raise ValueError(f"window width must be above 0, not {self.width:g}")


@dataclass(frozen=True, slots=True)
class VOILUT:
    """A VOI lookup table; values outside it take its ends (PS3.3 C.11.2.1.1)."""

    table: LookupTable
    first: int
    explanation: str = ""


VOI = Window | VOILUT

PRESETS = {
    "soft tissue": Window(40, 400, explanation="soft tissue"),
    "lung": Window(-600, 1500, explanation="lung"),
    "bone": Window(400, 2000, explanation="bone"),
    "brain": Window(40, 80, explanation="brain"),
    "mediastinum": Window(50, 350, explanation="mediastinum"),
    "liver": Window(90, 150, explanation="liver"),
    "angio": Window(300, 600, explanation="angio"),
    "stroke": Window(40, 40, explanation="stroke"),
    "subdural": Window(75, 200, explanation="subdural"),
    "air": Window(-426, 1000, explanation="air"),
    "temporal bone": Window(700, 4000, explanation="temporal bone"),
}


def linear(values: np.ndarray, window: Window) -> np.ndarray:
    """Return float64 from 0 to 255. The half-pixel shifts are the standard's, not ours (C.11.2.1.2.1)."""
    if window.width == 1:
        return np.where(values > window.center - 0.5, 255.0, 0.0)
    return shaded(values - (window.center - 0.5), window.width - 1)


def linear_exact(values: np.ndarray, window: Window) -> np.ndarray:
    """Return float64 from 0 to 255 (C.11.2.1.3.2)."""
    return shaded(values - window.center, window.width)


def shaded(distances: np.ndarray, width: float) -> np.ndarray:
    """Turn distances from the centre into shades from 0 to 255, in place where they are an array."""
    ramp = np.asarray(distances, float)
    ramp /= width
    ramp += 0.5
    np.maximum(ramp, 0, out=ramp)
    np.minimum(ramp, 1, out=ramp)
    ramp *= 255
    return ramp


def sigmoid(values: np.ndarray, window: Window) -> np.ndarray:
    """Return float64 from 0 to 255 (C.11.2.1.3.1)."""
    # Beyond 700 the exponential of a double overflows, long after the result is 0 or 255.
    exponent = np.clip(-4 * (values - window.center) / window.width, -700, 700)
    return 255 / (1 + np.exp(exponent))


UNSIGNED: dict[int, type[np.unsignedinteger[Any]]] = {1: np.uint8, 2: np.uint16}
CURVES = {LINEAR: linear, LINEAR_EXACT: linear_exact, SIGMOID: sigmoid}


def looked_up(values: np.ndarray, voi: VOILUT) -> np.ndarray:
    """Return float64 from 0 to 255 through a VOI LUT whose entries have the declared number of bits."""
    entries = table_values(voi.table)
    index = np.clip(np.rint(values).astype(np.int64) - voi.first, 0, len(entries) - 1)
    return entries[index] * (255 / top_of(voi.table))


def top_of(table: LookupTable) -> int:
    """Return the largest output of a table: by its declared bits, or by its entries where they need more."""
    declared = 2 ** min(max(table.bits, 1), 16) - 1
    largest = int(table_values(table).max())
    return declared if largest <= declared else 2 ** largest.bit_length() - 1


def grey_of_values(values: np.ndarray, voi: VOI, *, inverted: bool) -> np.ndarray:
    """Return uint8 grey of modality values; what is no number is black."""
    if isinstance(voi, Window) and (line := middle_and_width(voi)) is not None:
        greys = greys_of_values(values, *line, inverted=inverted)
        if greys is not None:
            return greys
    shades = CURVES[voi.function](values, voi) if isinstance(voi, Window) else looked_up(np.nan_to_num(values), voi)
    shades = 255 - shades if inverted else shades
    nowhere = np.isnan(values)
    if nowhere.any():
        shades = np.where(nowhere, 0, shades)
    return np.rint(shades, out=shades).astype(np.uint8)


def middle_and_width(window: Window) -> tuple[float, float] | None:
    """Return where a window's line is half grey and how wide it is; None where it is none (C.11.2.1.2.1, .3.2)."""
    if window.function == SIGMOID:
        return None
    middle, width = window.center, window.width
    if window.function == LINEAR:
        middle, width = middle - 0.5, width - 1
    return (middle, width) if width > 0 else None


@lru_cache
def limits(dtype: str) -> tuple[int, int]:
    """Return the lowest and the highest value of a whole-numbered type."""
    found = np.iinfo(dtype)
    return int(found.min), int(found.max)


@lru_cache(64)  # at most 64 KiB each
def shading(dtype: str, transform: Transform, voi: VOI, inverted: bool, padding: Padding | None) -> "Ramp | np.ndarray":
    """Return what makes grey of every stored value of an 8- or 16-bit type: a ramp where that gives the same greys,
    else a table, indexed by the value's bits read as unsigned.

    The formula is computed where it says something new; beyond the edges of a window all values look alike.
    """
    lowest, highest = limits(dtype)
    first, last = told_apart(transform, voi, lowest, highest)
    line = straight(transform, voi, inverted=inverted)
    found = ramp(line, first, last, dtype) if line else None
    if found is not None and (padding is None or is_black(found, padding, lowest, highest)):
        return found
    shades = grey_of_values(transform.values(np.arange(first, last + 1)), voi, inverted=inverted)
    table = np.empty(highest - lowest + 1, np.uint8)
    table[: first - lowest] = shades[0]
    table[first - lowest : last + 1 - lowest] = shades
    table[last + 1 - lowest :] = shades[-1]
    if padding is not None:
        table[max(padding.low - lowest, 0) : max(padding.high + 1 - lowest, 0)] = 0
    if lowest < 0:
        table = np.roll(table, lowest)
    table.setflags(write=False)
    return table


def is_black(found: Ramp, padding: Padding, lowest: int, highest: int) -> bool:
    """Whether a ramp, which knows no padding, shows it black: both of its ends, so all between, or none of the type."""
    low, high = max(padding.low, lowest), min(padding.high, highest)
    return low > high or not found.greys(np.array((low, high), "<u2" if lowest == 0 else "<i2")).any()


def straight(transform: Transform, voi: VOI, *, inverted: bool) -> Line | None:
    """Return the line by which a window makes greys of stored values; None where it is none (C.11.2.1.2.1, .3.2)."""
    found = middle_and_width(voi) if isinstance(transform, Rescale) and isinstance(voi, Window) else None
    if found is None or not isinstance(transform, Rescale):
        return None
    return Line(transform.slope, transform.intercept, *found, inverted)


def told_apart(transform: Transform, voi: VOI, lowest: int, highest: int) -> tuple[int, int]:
    """Return the first and last of the stored values `lowest` to `highest` outside which a window tells none apart."""
    if not (isinstance(transform, Rescale) and isinstance(voi, Window) and voi.function != SIGMOID):
        return lowest, highest
    ends = sorted((voi.center + side * (voi.width / 2 + 1) - transform.intercept) / transform.slope for side in (-1, 1))
    # One more on each side for what division rounds.
    first, last = (min(max(end + step, lowest), highest) for end, step in zip(ends, (-1, 1), strict=True))
    return (math.floor(first), math.ceil(last)) if first <= last else (lowest, highest)


def direct(stored: np.ndarray, transform: Transform, voi: VOI, inverted: bool, padding: Padding | None) -> np.ndarray:
    """Return uint8 grey by the formula, value for value."""
    shades = grey_of_values(transform.values(stored), voi, inverted=inverted)
    if padding is not None:
        shades[padding.mask(stored)] = 0
    return shades


def grey(
    stored: np.ndarray,
    transform: Transform,
    voi: VOI,
    *,
    inverted: bool = False,
    padding: Padding | None = None,
) -> np.ndarray:
    """Return uint8 grey of stored values, of the same shape: modality, VOI, inversion; padding is always black.

    `inverted` is MONOCHROME1 or a wish of the reader, both together cancel out; see `shown_inverted`.
    """
    if stored.dtype.kind in "iu" and stored.dtype.itemsize <= 2:
        how = shading(stored.dtype.str, transform, voi, inverted, padding)
        if isinstance(how, Ramp):
            return how.greys(stored)
        bits = stored.view(UNSIGNED[stored.dtype.itemsize])
        return cv2.LUT(bits.reshape(1, -1), how).reshape(stored.shape)
    return direct(stored, transform, voi, inverted, padding)


def shown_inverted(instance: Instance) -> bool:
    """True if low values are shown white: MONOCHROME1, or Presentation LUT Shape INVERSE, which say the same thing.

    DX writes both for one inversion (PS3.3 C.8.11.3.1.2), so they never add up.
    """
    return instance.PhotometricInterpretation == "MONOCHROME1" or instance.PresentationLUTShape == "INVERSE"


def voi_choices(instance: Instance, frame: FrameAttributes) -> list[VOI]:
    """Return the file's own alternatives in order, the default first: windows, then VOI LUTs.

    Radiographs put their lookup tables first. Windows and tables that the standard calls invalid are left out.
    LINEAR, made for whole numbers, has no grey left between black and white in a window 1 wide: over floating point
    pixels (a map of fractions from 0 to 1, as its writers say it) such a window is taken as LINEAR_EXACT.
    """
    windows = windows_of(frame, fractions=is_floating(instance, instance.BitsAllocated or 0))
    tables = tables_of(instance, frame)
    return [*tables, *windows] if instance.Modality in LUT_FIRST else [*windows, *tables]


def windows_of(frame: FrameAttributes, *, fractions: bool) -> list[VOI]:
    """Return the pairs of center and width with their explanations."""
    windows: list[VOI] = []
    explanations = frame.WindowCenterWidthExplanation
    function = (frame.VOILUTFunction or LINEAR).upper().replace(" ", "_")
    for at, (center, width) in enumerate(zip(frame.WindowCenter or (), frame.WindowWidth or (), strict=False)):
        explanation = explanations[at] if at < len(explanations) else ""
        curve = LINEAR_EXACT if fractions and function == LINEAR and width <= 1 else function
        try:
            windows.append(Window(center, width, curve, explanation))
        except ValueError:
            continue
    return windows


def tables_of(instance: Instance, frame: FrameAttributes) -> list[VOI]:
    """Return the complete VOI LUTs of a frame."""
    if not frame.VOILUTSequence:
        return []
    try:
        signed = signed_output(instance, modality_transform(instance, frame))
    except PixelError:
        signed = False  # behind a modality table, an incomplete one: whoever draws the picture says so
    return [
        VOILUT(table, first_mapped(table, signed=signed), table.explanation)
        for table in frame.VOILUTSequence
        if table.complete
    ]


def signed_output(instance: Instance, transform: Transform) -> bool:
    """True if the modality output may be negative, so that a VOI LUT's first value is signed (C.11.2.1.1)."""
    if isinstance(transform, ModalityLUT):
        return False
    low, high = -(2**15) if instance.PixelRepresentation == 1 else 0, 2 ** (instance.BitsStored or 16) - 1
    return min(transform.slope * low, transform.slope * high) + transform.intercept < 0


def automatic(values: np.ndarray) -> Window:
    """Return the window from the 1st to the 99th percentile of modality values; leave padding out beforehand.

    Give it the values of a whole series, or brightness flickers from slice to slice. Fractions within a small range
    have a LINEAR_EXACT window: that of LINEAR is at least 1 wide.
    """
    numbers = values[np.isfinite(values)]
    if numbers.size == 0:
        return Window(127.5, 256, explanation="automatic")
    low, high = (float(value) for value in np.percentile(numbers, (1, 99)))
    if low == high:
        low, high = float(numbers.min()), float(numbers.max())
    if low < high and (numbers.dtype.kind == "f" and not (numbers == np.rint(numbers)).all()) and high - low < FINE:
        return Window((low + high) / 2, high - low, LINEAR_EXACT, explanation="automatic")
    return spanning(low, high, explanation="automatic")


def spanning(low: float, high: float, *, explanation: str = "") -> Window:
    """Return the LINEAR window that shows `low` as 0 and `high` as 255."""
    return Window((low + high + 1) / 2, high - low + 1, explanation=explanation)


__all__ = [
    "FUNCTIONS", "IDENTITY", "LINEAR", "LINEAR_EXACT", "PRESETS", "SIGMOID", "VOI", "VOILUT", "Window",
    "automatic", "grey", "grey_of_values", "shading", "shown_inverted", "spanning", "voi_choices",
]  # fmt: skip
