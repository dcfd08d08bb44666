"""Metadata as servers really send it: wrong types, missing values, functional groups, bulk data."""

import base64
import json
from typing import Any

import pytest

from viewer.imaging.bulkdata import bulkdata_uris
from viewer.imaging.record import FrameNumberError, Instance, MetadataError, instances


def one(**elements: Any) -> Instance:
    """Return the record of one object; keys are tags with a leading `t`."""
    return instances(json.dumps([{key[1:]: value for key, value in elements.items()}]).encode())[0]


@pytest.mark.parametrize("text", [b"", b"{}", b"[1]", b"[", b"\xff\xfe", b"null", b"[[]]", b"[" * 100_000])
def test_what_is_no_array_of_objects_is_refused_by_name(text: bytes) -> None:
    with pytest.raises(MetadataError, match="not a DICOM JSON array"):
        instances(text)


def test_an_empty_object_is_an_instance_that_knows_nothing() -> None:
    record = one()
    assert record.SOPInstanceUID is None and record.Rows is None and record.ImageType == ()
    assert record.frame_count == 1 and record.frame(1).ImagePositionPatient is None
    assert record.faults == []


def test_numbers_sent_as_text_are_read() -> None:
    record = one(
        t00280010={"vr": "US", "Value": ["512"]},
        t00280011={"vr": "US", "Value": [512.0]},
        t00281050={"vr": "DS", "Value": ["40\\-600"]},
        t00200032={"vr": "DS", "Value": ["-1.5", 2, "3e1"]},
    )
    assert (record.Rows, record.Columns, record.WindowCenter) == (512, 512, (40.0, -600.0))
    assert record.ImagePositionPatient == (-1.5, 2.0, 30.0)
    assert record.faults == []


@pytest.mark.parametrize("value", ["wide", {"a": 1}, [1], True, "NaN", 1e400, "1A"])
def test_what_is_no_number_is_named_without_its_value(value: Any) -> None:
    record = one(t00280010={"vr": "US", "Value": [value]})
    assert record.Rows is None
    assert record.faults == ["Rows is not a number"]


def test_a_fraction_is_no_count_and_an_element_may_be_anything() -> None:
    record = one(t00280010={"vr": "US", "Value": [1.5]}, t00280011="512", t00200013={"vr": "IS", "Value": 7})
    assert (record.Rows, record.Columns, record.InstanceNumber) == (None, None, 7)
    assert record.faults == [
        "InstanceNumber is not an array",
        "Rows is not a whole number",
        "Columns is not a DICOM JSON element",
    ]


def test_a_person_name_keeps_its_component_groups() -> None:
    name = {"Alphabetic": "Yamada^Tarou", "Ideographic": "山田^太郎", "Phonetic": "やまだ^たろう"}
    assert one(t00100010={"vr": "PN", "Value": [name]}).PatientName == "Yamada^Tarou=山田^太郎=やまだ^たろう"
    assert one(t00100010={"vr": "PN", "Value": [{"Alphabetic": "A^B"}]}).PatientName == "A^B"


def test_the_available_transfer_syntax_is_the_transfer_syntax() -> None:
    assert one(t00083002={"vr": "UI", "Value": ["1.2.840.10008.1.2.5"]}).TransferSyntaxUID == "1.2.840.10008.1.2.5"


def group(**macros: dict[str, Any]) -> dict[str, Any]:
    return {key[1:]: {"vr": "SQ", "Value": [item]} for key, item in macros.items()}


def test_a_frame_takes_its_own_group_before_the_shared_one_before_the_instance() -> None:
    shared = group(
        t00289110={"00280030": {"vr": "DS", "Value": [0.5, 0.25]}},
        t00289145={"00281053": {"vr": "DS", "Value": [2]}, "00281052": {"vr": "DS", "Value": [-5]}},
    )
    frames = [
        group(
            t00209113={"00200032": {"vr": "DS", "Value": [0, 0, z]}},
            t00209111={"00209057": {"vr": "UL", "Value": [z]}, "00209157": {"vr": "UL", "Value": [1, z]}},
        )
        for z in (7, 8)
    ]
    frames[1]["00289145"] = {"vr": "SQ", "Value": [{"00281052": {"vr": "DS", "Value": [0]}}]}
    record = one(
        t00280008={"vr": "IS", "Value": [2]},
        t00281050={"vr": "DS", "Value": [40]},
        t52009229={"vr": "SQ", "Value": [shared]},
        t52009230={"vr": "SQ", "Value": frames},
    )
    first, second = record.frame(1), record.frame(2)
    assert first.PixelSpacing == (0.5, 0.25) and first.RescaleSlope == 2 and first.RescaleIntercept == -5
    assert second.RescaleIntercept == 0 and second.ImagePositionPatient == (0, 0, 8)
    assert second.InStackPositionNumber == 8 and second.DimensionIndexValues == (1, 8)
    assert first.WindowCenter == (40,)
    assert record.frame(2) is second


