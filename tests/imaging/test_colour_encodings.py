"""One chart of colours in every encoding that DICOM has for them: none swapped, none moved (C.7.6.3.1.2, C.7.9)."""

from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import imagecodecs
import numpy as np
import pytest
from pydicom.dataset import Dataset, FileMetaDataset
from pydicom.encaps import encapsulate
from pydicom.pixels.encoders import RLELosslessEncoder
from pydicom.uid import ExplicitVRLittleEndian, generate_uid

from tests.imaging import deltae
from viewer.archive import FolderArchive
from viewer.imaging import colour
from viewer.imaging.pixels import PixelFormat
from viewer.imaging.record import instances
from viewer.store.decode import decode

JPEG = "1.2.840.10008.1.2.4."
RLE = "1.2.840.10008.1.2.5"
PHOTOGRAPH = "1.2.840.10008.5.1.4.1.1.77.1.4"
PATCH = 16
COLOURS = [
    (255, 0, 0), (0, 255, 0), (0, 0, 255), (0, 255, 255), (255, 0, 255), (255, 255, 0),
    (0, 0, 0), (255, 255, 255), (128, 128, 128), (224, 172, 105), (141, 85, 36), (90, 20, 130),
    (200, 30, 60), (40, 120, 90), (10, 40, 160), (250, 230, 210),
]  # fmt: skip
# 64 × 64 pixels, each patch as large as a block of any encoding, so that no loss comes from its neighbours.
CHART = np.array(COLOURS, np.uint8).reshape(4, 4, 3).repeat(PATCH, 0).repeat(PATCH, 1)
INNER = np.pad(np.ones((PATCH - 2, PATCH - 2), bool), 1)[None].repeat(16, 0).reshape(4, 4, PATCH, PATCH)
INNER = INNER.transpose(0, 2, 1, 3).reshape(64, 64)
INDICES = np.arange(16, dtype=np.uint8).reshape(4, 4).repeat(PATCH, 0).repeat(PATCH, 1)


def ybr(rgb: np.ndarray) -> np.ndarray:
    """Return YBR_FULL by the equations of C.7.6.3.1.2."""
    red, green, blue = np.moveaxis(rgb.astype(float), -1, 0)
    y = 0.2990 * red + 0.5870 * green + 0.1140 * blue
    cb = -0.1687 * red - 0.3313 * green + 0.5000 * blue + 128
    cr = 0.5000 * red - 0.4187 * green - 0.0813 * blue + 128
    return np.clip(np.rint(np.stack((y, cb, cr), axis=-1)), 0, 255).astype(np.uint8)


def halved(full: np.ndarray) -> bytes:
    """Return 4:2:2 as YBR_FULL_422 has it: two luminances, then the chrominances of the first."""
    pairs = full.reshape(64, 32, 2, 3)
    return np.stack((pairs[:, :, 0, 0], pairs[:, :, 1, 0], pairs[:, :, 0, 1], pairs[:, :, 0, 2]), -1).tobytes()


def jpeg(subsampling: str, space: str = "YCBCR", *, lossless: bool = False) -> Callable[[], bytes]:
    return lambda: imagecodecs.jpeg8_encode(
        CHART, level=98, colorspace="RGB", outcolorspace=space, subsampling=subsampling, lossless=lossless
    )


def rle(samples: np.ndarray, photometric: str) -> bytes:
    kind = "<u2" if samples.dtype == np.uint16 else "u1"
    return RLELosslessEncoder.encode(
        samples.astype(kind).tobytes(), rows=64, columns=64, samples_per_pixel=3 if samples.ndim == 3 else 1,
        bits_allocated=samples.itemsize * 8, bits_stored=samples.itemsize * 8, pixel_representation=0,
        photometric_interpretation=photometric, number_of_frames=1, planar_configuration=0,
    )  # fmt: skip


