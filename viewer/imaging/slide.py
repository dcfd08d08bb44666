"""Slides: whole-slide images of a series as pyramids, with their place in millimetres on the glass."""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cached_property
from hashlib import blake2s

import numpy as np

from viewer.imaging import jpegmarkers
from viewer.imaging.dicomjson import Item
from viewer.imaging.functional_groups import flat
from viewer.imaging.geometry import GeometryError, check_orientation
from viewer.imaging.kinds import kind
from viewer.imaging.patients import identity
from viewer.imaging.record import Instance
from viewer.imaging.spacing import NONE, pair
from viewer.imaging.tiling import Tiling, TilingError, tiling
from viewer.imaging.words import Words, gettext_noop

SLIDE = "slide"
LARGEST_DISAGREEMENT = 0.01
LARGEST_PROFILE = 4 << 20
# Label at the left, as scanners mostly lay it: a pixel to the right is a step along -Y, a pixel down along -X.
USUAL_ORIENTATION = (0.0, -1.0, 0.0, -1.0, 0.0, 0.0)
STAIN = "424361007"  # SNOMED CT: Using substance


@dataclass(eq=False)
class Slide:
    """One pyramid. `levels` are sorted, full size first.

    `spacing` is mm between (rows, columns) of the full size, None where nothing says it soundly; `origin` is the
    centre of the top-left pixel in slide mm; `orientation` the directions in which column and row index grow.
    """

    key: str
    levels: list[Tiling]
    frame_of_reference: str | None
    container: str
    stain: str
    objective: float | None
    spacing: tuple[float, float] | None
    basis: str
    basis_words: Words
    origin: tuple[float, float, float]
    orientation: tuple[float, ...]
    icc: bytes
    title: str = ""
    words: list[Words] = field(default_factory=list)

    @property
    def instance(self) -> Instance:
        """The first instance of the full size, which speaks for the slide."""
        return self.levels[0].instance

    @property
    def columns(self) -> int:
        """Pixels in a row of the full size."""
        return self.levels[0].columns

    @property
    def rows(self) -> int:
        """Rows of the full size."""
        return self.levels[0].rows

    @cached_property
    def profile_segments(self) -> bytes:
        """The colour profile as JPEG segments; none for a profile that doesn't fit."""
        try:
            return jpegmarkers.profile(self.icc)
        except ValueError:
            return b""

    def downsample(self, level: Tiling) -> float:
        """Return how many pixels of the full size lie under one of `level`, along a row: the exact ratio."""
        return self.columns / level.columns

    def millimetres(self, points: np.ndarray) -> np.ndarray:
        """Return (n, 3) slide mm of (n, 2) points (column, row), counted from the corner of the full size.

        Raises GeometryError for a slide without spacing. Point (0.5, 0.5) lies at the origin.
        """
        return np.asarray(self.origin) + (np.asarray(points, float) - 0.5) @ self._steps()

    def pixels(self, points: np.ndarray) -> np.ndarray:
        """Return (n, 2) points (column, row) of (n, 3) slide mm, whatever their height; raises GeometryError."""
        steps = self._steps()
        return (np.asarray(points, float) - np.asarray(self.origin)) @ steps.T / (steps**2).sum(axis=1) + 0.5

    def _steps(self) -> np.ndarray:
        if self.spacing is None:
            raise GeometryError("the slide has no spacing")
        cosines = np.asarray(self.orientation, float).reshape(2, 3)
        return cosines * np.array([[self.spacing[1]], [self.spacing[0]]])


def slides(instances: Sequence[Instance]) -> tuple[list[Slide], dict[str, Words]]:
    """Return the slides of a series in order of appearance, and by SOP Instance UID why an image is in none."""
    left: dict[str, Words] = {}
    groups: dict[tuple[str, ...], list[Tiling]] = defaultdict(list)
    for members in concatenated(instances):
        try:
            level = tiling(members)
        except TilingError as error:
            left |= {each.SOPInstanceUID or "": error.words for each in members}
            continue
        first = level.instance
        names = (first.ContainerIdentifier, first.PyramidUID, first.FrameOfReferenceUID)
        groups[(*identity(first), *(name or "" for name in names))].append(level)
    found = []
    for levels in joined(list(groups.values())):
        found += pyramids(levels, left)
    made = [built(levels) for levels in found]
    name(made)
    return made, left


