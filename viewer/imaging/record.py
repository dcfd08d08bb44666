"""What a series' metadata says of its instances and frames: typed records under their DICOM keywords."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import msgspec
from pydicom.datadict import keyword_for_tag

from viewer.imaging import nuclear, overlaid, private
from viewer.imaging.dicomjson import Item, LookupTable, tag_of
from viewer.imaging.functional_groups import (
    FrameAttributes,
    Integer,
    Integers,
    Number,
    Numbers,
    Tables,
    Text,
    Texts,
    alike,
    attributes,
    flat,
    resolved,
)

__all__ = ["FrameAttributes", "FrameNumberError", "Instance", "MetadataError", "instances"]

PALETTE = ("Red", "Green", "Blue")
PIXELS = ("PixelData", "FloatPixelData", "DoubleFloatPixelData")
WHOLE_SLIDE = "1.2.840.10008.5.1.4.1.1.77.1.6"
MANY_FRAMES = 1000  # beyond which frames of which nothing is said one by one share what is said of all
MOST_FRAMES, MOST_TILES = 100_000, 1_000_000  # that one image may declare


class MetadataError(ValueError):
    """The metadata isn't a DICOM JSON array."""


class FrameNumberError(LookupError):
    """The instance has no frame of this number."""


@dataclass(frozen=True, slots=True)
class Dimension:
    """What one of the Dimension Index Values counts (C.7.6.17); `pointer` is "" for a private attribute."""

    pointer: str
    label: str


