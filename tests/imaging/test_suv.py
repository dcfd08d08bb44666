"""SUV of a uniform phantom whose truth is 1.000, and of a real PET against a second implementation."""

import json
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

import pydicom
import pytest
from pydicom.dataset import Dataset
from pydicom.sequence import Sequence as Items

from tests.imaging import datasets
from tests.unpacked_data import test_data
from viewer.imaging import suv
from viewer.imaging.record import instances

PET = "1.2.840.10008.5.1.4.1.1.128"
DOSE, WEIGHT_KG, F18 = 370e6, 70.0, 6586.0
Change = Callable[[list[Dataset]], None]


def phantom(*, slices: int = 3) -> list[Dataset]:
    """Return headers of a uniform F-18 phantom: injected at 10:00, scanned from 11:00 on, decay corrected to START."""
    made = []
    for number in range(1, slices + 1):
        tracer = Dataset()
        tracer.RadiopharmaceuticalStartTime = "100000.00"
        tracer.RadionuclideTotalDose = f"{DOSE:.0f}"
        tracer.RadionuclideHalfLife = f"{F18:.0f}"
        code = Dataset()
        code.CodeValue, code.CodingSchemeDesignator, code.CodeMeaning = "C-111A1", "SRT", "^18^Fluorine"
        tracer.RadionuclideCodeSequence = Items([code])
        dataset = Dataset()
        dataset.SOPClassUID, dataset.SOPInstanceUID, dataset.Modality = PET, f"1.2.3.{number}", "PT"
        dataset.SeriesDate = dataset.AcquisitionDate = "20240301"
        dataset.SeriesTime = "110000"
        dataset.AcquisitionTime = f"11{number - 1:02}00"
        dataset.PatientWeight, dataset.PatientSize, dataset.PatientSex = f"{WEIGHT_KG:g}", "1.75", "M"
        dataset.CorrectedImage, dataset.Units, dataset.DecayCorrection = ["ATTN", "DECY"], "BQML", "START"
        dataset.RescaleSlope, dataset.RescaleIntercept = str(number), "0"
        dataset.RadiopharmaceuticalInformationSequence = Items([tracer])
        made.append(dataset)
    return made


def left(seconds: float, half_life: float = F18, dose: float = DOSE) -> float:
    """Return the modality value (Bq/ml) of SUV 1: the dose that is left, spread over the body's grams."""
    return dose * 0.5 ** (seconds / half_life) / (1000 * WEIGHT_KG)


def every(**elements: Any) -> Change:
    """Set elements of every image; None deletes one."""

    def change(found: list[Dataset]) -> None:
        for each in found:
            put(each, elements)

    return change


def tracer(**elements: Any) -> Change:
    """Set elements of every image's tracer; None deletes one."""

    def change(found: list[Dataset]) -> None:
        for each in found:
            put(each.RadiopharmaceuticalInformationSequence[0], elements)

    return change


def put(dataset: Dataset, elements: dict[str, Any]) -> None:
    for keyword, value in elements.items():
        if value is None:
            dataset.pop(keyword)
        else:
            setattr(dataset, keyword, value)


def private(creator: str, group: int, elements: dict[int, tuple[str, Any]], block: int = 0x10) -> Change:
    def change(found: list[Dataset]) -> None:
        for each in found:
            each.add_new((group, block), "LO", creator)
            for element, (vr, value) in elements.items():
                each.add_new((group, (block << 8) + element), vr, value)

    return change


def several(found: list[Dataset]) -> None:
    for each in found:
        each.RadiopharmaceuticalInformationSequence.append(each.RadiopharmaceuticalInformationSequence[0])


@dataclass
class Case:
    """What was changed in the phantom, and the modality value of SUV 1, or a word of the refusal."""

    changes: list[Change] = field(default_factory=list)
    value: float | str = left(3600)


