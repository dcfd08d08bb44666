"""Breast images: which view of which side one is, where its chest wall lies, and how it is hung (IHE MAMMO)."""

from dataclasses import dataclass
from itertools import product

import numpy as np

from viewer.imaging import geometry
from viewer.imaging.dicomjson import Item
from viewer.imaging.geometry import GeometryError
from viewer.imaging.pixels import Padding
from viewer.imaging.record import FrameAttributes, Instance
from viewer.imaging.windowing import shown_inverted
from viewer.imaging.words import Words, gettext_noop

STORAGE = "1.2.840.10008.5.1.4.1.1."
PROJECTIONS = frozenset((f"{STORAGE}1.2", f"{STORAGE}1.2.1"))
TOMOSYNTHESIS = f"{STORAGE}13.1.3"
BREAST = PROJECTIONS | {TOMOSYNTHESIS, f"{STORAGE}13.1.4", f"{STORAGE}13.1.5"}

SNOMED = frozenset(("SCT", "SRT", "SNM3", "99SDM", ""))
# PS3.16 CID 4014: the view by its SNOMED CT code and by the older SNOMED-RT one.
VIEWS = {
    **dict.fromkeys(("399162004", "R-10242"), "CC"),
    **dict.fromkeys(("399368009", "R-10226"), "MLO"),
    **dict.fromkeys(("399260004", "R-10224"), "ML"),
    **dict.fromkeys(("399352003", "R-10228"), "LM"),
    **dict.fromkeys(("399099002", "R-10230"), "LMO"),
    **dict.fromkeys(("399196006", "R-10244"), "FB"),
    **dict.fromkeys(("399188001", "R-102D0"), "SIO"),
    **dict.fromkeys(("441555000", "R-40AAA"), "ISO"),
    **dict.fromkeys(("399192008", "R-1024A"), "XCCL"),
    **dict.fromkeys(("399101009", "R-1024B"), "XCCM"),
    **dict.fromkeys(("127457009", "G-8310"), "SPECIMEN"),
}
# PS3.16 CID 4015.
MODIFIERS = {
    **dict.fromkeys(("399161006", "R-102D2"), "CV"),
    **dict.fromkeys(("399011000", "R-102D1"), "AT"),
    **dict.fromkeys(("399197002", "R-102D3"), "RL"),
    **dict.fromkeys(("399226006", "R-102D4"), "RM"),
    **dict.fromkeys(("414493004", "R-102CA"), "RI"),
    **dict.fromkeys(("415670009", "R-102C9"), "RS"),
    **dict.fromkeys(("399209000", "R-102D5"), "ID"),
    **dict.fromkeys(("399163009", "R-102D6"), "M"),
    **dict.fromkeys(("399055006", "R-102D7"), "S"),
    **dict.fromkeys(("399110001", "R-102C2"), "TAN"),
    **dict.fromkeys(("442581004", "R-40AB3"), "NP"),
    **dict.fromkeys(("441752004", "P2-00161"), "AC"),
    **dict.fromkeys(("442593008", "R-40ABE"), "IMF"),
    **dict.fromkeys(("442580003", "R-40AB2"), "AX"),
}
NAMES = {
    "CV": gettext_noop("cleavage"),
    "AT": gettext_noop("axillary tail"),
    "RL": gettext_noop("rolled lateral"),
    "RM": gettext_noop("rolled medial"),
    "RI": gettext_noop("rolled inferior"),
    "RS": gettext_noop("rolled superior"),
    "ID": gettext_noop("implant displaced"),
    "M": gettext_noop("magnification"),
    "S": gettext_noop("spot compression"),
    "TAN": gettext_noop("tangential"),
    "NP": gettext_noop("nipple in profile"),
    "AC": gettext_noop("anterior compression"),
    "IMF": gettext_noop("infra-mammary fold"),
    "AX": gettext_noop("axillary tissue"),
}
POSITIONS = frozenset(VIEWS.values()) | {"XCC"}  # of View Position, for images without a code
OF_A_SCREENING_VIEW = frozenset(("NP",))
CRANIOCAUDAL = frozenset(("CC", "FB", "XCC", "XCCL", "XCCM"))
# The plane of these leans towards the middle of the body below, that of the others away from it.
INWARD, OUTWARD = frozenset(("MLO", "LMO")), frozenset(("SIO", "ISO"))
SCREENING = (("R", "CC"), ("L", "CC"), ("R", "MLO"), ("L", "MLO"))
SURROUNDING = 0.9  # of a border that lies in air
MAGNIFIED = 1.3  # of a contact view at most about 1.1
OPPOSITE = str.maketrans("LRAPHF", "RLPAFH")
MEDIAL, LATERAL = {"R": "L", "L": "R"}, {"R": "R", "L": "L"}
CHEST_WALL = {"R": "right", "L": "left"}  # where it is hung, so that the breasts stand back to back