def concatenated(instances: Sequence[Instance]) -> list[list[Instance]]:
    """Return the slide images of a series, those of one concatenation together; a UID listed twice counts once."""
    groups: dict[str, list[Instance]] = defaultdict(list)
    seen = set()
    for each in instances:
        found = kind(each)
        if found.viewable and found.slide and each.SOPInstanceUID not in seen:
            seen.add(each.SOPInstanceUID)
            groups[each.ConcatenationUID or each.SOPInstanceUID or ""].append(each)
    return list(groups.values())


def joined(groups: list[list[Tiling]]) -> list[list[Tiling]]:
    """Join groups that differ in the frame of reference only because each level was given one of its own.

    That is so where every group is one level, at most one is not RESAMPLED, none names a container or a pyramid, and
    all have the shape of the largest.
    """
    levels = [level for group in groups for level in group]
    firsts = [level.instance for level in levels]
    alone = len(groups) > 1 and all(len(group) == 1 for group in groups)
    originals = [each for each in firsts if "RESAMPLED" not in each.ImageType]
    people = {identity(each) for each in firsts}
    if (
        not alone
        or len(people) > 1
        or len(originals) > 1
        or any(each.ContainerIdentifier or each.PyramidUID for each in firsts)
    ):
        return groups
    full = max(levels, key=lambda each: each.columns * each.rows)
    if not all(same_shape(full, each) for each in levels):
        return groups
    full.words.append(gettext_noop("the levels name different frames of reference; joined by their shape"))
    return [levels]


def same_shape(full: Tiling, level: Tiling) -> bool:
    """Say whether a level covers what the full size does, but for the rounding of its sides."""
    expected = full.rows * level.columns / full.columns
    return abs(expected - level.rows) <= max(2.0, LARGEST_DISAGREEMENT * expected)


def pyramids(levels: list[Tiling], left: dict[str, Words]) -> list[list[Tiling]]:
    """Return the levels of one frame of reference as pyramids; of several images of one size, one is taken."""
    found: list[list[Tiling]] = []
    for level in sorted(levels, key=lambda each: (-each.columns, -each.rows, each.instance.InstanceNumber or 0)):
        pyramid = next((each for each in found if same_shape(each[0], level)), None)
        if pyramid is None:
            found.append([level])
        else:
            pyramid.append(level)
    return [thinned(pyramid, left) for pyramid in found]