@dataclass(slots=True)
class Instance:
    """One SOP instance of a series, as its metadata describes it; `faults` names what couldn't be read."""

    SOPClassUID: Text = None
    SOPInstanceUID: Text = None
    StudyInstanceUID: Text = None
    SeriesInstanceUID: Text = None
    AvailableTransferSyntaxUID: Text = None
    TransferSyntaxUID: Text = None
    PatientName: Text = None
    PatientID: Text = None
    IssuerOfPatientID: Text = None
    PatientBirthDate: Text = None
    PatientSex: Text = None
    PatientAge: Text = None
    StudyDate: Text = None
    StudyTime: Text = None
    TimezoneOffsetFromUTC: Text = None
    StudyID: Text = None
    StudyDescription: Text = None
    AccessionNumber: Text = None
    InstitutionName: Text = None
    ReferringPhysicianName: Text = None
    Manufacturer: Text = None
    Modality: Text = None
    SeriesNumber: Integer = None
    SeriesDescription: Text = None
    SeriesDate: Text = None
    SeriesTime: Text = None
    ProtocolName: Text = None
    InstanceNumber: Integer = None
    AcquisitionNumber: Integer = None
    ImageType: Texts = ()
    AcquisitionDate: Text = None
    AcquisitionTime: Text = None
    AcquisitionDateTime: Text = None
    ContentDate: Text = None
    ContentTime: Text = None
    BodyPartExamined: Text = None
    PatientPosition: Text = None
    ViewPosition: Text = None
    Laterality: Text = None
    ImageLaterality: Text = None
    FrameLaterality: Text = None
    PatientOrientation: Texts = ()
    FrameOfReferenceUID: Text = None
    ImagePositionPatient: Numbers = None
    ImageOrientationPatient: Numbers = None
    SliceThickness: Number = None
    SpacingBetweenSlices: Number = None
    SliceLocation: Number = None
    StackID: Text = None
    InStackPositionNumber: Integer = None
    PixelSpacing: Numbers = None
    ImagerPixelSpacing: Numbers = None
    NominalScannedPixelSpacing: Numbers = None
    PixelAspectRatio: Numbers = None
    PixelSpacingCalibrationType: Text = None
    PixelSpacingCalibrationDescription: Text = None
    EstimatedRadiographicMagnificationFactor: Number = None
    DistanceSourceToDetector: Number = None
    DistanceSourceToPatient: Number = None
    DistanceSourceToEntrance: Number = None
    ConvolutionKernel: Texts = ()
    KVP: Number = None
    XRayTubeCurrent: Number = None
    Exposure: Number = None
    GantryDetectorTilt: Number = None
    ScanningSequence: Texts = ()
    SequenceVariant: Texts = ()
    SequenceName: Text = None
    ScanOptions: Texts = ()
    EchoTime: Number = None
    EffectiveEchoTime: Number = None
    EchoNumbers: Integers = None
    RepetitionTime: Number = None
    InversionTime: Number = None
    FlipAngle: Number = None
    DiffusionBValue: Number = None
    DiffusionDirectionality: Text = None
    DiffusionGradientOrientation: Numbers = None
    ComplexImageComponent: Text = None
    TemporalPositionIdentifier: Integer = None
    TemporalPositionIndex: Integer = None
    NumberOfTemporalPositions: Integer = None
    TriggerTime: Number = None
    FrameReferenceTime: Number = None
    FrameTime: Number = None
    FrameTimeVector: Numbers = None
    CineRate: Number = None
    RecommendedDisplayFrameRate: Number = None
    ActualFrameDuration: Number = None
    PreferredPlaybackSequencing: Integer = None
    StartTrim: Integer = None
    StopTrim: Integer = None
    SamplesPerPixel: Integer = None
    PhotometricInterpretation: Text = None
    PlanarConfiguration: Integer = None
    NumberOfFrames: Integer = None
    Rows: Integer = None
    Columns: Integer = None
    BitsAllocated: Integer = None
    BitsStored: Integer = None
    HighBit: Integer = None
    PixelRepresentation: Integer = None
    ColorSpace: Text = None
    PixelPaddingValue: Integer = None
    PixelPaddingRangeLimit: Integer = None
    PixelIntensityRelationship: Text = None
    PixelPresentation: Text = None
    PositionerMotion: Text = None
    PositionerPrimaryAngleIncrement: Numbers = None
    PositionerSecondaryAngleIncrement: Numbers = None
    TableVerticalIncrement: Numbers = None
    RescaleSlope: Number = None
    RescaleIntercept: Number = None
    RescaleType: Text = None
    ModalityLUTSequence: Tables = ()
    WindowCenter: Numbers = None
    WindowWidth: Numbers = None
    WindowCenterWidthExplanation: Texts = ()
    VOILUTFunction: Text = None
    VOILUTSequence: Tables = ()
    PresentationLUTShape: Text = None
    BurnedInAnnotation: Text = None
    LossyImageCompression: Text = None
    LossyImageCompressionRatio: Numbers = None
    LossyImageCompressionMethod: Texts = ()
    DerivationDescription: Text = None
    MIMETypeOfEncapsulatedDocument: Text = None
    ContainerIdentifier: Text = None
    PyramidUID: Text = None
    DimensionOrganizationType: Text = None
    TotalPixelMatrixColumns: Integer = None
    TotalPixelMatrixRows: Integer = None
    TotalPixelMatrixFocalPlanes: Integer = None
    NumberOfOpticalPaths: Integer = None
    ImagedVolumeWidth: Number = None
    ImagedVolumeHeight: Number = None
    ImageOrientationSlide: Numbers = None
    ConcatenationUID: Text = None
    InConcatenationNumber: Integer = None
    InConcatenationTotalNumber: Integer = None
    ConcatenationFrameOffsetNumber: Integer = None
    optical_paths: tuple[Item, ...] = field(default=(), repr=False)
    specimens: tuple[Item, ...] = field(default=(), repr=False)
    matrix_origin: tuple[Item, ...] = field(default=(), repr=False)
    value_mappings: tuple[Item, ...] = field(default=(), repr=False)
    views: tuple[Item, ...] = field(default=(), repr=False)
    overlays: overlaid.Overlays = field(default=(), repr=False)
    shutter: Item | None = field(default=None, repr=False)
    palette: tuple[LookupTable | None, ...] = ()
    segmented_palette: bool = False
    icc_profile: bytes = field(default=b"", repr=False)
    icc_address: str | None = None
    ultrasound_regions: tuple[Item, ...] = ()
    frame_display: tuple[Item, ...] = ()
    float_pixels: bool = False
    listed_pixels: bool = False
    b_from: str = ""  # the private attribute that DiffusionBValue was read from
    b_uri: str = ""  # where its bytes are to be had
    mosaic: int | None = None  # slices laid out beside each other in the one image, 0 where the file doesn't say
    dimensions: tuple["Dimension", ...] = ()
    faults: list[str] = field(default_factory=list)
    shared_groups: Item = field(default_factory=lambda: Item({}), repr=False)
    per_frame_groups: tuple[Item, ...] = field(default=(), repr=False)
    nuclear: Item = field(default_factory=lambda: Item({}), repr=False)
    vectors: dict[str, tuple[int, ...]] = field(default_factory=dict, repr=False)
    frames_known: dict[int, FrameAttributes] = field(default_factory=dict, repr=False, compare=False)

    @property
    def frame_count(self) -> int:
        """Number of frames; an image without Number of Frames has one (C.7.6.6).

        So does one that declares more than any image has: it isn't shown, and its series is not to be swamped by it.
        """
        return max(self.NumberOfFrames or 1, 1) if self.has_believable_frames else 1

    @property
    def has_believable_frames(self) -> bool:
        """Whether the image declares no more frames than are shown."""
        most = MOST_TILES if self.SOPClassUID == WHOLE_SLIDE else MOST_FRAMES
        return (self.NumberOfFrames or 1) <= most

    @property
    def first_alike(self) -> int | None:
        """The number of the first of many frames, up to the last, of which nothing is said one by one; else None."""
        first = len(self.per_frame_groups) + 1
        told = self.vectors or self.ConcatenationUID
        return None if told or self.frame_count + 1 - first < MANY_FRAMES else first

    @property
    def has_frame_shutters(self) -> bool:
        """Whether its first frame has a shutter of its own: then each frame may."""
        return bool(self.per_frame_groups) and self.per_frame_groups[0].has("FrameDisplayShutterSequence")

    def frame(self, number: int) -> FrameAttributes:
        """Return what holds for frame `number` (from 1), functional groups resolved; raises FrameNumberError."""
        known = self.frames_known.get(number)
        if known is None:
            if not 1 <= number <= self.frame_count:
                raise FrameNumberError(f"there is no frame {number}")
            groups = self.per_frame_groups[number - 1] if number <= len(self.per_frame_groups) else None
            place = self.slice_place(number)
            if groups is None and place is None and number > MANY_FRAMES:
                return alike(number, self.frame(MANY_FRAMES))
            known = resolved(number, self, self.shared_groups, groups)
            if place is not None:
                known.ImagePositionPatient, known.ImageOrientationPatient = place
            known = self.frames_known.setdefault(number, known)
        return known

    def slice_place(self, number: int) -> tuple[tuple[float, ...], tuple[float, ...]] | None:
        """Return position and orientation of a frame of a reconstructed NM image, None for any other frame."""
        if "slice" not in self.vectors:
            return None
        detector = self.vectors["detector"][number - 1] if "detector" in self.vectors else 1
        place = detector, self.vectors["slice"][number - 1]
        return nuclear.slice_place(self.nuclear, place, self.SpacingBetweenSlices)