@pytest.mark.parametrize("empty", [None, {}, ""])
def test_an_empty_item_leaves_the_frames_after_it_at_their_places(empty: Any) -> None:
    frames: list[Any] = [group(t00209113={"00200032": {"vr": "DS", "Value": [0, 0, z]}}) for z in (1, 2, 3)]
    frames[1] = empty
    record = one(t00280008={"vr": "IS", "Value": [3]}, t52009230={"vr": "SQ", "Value": frames})
    assert [record.frame(number).ImagePositionPatient for number in (1, 2, 3)] == [(0, 0, 1), None, (0, 0, 3)]


@pytest.mark.parametrize("number", [0, -1, 3])
def test_a_frame_that_is_not_there_is_refused(number: int) -> None:
    with pytest.raises(FrameNumberError):
        one(t00280008={"vr": "IS", "Value": [2]}).frame(number)


def voi_lut(data: dict[str, Any]) -> dict[str, Any]:
    descriptor = {"vr": "US", "Value": [4, 0, 8]}
    return {"vr": "SQ", "Value": [{"00283002": descriptor, "00283006": {"vr": "OW", **data}}]}


def test_a_table_may_stand_inline_as_values_or_at_an_address() -> None:
    raw = bytes([0, 0, 1, 0, 2, 0, 255, 0])
    inline = one(t00283010=voi_lut({"InlineBinary": base64.b64encode(raw).decode()}))
    values = one(t00283010=voi_lut({"Value": [0, 1, 2, 255]}))
    assert inline.VOILUTSequence == values.VOILUTSequence
    assert inline.VOILUTSequence[0].values().tolist() == [0, 1, 2, 255]
    listed = json.dumps([{"00283010": voi_lut({"BulkDataURI": "http://archive/lut"})}]).encode()
    assert bulkdata_uris(instances(listed)) == {"http://archive/lut"}
    assert not instances(listed)[0].VOILUTSequence[0].complete
    fetched = instances(listed, {"http://archive/lut": raw})
    assert fetched[0].VOILUTSequence[0].values().tolist() == [0, 1, 2, 255]
    assert bulkdata_uris(fetched) == set()


def test_the_address_of_a_table_in_a_shared_group_is_found_and_filled() -> None:
    shared = group(t00289132={"00283010": voi_lut({"BulkDataURI": "http://archive/lut"})})
    listed = json.dumps([{"52009229": {"vr": "SQ", "Value": [shared]}}]).encode()
    assert bulkdata_uris(instances(listed)) == {"http://archive/lut"}
    (record,) = instances(listed, {"http://archive/lut": bytes(8)})
    assert record.frame(1).VOILUTSequence[0].complete


def test_a_broken_table_is_a_fault_and_no_table() -> None:
    record = one(t00283010={"vr": "SQ", "Value": [{"00283002": {"vr": "US", "Value": [4, 0]}}, "x"]})
    assert record.VOILUTSequence == ()
    assert record.faults == ["VOILUTSequence is not a sequence", "LUTDescriptor has 2 values"]


def test_a_frame_far_in_a_long_clip_has_its_own_number_and_what_is_said_of_all() -> None:
    said = {
        "00080018": {"vr": "UI", "Value": ["1.2.3"]}, "00280008": {"vr": "IS", "Value": [3000]},
        "00281053": {"vr": "DS", "Value": [2.5]},
    }  # fmt: skip
    clip = instances(json.dumps([said]).encode())[0]
    for number in (1, 1000, 1001, 3000):
        assert (clip.frame(number).number, clip.frame(number).RescaleSlope) == (number, 2.5)
    with pytest.raises(FrameNumberError):
        clip.frame(3001)
