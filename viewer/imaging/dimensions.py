"""What may tell pictures at one position apart: phase, echo, b-value, direction, time, and how each is worded."""

from collections.abc import Callable, Hashable, Sequence
from dataclasses import dataclass
from statistics import median

from pydicom.datadict import dictionary_description

from viewer.imaging import nuclear
from viewer.imaging.picture import Picture, acquired, first_of
from viewer.imaging.words import Words, gettext_noop

# Pointers of a Dimension Index Sequence that say where a frame lies.
SPATIAL = frozenset(
    ("StackID", "InStackPositionNumber", "ImagePositionPatient", "ImageOrientationPatient", "SliceLocation")
)


@dataclass(frozen=True, slots=True)
class Key:
    """An attribute, or several of which the first that is there counts, that may tell volumes apart.

    `ranked`: it may differ from slice to slice (each is taken in a heartbeat of its own), and then its rank counts.
    """

    name: str
    label: Words
    attributes: tuple[str, ...]
    words: Words | None = None
    ranked: bool = False
    read: Callable[[Picture], Hashable] | None = None

    def value(self, each: Picture) -> Hashable:
        """Return the value of one picture, None where it has none."""
        if self.read is not None:
            return self.read(each)
        return first_of(*(getattr(each.frame, name) for name in self.attributes))

    def by(self, each: Picture) -> str:
        """Return the attribute that the value of a picture comes from."""
        if self.name == "b" and each.instance.b_from:
            return each.instance.b_from
        there = (name for name in self.attributes if getattr(each.frame, name, getattr(each.instance, name, None)))
        return next(there, self.attributes[0])


@dataclass(frozen=True, slots=True)
class Coordinate:
    """Where a stack stands along one dimension: `index` from 0 of `count`, among those alike in what stands before."""

    name: str
    label: Words
    by: str
    value: float | str | None
    words: Words | None
    title: str
    index: int
    count: int


def kind_of_image(each: Picture) -> str:
    """Return all that Image Type says beyond original or derived: water, fat, in phase."""
    return " ".join((each.frame.FrameType or each.instance.ImageType)[2:])


TIMES = ("FrameReferenceDateTime", "FrameAcquisitionDateTime", "AcquisitionDateTime", "AcquisitionTime")
MILLISECONDS = gettext_noop("{value} ms", value="")


def counted(name: str) -> Callable[[Picture], Hashable]:
    """Return the reader of an NM frame's place along one vector."""
    return lambda each: each.instance.vectors[name][each.frame.number - 1] if name in each.instance.vectors else None


def gate(each: Picture) -> Hashable:
    """Return the time slot of an NM frame; of gated and dynamic PET that of its Image Index, from 1 (C.8.9.4.1.9)."""
    item = each.instance.nuclear
    kinds, slices, index = item.texts("SeriesType"), item.integer("NumberOfSlices"), item.integer("ImageIndex")
    if not kinds or kinds[0] not in ("GATED", "DYNAMIC") or not slices or not index:
        return counted("time slot")(each)
    return (index - 1) // slices + 1


KEYS = (
    *(
        Key(name, gettext_noop("{name}", name=name), (nuclear.VECTORS[name],), read=counted(name))
        for name in ("energy window", "detector", "rotation", "R-R interval")
    ),
    Key("time slot", gettext_noop("time slot"), ("TimeSlotVector", "ImageIndex"), read=gate),
    Key("phase", gettext_noop("phase"), ("TemporalPositionIndex", "TemporalPositionIdentifier")),
    Key("trigger", gettext_noop("phase"), ("TriggerTime", "NominalCardiacTriggerDelayTime"), MILLISECONDS, ranked=True),
    Key("echo time", gettext_noop("echo"), ("EffectiveEchoTime", "EchoTime"), gettext_noop("TE {value} ms", value="")),
    Key("echo", gettext_noop("echo"), ("EchoNumbers",)),
    Key("reference time", gettext_noop("time"), ("FrameReferenceTime",), MILLISECONDS, ranked=True),
    Key("b", gettext_noop("b-value"), ("DiffusionBValue",), gettext_noop("{value} s/mm²", value="")),
    Key("direction", gettext_noop("direction"), ("DiffusionGradientOrientation",)),
    Key("acquisition", gettext_noop("acquisition"), ("FrameAcquisitionNumber", "AcquisitionNumber")),
    Key("stack", gettext_noop("stack"), ("StackID",)),
    Key("inversion time", gettext_noop("inversion time"), ("InversionTime",), MILLISECONDS),
    Key("flip angle", gettext_noop("flip angle"), ("FlipAngle",), gettext_noop("{value}°", value="")),
    Key("type", gettext_noop("kind of image"), ("ImageType",), gettext_noop("{value}", value=""), read=kind_of_image),
    Key("time", gettext_noop("time"), TIMES, ranked=True, read=acquired),
)
BY_NAME = {key.name: key for key in KEYS}
POINTED = {name: key for key in KEYS for name in key.attributes}