Letters = tuple[str, str]


@dataclass(frozen=True, slots=True)
class Hang:
    """What turns a stored image into the standard hang on the display: flipped first, then rotated clockwise."""

    rotation: int = 0
    flip_horizontal: bool = False
    flip_vertical: bool = False


@dataclass(frozen=True, slots=True)
class Mammogram:
    """What a breast image shows.

    `view` and `modifiers` are the abbreviations of CID 4014 and 4015, `laterality` R, L, B or "" where nobody knows.
    `chest_wall` is the edge of the stored image towards the chest: left, right, top, bottom, or "". `place` counts
    right CC, left CC, right MLO, left MLO from 0; None for what is sorted after the four. `hang` is None where side
    or orientation aren't known.
    """

    view: str
    modifiers: tuple[str, ...]
    laterality: str
    chest_wall: str
    hang: Hang | None
    place: int | None
    tomosynthesis: bool
    synthetic: bool
    for_processing: bool

    @property
    def name(self) -> str:
        """The side, view and modifiers as technologists mark them: R CC, L MLO ID."""
        return " ".join(part for part in (self.laterality, self.view, *self.modifiers) if part)

    @property
    def title(self) -> str:
        """The name, and whether it is of slices or of a picture made from them."""
        kind = "tomosynthesis" if self.tomosynthesis else "synthetic" if self.synthetic else ""
        return " ".join(part for part in (self.name, kind) if part)

    @property
    def words(self) -> list[Words]:
        """The modifiers in words."""
        return [NAMES[each] for each in self.modifiers]


def is_mammogram(instance: Instance) -> bool:
    """Whether an image is one of a breast, which is never shown lossy."""
    return instance.Modality == "MG" or instance.SOPClassUID in BREAST


def is_tomosynthesis(instance: Instance) -> bool:
    """Whether an image holds slices through a breast; one that was generated from them is a single picture."""
    return instance.SOPClassUID == TOMOSYNTHESIS and not is_synthetic(instance)


def is_synthetic(instance: Instance) -> bool:
    """Whether an image was generated from tomosynthesis to look like a mammogram (C.8.11.7.1.4)."""
    return any("GENERATED_2D" in value or value == "TOMO_2D" for value in instance.ImageType[2:])


def mammogram(instance: Instance, frame: FrameAttributes) -> Mammogram | None:
    """Return what a frame of a breast image shows; None for any other image. Never raises."""
    if not is_mammogram(instance):
        return None
    view, modifiers = view_of(instance)
    letters = patient_orientation(instance, frame)
    side = laterality(instance, frame, view, letters)
    slices = is_tomosynthesis(instance)
    usual = OF_A_SCREENING_VIEW.issuperset(modifiers) and not slices
    return Mammogram(
        view=view, modifiers=modifiers, laterality=side, chest_wall=chest_wall(letters), hang=hang(view, side, letters),
        place=SCREENING.index((side, view)) if usual and (side, view) in SCREENING else None, tomosynthesis=slices,
        synthetic=is_synthetic(instance), for_processing=instance.SOPClassUID == f"{STORAGE}1.2.1",
    )  # fmt: skip


def view_of(instance: Instance) -> tuple[str, tuple[str, ...]]:
    """Return the view and its modifiers: by code, else by View Position; "" for a view that nobody named."""
    codes = instance.views or instance.shared_groups.items("ViewCodeSequence")
    view = next((found for each in codes if (found := coded(each, VIEWS))), "") or positioned(instance.ViewPosition)
    modifying = [each for code in codes for each in code.items("ViewModifierCodeSequence")]
    modifiers = [found for each in modifying if (found := coded(each, MODIFIERS))]
    factor = instance.EstimatedRadiographicMagnificationFactor
    if factor is not None and factor >= MAGNIFIED:
        modifiers.append("M")
    return view, tuple(dict.fromkeys(modifiers))


def coded(item: Item, meanings: dict[str, str]) -> str:
    """Return what a code stands for, "" for a code of another vocabulary."""
    scheme = (item.text("CodingSchemeDesignator") or "").upper()
    return meanings.get((item.text("CodeValue") or "").upper(), "") if scheme in SNOMED else ""


def positioned(position: str | None) -> str:
    """Return the view that a View Position names, perhaps with its side before it (RCC)."""
    words = (position or "").upper().replace("-", "").replace(" ", "")
    return next((each for each in (words, words[1:] if words[:1] in CHEST_WALL else "") if each in POSITIONS), "")


def patient_orientation(instance: Instance, frame: FrameAttributes) -> Letters | None:
    """Return the letters towards the right and the lower edge of the stored image; None rather than a guess."""
    try:
        if frame.ImageOrientationPatient:
            return geometry.patient_orientation(frame.ImageOrientationPatient)
    except GeometryError:
        return None
    found = [letter.strip().upper() for letter in frame.PatientOrientation or instance.PatientOrientation]
    if len(found) != 2 or not all(word and set(word) <= set("LRAPHF") for word in found):
        return None
    return found[0], found[1]