SHUTTER = (
    "ShutterShape", "ShutterLeftVerticalEdge", "ShutterRightVerticalEdge", "ShutterUpperHorizontalEdge",
    "ShutterLowerHorizontalEdge", "CenterOfCircularShutter", "RadiusOfCircularShutter",
    "VerticesOfThePolygonalShutter", "ShutterPresentationValue", "ShutterOverlayGroup",
    "ShutterPresentationColorCIELabValue",
)  # fmt: skip
OTHERS = (
    "SequenceOfUltrasoundRegions", "SharedFunctionalGroupsSequence", "PerFrameFunctionalGroupsSequence", *PIXELS,
    "ICCProfile", "OpticalPathSequence", "SpecimenDescriptionSequence", "TotalPixelMatrixOriginSequence",
    "DimensionIndexSequence", "RealWorldValueMappingSequence", "ViewCodeSequence", "FrameDisplaySequence",
    *SHUTTER,
    *(f"{colour}PaletteColorLookupTable{part}" for colour in PALETTE for part in ("Descriptor", "Data")),
    *(f"Segmented{colour}PaletteColorLookupTableData" for colour in PALETTE),
)  # fmt: skip
WANTED = tuple(dict.fromkeys((*map(tag_of, (*attributes(Instance), *OTHERS)), *nuclear.TAGS)))
# Only the wanted elements are built as Python objects; the rest is skipped while parsing.
Listed = msgspec.defstruct(
    "Listed", [(f"t{tag}", Any, None) for tag in WANTED], rename={f"t{tag}": tag for tag in WANTED}
)
READ = {keyword: (f"t{tag_of(keyword)}", read) for keyword, read in attributes(Instance).items()}
FIELDS = tuple((f"t{tag}", tag) for tag in WANTED)


def instances(metadata: bytes, bulkdata: Mapping[str, bytes] | None = None) -> list[Instance]:
    """Return the instances of a DICOM JSON array in its order, with `bulkdata` (address → bytes) filled in.

    Raises MetadataError if it isn't an array of objects.
    """
    found = [instance(each, bulkdata or {}) for each in parsed(metadata)]
    for each, vendor in zip(found, private.vendors(metadata, len(found), bulkdata or {}), strict=True):
        complete(each, vendor)
    for each, planes in zip(found, overlaid.overlays(metadata, len(found), bulkdata or {}), strict=True):
        each.overlays = planes
    return found