GE, PHILIPS = "GEMS_PETD_01", "Philips PET Private Group"
AFTER = every(SeriesTime="120000")  # the series was made after its images were acquired
UNCORRECTED = every(DecayCorrection="NONE", CorrectedImage=["ATTN"])
CASES = {
    "START, the series' time": Case(),
    "START, a series' time after the acquisition": Case([AFTER]),
    "START, GE's own time": Case([AFTER, private(GE, 0x0009, {0x0D: ("DT", "20240301113000.00")})], left(5400)),
    "START, GE's own time in another block": Case(
        [AFTER, private(GE, 0x0009, {0x0D: ("DT", "20240301113000.00")}, 0x11)], left(5400)
    ),
    "START, GE's element under another creator": Case(
        [AFTER, private("SOMEBODY ELSE", 0x0009, {0x0D: ("DT", "20240301113000.00")})]
    ),
    "START, GE's time isn't needed": Case([private(GE, 0x0009, {0x0D: ("DT", "19991231113000.00")})]),
    "ADMIN": Case([every(DecayCorrection="ADMIN")], left(0)),
    "ADMIN without a time of injection": Case(
        [every(DecayCorrection="ADMIN"), tracer(RadiopharmaceuticalStartTime=None)], left(0)
    ),
    "NONE, all slices at once": Case([UNCORRECTED, every(AcquisitionTime="110000")]),
    "NONE, slice by slice": Case([UNCORRECTED], "differs from image to image"),
    "NONE, long frames": Case([UNCORRECTED, every(ActualFrameDuration="300000")], "decays too much"),
    "NONE, and yet corrected": Case([every(DecayCorrection="NONE")], "DECY"),
    "no Decay Correction": Case([every(DecayCorrection=None)], "Decay Correction"),
    "Start Date Time": Case([tracer(RadiopharmaceuticalStartDateTime="20240301093000")], left(5400)),
    "Start Date Time on another day": Case([tracer(RadiopharmaceuticalStartDateTime="20240229100000")], "half-lives"),
    "across midnight by Start Time": Case(
        [every(SeriesTime="003000", AcquisitionTime="003000"), tracer(RadiopharmaceuticalStartTime="233000")]
    ),
    "across midnight by Start Date Time": Case(
        [
            every(SeriesTime="003000", AcquisitionTime="003000"),
            tracer(RadiopharmaceuticalStartDateTime="20240229233000"),
        ]
    ),
    "several days of Y-90": Case(
        [
            tracer(
                RadiopharmaceuticalStartDateTime="20240227110000",
                RadionuclideHalfLife="230400",
                RadionuclideCodeSequence=Items(),
            )
        ],
        left(3 * 86400, 230400),
    ),
    "one time zone for all": Case([every(TimezoneOffsetFromUTC="+0100")]),
    "an injection in another time zone": Case(
        [every(TimezoneOffsetFromUTC="+0100"), tracer(RadiopharmaceuticalStartDateTime="20240301090000+0000")]
    ),
    "an injection in a time zone, the scan in none": Case(
        [tracer(RadiopharmaceuticalStartDateTime="20240301100000+0100")], "time zone"
    ),
    "CNTS, Philips' SUV factor": Case([every(Units="CNTS"), private(PHILIPS, 0x7053, {0x00: ("DS", "0.0025")})], 400),
    "CNTS, Philips' activity factor": Case(
        [every(Units="CNTS"), private(PHILIPS, 0x7053, {0x00: ("DS", "0"), 0x09: ("DS", "2")})], left(3600) / 2
    ),
    "CNTS, the factors under another creator": Case(
        [every(Units="CNTS"), private("ELSEWHERE", 0x7053, {0x00: ("DS", "0.0025")})], "counts"
    ),
    "CNTS alone": Case([every(Units="CNTS")], "counts"),
    "GML": Case([every(Units="GML")], 1.0),
    "GML of type BW": Case([every(Units="GML", SUVType="BW")], 1.0),
    "GML of type LBM": Case([every(Units="GML", SUVType="LBM")], "SUV Type LBM"),
    "CM2ML of type BW": Case([every(Units="CM2ML", SUVType="BW")], "SUV Type BW"),
    "another unit": Case([every(Units="PROPCPS")], "PROPCPS"),
    "no unit": Case([every(Units=None)], "unit"),
    "no weight": Case([every(PatientWeight=None)], "Patient Weight"),
    "a weight of 0": Case([every(PatientWeight="0")], "Patient Weight"),
    "a weight in grams": Case([every(PatientWeight="70000")], "weight"),
    "no dose": Case([tracer(RadionuclideTotalDose=None)], "Total Dose"),
    "a dose in MBq": Case([tracer(RadionuclideTotalDose="370")], "MBq"),
    "no half-life": Case([tracer(RadionuclideHalfLife=None)], "Half Life"),
    "a half-life in minutes": Case([tracer(RadionuclideHalfLife="109.77")], "half-life"),
    "no tracer": Case([every(RadiopharmaceuticalInformationSequence=None)], "tracer"),
    "two tracers": Case([several], "2 tracers"),
    "an injection after the scan": Case(
        [tracer(RadiopharmaceuticalStartDateTime="20240301110500")], "before the injection"
    ),
    "an injection a moment after the scan, by its time alone": Case(
        [tracer(RadiopharmaceuticalStartTime="110500")], "half-lives"
    ),
    "no time of injection": Case([tracer(RadiopharmaceuticalStartTime=None)], "time of injection"),
    "dates taken away": Case([every(SeriesDate=None, AcquisitionDate=None)], "acquisition date"),
    "a changed date of the series": Case([every(SeriesDate="20200101")], "was changed"),
    "all dates changed alike": Case([every(SeriesDate="19000101", AcquisitionDate="19000101")]),
    "dates changed, but for the injection's": Case(
        [
            every(SeriesDate="19000101", AcquisitionDate="19000101"),
            tracer(RadiopharmaceuticalStartDateTime="20240301100000"),
        ],
        "before the injection",
    ),
    "times set to midnight": Case(
        [every(SeriesTime="000000", AcquisitionTime="000000"), tracer(RadiopharmaceuticalStartTime="000000")],
        "midnight",
    ),
    "not corrected for attenuation": Case([every(CorrectedImage=["DECY"])], "ATTN"),
    "not corrected for decay": Case([every(CorrectedImage=["ATTN"])], "DECY"),
    "the first day of the calendar": Case([every(SeriesDate="00010101", AcquisitionDate="00010101")], "date and time"),
    "the last day of the calendar": Case([every(AcquisitionDateTime="99991231235960")], "date and time"),
    "no slope": Case([every(RescaleSlope=None)], "Rescale Slope"),
}


