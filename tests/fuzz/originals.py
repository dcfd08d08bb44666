"""Whole files, small and of many kinds, before anything is done to them."""

import io
import warnings
from collections.abc import Callable
from functools import cache

import imagecodecs
import numpy as np
from pydicom import dcmread
from pydicom.data import get_testdata_file
from pydicom.dataset import Dataset, FileMetaDataset
from pydicom.encaps import encapsulate, encapsulate_extended
from pydicom.filewriter import dcmwrite
from pydicom.sequence import Sequence
from pydicom.uid import (
    DeflatedExplicitVRLittleEndian,
    ExplicitVRBigEndian,
    ExplicitVRLittleEndian,
    HTJ2KLossless,
    ImplicitVRLittleEndian,
    JPEG2000Lossless,
    JPEGBaseline8Bit,
    JPEGExtended12Bit,
    JPEGLosslessSV1,
    JPEGLSLossless,
    RLELossless,
)

# As long as those that take their place, so that they can be exchanged in written bytes.
STUDY, SERIES, INSTANCE = (f"2.25.{kind}{0:016}" for kind in (71, 72, 73))
CANARY = "ZZCANARY^Never^Shown"
SIDE = 48
STORAGE = "1.2.840.10008.5.1.4.1.1."
BUNDLED = (
    "CT_small.dcm", "MR_small.dcm", "MR_small_RLE.dcm", "MR_small_bigendian.dcm", "JPEG2000.dcm", "JPEG-lossy.dcm",
    "MR_small_jp2klossless.dcm", "SC_rgb_rle.dcm", "SC_rgb_small_odd_jpeg.dcm", "SC_rgb_dcmtk_+eb+cy+s2.dcm",
    "image_dfl.dcm", "reportsi.dcm", "rtplan.dcm", "rtdose_1frame.dcm", "nested_priv_SQ.dcm",
    "JPEGLSNearLossless_08.dcm", "MR_small_padded.dcm", "SC_ybr_full_422_uncompressed.dcm", "liver_1frame.dcm",
)  # fmt: skip