def indexed(at: int, key: Key | None, label: str, pointer: str) -> Key:
    """Return the key of one declared dimension: what its index is, under the words of the attribute it points to."""

    def read(each: Picture) -> Hashable:
        return each.frame.DimensionIndexValues[at] if each.frame.DimensionIndexValues else None

    if key is not None:
        return Key(key.name, key.label, key.attributes, key.words, read=read)
    name = label or (dictionary_description(pointer).lower() if pointer else "")
    words = gettext_noop("{name}", name=name) if name else gettext_noop("dimension {number}", number=at + 1)
    return Key(f"dimension {at + 1}", words, (pointer or "DimensionIndexValues",), read=read)


def declared(members: Sequence[Picture]) -> list[Key]:
    """Return the dimensions that the files themselves declare beside those of space (C.7.6.17), in their order."""
    said = {each.instance.dimensions for each in members}
    if len(said) != 1 or any(
        len(each.frame.DimensionIndexValues or ()) != len(each.instance.dimensions) for each in members
    ):
        return []
    return [
        indexed(at, POINTED.get(dimension.pointer), dimension.label, dimension.pointer)
        for at, dimension in enumerate(said.pop())
        if dimension.pointer not in SPATIAL
    ]


def undeclared(members: Sequence[Picture]) -> list[Key]:
    """Return the keys for files without a declaration, the indices that nobody explains last."""
    most = max(len(each.frame.DimensionIndexValues or ()) for each in members)
    explained = any(each.instance.dimensions for each in members)
    plain = [] if explained else [indexed(at, None, "", "") for at in range(min(most, 4))]
    return [*KEYS, *plain]


def coordinate(key: Key, some: Sequence[Picture], began: float | None, index: int, count: int) -> Coordinate:
    """Return where the pictures of one volume stand along `key`; `began`: seconds of the day of the first volume."""
    value = value_of(key, some)
    words, title = worded(key, value, some, began), titled(key, value, index + 1)
    return Coordinate(key.name, key.label, key.by(some[0]), value, words, title, index, count)


def value_of(given: Key, some: Sequence[Picture]) -> float | str | None:
    """Return the value of a volume: what its pictures agree on, of times that differ a little the middle one."""
    key = BY_NAME.get(given.name, given)
    if key.read is not None and key is not given:
        values = [key.read(each) for each in some]
    else:
        values = [first_of(*(getattr(each.frame, name, None) for name in key.attributes)) for each in some]
    values = [value[0] if isinstance(value, tuple) and len(value) == 1 else value for value in values]
    numbers = [float(value) for value in values if isinstance(value, int | float)]
    if len(numbers) == len(values):
        return numbers[0] if len(set(numbers)) == 1 else round(median(numbers), 1)
    return str(values[0]) if len(set(values)) == 1 and isinstance(values[0], str) else None


def worded(key: Key, value: float | str | None, some: Sequence[Picture], began: float | None) -> Words | None:
    """Return a value with its unit; of a phase the time after the trigger or after the first one began."""
    if key.words is not None and value is not None:
        shown = f"{value:g}" if isinstance(value, float) else value
        return gettext_noop(key.words.template, value=shown)
    if key.name in ("phase", "time", "acquisition"):
        delays = [first_of(each.frame.TriggerTime, each.frame.NominalCardiacTriggerDelayTime) for each in some]
        known = [float(delay) for delay in delays if isinstance(delay, int | float)]
        if known and len(known) == len(some):
            return gettext_noop("{value} ms", value=f"{round(median(known), 1):g}")
        now = seconds(some)
        if now is not None and began is not None and now >= began:
            return gettext_noop("+{value} s", value=f"{round(now - began, 1):g}")
    return None


def titled(key: Key, value: float | str | None, at: int) -> str:
    """Return how the value of a key is written in the title of its stack."""
    if isinstance(value, float):
        if key.name == "b":
            return f"b {value:g}"
        if key.name == "echo time":
            return f"TE {value:g} ms"
        if key.name == "trigger":
            return f"{value:g} ms"
    if key.name == "type" and isinstance(value, str):
        return value.lower()
    return f"{key.name} {at}"


def seconds(some: Sequence[Picture]) -> float | None:
    """Return when the first of the pictures was taken, in seconds of its day; None where one doesn't say."""
    times = []
    for each in some:
        frame, instance = each.frame, each.instance
        if frame.TemporalPositionTimeOffset is not None:
            times.append(frame.TemporalPositionTimeOffset)
            continue
        whole = frame.FrameReferenceDateTime or frame.FrameAcquisitionDateTime or instance.AcquisitionDateTime
        digits = whole[8:] if whole else instance.AcquisitionTime or ""
        clock = digits.replace(":", "").partition("+")[0].partition("-")[0]
        try:
            times.append(int(clock[:2]) * 3600 + int(clock[2:4]) * 60 + float(clock[4:]))
        except ValueError:
            return None
    return min(times, default=None)
