"""What holds for one frame: per-frame and shared functional groups before the instance (PS3.3 C.7.6.16)."""

from collections.abc import Mapping
from dataclasses import dataclass, fields
from functools import cache
from typing import Any, cast, get_type_hints

from viewer.imaging.dicomjson import Item, LookupTable, tag_of

Text = str | None
Texts = tuple[str, ...]
Number = float | None
Numbers = tuple[float, ...] | None
Integer = int | None
Integers = tuple[int, ...] | None
Tables = tuple[LookupTable, ...]

READERS = {
    Text: Item.text, Texts: Item.texts, Number: Item.number, Numbers: Item.numbers,
    Integer: Item.integer, Integers: Item.integers, Tables: Item.lookup_tables,
}  # fmt: skip
REGIONS = "SequenceOfUltrasoundRegions"
REFERENCES = frozenset(map(tag_of, ("ReferencedImageSequence", "DerivationImageSequence")))
# What stands a level deeper than the macros' own attributes (C.8.13.5.9).
DEEPER = tag_of("DiffusionGradientDirectionSequence")
CONVERTED = frozenset(
    map(tag_of, ("UnassignedSharedConvertedAttributesSequence", "UnassignedPerFrameConvertedAttributesSequence"))
)


@dataclass(slots=True)
class FrameAttributes:
    """What holds for one frame, after per-frame and shared functional groups and the instance itself."""

    number: int
    ImagePositionPatient: Numbers = None
    ImageOrientationPatient: Numbers = None
    PixelSpacing: Numbers = None
    ImagerPixelSpacing: Numbers = None
    ObjectPixelSpacingInCenterOfBeam: Numbers = None
    PixelSpacingCalibrationType: Text = None
    PixelSpacingCalibrationDescription: Text = None
    EstimatedRadiographicMagnificationFactor: Number = None
    DistanceSourceToDetector: Number = None
    DistanceSourceToPatient: Number = None
    DistanceSourceToEntrance: Number = None
    SliceThickness: Number = None
    SpacingBetweenSlices: Number = None
    SliceLocation: Number = None
    RescaleSlope: Number = None
    RescaleIntercept: Number = None
    RescaleType: Text = None
    ModalityLUTSequence: Tables = ()
    WindowCenter: Numbers = None
    WindowWidth: Numbers = None
    WindowCenterWidthExplanation: Texts = ()
    VOILUTFunction: Text = None
    VOILUTSequence: Tables = ()
    StackID: Text = None
    InStackPositionNumber: Integer = None
    DimensionIndexValues: Integers = None
    TemporalPositionIndex: Integer = None
    TemporalPositionIdentifier: Integer = None
    TemporalPositionTimeOffset: Number = None
    TriggerTime: Number = None
    NominalCardiacTriggerDelayTime: Number = None
    FrameReferenceTime: Number = None
    FrameAcquisitionNumber: Integer = None
    FrameAcquisitionDateTime: Text = None
    FrameReferenceDateTime: Text = None
    FrameType: Texts = ()
    FrameLaterality: Text = None
    PatientOrientation: Texts = ()
    EchoTime: Number = None
    EffectiveEchoTime: Number = None
    RepetitionTime: Number = None
    InversionTime: Number = None
    FlipAngle: Number = None
    DiffusionBValue: Number = None
    DiffusionDirectionality: Text = None
    DiffusionGradientOrientation: Numbers = None
    ComplexImageComponent: Text = None
    EchoNumbers: Integers = None
    AcquisitionNumber: Integer = None
    ConvolutionKernel: Texts = ()
    KVP: Number = None
    XRayTubeCurrent: Number = None
    Exposure: Number = None
    ultrasound_regions: tuple[Item, ...] = ()


@cache
def attributes(record: type) -> dict[str, Any]:
    """Return keyword → reader for the fields of a record that are DICOM attributes."""
    types = get_type_hints(record)
    return {
        each.name: READERS[types[each.name]]
        for each in fields(record)
        if each.name[0].isupper() and types[each.name] in READERS
    }


def flat(groups: Item) -> dict[str, Any]:
    """Return the elements of all macros of a functional group item; converted attributes yield to real macros.

    Private macros are left out: what they hold under standard tags is of their own making.
    """
    elements: dict[str, Any] = {}
    converted: dict[str, Any] = {}
    for tag, element in groups.elements.items():
        values = items_of(element)
        if values and tag not in REFERENCES and not is_private(tag):
            (converted if tag in CONVERTED else elements).update(values[0])
            elements.update(next(iter(items_of(values[0].get(DEEPER))), {}))
    return {**converted, **elements}


def items_of(element: Any) -> list[dict[str, Any]]:
    """Return the items of a sequence in DICOM JSON, none of anything else."""
    values = element.get("Value") if isinstance(element, dict) else None
    return values if isinstance(values, list) and values and isinstance(values[0], dict) else []


def is_private(tag: str) -> bool:
    """True if a tag is of an odd group."""
    return tag[3:4] in "13579BDFbdf"


def resolved(number: int, instance: object, shared: Item, per_frame: Item | None) -> FrameAttributes:
    """Return the attributes of frame `number`: what the groups don't say, the `instance` may."""
    elements: Mapping[str, Any] = {**shared.elements, **(flat(per_frame) if per_frame else {})}
    item = Item(elements, shared.faults, shared.bulkdata)
    frame = FrameAttributes(number)
    for keyword, read in attributes(FrameAttributes).items():
        value = read(item, keyword) if item.has(keyword) else None
        if value in (None, ()):
            value = getattr(instance, keyword, getattr(frame, keyword))
        setattr(frame, keyword, value)
    own = per_frame.items(REGIONS) if per_frame else ()
    frame.ultrasound_regions = own or item.items(REGIONS) or getattr(instance, "ultrasound_regions", ())
    return frame


class Alike:
    """Another frame of a clip: its own number, and all the rest from one that is kept once."""

    __slots__ = ("number", "of")

    def __init__(self, number: int, of: FrameAttributes) -> None:
        self.number, self.of = number, of

    def __getattr__(self, name: str) -> Any:
        return getattr(self.of, name)


def alike(number: int, of: FrameAttributes) -> FrameAttributes:
    """Return frame `number` as the equal of another frame: a clip that declares 100,000 takes no 80 MB for it."""
    return cast("FrameAttributes", Alike(number, of))