@dataclass
class Encoding:
    """How the chart is written: pixels of one frame, and what the data set says of them."""

    pixels: Callable[[], bytes]
    photometric: str
    syntax: str = ExplicitVRLittleEndian
    planar: int = 0
    lossless: bool = True
    halved: bool = False  # a decoder may smooth the colours of neighbours into each other
    more: dict[str, Any] = field(default_factory=dict)


def table(bits: int, *, index_bits: int = 8, segmented: bool = False) -> dict[str, Any]:
    """Return the palette of the chart in entries of 8 or 16 bits; its last colour fills the table."""
    entries = np.array(COLOURS, np.uint16)
    found: dict[str, Any] = {"BitsAllocated": index_bits}
    for place, name in enumerate(("Red", "Green", "Blue")):
        values = entries[:, place] * (257 if bits == 16 else 1)
        data = values.astype("<u2" if bits == 16 else "u1").tobytes()
        length = len(values)
        if segmented:
            # Eight entries one by one, a ramp of one step to the ninth, and the rest.
            words = [0, 8, *values[:8], 1, 1, values[8], 0, 7, *values[9:]]
            data = np.array(words, "<u2").tobytes()
        found[f"{name}PaletteColorLookupTableDescriptor"] = [length, 0, bits]
        found[f"{'Segmented' * segmented}{name}PaletteColorLookupTableData"] = data
    return found


ENCODINGS = {
    "RGB by pixel": Encoding(CHART.tobytes, "RGB"),
    "RGB by plane": Encoding(CHART.transpose(2, 0, 1).tobytes, "RGB", planar=1),
    "YBR_FULL by pixel": Encoding(ybr(CHART).tobytes, "YBR_FULL", lossless=False),
    "YBR_FULL by plane": Encoding(ybr(CHART).transpose(2, 0, 1).tobytes, "YBR_FULL", planar=1, lossless=False),
    "YBR_FULL_422": Encoding(lambda: halved(ybr(CHART)), "YBR_FULL_422", lossless=False),
    "JPEG 4:2:2": Encoding(jpeg("422"), "YBR_FULL_422", JPEG + "50", lossless=False, halved=True),
    "JPEG 4:2:0": Encoding(jpeg("420"), "YBR_FULL_422", JPEG + "50", lossless=False, halved=True),
    "JPEG 4:4:4": Encoding(jpeg("444"), "YBR_FULL", JPEG + "50", lossless=False),
    "JPEG of RGB, as Adobe marks it": Encoding(jpeg("444", "RGB"), "RGB", JPEG + "50", lossless=False),
    "JPEG of RGB, called YBR": Encoding(jpeg("444", "RGB"), "YBR_FULL_422", JPEG + "50", lossless=False),
    "JPEG of YBR, called RGB": Encoding(jpeg("422"), "RGB", JPEG + "50", lossless=False, halved=True),
    "lossless JPEG": Encoding(jpeg("444", "RGB", lossless=True), "RGB", JPEG + "70"),
    "JPEG 2000 RCT": Encoding(
        lambda: imagecodecs.jpeg2k_encode(CHART, level=0, codecformat="J2K", reversible=True, mct=True),
        "YBR_RCT", JPEG + "90",
    ),
    "JPEG 2000 without transform": Encoding(
        lambda: imagecodecs.jpeg2k_encode(CHART, level=0, codecformat="J2K", reversible=True, mct=False),
        "RGB", JPEG + "90",
    ),
    "JPEG 2000 ICT": Encoding(
        lambda: imagecodecs.jpeg2k_encode(CHART, level=60, codecformat="J2K", reversible=False, mct=True),
        "YBR_ICT", JPEG + "91", lossless=False,
    ),
    "JPEG 2000 of YBR_FULL": Encoding(
        lambda: imagecodecs.jpeg2k_encode(ybr(CHART), level=0, codecformat="J2K", reversible=True, mct=False),
        "YBR_FULL", JPEG + "90", lossless=False,
    ),
    "HTJ2K RCT": Encoding(lambda: imagecodecs.htj2k_encode(CHART, reversible=True), "YBR_RCT", JPEG + "201"),
    "RLE of RGB": Encoding(lambda: rle(CHART, "RGB"), "RGB", RLE),
    "RLE of YBR_FULL": Encoding(lambda: rle(ybr(CHART), "YBR_FULL"), "YBR_FULL", RLE, lossless=False),
    "JPEG-LS": Encoding(lambda: imagecodecs.jpegls_encode(CHART), "RGB", JPEG + "80"),
    "palette of 8 bits": Encoding(INDICES.tobytes, "PALETTE COLOR", more=table(8)),
    "palette of 16 bits": Encoding(INDICES.tobytes, "PALETTE COLOR", more=table(16)),
    "palette of 16 bits, indices of 16": Encoding(
        INDICES.astype("<u2").tobytes, "PALETTE COLOR", more=table(16, index_bits=16)
    ),
    "palette in segments": Encoding(INDICES.tobytes, "PALETTE COLOR", more=table(16, segmented=True)),
    "palette by RLE": Encoding(lambda: rle(INDICES, "PALETTE COLOR"), "PALETTE COLOR", RLE, more=table(16)),
}  # fmt: skip


