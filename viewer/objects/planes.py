"""Planes cut through a volume as single-frame images: where they lie, what they were made of and by whom (PS3.3)."""

import io
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache

import numpy as np
from pydicom.charset import convert_encodings
from pydicom.dataelem import DataElement, RawDataElement
from pydicom.dataset import Dataset, FileMetaDataset
from pydicom.filebase import DicomBytesIO
from pydicom.filereader import read_dataset
from pydicom.filewriter import correct_ambiguous_vr, write_dataset
from pydicom.sr.codedict import codes
from pydicom.sr.coding import Code
from pydicom.uid import UID, ExplicitVRLittleEndian
from pydicom.valuerep import DSfloat

from viewer.imaging.geometry import Plane
from viewer.imaging.reformat import AVERAGE, MAXIMUM
from viewer.version import VERSION

MANUFACTURER = "Samsyn"
CT, MR, PET = (f"1.2.840.10008.5.1.4.1.1.{number}" for number in ("2", "4", "128"))
SECONDARY_CAPTURE = "1.2.840.10008.5.1.4.1.1.7"
# Planes of one modality are images of its own; those of an enhanced or legacy converted image, too (PS3.4 B.5).
CLASSES = {
    CT: CT, f"{CT}.1": CT, f"{CT}.2": CT, MR: MR, f"{MR}.1": MR, f"{MR}.4": MR, PET: PET, f"{PET}.1": PET,
    "1.2.840.10008.5.1.4.1.1.130": PET,
}  # fmt: skip
# Value 3 of Image Type: any cross-section of CT is AXIAL (C.8.2.1.1.1), MR has a term of its own (C.8.3.1.1.1).
FLAVOURS = {CT: ("AXIAL", "MPR"), MR: ("MPR",), PET: ()}
PROJECTED = "PROJECTION IMAGE"
METHODS = {AVERAGE: "MEAN", MAXIMUM: "MAX_IP"}
PADDING = -32768

OF_STUDY = (
    "SpecificCharacterSet", "TimezoneOffsetFromUTC", "StudyInstanceUID", "StudyID", "StudyDate", "StudyTime",
    "StudyDescription", "AccessionNumber", "IssuerOfAccessionNumberSequence", "ReferringPhysicianName",
    "ReferencedStudySequence", "ProcedureCodeSequence", "PatientAge", "AdmittingDiagnosesDescription",
    "ClinicalTrialSponsorName", "ClinicalTrialProtocolID", "ClinicalTrialProtocolName", "ClinicalTrialSiteID",
    "ClinicalTrialSiteName", "ClinicalTrialSubjectID", "ClinicalTrialSubjectReadingID",
    "PatientIdentityRemoved", "DeidentificationMethod", "DeidentificationMethodCodeSequence",
)  # fmt: skip
OF_IMAGES = (
    "Modality", "BodyPartExamined", "AnatomicRegionSequence", "Laterality", "PatientPosition", "ProtocolName",
    "RequestAttributesSequence", "PerformedProcedureStepDescription", "FrameOfReferenceUID",
    "PositionReferenceIndicator", "AcquisitionDate", "AcquisitionTime", "AcquisitionDateTime", "AcquisitionNumber",
    "ContrastBolusAgent", "ContrastBolusAgentSequence", "ContrastBolusRoute", "BurnedInAnnotation",
    "LossyImageCompression", "LossyImageCompressionRatio", "LossyImageCompressionMethod",
    "RescaleType", "Units", "WindowCenter", "WindowWidth", "WindowCenterWidthExplanation", "VOILUTFunction",
    "RecognizableVisualFeatures",
)  # fmt: skip
OF_MODALITY = {
    CT: ("KVP", "ConvolutionKernel", "ScanOptions", "DataCollectionDiameter", "ReconstructionDiameter"),
    MR: (
        "ScanningSequence", "SequenceVariant", "ScanOptions", "MRAcquisitionType", "SequenceName", "RepetitionTime",
        "EchoTime", "EchoTrainLength", "InversionTime", "TriggerTime", "EchoNumbers", "MagneticFieldStrength",
        "FlipAngle", "ImagedNucleus", "DiffusionBValue", "DiffusionGradientOrientation", "TemporalPositionIdentifier",
        "ComplexImageComponent",
    ),
    # What standardised uptake values rest on: without it the numbers would be the same and mean nothing.
    PET: (
        "SeriesDate", "SeriesTime", "CountsSource", "SUVType", "CorrectedImage", "DecayCorrection", "CollimatorType",
        "DecayFactor", "FrameReferenceTime", "ActualFrameDuration", "RadiopharmaceuticalInformationSequence",
        "RandomsCorrectionMethod", "AttenuationCorrectionMethod", "ScatterCorrectionMethod", "ReconstructionMethod",
        "DoseCalibrationFactor", "PatientOrientationCodeSequence", "PatientGantryRelationshipCodeSequence",
    ),
}  # fmt: skip
# Type 2: empty where the source, perhaps a multi-frame image, doesn't say.
EMPTY = {
    CT: ("AcquisitionNumber", "KVP"),
    MR: ("ScanOptions", "MRAcquisitionType", "RepetitionTime", "EchoTime", "EchoTrainLength"),
    PET: ("CollimatorType", "ActualFrameDuration", "CorrectedImage", "PatientOrientationCodeSequence",
          "PatientGantryRelationshipCodeSequence", "RadiopharmaceuticalInformationSequence"),
}  # fmt: skip
OF_DEVICE = (
    "Manufacturer", "ManufacturerModelName", "InstitutionName", "InstitutionAddress", "InstitutionalDepartmentName",
    "StationName", "DeviceSerialNumber", "SoftwareVersions", "DateOfLastCalibration", "TimeOfLastCalibration",
)  # fmt: skip


