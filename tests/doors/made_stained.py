"""Volumes in colour: secondary captures with a place, RGB and by a palette."""

from functools import cache

import numpy as np
from pydicom.dataset import Dataset

from worklist.demo.dataset import Exam, Person, begin, grey, in_series, place, uid

CAPTURE = "1.2.840.10008.5.1.4.1.1.7"
EXAM = Exam(Person("Stain^Fleur", "S-1", "19700101", "F"), uid("stained"), "20240301", "081500", "Stained")
STEP = 2.0  # mm from slice to slice; pixels are 1 mm


@cache
def stained() -> list[Dataset]:
    """Six RGB slices: red is 40 a slice, green 4 a column, blue 3 a row."""
    made = []
    for number in range(6):
        dataset = _slice("rgb", number)
        rows, columns = np.mgrid[:40, :50].astype(np.uint8)
        picture = np.stack((np.full_like(rows, 40 * number), 4 * columns, 3 * rows), axis=-1)
        dataset.SamplesPerPixel, dataset.PhotometricInterpretation, dataset.PlanarConfiguration = 3, "RGB", 0
        dataset.PixelData = picture.tobytes()
        made.append(dataset)
    return made


@cache
def by_palette() -> list[Dataset]:
    """Six slices of indices, 10 a slice; index i is of the colour (4i, 200 - 4i, 7)."""
    made = []
    for number in range(6):
        dataset = _slice("palette", number)
        dataset.PhotometricInterpretation = "PALETTE COLOR"
        dataset.PixelData = np.full((40, 50), 10 * number, np.uint8).tobytes()
        index = np.arange(51)
        for colour, values in (("Red", 4 * index), ("Green", 200 - 4 * index), ("Blue", np.full(51, 7))):
            setattr(dataset, f"{colour}PaletteColorLookupTableDescriptor", [51, 0, 16])
            dataset[f"{colour}PaletteColorLookupTableDescriptor"].VR = "US"
            setattr(dataset, f"{colour}PaletteColorLookupTableData", (values * 257).astype("<u2").tobytes())
        made.append(dataset)
    return made


def _slice(name: str, number: int) -> Dataset:
    dataset = begin(EXAM, "MR", uid("stained", name, number))
    in_series(
        dataset, number=1 + len(name), series_uid=uid("stained", name), description=name, instance_number=number + 1
    )
    place(
        dataset, position=(-25.0, -20.0, STEP * number), orientation=(1, 0, 0, 0, 1, 0), spacing=(1.0, 1.0),
        thickness=STEP, frame_of_reference=uid("stained frame"),
    )  # fmt: skip
    grey(dataset, np.zeros((40, 50), np.uint16), bits_stored=8)
    dataset.BitsAllocated = dataset.BitsStored = 8
    dataset.HighBit, dataset.Modality = 7, "OT"
    dataset.SOPClassUID = dataset.file_meta.MediaStorageSOPClassUID = CAPTURE
    for keyword in ("WindowCenter", "WindowWidth", "RescaleSlope", "RescaleIntercept"):
        if keyword in dataset:
            delattr(dataset, keyword)
    return dataset
