"""Standardised uptake values: what makes them of a PET image's modality values, and every factor that they rest on.

QIBA FDG-PET/CT, vendor-neutral SUV; PS3.3 C.8.9.1. Right, or not available with the reason: nothing is guessed.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

from viewer.imaging import nuclear
from viewer.imaging.dicomjson import Item
from viewer.imaging.functional_groups import flat
from viewer.imaging.patients import identity, patients
from viewer.imaging.record import Instance
from viewer.imaging.tracer import Factor, NoSUV, Read, Scan, above_zero, remaining_dose, scan, spaced
from viewer.imaging.words import Words, gettext_noop

PET, ENHANCED = "1.2.840.10008.5.1.4.1.1.128", "1.2.840.10008.5.1.4.1.1.130"
BODY_WEIGHT, BODY_SURFACE = "SUVbw", "SUVbsa"
SAME = 1e-6  # relative: two images of one factor
HEAVIEST_KG, TALLEST_M = 650.0, 3.0
BQML, GML, CM2ML, COUNTS = "BQML", "GML", "CM2ML", "CNTS"
UCUM = {"Bq/ml": BQML, "BQML": BQML, "{SUVbw}g/ml": GML, "g/ml{SUVbw}": GML}


@dataclass(frozen=True, slots=True)
class Measure:
    """One kind of SUV: modality value × `factor`, in `unit`; without a factor the `reason`."""

    name: str
    formula: Words
    unit: str
    factor: float | None
    reason: Words | None = None


@dataclass(frozen=True, slots=True)
class SUV:
    """All measures of an image or of a series, with their provenance; without any, `reason` says why."""

    measures: tuple[Measure, ...]
    factors: tuple[Factor, ...]
    notes: tuple[Words, ...] = ()
    reason: Words | None = None

    @property
    def shown(self) -> Measure | None:
        """The measure that a pane shows: the first that is available."""
        return next((each for each in self.measures if each.factor is not None), None)


@dataclass(frozen=True, slots=True)
class Formula:
    """A measure made of SUV by body weight: weight (kg), height (m) and sex (M or F) → kg, or cm² per g of weight."""

    name: str
    words: Words
    unit: str
    of: Callable[[float, float, str], float]
    by_sex: bool = True


def james(weight: float, height: float, sex: str) -> float:
    """Return lean body mass in kg after James, of kg and m."""
    ratio = weight / (100 * height)
    return 1.10 * weight - 128 * ratio**2 if sex == "M" else 1.07 * weight - 148 * ratio**2


def janmahasatian(weight: float, height: float, sex: str) -> float:
    """Return lean body mass in kg after Janmahasatian, of kg and m."""
    bmi = weight / height**2
    return 9270 * weight / (6680 + 216 * bmi) if sex == "M" else 9270 * weight / (8780 + 244 * bmi)


def du_bois(weight: float, height: float, _sex: str = "") -> float:
    """Return body surface in m² after Du Bois, of kg and m."""
    return float(0.007184 * weight**0.425 * (100 * height) ** 0.725)


FORMULAS = (
    Formula("SUVlbm", gettext_noop("lean body mass after James"), "g/ml", james),
    Formula("SUVlbm", gettext_noop("lean body mass after Janmahasatian"), "g/ml", janmahasatian),
    # m² and kg as cm² and g
    Formula(
        BODY_SURFACE, gettext_noop("body surface after Du Bois"), "cm²/ml", lambda w, h, s: 10 * du_bois(w, h, s), False
    ),
)
WEIGHTED = gettext_noop("body weight")


def is_pet(instance: Instance) -> bool:
    """Whether SUV means something for an image."""
    return instance.SOPClassUID in (PET, f"{PET}.1", ENHANCED) and instance.Modality == "PT"


def of_series(instances: Sequence[Instance], whole: Sequence[Instance] = ()) -> tuple[SUV, dict[str, float]]:
    """Return the SUV of PET images that belong together, and the factor of each that has one by its UID.

    `whole` is their whole series, which says when the scan began, where they are a part of it; another patient's images
    in it say nothing. They have an SUV only where all of them share one: a window is one for all slices.
    """
    pet = [each for each in instances if is_pet(each)]
    around = [each for each in whole or pet if is_pet(each)]
    people = patients((*around, *pet))
    own_people = {people[identity(each)] for each in pet}
    taken = scan(each for each in around if people[identity(each)] in own_people)
    found = [of_image(each, taken) for each in pet]
    if not found:
        return nothing(gettext_noop("no PET image")), {}
    own = {
        each.SOPInstanceUID or "": one.shown.factor
        for each, one in zip(pet, found, strict=True)
        if one.shown is not None and one.shown.factor is not None
    }
    refused = next((one for one in found if one.reason is not None), None)
    if refused is not None:
        return refused, own
    if any(differ(found[0], other) for other in found[1:]):
        return nothing(gettext_noop("it differs from image to image"), found[0].factors), own
    return found[0], own


def differ(one: SUV, other: SUV) -> bool:
    """Say whether two images have different measures."""
    for mine, theirs in zip(one.measures, other.measures, strict=True):
        if (mine.factor is None) != (theirs.factor is None) or mine.name != theirs.name:
            return True
        if mine.factor is not None and theirs.factor is not None and abs(mine.factor / theirs.factor - 1) > SAME:
            return True
    return False


def nothing(reason: Words, factors: tuple[Factor, ...] = (), notes: tuple[Words, ...] = ()) -> SUV:
    """Return the refusal of all measures."""
    refused = [Measure(BODY_WEIGHT, WEIGHTED, "g/ml", None, reason)]
    refused += [Measure(each.name, each.words, each.unit, None, reason) for each in FORMULAS]
    return SUV(tuple(refused), factors, notes, reason)


def of_image(instance: Instance, taken: Scan) -> SUV:
    """Return the SUV of one PET image; `taken` is what its whole series says of the time."""
    read = Read(instance)
    try:
        corrected(read)
        unit, scale = unit_of(read)
        if unit == CM2ML:
            return of_surface(read)
        factor = scale * by_weight(read, unit, taken)
    except NoSUV as error:
        return nothing(error.words, tuple(read.factors), tuple(read.notes))
    measures = [Measure(BODY_WEIGHT, WEIGHTED, "g/ml", factor), *(derived(read, each, factor) for each in FORMULAS)]
    return SUV(tuple(measures), unique(read.factors), tuple(read.notes))


def unique(factors: Sequence[Factor]) -> tuple[Factor, ...]:
    """Return the factors, each once."""
    return tuple(dict.fromkeys(factors))


def corrected(read: Read) -> None:
    """Raise NoSUV unless the pixels are corrected for attenuation, and for decay where they say so."""
    item, own = read.item, read.instance
    if own.SOPClassUID == ENHANCED:
        done = {keyword: item.text(keyword) or "" for keyword in ("AttenuationCorrected", "DecayCorrected")}
        for keyword, value in done.items():
            read.note(keyword, value, gettext_noop("done") if value == "YES" else gettext_noop("not done"))
        missing = [spaced(keyword) for keyword, value in done.items() if value != "YES"]
    else:
        listed = item.texts("CorrectedImage")
        read.note("CorrectedImage", "\\".join(listed), gettext_noop("corrections that were applied"))
        undecayed = item.text("DecayCorrection") == "NONE"
        if undecayed and "DECY" in listed:
            raise NoSUV(gettext_noop("Corrected Image lists DECY, and Decay Correction is NONE"))
        missing = [each for each in ("ATTN", "DECY") if each not in listed and not (each == "DECY" and undecayed)]
    if missing:
        raise NoSUV(gettext_noop("the image isn't corrected for {missing}", missing=", ".join(missing)))


def unit_of(read: Read) -> tuple[str, float]:
    """Return the unit of the pixels and what turns modality values into it. Raises NoSUV."""
    own = read.instance
    if own.SOPClassUID == ENHANCED:
        return mapped_unit(read)
    if own.RescaleSlope is None or own.RescaleSlope <= 0 or own.ModalityLUTSequence:
        read.note(
            "RescaleSlope", "" if own.RescaleSlope is None else f"{own.RescaleSlope:g}", gettext_noop("not usable")
        )
        raise NoSUV(gettext_noop("Rescale Slope is missing or isn't above 0"))
    read.note("RescaleSlope", f"{own.RescaleSlope:.12g}", gettext_noop("of this image; each has its own"))
    unit, kind = read.item.text("Units") or "", read.item.text("SUVType") or ""
    if unit in (GML, CM2ML):
        read.note("SUVType", kind, gettext_noop("kind of SUV that the pixels hold"))
        if kind not in ("", "BW" if unit == GML else "BSA"):
            raise NoSUV(gettext_noop("the pixels hold {unit} with SUV Type {kind}", unit=unit, kind=kind))
    elif unit not in (BQML, COUNTS):
        read.note("Units", unit, gettext_noop("not usable"))
        raise NoSUV(gettext_noop("the pixels' unit is {unit}", unit=unit or "–"))
    made = {
        BQML: gettext_noop("Bq in a millilitre"),
        COUNTS: gettext_noop("counts: the maker's own factor is needed"),
        GML: gettext_noop("SUV by body weight already"),
        CM2ML: gettext_noop("SUV by body surface already"),
    }
    read.note("Units", unit, made[unit])
    return unit, 1.0


def mapped_unit(read: Read) -> tuple[str, float]:
    """Return the unit of an enhanced image's real world values, and those by its modality values. Raises NoSUV.

    All frames have to share one proportion of both (PS3.3 C.7.6.16.2.11).
    """
    own = read.instance
    found: set[tuple[str, float]] = set()
    for number in range(1, own.frame_count + 1):
        groups = own.per_frame_groups[number - 1] if number <= len(own.per_frame_groups) else None
        item = Item({**own.shared_groups.elements, **(flat(groups) if groups else {})})
        slope, intercept = item.number("RealWorldValueSlope"), item.number("RealWorldValueIntercept")
        codes = item.items("MeasurementUnitsCodeSequence")
        if slope is None or slope <= 0 or not codes:
            raise NoSUV(gettext_noop("no real world values are mapped"))
        code = codes[0].text("CodeValue") or ""
        frame = own.frame(number)
        stored = 1.0 if frame.RescaleSlope is None else frame.RescaleSlope
        if intercept or frame.RescaleIntercept or stored <= 0 or frame.ModalityLUTSequence:
            raise NoSUV(gettext_noop("real world values aren't in proportion to the pixels"))
        found.add((code, round(slope / stored, 12)))
    if len(found) != 1:
        raise NoSUV(gettext_noop("real world values differ from frame to frame"))
    code, proportion = found.pop()
    read.note("MeasurementUnitsCodeSequence", code, gettext_noop("unit of the real world values"))
    made = gettext_noop("{value:.12g} for a modality value of 1; each frame has its own", value=proportion)
    read.note("RealWorldValueSlope", f"{slope:.15g}", made)
    if code not in UCUM:
        raise NoSUV(gettext_noop("the pixels' unit is {unit}", unit=code or "–"))
    return UCUM[code], proportion


def by_weight(read: Read, unit: str, taken: Scan) -> float:
    """Return SUV by body weight for a value of 1 in `unit`. Raises NoSUV."""
    scale = 1.0
    if unit == GML:
        return 1.0
    if unit == COUNTS:
        made = private(read, 0x00, gettext_noop("SUV by body weight for a count of 1, as Philips writes it"))
        if made is not None:
            return made
        activity = private(read, 0x09, gettext_noop("Bq/ml for a count of 1, as Philips writes it"))
        if activity is None:
            raise NoSUV(gettext_noop("the pixels are counts, without a factor of their maker"))
        scale = activity
    weight = weighed(read)
    return scale * 1000 * weight / remaining_dose(read, taken)


def private(read: Read, element: int, made: Words) -> float | None:
    """Return a factor above 0 that Philips writes, None without one."""
    written = nuclear.private(read.item, nuclear.PHILIPS, element)
    if written is None:
        return None
    tag, value = written
    factor = above_zero(value)
    read.note(nuclear.PHILIPS, value, made if factor else gettext_noop("not usable"), tag)
    return factor


def weighed(read: Read) -> float:
    """Return the patient's weight in kg. Raises NoSUV."""
    weight = read.number("PatientWeight", "{value:g} kg")
    if weight > HEAVIEST_KG:
        raise NoSUV(gettext_noop("a weight of {weight:g} kg can't be", weight=weight))
    return weight


