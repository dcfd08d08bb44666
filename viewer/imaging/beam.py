"""Which frames of a projection image share its geometry: what one of them measures, the others do."""

from hashlib import blake2s

from viewer.imaging import spacing
from viewer.imaging.dicomjson import Item
from viewer.imaging.functional_groups import flat
from viewer.imaging.record import Instance

# Distances and angles that a frame of an enhanced image may have of its own (PS3.3 C.8.19.6: X-Ray Geometry,
# Positioner, Isocenter Reference System, Projection Pixel Calibration, X-Ray Table Position).
OF_FRAMES = (
    "DistanceSourceToIsocenter", "PositionerPrimaryAngle", "PositionerSecondaryAngle",
    "PositionerIsocenterPrimaryAngle", "PositionerIsocenterSecondaryAngle", "PositionerIsocenterDetectorRotationAngle",
    "DistanceObjectToTableTop", "BeamAngle", "TableTopVerticalPosition", "TableYPositionToIsocenter",
)  # fmt: skip
# What moves from frame to frame of an XA image, by so much in all (C.8.7.5, C.8.7.4); a table that is shifted along
# itself magnifies nothing.
MOVING = ("PositionerPrimaryAngleIncrement", "PositionerSecondaryAngleIncrement", "TableVerticalIncrement")


def geometry(instance: Instance, number: int) -> tuple[object, ...]:
    """Return what ties pixels of frame `number` (from 1) to the patient; equal for frames that share it."""
    frame = instance.frame(number)
    found = spacing.spacing(instance, frame)
    groups = instance.per_frame_groups[number - 1 : number]
    item = Item({**instance.shared_groups.elements, **(flat(groups[0]) if groups else {})})
    return (
        found.row, found.column, found.basis, found.aspect, frame.ImagerPixelSpacing, frame.PixelSpacing,
        frame.DistanceSourceToDetector, frame.DistanceSourceToPatient, frame.DistanceSourceToEntrance,
        frame.EstimatedRadiographicMagnificationFactor, *(item.numbers(each) for each in OF_FRAMES),
        *moved(instance, number),
    )  # fmt: skip


def moved(instance: Instance, number: int) -> tuple[object, ...]:
    """Return by how much the gantry has moved until a frame; of one that moves and doesn't say how, its number."""
    if instance.frame_count == 1:
        return ()
    steps = [values for each in MOVING if (values := getattr(instance, each)) and len(values) == instance.frame_count]
    if not steps and (instance.PositionerMotion or "").upper() == "DYNAMIC" and not instance.per_frame_groups:
        return (number,)
    return tuple(values[number - 1] for values in steps)


def sharing(instance: Instance, number: int) -> tuple[int, ...] | None:
    """Return the frames that share the geometry of frame `number`, itself among them; None where all do."""
    if instance.frame_count == 1 or not may_differ(instance):
        return None
    own = geometry(instance, number)
    frames = tuple(each for each in range(1, instance.frame_count + 1) if geometry(instance, each) == own)
    return None if len(frames) == instance.frame_count else frames


def may_differ(instance: Instance) -> bool:
    """Whether anything in the header can tell frames apart."""
    moves = (instance.PositionerMotion or "").upper() == "DYNAMIC" or any(getattr(instance, each) for each in MOVING)
    return bool(instance.per_frame_groups) or moves


def mark(instance: Instance, number: int) -> str:
    """Return a short name of the geometry of a frame; "" where all frames share one."""
    if sharing(instance, number) is None:
        return ""
    return blake2s(repr(geometry(instance, number)).encode(), digest_size=8).hexdigest()