def read(found: list[Dataset]) -> tuple[suv.SUV, dict[str, float]]:
    listed = json.loads(datasets.metadata(*found))
    return suv.of_series(instances(json.dumps(listed).encode()))


def changed(case: Case) -> list[Dataset]:
    found = phantom()
    for change in case.changes:
        change(found)
    return found


@pytest.mark.parametrize("name", CASES)
def test_a_uniform_phantom_is_one_or_refused_with_the_reason(name: str) -> None:
    found, _own = read(changed(CASES[name]))
    truth = CASES[name].value
    if isinstance(truth, str):
        assert found.shown is None
        assert truth in (found.reason or "")
        assert all(each.factor is None and each.reason for each in found.measures)
    else:
        assert found.reason is None
        assert found.measures[0].name == "SUVbw"
        assert (found.measures[0].factor or 0) * truth == pytest.approx(1.0, rel=1e-9)


def test_an_uncorrected_image_has_its_own_factor() -> None:
    _found, own = read(changed(CASES["NONE, slice by slice"]))
    truth = [1 / left(3600 + 60 * number) for number in range(3)]
    assert list(own.values()) == pytest.approx(truth, rel=1e-9)


def test_another_patients_images_in_the_series_say_nothing_of_the_scan() -> None:
    ours, theirs = phantom(), phantom()
    for each in ours:
        each.PatientID, each.SeriesTime = "1", "120000"  # so that the earliest acquisition counts
    for each in theirs:
        each.PatientID, each.AcquisitionTime = "2", "103000"
        each.SOPInstanceUID += ".2"
    mine = instances(datasets.metadata(*ours))
    found, _own = suv.of_series(mine, [*mine, *instances(datasets.metadata(*theirs))])
    assert (found.measures[0].factor or 0) * left(3600) == pytest.approx(1.0, rel=1e-9)