def complete(record: Instance, vendor: private.Vendor) -> None:
    """Fill in what only private attributes say, and take from a mosaic what is true of its slices alone."""
    if record.DiffusionBValue is None and vendor.b_value is not None:
        record.DiffusionBValue, record.b_from = vendor.b_value, vendor.b_from
    record.b_uri = vendor.b_uri if record.DiffusionBValue is None else ""
    if record.DiffusionGradientOrientation is None and record.DiffusionBValue:
        record.DiffusionGradientOrientation = vendor.direction
    if record.Modality == "MR" and "MOSAIC" in record.ImageType:
        record.mosaic = vendor.mosaic or 0
        # The position is that of no slice, and a line from slice to slice has no length in the patient.
        record.PixelAspectRatio = record.PixelSpacing or record.PixelAspectRatio
        record.ImagePositionPatient = record.PixelSpacing = record.SliceLocation = None


def parsed(metadata: bytes) -> list[Any]:
    """Return the objects of a DICOM JSON array, only their wanted elements."""
    try:
        return msgspec.json.decode(metadata, type=list[Listed])  # type: ignore[valid-type]
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        pass
    try:
        # Some servers write NaN and Infinity, which are no JSON.
        return msgspec.convert(json.loads(metadata), list[Listed])  # type: ignore[valid-type]
    except (ValueError, RecursionError) as error:
        raise MetadataError("the metadata is not a DICOM JSON array") from error


def dimension(item: Item) -> Dimension:
    """Return one item of the Dimension Index Sequence."""
    tag = (item.text("DimensionIndexPointer") or "").upper()
    known = item.text("DimensionIndexPrivateCreator") is None and len(tag) == 8
    try:
        pointer = keyword_for_tag(int(tag, 16)) if known else ""
    except ValueError:
        pointer = ""
    return Dimension(pointer, item.text("DimensionDescriptionLabel") or "")


def instance(listed: Any, bulkdata: Mapping[str, bytes]) -> Instance:
    """Return the typed record of one parsed object."""
    elements = {tag: found for name, tag in FIELDS if (found := getattr(listed, name)) is not None}
    item = Item(elements, bulkdata=bulkdata)
    record = Instance(faults=item.faults)
    for keyword, (name, read) in READ.items():
        if getattr(listed, name) is not None:
            setattr(record, keyword, read(item, keyword))
    record.TransferSyntaxUID = record.AvailableTransferSyntaxUID or record.TransferSyntaxUID
    record.float_pixels = item.has("FloatPixelData") or item.has("DoubleFloatPixelData")
    record.listed_pixels = any(item.has(keyword) for keyword in PIXELS)
    record.nuclear = nuclear.of(elements, bulkdata, item.faults)
    record.vectors = nuclear.vectors(record.nuclear, record.frame_count) if record.Modality == "NM" else {}
    record.ultrasound_regions = item.items("SequenceOfUltrasoundRegions")
    record.frame_display = item.items("FrameDisplaySequence")
    record.optical_paths = item.items("OpticalPathSequence")
    record.specimens = item.items("SpecimenDescriptionSequence")
    record.matrix_origin = item.items("TotalPixelMatrixOriginSequence")
    record.dimensions = tuple(map(dimension, item.items("DimensionIndexSequence")))
    record.views = item.items("ViewCodeSequence")
    if item.has("RedPaletteColorLookupTableDescriptor"):
        record.segmented_palette = item.has("SegmentedRedPaletteColorLookupTableData")
        data = "Segmented{}PaletteColorLookupTableData" if record.segmented_palette else "{}PaletteColorLookupTableData"
        record.palette = tuple(
            item.lookup_table(f"{colour}PaletteColorLookupTableDescriptor", data.format(colour)) for colour in PALETTE
        )
    if record.SamplesPerPixel == 3 or record.palette:
        own, record.icc_address = item.binary("ICCProfile")
        record.icc_profile = own or b""
    shared = item.items("SharedFunctionalGroupsSequence")
    of_frames = shared[0].items("FrameDisplayShutterSequence") if shared else ()
    if of_frames or item.has("ShutterShape") or item.has("ShutterOverlayGroup"):
        record.shutter = of_frames[0] if of_frames else item
    of_all = shared[0].items("RealWorldValueMappingSequence") if shared else ()
    record.value_mappings = of_all or item.items("RealWorldValueMappingSequence")
    record.shared_groups = Item(flat(shared[0]) if shared else {}, item.faults, bulkdata)
    record.per_frame_groups = item.items("PerFrameFunctionalGroupsSequence")
    if record.per_frame_groups and len(record.per_frame_groups) != record.frame_count:
        item.fault("PerFrameFunctionalGroupsSequence doesn't have one item per frame")
    return record
