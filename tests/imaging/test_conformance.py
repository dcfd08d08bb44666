"""Elements that don't follow the standard are named in words; those that do are left alone."""

import io
from typing import Any

import pytest
from pydicom.dataelem import RawDataElement
from pydicom.dataset import Dataset
from pydicom.tag import Tag

from tests.archive.scripts import dataset
from viewer.archive.dicomjson import Header
from viewer.archive.part10 import parse
from viewer.imaging.conformance import deviations


def told(tag: str, vr: str, *values: Any, **more: Any) -> list[str]:
    elements = {"00080005": {"vr": "CS", "Value": ["ISO_IR 192"]}, tag: {"vr": vr, "Value": list(values)}, **more}
    return [each.words for each in deviations(elements)]


@pytest.mark.parametrize(
    ("tag", "vr", "values"),
    [
        ("00080020", "DA", ["20240229"]),
        ("00080030", "TM", ["235960.123456"]), ("00080030", "TM", ["07"]), ("00080030", "TM", ["0730 "]),
        ("0008002A", "DT", ["20240101120000.5+0100"]), ("0008002A", "DT", ["2024"]),
        ("00101010", "AS", ["045Y"]), ("00101010", "AS", ["000D"]), ("00101010", "AS", ["130Y"]),
        ("00280030", "DS", [0.5, 0.5]), ("00280030", "DS", ["0.5", "5e-1"]),
        ("00200013", "IS", [7]), ("00200013", "IS", ["+7"]), ("00200013", "IS", [7.0]),
        ("0020000D", "UI", ["2.25.0"]),
        ("00080008", "CS", ["DERIVED", "SECONDARY", "MPR_2"]),
        ("00100010", "PN", [{"Alphabetic": "A" * 64, "Ideographic": "山" * 64}]),
        ("00081030", "LO", ["Å" * 64]),
        ("00280010", "US", [512]), ("00280120", "SS", [-2000]), ("00280120", "US", [63536]),
        ("00091001", "UN", []), ("00091001", "LO", ["x" * 64]),
        ("00101000", "LO", ["a", "b", "c"]),
    ],
)  # fmt: skip
def test_what_the_standard_allows_is_no_deviation(tag: str, vr: str, values: list[Any]) -> None:
    assert told(tag, vr, *values) == []


@pytest.mark.parametrize(
    ("tag", "vr", "values", "words"),
    [
        ("00080020", "DA", ["20230229"], "no date: 20230229"),
        ("00080020", "DA", ["2023-02-28"], "no date: 2023-02-28"),
        ("00080020", "DA", ["2023.02.28"], "a date in the old form with points: 2023.02.28"),
        ("00080030", "TM", ["2460"], "no time: 2460"), ("00080030", "TM", ["12:00:00"], "no time: 12:00:00"),
        ("0008002A", "DT", ["20241301"], "no date and time: 20241301"),
        ("00101010", "AS", ["45Y"], "no age: 45Y"), ("00101010", "AS", ["045"], "no age: 045"),
        ("00101010", "AS", ["999Y"], "an age that nobody reaches: 999Y"),
        ("00280030", "DS", ["0,5", "0,5"], "no number: 0,5"),
        ("00200013", "IS", [7.5], "no whole number: 7.5"), ("00200013", "IS", ["7.0"], "no whole number: 7.0"),
        ("00200013", "IS", [2**31], "a larger number than is allowed: 2147483648"),
        ("0020000D", "UI", ["1.2.abc"], "no UID: 1.2.abc"), ("0020000D", "UI", ["1.02"], "no UID: 1.02"),
        ("0020000D", "UI", ["1." + "2" * 63], "65 characters, at most 64 are allowed"),
        ("00080060", "CS", ["ct"], "other signs than capital letters, digits, space and _: ct"),
        ("00100010", "PN", [{"Alphabetic": "A" * 65}], "65 characters, at most 64 are allowed"),
        ("00100010", "PN", [{"Alphabetic": "G\ufffdran"}], "holds bytes that stand for no letter of the character set"),
        ("00280010", "IS", [512], "written as IS, the standard says US"),
        ("00280030", "DS", [0.5], "1 values, the standard says 2"),
        ("00201041", "DS", [1.0, 2.0], "2 values, the standard says 1"),
    ],
)  # fmt: skip
def test_what_it_doesn_t_is_named(tag: str, vr: str, values: list[Any], words: str) -> None:
    assert told(tag, vr, *values) == [words]


def test_ages_are_compared_with_the_dates() -> None:
    dates = {"00100030": {"vr": "DA", "Value": ["19800101"]}, "00080020": {"vr": "DA", "Value": ["20240101"]}}
    assert told("00101010", "AS", "044Y", **dates) == []
    assert told("00101010", "AS", "004Y", **dates) == ["004Y, but 44 years lie between birth and study"]
    dates["00100030"]["Value"] = ["20250101"]
    assert told("00101010", "AS", "044Y", **dates) == ["the study is dated before the birth"]


def test_items_are_named_by_their_path() -> None:
    item = {"00081155": {"vr": "UI", "Value": ["nonsense"]}}
    elements = {"00081140": {"vr": "SQ", "Value": [{}, item]}}
    assert [each.path for each in deviations(elements)] == ["00081140[1]00081155"]


def test_a_file_with_many_faults_is_read_and_every_fault_told() -> None:
    made: Dataset = dataset(1, "", "Åström^Göran".encode())
    for keyword, vr, value in (
        ("StudyDate", "DA", b"24/12/2023"), ("SliceThickness", "DS", b"2,5 "), ("InstanceNumber", "IS", b"1.5 "),
        ("FrameOfReferenceUID", "UI", b"frame-one\0"), ("PatientAge", "AS", b"45Y "), ("Rows", "IS", b"8 "),
    ):  # fmt: skip
        made._dict[Tag(keyword)] = RawDataElement(Tag(keyword), vr, len(value), value, 0, False, True)
    held = io.BytesIO()
    made.save_as(held, enforce_file_format=True)
    found = {each.path: each.words for each in deviations(Header(parse(io.BytesIO(held.getvalue())), str).attributes())}
    assert found == {
        "00080020": "no date: 24/12/2023",
        "00100010": "has letters for which the file names no character set",
        "00101010": "no age: 45Y",
        "00180050": "no number: 2,5",
        "00200013": "no whole number: 1.5",
        "00200052": "no UID: frame-one",
        "00280010": "written as IS, the standard says US",
    }