def written(path: Path, how: Encoding) -> None:
    dataset = Dataset()
    dataset.file_meta = FileMetaDataset()
    dataset.file_meta.TransferSyntaxUID = how.syntax
    dataset.SOPClassUID, dataset.SOPInstanceUID = PHOTOGRAPH, generate_uid()
    dataset.StudyInstanceUID, dataset.SeriesInstanceUID = "1.2.3", "1.2.3.4"
    dataset.Modality, dataset.PatientID = "XC", "P1"
    palette = how.photometric == "PALETTE COLOR"
    dataset.Rows = dataset.Columns = 64
    dataset.SamplesPerPixel = 1 if palette else 3
    dataset.PhotometricInterpretation = how.photometric
    if not palette:
        dataset.PlanarConfiguration = how.planar
    dataset.BitsAllocated, dataset.PixelRepresentation = 8, 0
    for name, value in how.more.items():
        setattr(dataset, name, value)
    dataset.BitsStored, dataset.HighBit = dataset.BitsAllocated, dataset.BitsAllocated - 1
    native = how.syntax == ExplicitVRLittleEndian
    dataset.PixelData = how.pixels() if native else encapsulate([how.pixels()])
    dataset["PixelData"].VR = "OB" if dataset.BitsAllocated == 8 else "OW"
    dataset["PixelData"].is_undefined_length = not native
    dataset.save_as(path, enforce_file_format=True)


def shown(folder: Path, state: Path) -> np.ndarray:
    """Return what the only image of a folder looks like: read, decoded, looked up."""
    archive = FolderArchive("main", folder, state=state)
    assert archive.scan(settle=0).skipped == ()
    (image,) = instances(archive.series_metadata("1.2.3", "1.2.3.4"))
    (frame,) = archive.frames("1.2.3", "1.2.3.4", image.SOPInstanceUID or "", [1])
    assert colour.is_colour(image)
    return colour.rgb(decode(frame.data, frame.transfer_syntax, PixelFormat.of(image)), image)


@pytest.mark.parametrize("name", ENCODINGS)
def test_the_chart_has_its_colours_however_it_is_written(tmp_path: Path, name: str) -> None:
    how = ENCODINGS[name]
    (tmp_path / "images").mkdir()
    written(tmp_path / "images" / "chart.dcm", how)
    seen = shown(tmp_path / "images", tmp_path / "state")
    away = deltae.between(seen, CHART)[INNER if how.halved else ...]
    assert seen.dtype == np.uint8
    assert away.max() == 0 if how.lossless else away.max() <= 2, f"{away.max():.2f}"


def test_a_swapped_channel_would_be_noticed() -> None:
    assert deltae.between(CHART[..., ::-1], CHART).max() > 50
    assert deltae.between(ybr(CHART), CHART).max() > 50
