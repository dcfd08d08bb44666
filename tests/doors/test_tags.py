"""The door of attributes: all of one image as a tree, in people's names, and nothing binary."""

import base64
import json
from typing import Any

import pytest
from django.contrib.auth import get_user_model
from django.test import AsyncClient

from tests.doors import made
from tests.doors.asking import People
from viewer import rendering
from viewer.doors.refusal import Refusal
from viewer.doors.tags import tree
from viewer.store.metadata import Kept

HOSTILE = "<img src=x onerror=alert(1)>"
LUT = "https://archive/bulk/lut"


def one(uid: str = "1.2.3", **more: Any) -> dict[str, Any]:
    return {"00080018": {"vr": "UI", "Value": [uid]}, **more}


def told(*objects: dict[str, Any], uid: str = "1.2.3", frame: int = 1) -> dict[str, dict[str, Any]]:
    """Return the top-level attributes of an instance by tag."""
    found = tree(Kept(json.dumps(objects).encode(), {LUT: b"12345"}, {}), uid, frame)
    assert found["instance"] == uid
    return {each["tag"]: each for each in found["elements"]}


def test_values_stand_as_dicom_writes_them() -> None:
    found = told(
        one("1.2.9"),
        one(
            **{
                "00080016": {"vr": "UI", "Value": ["1.2.840.10008.5.1.4.1.1.2"]},
                "00100010": {"vr": "PN", "Value": [{"Alphabetic": "Ek^Anna", "Phonetic": "ek"}]},
                "00280030": {"vr": "DS", "Value": [0.5, 2.0]},
                "00104000": {"vr": "LT", "Value": [HOSTILE]},
                "00080060": {"vr": "CS"},
            }
        ),
    )
    assert found["00080016"]["meaning"] == "CT Image Storage"
    assert found["00100010"] == {
        "tag": "00100010", "vr": "PN", "keyword": "PatientName", "name": "Patient's Name", "vm": 1,
        "value": "Ek^Anna==ek",
    }  # fmt: skip
    assert found["00280030"]["value"] == "0.5\\2" and found["00280030"]["vm"] == 2
    assert found["00104000"]["value"] == HOSTILE
    assert found["00080060"]["value"] == "" and found["00080060"]["vm"] == 0
    assert list(found) == sorted(found)


def test_binary_is_told_by_its_length_and_never_by_its_address() -> None:
    data = base64.b64encode(b"\0" * 100).decode()
    found = told(
        one(
            **{
                "00281101": {"vr": "OW", "InlineBinary": data},
                "00283006": {"vr": "OW", "BulkDataURI": LUT},
                "7FE00010": {"vr": "OW", "BulkDataURI": "https://archive/secret"},
                "00104000": {"vr": "UT", "Value": ["x" * (1 << 20)]},
            }
        )
    )
    assert found["00281101"]["binary"] == 100
    assert found["00283006"]["binary"] == 5
    assert found["7FE00010"]["binary"] is None
    assert found["00104000"]["characters"] == 1 << 20
    assert not {"archive", data} & set(json.dumps(found).split('"')) and "https:" not in json.dumps(found)
    assert all("value" not in each for tag, each in found.items() if tag != "00080018")


def test_private_ones_have_their_creator() -> None:
    found = told(
        one(
            **{
                "00190010": {"vr": "LO", "Value": ["SIEMENS MR HEADER"]},
                "0019100C": {"vr": "IS", "Value": [1000]},
                "00191177": {"vr": "UN", "Value": []},
            }
        )
    )
    assert found["0019100C"]["creator"] == "SIEMENS MR HEADER" and found["0019100C"]["name"] == "B_value"
    assert "creator" not in found["00190010"] and found["00190010"]["value"] == "SIEMENS MR HEADER"
    assert "creator" not in found["00191177"]


def test_sequences_are_trees_and_of_the_frames_only_this_one_is_told() -> None:
    groups = [{"00209111": {"vr": "SQ", "Value": [{"00209057": {"vr": "UL", "Value": [n]}}]}} for n in range(1, 4)]
    found = told(one(**{"52009230": {"vr": "SQ", "Value": groups}}), frame=2)["52009230"]
    assert found["first"] == 2 and found["count"] == 3
    [[content]] = found["items"]
    assert content["keyword"] == "FrameContentSequence" and content["items"][0][0]["value"] == "2"
    assert told(one(**{"00081140": {"vr": "SQ"}}))["00081140"]["items"] == []


def test_what_cannot_be_read_is_refused() -> None:
    with pytest.raises(Refusal) as none:
        told(one("1.2.4"))
    assert none.value.status == 404
    with pytest.raises(Refusal) as broken:
        tree(Kept(b"[{", {}, {}), "1.2.3", 1)
    assert broken.value.status == 502


@pytest.mark.django_db(transaction=True)
async def test_who_may_see_the_study_reads_them_and_nobody_keeps_them(people: People, studio: rendering.Studio) -> None:
    dataset = made.speaking()[0]
    series = f"/api/studies/main/{dataset.StudyInstanceUID}/series/{dataset.SeriesInstanceUID}"
    address = f"{series}/instances/{dataset.SOPInstanceUID}/frames/1/tags/"
    client = AsyncClient(headers={"host": "127.0.0.1"})
    assert (await client.get(address)).status_code == 401
    await client.aforce_login(await get_user_model().objects.aget(username="charlie"))
    assert (await client.get(address)).status_code == 404
    await client.aforce_login(await get_user_model().objects.aget(username="alice"))
    answer = await client.get(address)
    assert answer.status_code == 200 and "no-store" in answer["Cache-Control"]
    found = {each["keyword"]: each for each in answer.json()["elements"]}
    assert found["PatientID"]["value"] == str(dataset.PatientID)
    assert found["Rows"]["value"] == str(dataset.Rows)
    for other in (address.replace("/frames/1/", "/frames/2/"), f"{series}/instances/1.2.3/frames/1/tags/"):
        assert (await client.get(other)).status_code == 404