def laterality(instance: Instance, frame: FrameAttributes, view: str, letters: Letters | None) -> str:
    """Return the side: as the file says it, else as an oblique view's plane tells it.

    The lower edge of an oblique view lies towards the middle of the body or away from it. Of a CC view the orientation
    fits either side, and a side is never guessed. Where an image says both sides of itself, nobody knows.
    """
    position = (instance.ViewPosition or "").upper().removesuffix(view)  # RCC, L MLO
    sides = (instance.ImageLaterality, frame.FrameLaterality, position)
    if {"R", "L"} <= {(said or "").strip("- ").upper() for said in sides}:
        return ""
    for said in (instance.ImageLaterality, frame.FrameLaterality, instance.Laterality):
        word = (said or "").upper()
        if word in {"R", "L", "B"}:
            return word
    down = vertical(letters)
    if view in INWARD | OUTWARD and ("F" in down or "H" in down):
        lower = down if "F" in down else down.translate(OPPOSITE)
        towards = MEDIAL if view in INWARD else LATERAL
        return next((side for side, letter in towards.items() if letter in lower), "")
    return ""


def across(letters: Letters | None) -> int | None:
    """Return which direction of the stored image runs between chest wall and nipple: 0 along rows, 1 along columns."""
    if letters is None:
        return None
    leading = [at for at in (0, 1) if letters[at][0] in "AP"]
    some = leading or [at for at in (0, 1) if set(letters[at]) & set("AP")]
    return some[0] if len(some) == 1 else None


def vertical(letters: Letters | None) -> str:
    """Return the letters of the direction that is hung upright, as stored; "" where it isn't known."""
    axis = across(letters)
    return "" if letters is None or axis is None else letters[1 - axis]


def chest_wall(letters: Letters | None) -> str:
    """Return the edge of the stored image towards the chest: left, right, top or bottom; "" where it isn't known."""
    axis = across(letters)
    if letters is None or axis is None:
        return ""
    return (("left", "right"), ("top", "bottom"))[axis]["P" in letters[axis]]


def hang(view: str, side: str, letters: Letters | None) -> Hang | None:
    """Return what hangs a breast: its chest wall towards the other breast's, lateral or head side up."""
    if letters is None or side not in CHEST_WALL or across(letters) is None:
        return None
    wanted = lower_edge(view, side, vertical(letters))
    for rotation, vertically, horizontally in product((0, 90), (False, True), (False, True)):
        row = letters[0].translate(OPPOSITE) if horizontally else letters[0]
        column = letters[1].translate(OPPOSITE) if vertically else letters[1]
        right, down = (row, column) if rotation == 0 else (column.translate(OPPOSITE), row)
        if across((right, down)) == 0 and chest_wall((right, down)) == CHEST_WALL[side] and wanted in down:
            return Hang(rotation, horizontally, vertically)
    return None


def hung(shades: np.ndarray, how: Hang) -> np.ndarray:
    """Return a picture (rows, columns) or (rows, columns, 3) as it hangs, nothing copied."""
    if how.flip_horizontal:
        shades = shades[:, ::-1]
    if how.flip_vertical:
        shades = shades[::-1]
    return np.rot90(shades, -how.rotation // 90)


def lower_edge(view: str, side: str, upright: str) -> str:
    """Return the letter that belongs to the lower edge, one of the upright direction's or its opposite; "" for any."""
    leaning = {**dict.fromkeys(CRANIOCAUDAL | INWARD, MEDIAL[side]), **dict.fromkeys(OUTWARD, LATERAL[side])}
    if view in CRANIOCAUDAL:
        order = (leaning[view], "F")
    elif view in POSITIONS or upright[0] in "HF":
        order = ("F", leaning.get(view, ""))
    else:
        order = (MEDIAL[side], "F")
    return next((each for each in order if each and {each, each.translate(OPPOSITE)} & set(upright)), "")


def air(stored: np.ndarray, instance: Instance) -> Padding | None:
    """Return the stored value (rows, columns) that stands for the air around a breast, as a range of one.

    It is the darkest, where it fills a border of the picture. None where the file tells of padding itself, and where
    the air has no value of its own: then it can't be told from tissue.
    """
    if not is_mammogram(instance) or Padding.of(instance) is not None or stored.ndim != 2:
        return None
    darkest = stored.max() if shown_inverted(instance) else stored.min()
    borders = (stored[0], stored[-1], stored[:, 0], stored[:, -1])
    filled = any(np.count_nonzero(border == darkest) >= SURROUNDING * border.size for border in borders)
    return Padding(int(darkest), int(darkest)) if filled and stored.dtype.kind in "iu" else None
