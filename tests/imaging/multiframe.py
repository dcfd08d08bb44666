"""Enhanced multi-frame images made of one dictionary for each frame."""

from collections.abc import Sequence as Many
from typing import Any

from pydicom.datadict import tag_for_keyword
from pydicom.dataset import Dataset
from pydicom.sequence import Sequence

from tests.imaging.datasets import slice_at

ENHANCED_MR, LEGACY_MR = "1.2.840.10008.5.1.4.1.1.4.1", "1.2.840.10008.5.1.4.1.1.4.4"
ENHANCED_CT, LEGACY_CT = "1.2.840.10008.5.1.4.1.1.2.1", "1.2.840.10008.5.1.4.1.1.2.2"
MACROS = {
    "ImagePositionPatient": "PlanePositionSequence", "ImageOrientationPatient": "PlaneOrientationSequence",
    "PixelSpacing": "PixelMeasuresSequence", "SpacingBetweenSlices": "PixelMeasuresSequence",
    "DiffusionBValue": "MRDiffusionSequence", "DiffusionDirectionality": "MRDiffusionSequence",
    "EffectiveEchoTime": "MREchoSequence", "NominalCardiacTriggerDelayTime": "CardiacSynchronizationSequence",
    "FrameType": "MRImageFrameTypeSequence", "ComplexImageComponent": "MRImageFrameTypeSequence",
    "TemporalPositionTimeOffset": "TemporalPositionSequence",
}  # fmt: skip
CONTENT = (
    "StackID", "InStackPositionNumber", "TemporalPositionIndex", "DimensionIndexValues", "FrameAcquisitionNumber",
    "FrameAcquisitionDateTime", "FrameReferenceDateTime",
)  # fmt: skip


def grouped(attributes: dict[str, Any]) -> Dataset:
    """Return a functional group item that says `attributes`, each in its macro."""
    group = Dataset()
    for keyword, value in attributes.items():
        if keyword == "DiffusionGradientOrientation":
            direction = Dataset()
            direction.DiffusionGradientOrientation = value
            macro(group, "MRDiffusionSequence").DiffusionGradientDirectionSequence = [direction]
        elif keyword in CONTENT:
            setattr(macro(group, "FrameContentSequence"), keyword, value)
        elif keyword in MACROS:
            setattr(macro(group, MACROS[keyword]), keyword, value)
        else:
            setattr(macro(group, "UnassignedPerFrameConvertedAttributesSequence"), keyword, value)
    return group


def macro(group: Dataset, keyword: str) -> Dataset:
    """Return the only item of a macro, made if need be."""
    if keyword not in group:
        setattr(group, keyword, Sequence([Dataset()]))
    item: Dataset = getattr(group, keyword)[0]
    return item


def enhanced(
    frames: Many[dict[str, Any]], *, pointers: Many[str] = (), shared: dict[str, Any] | None = None, **attributes: Any
) -> Dataset:
    """Return an enhanced image; `pointers` are the keywords of its Dimension Index Sequence."""
    given = {"SOPClassUID": ENHANCED_MR, "Modality": "MR", "ImageType": ["ORIGINAL", "PRIMARY", "M", "NONE"]}
    absent = dict.fromkeys(("ImagePositionPatient", "ImageOrientationPatient", "PixelSpacing"))
    dataset = slice_at(0, 1, **{**given, **absent, **attributes})
    dataset.NumberOfFrames = len(frames)
    everywhere = {"ImageOrientationPatient": [1, 0, 0, 0, 1, 0], "PixelSpacing": [0.8, 0.8], **(shared or {})}
    dataset.SharedFunctionalGroupsSequence = [grouped(everywhere)]
    dataset.PerFrameFunctionalGroupsSequence = Sequence([grouped(each) for each in frames])
    if pointers:
        items = []
        for keyword in pointers:
            item = Dataset()
            item.DimensionIndexPointer = tag_for_keyword(keyword)
            items.append(item)
        dataset.DimensionIndexSequence = Sequence(items)
    return dataset


def at(z: float) -> list[float]:
    """Return Image Position (Patient) of an axial slice."""
    return [-25.0, -25.0, z]
