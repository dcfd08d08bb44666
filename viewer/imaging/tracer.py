"""The tracer of a PET image: how much was given, when, and how much of that is left; each factor as the file has it."""

import math
import re
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta

from viewer.imaging import nuclear
from viewer.imaging.dicomjson import Item, tag_of
from viewer.imaging.record import Instance
from viewer.imaging.words import Words, gettext_noop

MOST_HALF_LIVES = 10  # a thousandth of the dose: nobody images that; a date was changed
LONGEST_BEFORE = timedelta(hours=6)  # between the series' time and its first acquisition
LEAST_DOSE = 1e5  # Bq; a smaller number is one of MBq
MOST_DECAY_IN_A_FRAME = 0.005
FIRST_YEAR, LAST_YEAR = 1900, 9000  # anonymising writes others, whose day before or in another zone no calendar has
HALF_LIVES = {  # seconds, tolerance; codes of CID 4020, in SNOMED CT and in SNOMED RT
    "18F": (6586.0, 0.01, ("77004003", "C-111A1")),
    "11C": (1223.0, 0.03, ("40565003", "C-105A1")),
    "13N": (597.9, 0.03, ("21576001", "C-107A1")),
    "15O": (122.2, 0.03, ("129504001", "C-B1038")),
    "68Ga": (4063.0, 0.03, ("35337001", "C-131A3")),
    "82Rb": (76.4, 0.05, ("79197006", "C-159A2")),
    "64Cu": (45721.0, 0.03, ("3932008", "C-127A2")),
    "89Zr": (282276.0, 0.03, ("63360001", "C-168A4")),
    "90Y": (230400.0, 0.03, ("14691008", "C-162A3")),
    "124I": (360806.0, 0.03, ("40937006", "C-114A5")),
}
NAMED = re.compile(r"(?<![a-z0-9])(?:\^?18\^?\s?-?f|f\s?-?\^?18\^?)(?![a-z0-9])|fluorine|fdg|fluorodeoxyglucose")
DAY = re.compile(r"(\d{4})\.?(\d\d)\.?(\d\d)")
CLOCK = re.compile(r"(\d\d):?(\d\d)(?::?(\d\d)(?:\.(\d{1,6}))?)?")
WHEN = re.compile(r"(\d{8})(\d{4}(?:\d\d(?:\.\d{1,6})?)?)([+-]\d{4})?")
ZONE = re.compile(r"([+-])(\d\d)(\d\d)")


class NoSUV(ValueError):
    """There is no SUV; the argument says why, in words for the reader."""

    @property
    def words(self) -> Words:
        """Why there is none."""
        words: Words = self.args[0]
        return words


@dataclass(frozen=True, slots=True)
class Factor:
    """One element that an SUV rests on: its value as in the file ("" without one), and what was made of it."""

    keyword: str
    tag: str
    value: str
    made: Words


@dataclass(frozen=True, slots=True)
class Moment:
    """A date and time of the file; `zone` is None where the file names no time zone."""

    at: datetime
    zone: timedelta | None

    def since(self, other: "Moment") -> float:
        """Return the seconds from `other` to this. Raises NoSUV if only one of them has a time zone."""
        if (self.zone is None) != (other.zone is None):
            raise NoSUV(gettext_noop("one time names a time zone and the other doesn't"))
        return (self.universal - other.universal).total_seconds()

    @property
    def universal(self) -> datetime:
        """The moment in UTC, or on its own clock where no zone is known."""
        return self.at - (self.zone or timedelta())


@dataclass(frozen=True, slots=True)
class Scan:
    """What the images of a series say together: when the first of them was acquired, None where one doesn't say."""

    earliest: Moment | None


class Read:
    """The elements of one image; each that is asked for goes into `factors`."""

    def __init__(self, instance: Instance) -> None:
        self.instance = instance
        self.item = instance.nuclear
        self.factors: list[Factor] = []
        self.notes: list[Words] = []

    def note(self, keyword: str, value: str, made: Words, tag: str = "") -> None:
        """Remember a factor."""
        self.factors.append(Factor(keyword, dotted(tag or tag_of(keyword)), value, made))

    def number(self, keyword: str, made: str, item: Item | None = None) -> float:
        """Return a number above 0, told as `made` with {value:g}; raises NoSUV without one."""
        said = nuclear.text_of(self.item if item is None else item, tag_of(keyword))
        value = above_zero(said)
        self.note(keyword, said, gettext_noop("not usable") if value is None else gettext_noop(made, value=value))
        if value is None:
            raise NoSUV(gettext_noop("{keyword} is missing or isn't above 0", keyword=spaced(keyword)))
        return value