@dataclass(frozen=True)
class Referenced:
    """An image that a plane was made of; `frames` are numbers from 1, none for an image of one frame."""

    sop_class: str
    sop_instance: str
    frames: tuple[int, ...] = ()


@dataclass(frozen=True)
class Scale:
    """How modality values are stored: value = stored * slope, 16 bits with sign, PADDING where there is none.

    `rescaled` says that the file has to tell so: MR images of slope 1 don't.
    """

    slope: float
    rescaled: bool = True

    @classmethod
    def holding(cls, lowest: float, highest: float, slope: float, *, rescaled: bool) -> "Scale":
        """Return the scale of the volume's own slope where all values fit into it, else the finest that holds them."""
        largest = max(abs(lowest), abs(highest))
        if slope > 0 and largest / slope <= -PADDING - 1:
            return cls(slope, rescaled or slope != 1)
        return cls(float(_decimal(max(largest, 1e-30) / (-PADDING - 2))))

    def stored(self, values: np.ndarray) -> np.ndarray:
        """Return int16 of float modality values of any shape, NaN as PADDING."""
        whole = np.clip(np.rint(values / self.slope), PADDING + 1, -PADDING - 1)
        return np.where(np.isnan(values), PADDING, whole).astype("<i2")


@dataclass(frozen=True)
class SavedSeries:
    """What all images of a saved series share.

    `source` is one of the images that it is made of, whole, without pixels; `thickness` and `spacing` are mm, 0 for a
    plane without thickness; `window` is centre and width in modality units, None for the source's own.
    """

    source: Dataset
    series_uid: str
    series_number: int
    description: str
    derivation: str
    thickness: float
    nominal_thickness: float
    spacing: float
    method: str
    scale: Scale
    operator: str
    made: datetime
    count: int
    window: tuple[float, float] | None = None
    comments: str = ""
    lossy: bool = False
    colour: bool = False

    @property
    def sop_class(self) -> str:
        """The SOP class of its images: the modality's own, else Secondary Capture."""
        own = CLASSES.get(str(self.source.get("SOPClassUID", "")), SECONDARY_CAPTURE)
        return SECONDARY_CAPTURE if self.colour else own


def write(series: SavedSeries, plane: Plane, values: np.ndarray, number: int, uid: str,
          sources: Iterable[Referenced]) -> bytes:  # fmt: skip
    """Return image `number` (from 1) of a series as a Part 10 file.

    `values` are float modality values (rows, columns), NaN where there are none, or uint8 RGB (rows, columns, 3).
    """
    made = Dataset()
    made.file_meta = FileMetaDataset()
    made.file_meta.TransferSyntaxUID = ExplicitVRLittleEndian
    made.file_meta.MediaStorageSOPClassUID = made.SOPClassUID = UID(series.sop_class)
    made.file_meta.MediaStorageSOPInstanceUID = made.SOPInstanceUID = UID(uid)
    made.InstanceNumber = number
    _carried(made, series)
    _in_series(made, series)
    _derived(made, series)
    _placed(made, series, plane)
    if values.ndim == 3:
        _coloured(made, values)
    else:
        _grey(made, series, values)
    correct_ambiguous_vr(made, is_little_endian=True)
    for element in _of_sources(str(series.source.SeriesInstanceUID), tuple(sources)):
        made[element.tag] = element
    # Elements that are bytes already are written as they are.
    made.set_original_encoding(False, True, convert_encodings(made.get("SpecificCharacterSet")))
    buffer = io.BytesIO()
    made.save_as(buffer, enforce_file_format=True)
    return buffer.getvalue()


