"""Whole-slide images made for the tests: every tile has a colour of its own, in the syntax that the test wants."""

from collections.abc import Callable, Iterable
from functools import cache
from pathlib import Path
from typing import Any

import imagecodecs
import numpy as np
from PIL import ImageCms
from pydicom.dataset import Dataset, FileMetaDataset
from pydicom.encaps import encapsulate
from pydicom.sequence import Sequence
from pydicom.uid import (
    ExplicitVRLittleEndian,
    JPEG2000Lossless,
    JPEGBaseline8Bit,
    VLWholeSlideMicroscopyImageStorage,
)

STUDY = "2.25.7700"
SERIES = "2.25.7701"
TILE = 64


def picture(columns: int, rows: int, seed: int = 0) -> np.ndarray:
    """Return (rows, columns, 3) uint8: blocks of 16 pixels, each with a colour of its own, none of them pale."""
    blocks = np.random.default_rng(seed).integers(20, 200, (-(-rows // 16), -(-columns // 16), 3))
    return blocks.repeat(16, 0).repeat(16, 1)[:rows, :columns].astype(np.uint8)


def tiles(whole: np.ndarray, tile: int = TILE) -> list[np.ndarray]:
    """Return the tiles of a picture along rows; those at the edge are filled up with green, which nobody may see."""
    rows, columns = (-(-side // tile) * tile for side in whole.shape[:2])
    padded = np.zeros((rows, columns, 3), np.uint8)
    padded[..., 1] = 255
    padded[: whole.shape[0], : whole.shape[1]] = whole
    return [
        np.ascontiguousarray(padded[y : y + tile, x : x + tile])
        for y in range(0, rows, tile)
        for x in range(0, columns, tile)
    ]


def rgb_jpeg(tile: np.ndarray) -> bytes:
    """Return a JPEG whose samples are red, green and blue, and that doesn't say so (as Aperio writes them)."""
    data = imagecodecs.jpeg8_encode(tile, level=100, colorspace="RGB", outcolorspace="RGB", subsampling="444")
    return renamed(without(data, 0xEE))


def ybr_jpeg(tile: np.ndarray) -> bytes:
    """Return an ordinary JPEG."""
    return imagecodecs.jpeg8_encode(tile, level=95, subsampling="422")


def j2k(tile: np.ndarray) -> bytes:
    """Return a lossless JPEG 2000 codestream."""
    return imagecodecs.jpeg2k_encode(tile, level=0, codecformat="J2K", reversible=True)


def native(tile: np.ndarray) -> bytes:
    """Return the samples as they are."""
    return tile.tobytes()


def without(data: bytes, marker: int) -> bytes:
    """Return a JPEG stream without one kind of header segment."""
    kept, at = data[:2], 2
    while data[at + 1] != 0xDA:
        end = at + 2 + int.from_bytes(data[at + 2 : at + 4])
        if data[at + 1] != marker:
            kept += data[at:end]
        at = end
    return kept + data[at:]


def renamed(data: bytes) -> bytes:
    """Return a JPEG stream whose components are numbered 1, 2, 3: nothing betrays that they are no YCbCr."""
    found = bytearray(data)
    at, names = 2, {}
    while True:
        marker, length = found[at + 1], int.from_bytes(found[at + 2 : at + 4])
        if marker in (0xC0, 0xC1):
            for number in range(3):
                names[found[at + 10 + 3 * number]] = number + 1
                found[at + 10 + 3 * number] = number + 1
        if marker == 0xDA:
            for number in range(3):
                found[at + 5 + 2 * number] = names[found[at + 5 + 2 * number]]
            return bytes(found)
        at += 2 + length


FORMS: dict[str, tuple[Callable[[np.ndarray], bytes], str, str]] = {
    "rgb": (rgb_jpeg, JPEGBaseline8Bit, "RGB"),
    "ybr": (ybr_jpeg, JPEGBaseline8Bit, "YBR_FULL_422"),
    "j2k": (j2k, JPEG2000Lossless, "RGB"),
    "native": (native, ExplicitVRLittleEndian, "RGB"),
}


@cache
def profile() -> bytes:
    """Return a colour profile."""
    found: bytes = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    return found + b"\0" * (len(found) % 2)


def level(whole: np.ndarray, form: str = "rgb", *, number: int = 1, series: str = SERIES, **more: Any) -> Dataset:
    """Return one TILED_FULL level that shows `whole`, 0.5 µm a pixel times its `number`; `more` are attributes."""
    encode, syntax, photometric = FORMS[form]
    found = Dataset()
    found.file_meta = FileMetaDataset()
    found.file_meta.TransferSyntaxUID = syntax
    found.SOPClassUID = found.file_meta.MediaStorageSOPClassUID = VLWholeSlideMicroscopyImageStorage
    found.SOPInstanceUID = found.file_meta.MediaStorageSOPInstanceUID = f"{series}.{number}"
    found.StudyInstanceUID, found.SeriesInstanceUID, found.Modality = STUDY, series, "SM"
    found.PatientName, found.PatientID, found.InstanceNumber = "Glass^Greta", "G1", number
    found.SeriesNumber = 1
    found.ImageType = ["DERIVED", "PRIMARY", "VOLUME", "NONE" if number == 1 else "RESAMPLED"]
    found.FrameOfReferenceUID, found.ContainerIdentifier = f"{series}.0", "S-1"
    found.TotalPixelMatrixRows, found.TotalPixelMatrixColumns = whole.shape[:2]
    found.Rows = found.Columns = TILE
    found.DimensionOrganizationType = "TILED_FULL"
    found.SamplesPerPixel, found.PhotometricInterpretation, found.PlanarConfiguration = 3, photometric, 0
    found.BitsAllocated, found.BitsStored, found.HighBit, found.PixelRepresentation = 8, 8, 7, 0
    found.ImageOrientationSlide = [0, -1, 0, -1, 0, 0]
    origin = Dataset()
    origin.XOffsetInSlideCoordinateSystem, origin.YOffsetInSlideCoordinateSystem = 40, 20
    found.TotalPixelMatrixOriginSequence = Sequence([origin])
    measures, shared = Dataset(), Dataset()
    measures.PixelSpacing = [0.0005 * number, 0.0005 * number]
    shared.PixelMeasuresSequence = Sequence([measures])
    found.SharedFunctionalGroupsSequence = Sequence([shared])
    path = Dataset()
    path.OpticalPathIdentifier, path.ObjectiveLensPower, path.ICCProfile = "1", 20, profile()
    found.OpticalPathSequence = Sequence([path])
    frames(found, [encode(tile) for tile in tiles(whole)])
    for name, value in more.items():
        setattr(found, name, value)
    return found


def frames(dataset: Dataset, data: list[bytes]) -> None:
    """Set the pixel data of a level."""
    dataset.NumberOfFrames = len(data)
    if dataset.file_meta.TransferSyntaxUID.is_encapsulated:
        dataset.PixelData = encapsulate(data)
        dataset["PixelData"].VR = "OB"
        dataset["PixelData"].is_undefined_length = True
    else:
        dataset.PixelData = b"".join(data)
        dataset["PixelData"].VR = "OB"


def write(folder: Path, datasets: Iterable[Dataset]) -> Path:
    """Write the data sets below `folder` and return it."""
    folder.mkdir(parents=True, exist_ok=True)
    for dataset in datasets:
        dataset.save_as(folder / f"{dataset.SOPInstanceUID}.dcm", enforce_file_format=True)
    return folder