def scan(instances: Iterable[Instance]) -> Scan:
    """Return what the PET images of one series say together."""
    earliest: Moment | None = None
    for each in instances:
        try:
            at = acquired(each)
        except NoSUV:
            return Scan(None)
        if earliest is None or at.universal < earliest.universal:
            earliest = at
    return Scan(earliest)


def remaining_dose(read: Read, taken: Scan) -> float:
    """Return the Bq of the dose that were left at the time that the pixels are decay corrected to. Raises NoSUV.

    Decay Correction START: at the start of the scan; ADMIN: the dose as it was given; NONE: at the image's own
    acquisition (PS3.3 C.8.9.1.1.4; QIBA's vendor-neutral SUV).
    """
    given = administered(read)
    dated = read.item.has("DecayCorrectionDateTime")  # of enhanced PET, which has no Decay Correction
    corrected = "START" if dated else read.item.text("DecayCorrection") or ""
    if corrected == "ADMIN":
        made = gettext_noop("pixels are corrected to the administration: the dose as it was given")
        read.note("DecayCorrection", corrected, made)
        return dose_of(read, given)
    dose = dose_of(read, given)
    half_life = half_life_of(read, given)
    if corrected == "START":
        if not dated:
            read.note("DecayCorrection", corrected, gettext_noop("pixels are corrected to the start of the scan"))
        reference = started(read, taken)
    elif corrected == "NONE":
        read.note("DecayCorrection", corrected, gettext_noop("pixels aren't corrected: the image's own acquisition"))
        reference = own_acquisition(read, half_life)
    else:
        read.note("DecayCorrection", corrected, gettext_noop("not usable"))
        raise NoSUV(gettext_noop("Decay Correction is {value}", value=corrected or "–"))
    return decayed(read, dose, half_life, injected(read, given, reference), reference)


def decayed(read: Read, dose: float, half_life: float, injection: Moment, reference: Moment) -> float:
    """Return what is left of a dose; raises NoSUV where the times can't be true."""
    seconds = reference.since(injection)
    if seconds < 0:
        words = "the scan lies {seconds:g} s before the injection"
        raise NoSUV(gettext_noop(words, seconds=-seconds))
    if seconds > MOST_HALF_LIVES * half_life:
        words = "{hours:.1f} h from injection to scan are more than {count} half-lives: a date or time was changed"
        raise NoSUV(gettext_noop(words, hours=seconds / 3600, count=MOST_HALF_LIVES))
    left = dose * 2 ** (-seconds / half_life)
    words = "{seconds:.8g} s from injection to scan: {left:.0f} Bq left"
    read.factors.append(Factor("", "", "", gettext_noop(words, seconds=seconds, left=left)))
    return left


def administered(read: Read) -> Item:
    """Return the item of the one tracer. Raises NoSUV."""
    items = read.item.items("RadiopharmaceuticalInformationSequence")
    if not items:
        raise NoSUV(gettext_noop("the tracer isn't described"))
    if len(items) > 1:
        raise NoSUV(gettext_noop("{count} tracers are described", count=len(items)))
    return items[0]


def dose_of(read: Read, given: Item) -> float:
    """Return the dose in Bq; raises NoSUV for a number that looks like MBq."""
    dose = read.number("RadionuclideTotalDose", "{value:.0f} Bq given", given)
    if dose < LEAST_DOSE:
        raise NoSUV(gettext_noop("a dose of {dose:g} is too small for Bq, perhaps it is MBq", dose=dose))
    return dose


