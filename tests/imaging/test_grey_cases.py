"""Which way up greys are: 32 combinations, each against the pipeline of PS3.3 written out."""

from itertools import product

import numpy as np
import pytest
from pydicom.dataset import Dataset

from tests.imaging.datasets import instance
from viewer.imaging import pixels, windowing

PHOTOMETRIC = ("MONOCHROME1", "MONOCHROME2")
SHAPES = ("IDENTITY", "INVERSE")
SLOPES = (2.0, -2.0)
STEPS = ("window", "VOI LUT", "modality LUT", "both LUTs")
STORED = np.arange(-64, 64, dtype=np.int16).reshape(8, 16)


def lut(keyword: str, first: int, entries: np.ndarray, bits: int) -> list[Dataset]:
    """Return a lookup table sequence of one item."""
    item = Dataset()
    item.add_new(0x00283002, "SS" if first < 0 else "US", [len(entries), first, bits])
    item.add_new(0x00283006, "US", [int(entry) for entry in entries])
    if keyword == "ModalityLUTSequence":
        item.ModalityLUTType = "US"
    return [item]


@pytest.mark.parametrize(("photometric", "shape", "slope", "step"), list(product(PHOTOMETRIC, SHAPES, SLOPES, STEPS)))
def test_greys_are_within_one_level_of_the_standards_pipeline(
    photometric: str, shape: str, slope: float, step: str
) -> None:
    image = Dataset()
    image.SOPClassUID, image.Modality, image.Rows, image.Columns = "1.2.840.10008.5.1.4.1.1.1.1", "DX", *STORED.shape
    image.SamplesPerPixel, image.PhotometricInterpretation, image.PresentationLUTShape = 1, photometric, shape
    image.BitsAllocated, image.BitsStored, image.HighBit, image.PixelRepresentation = 16, 8, 7, 1
    x = STORED.astype(float)
    # C.11.1: a modality LUT, or the rescale; a falling table stands for the negative slope.
    if step in ("modality LUT", "both LUTs"):
        table = np.linspace(0, 300, 128) ** 1.02
        table = np.rint(table if slope > 0 else table[::-1]).astype(int)
        image.ModalityLUTSequence = lut("ModalityLUTSequence", -64, table, 16)
        x = table[STORED.astype(int) + 64].astype(float)
    else:
        image.RescaleSlope, image.RescaleIntercept, image.RescaleType = slope, 10, "US"
        x = x * slope + 10
    # C.11.2: a VOI LUT, or a window (LINEAR).
    if step in ("VOI LUT", "both LUTs"):
        first = -100 if step == "VOI LUT" else 20
        curve = np.rint(1023 * np.linspace(0, 1, 220) ** 2).astype(int)
        image.VOILUTSequence = lut("VOILUTSequence", first, curve, 10)
        y = curve[np.clip(np.rint(x).astype(int) - first, 0, 219)] / 1023 * 255
    else:
        c, w = 12.5, 180.0
        image.WindowCenter, image.WindowWidth = c, w
        low, high = c - 0.5 - (w - 1) / 2, c - 0.5 + (w - 1) / 2
        y = np.where(x <= low, 0, np.where(x > high, 255, ((x - (c - 0.5)) / (w - 1) + 0.5) * 255))
    # C.7.6.3.1.2 and C.8.11.3.1.2: both words say that the lowest value is white, and say it once.
    expected = 255 - y if "MONOCHROME1" in photometric or shape == "INVERSE" else y
    record = instance(image)
    frame = record.frame(1)
    (voi,) = windowing.voi_choices(record, frame)
    grey = windowing.grey(STORED, pixels.transform(record, frame), voi, inverted=windowing.shown_inverted(record))
    assert grey.dtype == np.uint8 and np.ptp(grey) > 100
    assert np.abs(grey - expected).max() <= 1