def test_one_image_of_another_weight_ends_the_series_suv() -> None:
    found = phantom()
    found[1].PatientWeight = "71"
    whole, own = read(found)
    assert whole.shown is None
    assert "differs" in (whole.reason or "")
    assert len(own) == 3


@pytest.mark.parametrize(
    ("sex", "james", "janma"),
    [
        # By hand: 1.10·70 − 128·(70/175)², 9270·70/(6680 + 216·22.857…); 1.07·70 − 148·(70/175)², …
        ("M", 77.0 - 128 * 0.16, 648900 / (6680 + 216 * 70 / 3.0625)),
        ("F", 74.9 - 148 * 0.16, 648900 / (8780 + 244 * 70 / 3.0625)),
    ],
)
@pytest.mark.parametrize("name", ["START, the series' time", "GML", "CNTS, Philips' SUV factor"])
def test_lean_body_and_surface_scale_body_weight_alone(name: str, sex: str, james: float, janma: float) -> None:
    found = changed(CASES[name])
    every(PatientSex=sex)(found)
    measures = read(found)[0].measures
    weight = measures[0].factor or 0
    surface_cm2 = 71.84 * 70**0.425 * 175**0.725
    assert [each.name for each in measures] == ["SUVbw", "SUVlbm", "SUVlbm", "SUVbsa"]
    assert (measures[1].factor or 0) == pytest.approx(weight * james / 70, rel=1e-9)
    assert (measures[2].factor or 0) == pytest.approx(weight * janma / 70, rel=1e-9)
    assert (measures[3].factor or 0) == pytest.approx(weight * surface_cm2 / 70000, rel=1e-9)
    assert "James" in measures[1].formula
    assert "Janmahasatian" in measures[2].formula


@pytest.mark.parametrize(
    ("changes", "lost"),
    [({"PatientSex": "O"}, (1, 2)), ({"PatientSex": None}, (1, 2)), ({"PatientSize": None}, (1, 2, 3)),
     ({"PatientSize": "175"}, (1, 2, 3))],
)  # fmt: skip
def test_without_sex_or_height_only_the_lean_ones_are_refused(
    changes: dict[str, str | None], lost: tuple[int, ...]
) -> None:
    found = phantom()
    every(**changes)(found)
    measures = read(found)[0].measures
    assert tuple(at for at, each in enumerate(measures) if each.factor is None) == lost
    assert all(each.reason for each in measures if each.factor is None)


def test_pixels_that_hold_suv_by_surface_are_that_and_nothing_else() -> None:
    found = phantom()
    every(Units="CM2ML", SUVType="BSA")(found)
    measures = read(found)[0].measures
    assert [each.factor for each in measures] == [None, None, None, 1.0]


def test_the_provenance_lists_each_factor_by_its_tag() -> None:
    whole, _own = read(phantom())
    listed = {each.tag: each for each in whole.factors}
    assert listed["(0018,1074)"].value == "370000000"
    assert listed["(0018,1074)"].keyword == "RadionuclideTotalDose"
    assert listed["(0018,1075)"].value == "6586"
    assert listed["(0018,1072)"].value == "100000.00"
    assert listed["(0010,1030)"].made == "70 kg"
    assert {"(0028,0051)", "(0054,1001)", "(0054,1102)", "(0008,0021)", "(0008,0031)", "(0028,1053)"} <= set(listed)
    assert any("3600 s" in each.made for each in whole.factors)


def test_a_private_value_that_comes_as_bytes_is_read() -> None:
    found = phantom()
    for change in CASES["START, GE's own time"].changes:
        change(found)
    listed = json.loads(datasets.metadata(*found))
    for each in listed:
        each["0009100D"] = {"vr": "UN", "InlineBinary": "MjAyNDAzMDExMTMwMDAuMDAg"}
    whole, _own = suv.of_series(instances(json.dumps(listed).encode()))
    assert (whole.measures[0].factor or 0) * left(5400) == pytest.approx(1.0, rel=1e-9)


