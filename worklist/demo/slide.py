"""A region of a histology slide as VL Whole Slide Microscopy images: a small pyramid of JPEG tiles."""

import io
from collections.abc import Iterator
from pathlib import Path

import numpy as np
from openslide import OpenSlide
from PIL import Image, ImageCms
from pydicom.dataset import Dataset
from pydicom.encaps import encapsulate
from pydicom.sequence import Sequence
from pydicom.uid import JPEGBaseline8Bit

from worklist.demo.dataset import Exam, begin, decimal, in_series, uid

TILE = 240
QUALITY = 90
SHRINKS = (1, 4, 16)
MAGNIFICATION = "20"


def whole_slide(path: Path, exam: Exam, *, series: int, description: str, source: str) -> Iterator[Dataset]:
    """Yield one image for each level of the slide in `path`, full size first (PS3.3 A.32.8, TILED_FULL).

    Raises openslide.OpenSlideError for a file that isn't a slide.
    """
    with OpenSlide(path) as slide:
        full = slide.read_region((0, 0), 0, slide.dimensions).convert("RGB")
        pitch = float(slide.properties["openslide.mpp-x"]) / 1000
    profile = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    for number, shrink in enumerate(SHRINKS, start=1):
        picture = (
            full if shrink == 1 else full.resize((full.width // shrink, full.height // shrink), Image.Resampling.BOX)
        )
        dataset = begin(exam, "SM", uid(exam.study_uid, "level", shrink), transfer_syntax=JPEGBaseline8Bit)
        series_uid = uid(exam.study_uid, "series", series)
        in_series(dataset, number=series, series_uid=series_uid, description=description, instance_number=number)
        size_mm = (full.width * pitch, full.height * pitch)
        _describe(dataset, exam, size_mm, pitch * full.width / picture.width, resampled=shrink > 1)
        _tile(dataset, picture)
        dataset.OpticalPathSequence[0].ICCProfile = profile + b"\0" * (len(profile) % 2)
        dataset.ImageComments = source
        yield dataset


def _describe(dataset: Dataset, exam: Exam, size_mm: tuple[float, float], pitch: float, *, resampled: bool) -> None:
    """Set the whole slide, optical path and specimen modules; `pitch` is mm between pixels."""
    dataset.ImageType = ["DERIVED", "PRIMARY", "VOLUME", "RESAMPLED"] if resampled else [
        "DERIVED", "PRIMARY", "VOLUME", "NONE"
    ]  # fmt: skip
    dataset.ManufacturerModelName, dataset.DeviceSerialNumber, dataset.SoftwareVersions = "Samsyn demo", "1", "1"
    dataset.AcquisitionContextSequence = Sequence()
    dataset.FrameOfReferenceUID = uid(exam.study_uid, "glass")
    dataset.PositionReferenceIndicator = "SLIDE_CORNER"
    dataset.DimensionOrganizationType = "TILED_FULL"
    organization = Dataset()
    organization.DimensionOrganizationUID = uid(exam.study_uid, "dimensions")
    dataset.DimensionOrganizationSequence = Sequence([organization])
    dataset.ImagedVolumeWidth, dataset.ImagedVolumeHeight = size_mm
    dataset.ImagedVolumeDepth = 0.001
    dataset.VolumetricProperties, dataset.BurnedInAnnotation = "VOLUME", "NO"
    dataset.SpecimenLabelInImage, dataset.FocusMethod = "NO", "AUTO"
    dataset.ExtendedDepthOfField, dataset.AcquisitionDateTime = "NO", exam.date + exam.time
    dataset.ContentDate, dataset.ContentTime = exam.date, exam.time
    dataset.ImageOrientationSlide = ["0", "-1", "0", "-1", "0", "0"]
    origin = Dataset()
    origin.XOffsetInSlideCoordinateSystem, origin.YOffsetInSlideCoordinateSystem = "40", "20"
    dataset.TotalPixelMatrixOriginSequence = Sequence([origin])
    dataset.TotalPixelMatrixFocalPlanes = 1

    measures, shared = Dataset(), Dataset()
    measures.PixelSpacing, measures.SliceThickness = [decimal(pitch), decimal(pitch)], "0.001"
    shared.PixelMeasuresSequence = Sequence([measures])
    frame_type = Dataset()
    frame_type.FrameType = dataset.ImageType
    shared.WholeSlideMicroscopyImageFrameTypeSequence = Sequence([frame_type])
    dataset.SharedFunctionalGroupsSequence = Sequence([shared])

    path = Dataset()
    path.OpticalPathIdentifier, path.ObjectiveLensPower = "1", MAGNIFICATION
    path.IlluminationTypeCodeSequence = _coded("111744", "DCM", "Brightfield illumination")
    path.IlluminationColorCodeSequence = _coded("414298005", "SCT", "Full Spectrum")
    dataset.OpticalPathSequence = Sequence([path])
    dataset.NumberOfOpticalPaths = 1

    dataset.ContainerIdentifier = exam.accession_number + "-A1"
    dataset.IssuerOfTheContainerIdentifierSequence = Sequence()
    dataset.ContainerTypeCodeSequence = _coded("433466003", "SCT", "Microscope slide")
    specimen = Dataset()
    specimen.SpecimenIdentifier = dataset.ContainerIdentifier
    specimen.SpecimenUID = uid(exam.study_uid, "specimen")
    specimen.IssuerOfTheSpecimenIdentifierSequence = Sequence()
    specimen.SpecimenPreparationSequence = Sequence()
    specimen.SpecimenShortDescription = "Haematoxylin and eosin"
    dataset.SpecimenDescriptionSequence = Sequence([specimen])


def _tile(dataset: Dataset, picture: Image.Image) -> None:
    """Cut the RGB `picture` into JPEG tiles, row by row; the last ones are filled up with white."""
    columns, rows = -(-picture.width // TILE), -(-picture.height // TILE)
    padded = Image.new("RGB", (columns * TILE, rows * TILE), "white")
    padded.paste(picture)
    frames = []
    for row in range(rows):
        for column in range(columns):
            box = (column * TILE, row * TILE, (column + 1) * TILE, (row + 1) * TILE)
            file = io.BytesIO()
            padded.crop(box).save(file, "JPEG", quality=QUALITY, subsampling="4:2:2")
            frames.append(file.getvalue())
    dataset.TotalPixelMatrixColumns, dataset.TotalPixelMatrixRows = picture.size
    dataset.NumberOfFrames = len(frames)
    dataset.SamplesPerPixel, dataset.PlanarConfiguration = 3, 0
    dataset.PhotometricInterpretation = "YBR_FULL_422"
    dataset.Rows = dataset.Columns = TILE
    dataset.BitsAllocated = dataset.BitsStored = 8
    dataset.HighBit, dataset.PixelRepresentation = 7, 0
    dataset.LossyImageCompression, dataset.LossyImageCompressionMethod = "01", "ISO_10918_1"
    plain = np.prod([len(frames), TILE, TILE, 3])
    dataset.LossyImageCompressionRatio = decimal(round(float(plain) / sum(map(len, frames)), 2))
    dataset.PixelData = encapsulate(frames)
    dataset["PixelData"].VR = "OB"


def _coded(value: str, scheme: str, meaning: str) -> Sequence:
    code = Dataset()
    code.CodeValue, code.CodingSchemeDesignator, code.CodeMeaning = value, scheme, meaning
    return Sequence([code])