def derived(read: Read, formula: Formula, factor: float) -> Measure:
    """Return a measure by another size of the body than its weight."""
    try:
        weight = weighed(read)
        height = read.number("PatientSize", "{value:g} m")
        if height > TALLEST_M:
            raise NoSUV(gettext_noop("a height of {height:g} m can't be", height=height))
        sex = read.instance.PatientSex or ""
        if formula.by_sex:
            read.note("PatientSex", sex, gettext_noop("chooses the formula of lean body mass"))
            if sex not in ("M", "F"):
                raise NoSUV(gettext_noop("the patient's sex is {sex}: no formula of lean body mass", sex=sex or "–"))
        size = formula.of(weight, height, sex)
        if size <= 0:
            raise NoSUV(gettext_noop("the formula gives nothing for this weight and height"))
    except NoSUV as error:
        return Measure(formula.name, formula.words, formula.unit, None, error.words)
    return Measure(formula.name, formula.words, formula.unit, factor * size / weight)


def of_surface(read: Read) -> SUV:
    """Return what pixels that hold SUV by body surface are."""
    reason = gettext_noop("the pixels hold SUV by body surface")
    refused = nothing(reason, tuple(read.factors), tuple(read.notes))
    own = Measure(BODY_SURFACE, gettext_noop("body surface, as the scanner computed it"), "cm²/ml", 1.0)
    measures = tuple(own if each.name == BODY_SURFACE else each for each in refused.measures)
    return replace(refused, measures=measures, reason=None)


__all__ = ["BODY_SURFACE", "BODY_WEIGHT", "SUV", "Factor", "Measure", "is_pet", "of_image", "of_series"]