def half_life_of(read: Read, given: Item) -> float:
    """Return the half-life in seconds; raises NoSUV where it isn't that of the nuclide that the file names."""
    seconds = read.number("RadionuclideHalfLife", "{value:.8g} s", given)
    codes = given.items("RadionuclideCodeSequence")
    written = {each.text("CodeValue") or "" for each in codes}
    nuclide = next((name for name, (_, _, known) in HALF_LIVES.items() if written & set(known)), None)
    said = " ".join([*(each.text("CodeMeaning") or "" for each in codes), given.text("Radiopharmaceutical") or ""])
    if nuclide is None and NAMED.search(said.lower()):
        nuclide = "18F"
    if nuclide is None:
        read.notes.append(gettext_noop("the half-life isn't checked: the nuclide isn't known"))
        return seconds
    known, tolerance, _codes = HALF_LIVES[nuclide]
    if abs(seconds - known) > tolerance * known:
        words = "a half-life of {seconds:g} s isn't that of {nuclide} ({known:g} s)"
        raise NoSUV(gettext_noop(words, seconds=seconds, nuclide=nuclide, known=known))
    return seconds


def started(read: Read, taken: Scan) -> Moment:
    """Return the start of the scan: the series' time if no image was acquired before it, else what GE writes, else
    the earliest acquisition. Raises NoSUV.
    """
    own = read.instance
    if read.item.has("DecayCorrectionDateTime"):
        value = read.item.text("DecayCorrectionDateTime") or ""
        read.note("DecayCorrectionDateTime", value, gettext_noop("start of the scan"))
        return moment(value, read.item)
    if taken.earliest is None:
        raise NoSUV(gettext_noop("an image of the series has no acquisition date and time"))
    series = combined(own.SeriesDate, own.SeriesTime, read.item)
    first = taken.earliest.at.isoformat(" ")
    if series is None:
        dated(read, "Series", gettext_noop("not usable"))
        raise NoSUV(gettext_noop("the series has no date and time"))
    before = taken.earliest.since(series)
    if before >= 0:
        if before > LONGEST_BEFORE.total_seconds():
            words = "the series' time lies {hours:.1f} h before the first acquisition: a date or time was changed"
            raise NoSUV(gettext_noop(words, hours=before / 3600))
        words = "start of the scan: no image was acquired before it (the earliest {first})"
        dated(read, "Series", gettext_noop(words, first=first))
        return series
    words = "later than the earliest acquisition ({first}), so not the start of the scan"
    dated(read, "Series", gettext_noop(words, first=first))
    written = nuclear.private(read.item, nuclear.GE, 0x0D)
    if written is not None:
        tag, value = written
        read.note(nuclear.GE, value, gettext_noop("start of the scan, as GE writes it"), tag)
        return moment(value, read.item)
    words = "start of the scan: the earliest acquisition of the series"
    read.factors.append(Factor("AcquisitionDate", dotted(tag_of("AcquisitionDate")), first, gettext_noop(words)))
    return taken.earliest


def dated(read: Read, of: str, made: Words) -> None:
    """Remember date and time of the series or of the acquisition: two elements that are read together."""
    read.note(f"{of}Date", getattr(read.instance, f"{of}Date") or "", gettext_noop("read with the time below"))
    read.note(f"{of}Time", getattr(read.instance, f"{of}Time") or "", made)


def own_acquisition(read: Read, half_life: float) -> Moment:
    """Return when an image that isn't decay corrected was acquired. Raises NoSUV where it decays much meanwhile."""
    at = acquired(read.instance)
    made = gettext_noop("acquisition of this image")
    if read.instance.AcquisitionDateTime:
        read.note("AcquisitionDateTime", read.instance.AcquisitionDateTime, made)
    else:
        dated(read, "Acquisition", made)
    duration = positive(read.item, "ActualFrameDuration")
    if duration is not None and math.log(2) * duration / 2000 / half_life > MOST_DECAY_IN_A_FRAME:
        words = "without decay correction, and the tracer decays too much in a frame of {seconds:g} s"
        raise NoSUV(gettext_noop(words, seconds=duration / 1000))
    return at


def injected(read: Read, given: Item, reference: Moment) -> Moment:
    """Return when the tracer was given; a time without a date is of the day of `reference` or of the day before."""
    written = given.text("RadiopharmaceuticalStartDateTime")
    if written:
        found = moment(written, read.item)
        read.note("RadiopharmaceuticalStartDateTime", written, gettext_noop("injection"))
        return clear_of_midnight(found, reference)
    time = given.text("RadiopharmaceuticalStartTime") or ""
    clock = clock_of(time)
    if clock is None:
        read.note("RadiopharmaceuticalStartTime", time, gettext_noop("not usable"))
        raise NoSUV(gettext_noop("the time of injection is missing or can't be read"))
    midnight = reference.at.replace(hour=0, minute=0, second=0, microsecond=0)
    found = Moment(midnight + clock, reference.zone)
    if found.at > reference.at:
        found = Moment(found.at - timedelta(days=1), found.zone)
        made = gettext_noop("injection, on the day before the scan: {at}", at=found.at.isoformat(" "))
    else:
        made = gettext_noop("injection, on the day of the scan: {at}", at=found.at.isoformat(" "))
    read.note("RadiopharmaceuticalStartTime", time, made)
    return clear_of_midnight(found, reference)