def values(top: int = 4096, seed: int = 5, frames: int = 1) -> np.ndarray:
    """Return uint16 values below `top`, smooth with some noise: (frames, SIDE, SIDE)."""
    rows, columns = np.mgrid[:SIDE, :SIDE]
    noise = np.random.default_rng(seed).integers(0, max(top // 16, 2), (frames, SIDE, SIDE))
    return ((rows * 37 + columns * 53 + noise) % top).astype(np.uint16)


def image(syntax: str = ExplicitVRLittleEndian, storage: str = "2", modality: str = "CT") -> Dataset:
    """Return a grey image of one frame."""
    data = Dataset()
    data.file_meta = FileMetaDataset()
    data.file_meta.TransferSyntaxUID = syntax
    data.SOPClassUID, data.SOPInstanceUID = STORAGE + storage, INSTANCE
    data.StudyInstanceUID, data.SeriesInstanceUID = STUDY, SERIES
    data.StudyDate, data.StudyTime, data.AccessionNumber = "20260102", "101500", "A1"
    data.PatientName, data.PatientID, data.Modality = CANARY, "FUZZ", modality
    data.PatientBirthDate, data.PatientSex = "19500101", "O"
    data.SeriesNumber, data.InstanceNumber = 1, 2
    data.ImagePositionPatient, data.ImageOrientationPatient = [-20, -20, 2], [1, 0, 0, 0, 1, 0]
    data.PixelSpacing, data.SliceThickness, data.FrameOfReferenceUID = [0.8, 0.8], 1, "2.25.99"
    data.RescaleSlope, data.RescaleIntercept, data.RescaleType = 1, -1024, "HU"
    data.WindowCenter, data.WindowWidth = [40, 400], [400, 1500]
    data.ImageType = ["ORIGINAL", "PRIMARY", "AXIAL"]
    data.Rows = data.Columns = SIDE
    data.SamplesPerPixel, data.PhotometricInterpretation = 1, "MONOCHROME2"
    data.BitsAllocated, data.BitsStored, data.HighBit, data.PixelRepresentation = 16, 12, 11, 0
    data.PixelData = values().tobytes()
    data["PixelData"].VR = "OW"
    return data


def colour(frames: int, syntax: str = ExplicitVRLittleEndian, photometric: str = "RGB") -> Dataset:
    """Return an ultrasound clip."""
    data = image(syntax, "3.1", "US")
    for keyword in ("WindowCenter", "WindowWidth", "RescaleSlope", "RescaleIntercept", "RescaleType"):
        delattr(data, keyword)
    data.NumberOfFrames, data.SamplesPerPixel, data.PhotometricInterpretation = frames, 3, photometric
    data.BitsAllocated, data.BitsStored, data.HighBit, data.PlanarConfiguration = 8, 8, 7, 0
    data.FrameTime = "40"
    region = Dataset()
    region.RegionLocationMinX0 = region.RegionLocationMinY0 = 0
    region.RegionLocationMaxX1 = region.RegionLocationMaxY1 = SIDE - 1
    region.PhysicalUnitsXDirection = region.PhysicalUnitsYDirection = 3
    region.PhysicalDeltaX = region.PhysicalDeltaY = 0.02
    data.SequenceOfUltrasoundRegions = Sequence([region])
    data.PixelData = rgb(frames).tobytes()
    data["PixelData"].VR = "OB"
    return data


def rgb(frames: int) -> np.ndarray:
    """Return (frames, SIDE, SIDE, 3) uint8."""
    return np.stack([values(256, seed, frames) for seed in (1, 2, 3)], axis=-1).astype(np.uint8)


def packed(data: Dataset, encoded: list[bytes], *, table: bool = True) -> Dataset:
    """Put compressed frames into a data set."""
    data.PixelData = encapsulate(encoded, has_bot=table)
    data["PixelData"].VR, data["PixelData"].is_undefined_length = "OB", True
    return data


def grey_in(syntax: str, encode: Callable[[np.ndarray], bytes]) -> Dataset:
    return packed(image(syntax), [encode(values()[0])])


def run_lengths() -> Dataset:
    data = image()
    data.SOPInstanceUID = INSTANCE
    data.compress(RLELossless, encoding_plugin="pydicom", generate_instance_uid=False)
    return data


def clip() -> Dataset:
    frames = [imagecodecs.jpeg8_encode(frame, level=80) for frame in rgb(4)]
    return packed(colour(4, JPEGBaseline8Bit, "YBR_FULL_422"), frames)


def extended_table() -> Dataset:
    data = colour(3, JPEG2000Lossless, "RGB")
    frames = [imagecodecs.jpeg2k_encode(frame, level=0, codecformat="J2K", reversible=True) for frame in rgb(3)]
    data.PixelData, data.ExtendedOffsetTable, data.ExtendedOffsetTableLengths = encapsulate_extended(frames)
    data["PixelData"].VR, data["PixelData"].is_undefined_length = "OB", True
    data.PhotometricInterpretation = "YBR_RCT"
    return data


def enhanced() -> Dataset:
    """Return an enhanced MR of four frames, whose places stand in functional groups."""
    data = image(storage="4.1", modality="MR")
    for keyword in ("ImagePositionPatient", "ImageOrientationPatient", "PixelSpacing", "WindowCenter", "WindowWidth"):
        delattr(data, keyword)
    shared, measures, plane = Dataset(), Dataset(), Dataset()
    measures.PixelSpacing, measures.SliceThickness = [1, 1], 2
    plane.ImageOrientationPatient = [1, 0, 0, 0, 1, 0]
    shared.PixelMeasuresSequence, shared.PlaneOrientationSequence = Sequence([measures]), Sequence([plane])
    data.SharedFunctionalGroupsSequence = Sequence([shared])
    groups = []
    for number in range(4):
        group, place, content = Dataset(), Dataset(), Dataset()
        place.ImagePositionPatient = [0, 0, 2 * number]
        content.DimensionIndexValues = [1, number + 1]
        group.PlanePositionSequence, group.FrameContentSequence = Sequence([place]), Sequence([content])
        groups.append(group)
    data.PerFrameFunctionalGroupsSequence = Sequence(groups)
    data.NumberOfFrames = 4
    data.PixelData = values(frames=4).tobytes()
    return data


def palette() -> Dataset:
    data = image(storage="7", modality="OT")
    data.PhotometricInterpretation = "PALETTE COLOR"
    data.BitsAllocated, data.BitsStored, data.HighBit = 8, 8, 7
    for number, name in enumerate(("Red", "Green", "Blue")):
        setattr(data, f"{name}PaletteColorLookupTableDescriptor", [256, 0, 16])
        setattr(data, f"{name}PaletteColorLookupTableData", (np.arange(256) * (200 + number)).astype("<u2").tobytes())
    data.PixelData = values(256).astype(np.uint8).tobytes()
    data["PixelData"].VR = "OB"
    return data


def tables() -> Dataset:
    """Return a radiograph with a modality and a VOI lookup table."""
    data = image(storage="1", modality="CR")
    del data.WindowCenter, data.WindowWidth, data.RescaleSlope, data.RescaleIntercept, data.RescaleType
    data.PhotometricInterpretation, data.PixelPaddingValue = "MONOCHROME1", 0
    for keyword, kind in (("ModalityLUTSequence", "OD"), ("VOILUTSequence", "")):
        item = Dataset()
        item.LUTDescriptor, item.LUTData = [4096, 0, 16], np.arange(4096).astype("<u2").tobytes()
        item["LUTDescriptor"].VR, item["LUTData"].VR = "US", "OW"
        if kind:
            item.ModalityLUTType = kind
        setattr(data, keyword, Sequence([item]))
    return data


def letters() -> Dataset:
    data = image()
    data.SpecificCharacterSet = ["", "ISO 2022 IR 87", "ISO 2022 IR 159"]
    data.PatientName = "Yamada^Tarou=山田^太郎=やまだ^たろう"
    data.StudyDescription = "頭部"
    data.PatientComments = "x" * 3000
    data.add_new(0x00091001, "UN", b"\x01\x02" * 40)
    data.add_new(0x00090010, "LO", "SOMEBODY 1.0")
    return data


def report() -> Dataset:
    data = image(storage="88.33", modality="SR")
    for keyword in ("PixelData", "Rows", "Columns", "BitsAllocated"):
        delattr(data, keyword)
    inner = Dataset()
    for _ in range(8):
        outer = Dataset()
        outer.ValueType, outer.ContentSequence = "CONTAINER", Sequence([inner])
        inner = outer
    data.ContentSequence = Sequence([inner])
    return data


def glass() -> Dataset:
    """Return one level of a slide, four tiles."""
    data = colour(4, JPEGBaseline8Bit, "YBR_FULL_422")
    data.SOPClassUID, data.Modality = STORAGE + "77.1.6", "SM"
    data.ImageType = ["DERIVED", "PRIMARY", "VOLUME", "NONE"]
    data.TotalPixelMatrixRows = data.TotalPixelMatrixColumns = 2 * SIDE - 5
    data.DimensionOrganizationType, data.ContainerIdentifier = "TILED_FULL", "S-1"
    data.ImageOrientationSlide = [0, -1, 0, -1, 0, 0]
    corner, path, shared, measures = Dataset(), Dataset(), Dataset(), Dataset()
    corner.XOffsetInSlideCoordinateSystem, corner.YOffsetInSlideCoordinateSystem = 40, 20
    data.TotalPixelMatrixOriginSequence = Sequence([corner])
    measures.PixelSpacing = [0.0005, 0.0005]
    shared.PixelMeasuresSequence = Sequence([measures])
    data.SharedFunctionalGroupsSequence = Sequence([shared])
    path.OpticalPathIdentifier = "1"
    data.OpticalPathSequence = Sequence([path])
    return packed(data, [imagecodecs.jpeg8_encode(frame, level=80) for frame in rgb(4)])


def twelve_bits() -> bytes:
    found: bytes = imagecodecs.jpeg8_encode(values()[0], level=90, bitspersample=12)
    return found


def bundled(name: str) -> Dataset | None:
    """Return a file that pydicom brings along, as one of the fuzzed series; None for one that can't be rewritten."""
    path = get_testdata_file(name, download=False)
    if path is None:
        return None
    data = dcmread(path, force=True)
    data.StudyInstanceUID, data.SeriesInstanceUID, data.SOPInstanceUID = STUDY, SERIES, INSTANCE
    data.PatientName, data.PatientID = CANARY, "FUZZ"
    return data


MADE: dict[str, Callable[[], Dataset]] = {
    "explicit": image,
    "implicit": lambda: image(ImplicitVRLittleEndian),
    "big endian": lambda: image(ExplicitVRBigEndian),
    "deflated": lambda: image(DeflatedExplicitVRLittleEndian),
    "jpeg 2000": lambda: grey_in(
        JPEG2000Lossless,
        lambda frame: imagecodecs.jpeg2k_encode(frame, level=0, codecformat="J2K", reversible=True),
    ),
    "htj2k": lambda: grey_in(HTJ2KLossless, lambda frame: imagecodecs.htj2k_encode(frame, reversible=True)),
    "jpeg-ls": lambda: grey_in(JPEGLSLossless, imagecodecs.jpegls_encode),
    "jpeg lossless": lambda: grey_in(
        JPEGLosslessSV1, lambda frame: imagecodecs.jpeg8_encode(frame, lossless=True, predictor=1, bitspersample=16)
    ),
    "jpeg 12 bits": lambda: packed(image(JPEGExtended12Bit), [twelve_bits()]),
    "rle": run_lengths,
    "clip": lambda: colour(3),
    "jpeg clip": clip,
    "extended table": extended_table,
    "enhanced": enhanced,
    "palette": palette,
    "lookup tables": tables,
    "letters": letters,
    "report": report,
    "glass": glass,
}  # fmt: skip


@cache
def originals() -> dict[str, bytes]:
    """Return whole files by name."""
    found = {}
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        for name, make in MADE.items():
            found[name] = written(make())
        for name in BUNDLED:
            data = bundled(name)
            if data is not None:
                found[name] = written(data)
    return found


def written(data: Dataset) -> bytes:
    """Return the Part 10 file of a data set."""
    out = io.BytesIO()
    if not hasattr(data, "file_meta"):
        data.file_meta = FileMetaDataset()
    if "TransferSyntaxUID" not in data.file_meta:
        data.file_meta.TransferSyntaxUID = ImplicitVRLittleEndian
    data.file_meta.MediaStorageSOPInstanceUID = data.SOPInstanceUID
    data.file_meta.MediaStorageSOPClassUID = data.get("SOPClassUID", STORAGE + "7")
    if "SOPClassUID" not in data:
        data.SOPClassUID = data.file_meta.MediaStorageSOPClassUID
    dcmwrite(out, data, enforce_file_format=True)
    return out.getvalue()
