"""Series to measure with: a CT as a scanner's, in any syntax, on disk and in a real Orthanc."""

import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import imagecodecs
import numpy as np
from pydicom.encaps import encapsulate
from pydicom.pixels.encoders.base import get_encoder
from pydicom.uid import ExplicitVRLittleEndian, JPEG2000Lossless, JPEGLSLossless, RLELossless

from tests import orthanc
from worklist.demo.phantoms import speaking_phantom

SIDE = 512
DECODERS = ("/usr/share/orthanc/plugins/libOrthancGdcm.so",)
DISTINCT = 40  # slices that are encoded; the others repeat them under their own identity


@dataclass(frozen=True)
class Series:
    """One series on disk: its files, and the UIDs of study, series and instances in the order of slices."""

    name: str
    folder: Path
    syntax: str
    study: str
    series: str
    instances: tuple[str, ...]
    raw_bytes: int

    @property
    def path(self) -> str:
        """Its address below a DICOMweb root."""
        return f"/studies/{self.study}/series/{self.series}"


def j2k(values: np.ndarray) -> bytes:
    """Return a lossless JPEG 2000 codestream."""
    return imagecodecs.jpeg2k_encode(values, level=0, codecformat="J2K", reversible=True)


def rle(values: np.ndarray) -> bytes:
    """Return an RLE frame (PS3.5 Annex G)."""
    return get_encoder(RLELossless).encode(
        values, rows=SIDE, columns=SIDE, samples_per_pixel=1, bits_allocated=16, bits_stored=12,
        pixel_representation=0, photometric_interpretation="MONOCHROME2", number_of_frames=1,
        encoding_plugin="pylibjpeg",
    )  # fmt: skip


ENCODERS: dict[str, tuple[str, Callable[[np.ndarray], bytes]]] = {
    "raw": (ExplicitVRLittleEndian, np.ndarray.tobytes),
    "RLE": (RLELossless, rle),
    "JPEG-LS": (JPEGLSLossless, imagecodecs.jpegls_encode),
    "J2K": (JPEG2000Lossless, j2k),
}


def ct(folder: Path, name: str, slices: int) -> Series:
    """Write a CT of 512 × 512 with noise in the syntax called `name` (see ENCODERS)."""
    folder.mkdir()
    syntax, encoder = ENCODERS[name]
    chance = np.random.default_rng(1)
    encoded: list[bytes] = []
    instances = []
    patient = 1 + list(ENCODERS).index(name)
    drawn = speaking_phantom(patient=patient, slices=min(slices, DISTINCT), rows=SIDE, columns=SIDE)
    template = drawn[0]
    for number in range(slices):
        if number < len(drawn):
            values = drawn[number].pixel_array.astype(np.int32) + chance.normal(0, 12, (SIDE, SIDE)).astype(np.int32)
            encoded.append(encoder(np.clip(values, 0, 4095).astype(np.uint16)))
        dataset = template
        dataset.file_meta.TransferSyntaxUID = syntax
        uid = f"{dataset.SeriesInstanceUID}.{number + 1}"
        dataset.SOPInstanceUID = dataset.file_meta.MediaStorageSOPInstanceUID = uid
        dataset.InstanceNumber = number + 1
        dataset.ImagePositionPatient = [0, 0, number * 2.0]
        data = encoded[number % len(encoded)]
        dataset.PixelData = data if name == "raw" else encapsulate([data])
        path = folder / f"{number:03}.dcm"
        dataset.save_as(path, enforce_file_format=True)
        os.utime(path, (1e9, 1e9))  # a folder's file counts once it has stood still
        instances.append(str(uid))
    study, series = str(template.StudyInstanceUID), str(template.SeriesInstanceUID)
    return Series(name, folder, str(syntax), study, series, tuple(instances), slices * SIDE * SIDE * 2)


@contextmanager
def served(folder: Path, held: list[Series]) -> Iterator[orthanc.Orthanc]:
    """Run an Orthanc that holds the series, with the decoders that its distribution has for it."""
    found = orthanc.programs()
    plugins = [*(found or ())[1:], *(path for path in DECODERS if Path(path).exists())]
    with orthanc.running(folder, Plugins=plugins) as server:
        for series in held:
            for path in sorted(series.folder.glob("*.dcm")):
                server.rest("instances", method="POST", body=path.read_bytes())
        yield server