def clear_of_midnight(injection: Moment, reference: Moment) -> Moment:
    """Return the injection; raises NoSUV where a clock says exactly midnight, as anonymising leaves it."""
    if any(each.at.time() == datetime.min.time() for each in (injection, reference)):
        raise NoSUV(gettext_noop("a time is exactly midnight, as anonymising leaves it"))
    return injection


def acquired(instance: Instance) -> Moment:
    """Return when an image was acquired. Raises NoSUV."""
    if instance.AcquisitionDateTime:
        return moment(instance.AcquisitionDateTime, instance.nuclear)
    found = combined(instance.AcquisitionDate, instance.AcquisitionTime, instance.nuclear)
    if found is None:
        raise NoSUV(gettext_noop("an image of the series has no acquisition date and time"))
    return found


def combined(date: str | None, time: str | None, item: Item) -> Moment | None:
    """Return a DA and a TM as a moment, None if one of them can't be read."""
    day, clock = DAY.fullmatch(date or ""), clock_of(time or "")
    if day is None or clock is None:
        return None
    start = midnight("".join(day.groups()))
    return None if start is None else Moment(start + clock, zone_of(item.text("TimezoneOffsetFromUTC")))


def moment(value: str, item: Item) -> Moment:
    """Return a DT as a moment, in its own time zone or in that of the data set. Raises NoSUV."""
    found = WHEN.fullmatch(value)
    start, clock = (midnight(found[1]), clock_of(found[2])) if found else (None, None)
    if found is None or start is None or clock is None:
        raise NoSUV(gettext_noop("{value} is no date and time", value=value or "–"))
    return Moment(start + clock, zone_of(found[3] or item.text("TimezoneOffsetFromUTC")))


def midnight(digits: str) -> datetime | None:
    """Return the beginning of the day of eight digits, None for what is no day, or none on which a PET was made."""
    try:
        found = datetime.strptime(digits, "%Y%m%d")  # noqa: DTZ007 (the zone stands beside it)
    except ValueError:
        return None
    return found if FIRST_YEAR <= found.year <= LAST_YEAR else None


def clock_of(value: str) -> timedelta | None:
    """Return a TM as the time since midnight, None for what is no time to the minute."""
    found = CLOCK.fullmatch(value)
    if found is None:
        return None
    hours, minutes, seconds = int(found[1]), int(found[2]), int(found[3] or 0)
    if hours > 23 or minutes > 59 or seconds > 60:
        return None
    return timedelta(hours=hours, minutes=minutes, seconds=seconds, microseconds=int((found[4] or "0").ljust(6, "0")))


def zone_of(value: str | None) -> timedelta | None:
    """Return an offset from UTC, None for none."""
    found = ZONE.fullmatch(value or "")
    if found is None:
        return None
    offset = timedelta(hours=int(found[2]), minutes=int(found[3]))
    return -offset if found[1] == "-" else offset


def positive(item: Item, keyword: str) -> float | None:
    """Return a finite number above 0, None for anything else."""
    return above_zero(nuclear.text_of(item, tag_of(keyword)))


def above_zero(text: str) -> float | None:
    """Return a text as a finite number above 0, None for anything else."""
    try:
        value = float(text)
    except ValueError:
        return None
    return value if math.isfinite(value) and value > 0 else None


def dotted(tag: str) -> str:
    """Return eight hexadecimal digits as (gggg,eeee)."""
    return f"({tag[:4]},{tag[4:]})"


def spaced(keyword: str) -> str:
    """Return a keyword as words."""
    return re.sub(r"(?<=[a-z])(?=[A-Z])", " ", keyword)


__all__ = ["Factor", "Moment", "NoSUV", "Read", "Scan", "above_zero", "remaining_dose", "scan", "spaced"]