def _carried(made: Dataset, series: SavedSeries) -> None:
    """Take over whose images these are, of which study, and what their values mean."""
    source = series.source
    wanted = {*OF_STUDY, *OF_IMAGES, *OF_MODALITY.get(series.sop_class, ())}
    for element in source:
        if (element.tag.group == 0x0010 and not element.tag.is_private) or element.keyword in wanted:
            made[element.tag] = element
    for keyword in ("PatientName", "PatientID", "PatientBirthDate", "PatientSex", "StudyID", "StudyDate", "StudyTime",
                    "AccessionNumber", "ReferringPhysicianName", "PositionReferenceIndicator",
                    *EMPTY.get(series.sop_class, ())):  # fmt: skip
        if keyword not in made:
            setattr(made, keyword, None)
    if series.sop_class == MR:
        _sequence_of_enhanced(made, source)
    if series.sop_class == CT and "RescaleType" not in made:
        made.RescaleType = "HU"
    if "BodyPartExamined" not in made and "Laterality" not in made:
        made.Laterality = None
    if series.sop_class in (CT, MR) and "PatientPosition" not in made:
        made.PatientPosition = None


def _sequence_of_enhanced(made: Dataset, source: Dataset) -> None:
    """Say what a plain MR image has to (C.8.3.1) where an enhanced one says it in other words (C.8.13.4)."""
    echo = {"SPIN": ["SE"], "GRADIENT": ["GR"], "BOTH": ["SE", "GR"]}.get(str(source.get("EchoPulseSequence", "")))
    if "ScanningSequence" not in made:
        made.ScanningSequence = echo or ["RM"]
    if "SequenceVariant" not in made:
        made.SequenceVariant = "NONE"


def _in_series(made: Dataset, series: SavedSeries) -> None:
    """Say of which series it is, who made it when, with what, and which device had taken the images."""
    day, clock = series.made.strftime("%Y%m%d"), series.made.strftime("%H%M%S.%f")
    made.SeriesInstanceUID, made.SeriesNumber = series.series_uid, series.series_number
    made.SeriesDescription = series.description
    if series.sop_class != PET:
        made.SeriesDate, made.SeriesTime = day, clock
    made.ContentDate, made.ContentTime = day, clock
    made.InstanceCreationDate, made.InstanceCreationTime = day, clock
    made.OperatorsName = series.operator
    made.Manufacturer = made.ManufacturerModelName = MANUFACTURER
    made.SoftwareVersions = VERSION
    if "InstitutionName" in series.source:
        made.InstitutionName = series.source.InstitutionName
    taken = Dataset()
    for keyword in OF_DEVICE:
        if keyword in series.source:
            taken[keyword] = series.source[keyword]
    if "Manufacturer" not in taken:
        taken.Manufacturer = "unknown"
    ours = Dataset()
    ours.Manufacturer = ours.ManufacturerModelName = MANUFACTURER
    ours.SoftwareVersions = VERSION
    ours.ContributionDateTime = day + clock
    taken.PurposeOfReferenceCodeSequence = [_code(codes.DCM.AcquisitionEquipment)]
    ours.PurposeOfReferenceCodeSequence = [_code(codes.DCM.ProcessingEquipment)]
    before = list(series.source.get("ContributingEquipmentSequence") or ())
    made.ContributingEquipmentSequence = [*before, taken, ours]
    if series.sop_class == PET:
        kind = (series.source.get("SeriesType") or ["STATIC"])[0]
        made.SeriesType = [kind if kind == "WHOLE BODY" else "STATIC", "IMAGE"]
        made.NumberOfSlices = series.count
        if "CountsSource" not in made:
            made.CountsSource = "EMISSION"
        made.ImageIndex = made.InstanceNumber
    if series.sop_class == SECONDARY_CAPTURE:
        made.ConversionType = "WSD"