ENHANCED = "1.2.840.10008.5.1.4.1.1.130"


def enhanced(unit: str, *, slopes: tuple[float, ...] = (2.0, 3.0), rescale: bool = True) -> Dataset:
    """Return an enhanced PET image of two frames, whose real world values are five times its modality values."""
    dataset = phantom(slices=1)[0]
    dataset.SOPClassUID, dataset.NumberOfFrames = ENHANCED, len(slopes)
    del dataset.CorrectedImage, dataset.Units, dataset.DecayCorrection, dataset.RescaleSlope, dataset.RescaleIntercept
    dataset.AttenuationCorrected = dataset.DecayCorrected = "YES"
    dataset.DecayCorrectionDateTime = "20240301110000"
    put(dataset.RadiopharmaceuticalInformationSequence[0], {"RadiopharmaceuticalStartDateTime": "20240301100000"})
    frames = []
    for slope in slopes:
        code, mapped, pixel, groups = Dataset(), Dataset(), Dataset(), Dataset()
        code.CodeValue, code.CodingSchemeDesignator, code.CodeMeaning = unit, "UCUM", unit
        mapped.RealWorldValueSlope, mapped.RealWorldValueIntercept = 5 * slope, 0.0
        mapped.MeasurementUnitsCodeSequence = Items([code])
        groups.RealWorldValueMappingSequence = Items([mapped])
        pixel.RescaleSlope, pixel.RescaleIntercept, pixel.RescaleType = str(slope), "0", "US"
        if rescale:
            groups.PixelValueTransformationSequence = Items([pixel])
        frames.append(groups)
    dataset.PerFrameFunctionalGroupsSequence = Items(frames)
    return dataset


def test_an_enhanced_image_by_its_real_world_values() -> None:
    whole, _own = read([enhanced("Bq/ml")])
    assert (whole.measures[0].factor or 0) * left(3600) / 5 == pytest.approx(1.0, rel=1e-9)
    assert read([enhanced("{SUVbw}g/ml")])[0].measures[0].factor == pytest.approx(5.0)
    assert "unit" in (read([enhanced("{counts}")])[0].reason or "")
    assert "frame to frame" in (read([enhanced("Bq/ml", rescale=False)])[0].reason or "")
    unmapped = enhanced("Bq/ml")
    del unmapped.PerFrameFunctionalGroupsSequence
    assert "real world" in (read([unmapped])[0].reason or "")


def second(found: list[Dataset]) -> float:
    """QIBA's pseudo-code for BQML and START, by itself from pydicom: SUV of 1 Bq/ml."""
    first = found[0]
    tracer = first.RadiopharmaceuticalInformationSequence[0]

    def at(date: str, time: str) -> datetime:
        return datetime.strptime(date + time.split(".")[0], "%Y%m%d%H%M%S")

    acquired = min(at(each.AcquisitionDate, each.AcquisitionTime) for each in found)
    series = at(first.SeriesDate, first.SeriesTime)
    scan = series if series <= acquired else acquired
    injection = at(scan.strftime("%Y%m%d"), tracer.RadiopharmaceuticalStartTime)
    if injection > scan:
        injection -= timedelta(days=1)
    decay = 2 ** (-(scan - injection).total_seconds() / float(tracer.RadionuclideHalfLife))
    return float(first.PatientWeight) * 1000 / (float(tracer.RadionuclideTotalDose) * decay)


def test_a_real_pet_is_what_a_second_implementation_makes_of_it() -> None:
    files = sorted((test_data() / "petct/acrin-nsclc/001-pt-pet-ac").glob("*.dcm"))
    found: list[Dataset] = [pydicom.dcmread(path, stop_before_pixels=True) for path in files]
    whole, own = read(found)
    truth = second(found)
    assert whole.measures[0].factor == pytest.approx(truth, rel=1e-6)
    assert len(own) == 135
    for each in found[::30]:
        assert own[each.SOPInstanceUID] == pytest.approx(truth, rel=1e-6)
