"""Headers as DICOM JSON: letters of all scripts, big values by reference, nothing that JSON can't hold."""

import json
from io import BytesIO
from typing import Any

import pydicom
import pytest
from pydicom.dataset import Dataset
from pydicom.uid import ExplicitVRBigEndian, ExplicitVRLittleEndian, ImplicitVRLittleEndian

from tests.archive.examples import examples
from tests.unpacked_data import test_data
from viewer.archive.bulk import value_at
from viewer.archive.dicomjson import Header
from viewer.archive.index import packed, unpacked
from viewer.archive.part10 import parse

SYNTAXES = [ImplicitVRLittleEndian, ExplicitVRLittleEndian, ExplicitVRBigEndian]


def header(data: bytes) -> dict[str, Any]:
    found: dict[str, Any] = Header(parse(BytesIO(data)), lambda path: f"at/{path}").attributes()
    assert unpacked(packed(found)) == json.loads(json.dumps(found, allow_nan=False))
    return found


def saved(data_set: Dataset, syntax: str = ExplicitVRLittleEndian) -> bytes:
    data_set.file_meta.TransferSyntaxUID = syntax
    if "PixelData" in data_set:
        del data_set.PixelData
    held = BytesIO()
    data_set.save_as(held, enforce_file_format=True)
    return held.getvalue()


@pytest.mark.parametrize("syntax", SYNTAXES)
def test_values_are_the_same_in_every_native_syntax(syntax: str) -> None:
    data_set = examples()["later/1.dcm"]
    data_set.ImagePositionPatient = ["-1.5", "2", "3e1"]
    data_set.SmallestImagePixelValue = 5
    data_set.add_new("SliceLocation", "DS", None)
    data_set.add_new("FrameIncrementPointer", "AT", [0x00181063, 0x00181065])
    data_set.add_new("DiffusionBValue", "FD", [float("nan"), 0.1])
    data_set.add_new("OtherPatientNames", "PN", ["A^B", "", "C"])
    found = header(saved(data_set, syntax))
    assert found["00200032"] == {"vr": "DS", "Value": [-1.5, 2.0, 30.0]}
    assert found["00280106"] == {"vr": "US", "Value": [5]}
    assert found["00201041"] == {"vr": "DS"}
    assert found["00280009"] == {"vr": "AT", "Value": ["00181063", "00181065"]}
    assert found["00189087"] == {"vr": "FD", "Value": ["nan", 0.1]}
    assert found["00101001"]["Value"] == [{"Alphabetic": "A^B"}, None, {"Alphabetic": "C"}]


@pytest.mark.parametrize(("syntax", "signed"), [(syntax, signed) for syntax in SYNTAXES for signed in (0, 1)])
def test_ambiguous_values_follow_the_pixel_representation(syntax: str, signed: int) -> None:
    data_set = examples()["later/1.dcm"]
    data_set.PixelRepresentation = signed
    data_set.PixelPaddingValue = -2000 if signed else 63536
    found = header(saved(data_set, syntax))
    assert found["00280120"] == {"vr": "SS" if signed else "US", "Value": [-2000 if signed else 63536]}


@pytest.mark.parametrize("syntax", SYNTAXES)
def test_big_values_are_referred_to_and_come_little_endian(syntax: str) -> None:
    words = b"".join(number.to_bytes(2, "big" if syntax == ExplicitVRBigEndian else "little") for number in range(2000))
    data_set = examples()["later/1.dcm"]
    data_set.add_new(0x00091001, "OW", words)
    item = Dataset()
    item.add_new(0x54001010, "OW", words)
    data_set.WaveformSequence = [item]
    data = saved(data_set, syntax)
    found = header(data)
    expected = b"".join(number.to_bytes(2, "little") for number in range(2000))
    inner = found["54000100"]["Value"][0]["54001010"]
    assert inner == {"vr": "OW", "BulkDataURI": "at/54000100/0/54001010"}
    assert value_at(parse(BytesIO(data)), "54000100/0/54001010") == expected
    assert found["00091001"]["BulkDataURI"] == "at/00091001"


def test_a_value_that_is_not_what_its_type_says_is_kept_as_it_came() -> None:
    data_set = examples()["later/1.dcm"]
    data = saved(data_set).replace(b"\x28\x00\x10\x00US\x02\x00", b"\x28\x00\x10\x00IS\x02\x00")
    assert header(data)["00280010"]["vr"] in ("IS", "UN")


def test_text_survives_byte_for_byte() -> None:
    data_set = examples()["later/1.dcm"]
    data_set.SpecificCharacterSet = "ISO_IR 192"
    for text in ("<50% &amp; \"quoted\" 'x'", "tab\tin text", "𝔘nicode 🩻", "a^b=c"):
        data_set.ImageComments = text
        data_set.StudyDescription = text
        found = header(saved(data_set))
        assert found["00204000"]["Value"] == found["00081030"]["Value"] == [text]


def test_names_in_every_character_set_are_those_that_pydicom_reads() -> None:
    checked = 0
    for path in sorted((test_data() / "charset").glob("*.dcm")):
        found = header(path.read_bytes())
        expected = pydicom.dcmread(path)
        expected.decode()
        name = expected.get("PatientName")
        if not name:
            continue
        groups = {
            key: value
            for key, value in (
                ("Alphabetic", name.alphabetic), ("Ideographic", name.ideographic), ("Phonetic", name.phonetic),
            )
            if value
        }  # fmt: skip
        assert found["00100010"]["Value"] == [groups], path.name
        checked += 1
    assert checked > 10