def thinned(levels: list[Tiling], left: dict[str, Words]) -> list[Tiling]:
    """Return one level for each size: of focal planes in separate images the middle one, else the first."""
    sizes: dict[tuple[int, int], list[Tiling]] = defaultdict(list)
    for level in levels:
        sizes[(level.columns, level.rows)].append(level)
    kept = []
    for same in sizes.values():
        heights = sorted({each.z for each in same})
        taken = next(each for each in same if each.z == heights[(len(heights) - 1) // 2])
        if len(heights) > 1:
            taken.planes = max(taken.planes, len(heights))
        if len(same) > 1:
            words = gettext_noop("another image of the same size and place is shown")
            left |= {part.uid: words for each in same if each is not taken for part in each.parts}
            if len(heights) == 1:
                words = gettext_noop("{count} images of one size, the first is shown", count=len(same))
                taken.words.append(words)
        kept.append(taken)
    return kept


def built(levels: list[Tiling]) -> Slide:
    """Return the slide of a pyramid."""
    full = levels[0]
    first = full.instance
    spacing, basis, basis_words = calibrated(full)
    words = [note for level in levels for note in level.words]
    if not (first.PatientID or first.PatientName):
        words.insert(0, gettext_noop("no patient identity"))
    if full.planes > 1:
        words.append(gettext_noop("{count} focal planes, the middle one is shown", count=full.planes))
    if full.paths > 1:
        words.append(gettext_noop("{count} optical paths, the first is shown", count=full.paths))
    orientation = first.ImageOrientationSlide or ()
    try:
        check_orientation(orientation)
    except GeometryError:
        orientation = USUAL_ORIENTATION
        words.append(gettext_noop("the file doesn't say how the slide lies, the usual way is assumed"))
    origin = (
        [first.matrix_origin[0].number(f"{axis}OffsetInSlideCoordinateSystem") or 0.0 for axis in "XY"]
        if (first.matrix_origin)
        else [0.0, 0.0]
    )
    names = (first.ContainerIdentifier, first.FrameOfReferenceUID, first.PyramidUID, full.columns, full.rows)
    path = first.optical_paths[0] if first.optical_paths else Item({})
    return Slide(
        key=blake2s(repr(names).encode(), digest_size=4).hexdigest(), levels=levels,
        frame_of_reference=first.FrameOfReferenceUID, container=first.ContainerIdentifier or "", stain=stain(first),
        objective=path.number("ObjectiveLensPower"), spacing=spacing, basis=basis, basis_words=basis_words,
        origin=(origin[0], origin[1], full.z / 1000), orientation=tuple(orientation),
        icc=profile(first, path), words=list(dict.fromkeys(words)),
    )  # fmt: skip


def profile(instance: Instance, path: Item) -> bytes:
    """Return the colour profile of a colour slide; empty without one, or for one too large to travel with each tile."""
    found = path.binary("ICCProfile")[0] if instance.SamplesPerPixel == 3 else None
    return found if found and len(found) <= LARGEST_PROFILE else b""


def calibrated(full: Tiling) -> tuple[tuple[float, float] | None, str, Words]:
    """Return (row, column) spacing in mm of the full size, its basis and words; cross-checked with the volume's size.

    The power of the objective is never a calibration.
    """
    instance = full.instance
    measured = instance.shared_groups.numbers("PixelSpacing")
    if measured is None and instance.per_frame_groups:
        measured = Item(flat(instance.per_frame_groups[0])).numbers("PixelSpacing")
    spacing = pair(measured)
    if spacing is None:
        return None, NONE, gettext_noop("pixels, no spacing in the file")
    sizes = (
        (instance.ImagedVolumeWidth, full.columns * spacing[1]),
        (instance.ImagedVolumeHeight, full.rows * spacing[0]),
    )
    for declared, computed in sizes:
        if declared and declared > 0 and abs(declared - computed) > LARGEST_DISAGREEMENT * max(declared, computed):
            words = "pixels: spacing and size of the slide disagree ({computed:.3f} mm, {declared:.3f} mm)"
            return None, NONE, gettext_noop(words, computed=computed, declared=declared)
    return spacing, SLIDE, gettext_noop("mm on the slide")


def stain(instance: Instance) -> str:
    """Return the stains that the preparation of the specimen names, else its short description."""
    found: list[str | None] = []
    for specimen in instance.specimens:
        for step in specimen.items("SpecimenPreparationSequence"):
            for content in step.items("SpecimenPreparationStepContentItemSequence"):
                asked = [each.text("CodeValue") for each in content.items("ConceptNameCodeSequence")]
                if STAIN in asked:
                    found += [each.text("CodeMeaning") for each in content.items("ConceptCodeSequence")]
                    found.append(content.text("TextValue"))
    described = [specimen.text("SpecimenShortDescription") for specimen in instance.specimens]
    return ", ".join(dict.fromkeys(each for each in (found if any(found) else described) if each))


def name(found: list[Slide]) -> None:
    """Title each slide by container and stain, else its series, numbered if need be, and make their keys differ."""
    taken: set[str] = set()
    names = [(", ".join(filter(None, (each.container, each.stain))), each.instance.SeriesDescription) for each in found]
    titles = [own or series or "" for own, series in names]
    for at, (each, title) in enumerate(zip(found, titles, strict=True), 1):
        each.title = title if titles.count(title) == 1 else f"{title} {at}".strip()
        while each.key in taken:
            each.key = blake2s(each.key.encode(), digest_size=4).hexdigest()
        taken.add(each.key)