def _derived(made: Dataset, series: SavedSeries) -> None:
    """Say how it was made (C.7.6.1.1.3)."""
    flavour = FLAVOURS.get(series.sop_class, ("MPR",))
    if series.thickness:
        flavour = (PROJECTED,) if series.sop_class == MR else flavour
        flavour = (*flavour, METHODS.get(series.method, "MIN_IP")) if flavour else ()
    # Derived or not, what a PET image shows is PRIMARY (C.8.9.4.1.1).
    made.ImageType = ["DERIVED", "PRIMARY" if series.sop_class == PET else "SECONDARY", *flavour]
    made.DerivationDescription = series.derivation
    how = [_code(codes.DCM.MultiplanarReformatting)]
    if series.thickness and series.method != AVERAGE:
        highest = series.method == MAXIMUM
        how.append(_code(codes.DCM.MaximumIntensityProjection if highest else codes.DCM.MinimumIntensityProjection))
    made.DerivationCodeSequence = how
    if series.comments:
        made.ImageComments = series.comments
    if series.lossy:
        made.LossyImageCompression = "01"
    elif made.get("LossyImageCompression") != "01":
        made.LossyImageCompression = "00"


@lru_cache(4)
def _of_sources(series_uid: str, sources: tuple[Referenced, ...]) -> list[DataElement | RawDataElement]:
    """Return the sequences that name images of a series (C.7.6.1.1.3, C.12.2) as bytes: made once for many planes."""
    made = Dataset()
    purpose = codes.DCM.SourceImageForImageProcessingOperation
    made.SourceImageSequence = [_reference(each, purpose) for each in sources]
    if sources:
        of_series = Dataset()
        of_series.SeriesInstanceUID = series_uid
        of_series.ReferencedInstanceSequence = [_reference(each) for each in sources]
        made.ReferencedSeriesSequence = [of_series]
    written = DicomBytesIO()
    written.is_little_endian, written.is_implicit_VR = True, False
    write_dataset(written, made)
    read = read_dataset(io.BytesIO(written.getvalue()), is_implicit_VR=False, is_little_endian=True)
    return [read.get_item(tag) for tag in list(read.keys())]


def _reference(image: Referenced, purpose: Code | None = None) -> Dataset:
    item = Dataset()
    item.ReferencedSOPClassUID, item.ReferencedSOPInstanceUID = image.sop_class, image.sop_instance
    if image.frames:
        item.ReferencedFrameNumber = list(image.frames)
    if purpose is not None:
        item.PurposeOfReferenceCodeSequence = [_code(purpose)]
    return item


def _placed(made: Dataset, series: SavedSeries, plane: Plane) -> None:
    """Say where it lies in the patient (C.7.6.2)."""
    made.ImagePositionPatient = [_decimal(each) for each in plane.position]
    made.ImageOrientationPatient = [_decimal(each) for each in plane.orientation]
    made.PixelSpacing = [_decimal(each) for each in plane.spacing]
    made.SliceThickness = _decimal(series.thickness or series.nominal_thickness)
    if series.count > 1:
        made.SpacingBetweenSlices = _decimal(series.spacing)
    made.Rows, made.Columns = plane.rows, plane.columns


def _grey(made: Dataset, series: SavedSeries, values: np.ndarray) -> None:
    inverted = str(series.source.get("PhotometricInterpretation", "")).strip() == "MONOCHROME1"
    made.SamplesPerPixel, made.PhotometricInterpretation = 1, "MONOCHROME1" if inverted else "MONOCHROME2"
    made.BitsAllocated = made.BitsStored = 16
    made.HighBit, made.PixelRepresentation = 15, 1
    made.add_new("PixelPaddingValue", "SS", PADDING)
    if series.scale.rescaled:
        made.RescaleIntercept, made.RescaleSlope = "0", _decimal(series.scale.slope)
        if "RescaleType" not in made:
            made.RescaleType = "US"
    elif "RescaleType" in made:
        del made.RescaleType
    if series.window is not None:
        for keyword in ("WindowCenterWidthExplanation", "VOILUTFunction"):
            if keyword in made:
                del made[keyword]
        made.WindowCenter, made.WindowWidth = (_decimal(each) for each in series.window)
    made.PixelData = series.scale.stored(values).tobytes()


def _coloured(made: Dataset, values: np.ndarray) -> None:
    made.SamplesPerPixel, made.PhotometricInterpretation, made.PlanarConfiguration = 3, "RGB", 0
    made.BitsAllocated = made.BitsStored = 8
    made.HighBit, made.PixelRepresentation = 7, 0
    data = np.ascontiguousarray(values, np.uint8).tobytes()
    made.PixelData = data + b"\0" * (len(data) % 2)


def _decimal(number: float) -> str:
    """Return a decimal string of 16 letters at most (PS3.5 6.2)."""
    return str(DSfloat(float(number) + 0.0, auto_format=True))


def _code(code: Code) -> Dataset:
    item = Dataset()
    item.CodeValue, item.CodingSchemeDesignator, item.CodeMeaning = code.value, code.scheme_designator, code.meaning
    return item
