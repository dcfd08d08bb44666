"""The parameters that a picture was made by, sent back, make the same picture (PS3.18 8.3.5.3.13 and annex K)."""

import base64
import json
from typing import Any
from urllib.parse import parse_qsl, quote, urlencode

import numpy as np
import pytest
from pydicom.datadict import keyword_for_tag

from tests.doors.asking import Answer, Connect, Get
from tests.doors.made import magnetic
from tests.doors.made_phases import PATH, phases
from tests.doors.test_renderedmpr import series

pytestmark = pytest.mark.django_db(transaction=True)

POINTS = ",".join(f"{number:.3f}" for number in PATH.ravel())
# Those of a request that aren't in annex K: they are sent again as they were.
OWN = frozenset(
    {
        "viewport", "quality", "accept", "annotation", "iccprofile", "pixelspacing", "stack", "invert", "voi",
        "colormap",
        "curve", "curveat", "curveturn", "animationframe", "interpolation", "fused", "fusedwindow", "fusedopacity",
        "preset", "clip", "cut",
    }
)  # fmt: skip
FUNCTIONS = {"LINEAR": "linear", "LINEAR_EXACT": "linear-exact", "SIGMOID": "sigmoid"}
OF_THE_MODULE = {
    "00720510", "0070120D", "00701603", "00701604", "00701605", "00701503", "00281056", "00281050", "00281051",
    "00701A06", "00701A05", "00701A03", "00701A04", "0070120A",
}  # fmt: skip


def asked_again(module: dict[str, Any], query: str, operation: str = "MPR") -> str:
    """Return the query that a client writes from a module, and its own parameters of before."""

    def one(tag: str) -> Any:
        return module[tag]["Value"][0]

    def vector(tag: str) -> str:
        return ",".join(map(repr, module[tag]["Value"]))

    assert one("00720510") == operation
    wanted = {
        "renderingmethod": one("0070120D").lower(),
        "viewpointposition": vector("00701603"),
        "viewpointlookat": vector("00701604"),
        "viewpointup": vector("00701605"),
    }
    for name, tag in (("mprslab", "00701503"), ("swivelrange", "00701A06"), ("animationstepsize", "00701A05")):
        if tag in module:
            wanted[name] = repr(one(tag))
    if "00701A03" in module:
        wanted["animationrate"] = str(one("00701A03"))
    if "00281050" in module:
        wanted["window"] = f"{one('00281050')!r},{one('00281051')!r},{FUNCTIONS[one('00281056')]}"
    if "00701A04" in module:
        curve = one("00701A04")
        numbers = np.frombuffer(base64.b64decode(curve["0070150D"]["InlineBinary"]), "<f8")
        assert curve["0070150C"]["Value"] == [len(numbers) / 3] and curve["0070150D"]["vr"] == "OD"
        wanted["volumetriccurvepoint"] = ",".join(map(repr, numbers.tolist()))
    for tag, element in module.items():
        if tag not in OF_THE_MODULE:
            wanted[keyword_for_tag(int(tag, 16))] = str(element["Value"][0])
    images = one("0070120A")["00081140"]["Value"]
    wanted["volumeinputreference"] = ",".join(each["00081155"]["Value"][0] for each in images)
    own = {name: value for name, value in parse_qsl(query) if name in OWN}
    return urlencode(wanted | own, safe=",")


PHASE = "TemporalPositionIdentifier=2&accept=image/png"
REQUESTS = [
    PHASE,
    f"{PHASE}&orientation=l&viewport=97,61",
    f"{PHASE}&orientation=a&viewport=120,90&pixelspacing=0.4&mprslab=7.5&renderingmethod=maximum_ip",
    f"{PHASE}&viewpointposition=10,20,90&viewpointlookat=3.3,-1.7,120.1&viewpointup=0,1,1&viewport=80,80",
    f"{PHASE}&orientation=r&mprslab=3&renderingmethod=minimum_ip&window=300,200,sigmoid&quality=40",
    f"{PHASE}&orientation=h&window=500,900,linear-exact&invert=yes&colormap=hot-iron&annotation=technique",
    "SeriesDescription=Heart*&InstanceNumber=25-48&accept=image/jpeg&quality=55&orientation=f&voi=auto",
    f"volumeinputreference={phases()[30].SOPInstanceUID}&accept=image/png&orientation=p",
    f"{PHASE}&orientation=a&swivelrange=90&viewport=64,64",
    f"{PHASE}&orientation=a&swivelrange=360&animationstepsize=30&animationrate=10&animationframe=5&viewport=64,64",
    f"{PHASE}&volumetriccurvepoint={POINTS}&viewport=64,64&pixelspacing=0.5&animationstepsize=7&animationframe=3",
    f"{PHASE}&volumetriccurvepoint={POINTS}&viewport=64,64&pixelspacing=0.5&curveat=21.5&curveturn=30&mprslab=2",
    f"{PHASE}&volumetriccurvepoint={POINTS}&curve=straightened&viewport=150,60",
    f"{PHASE}&volumetriccurvepoint={POINTS}&curve=stretched&orientation=f&viewport=150,90&pixelspacing=0.5&curveturn=25",
    f"{PHASE}&volumetriccurvepoint={POINTS}&curve=straightened&swivelrange=360&animationframe=7&viewport=99,50&mprslab=4",
]


@pytest.mark.parametrize("query", REQUESTS, ids=range(len(REQUESTS)))
async def test_the_parameters_sent_back_give_the_same_picture(get: Get, query: str) -> None:
    path = f"{series(phases()[0])}/renderedmpr"
    picture = await get(f"{path}?{query}")
    assert picture.status == 200, picture.body
    told = await get(f"{path}?{query}&renderedvolumetricmetadata=yes", headers={"accept": "application/dicom+json"})
    assert told.status == 200 and told.headers["content-type"] == "application/dicom+json"
    again = await get(f"{path}?{asked_again(json.loads(told.body), query)}")
    assert again.status == 200, again.body
    assert again.body == picture.body and again.headers["content-type"] == picture.headers["content-type"]
    said = {"patient_orientation", "pixel_spacing", "spacing_words", "volume_words", "stack", "series_uid", "size"}
    assert {name: again.picture[name] for name in said} == {name: picture.picture[name] for name in said}
    assert again.picture.get("animation") == picture.picture.get("animation")


OUTLINE = "1.5,-0.6,117.3,0,1,0,0,0,1,-9,-8,11,-7,6,12,-4,9.5"
IN_SPACE = [
    PHASE,
    f"{PHASE}&preset=ct-vessels&viewport=97,61&orientation=l",
    f"{PHASE}&window=400,700,linear&viewport=120,90&pixelspacing=0.4&orientation=h",
    f"{PHASE}&viewpointposition=10,20,90&viewpointlookat=3.3,-1.7,120.1&viewpointup=0,1,1&viewport=80,80",
    f"{PHASE}&renderingmethod=maximum_ip&viewpointposition=-3,8,9&viewpointlookat=0.1,-1.7,119.7&viewpointup=1,1,1",
    f"{PHASE}&renderingmethod=maximum_ip&colormap=hot-iron&invert=yes&annotation=technique&orientation=f&viewport=64,64",
    f"{PHASE}&renderingmethod=minimum_ip&window=300,200,sigmoid&orientation=r",
    f"{PHASE}&renderingmethod=average_ip&window=100,90,linear-exact&orientation=p&viewport=90,90",
    f"{PHASE}&clip=-14.5,-20,104,9,13.3,131&orientation=p",
    f"{PHASE}&cut=inside,{OUTLINE};outside,{OUTLINE.replace('11,-7', '15,-14')}&viewport=100,100",
    f"{PHASE}&renderingmethod=maximum_ip&clip=-14.5,-20,104,9,13.3,131&cut=inside,{OUTLINE}&orientation=l",
    f"{PHASE}&swivelrange=360&animationstepsize=15&animationrate=12&animationframe=7&viewport=64,64",
    f"{PHASE}&renderingmethod=maximum_ip&swivelrange=90&animationframe=4&orientation=l&viewport=80,64",
    "SeriesDescription=Heart*&InstanceNumber=25-48&accept=image/jpeg&quality=55&orientation=f&voi=auto",
    f"volumeinputreference={phases()[30].SOPInstanceUID}&accept=image/png&preset=any-window&window=350,500,linear",
]


@pytest.mark.parametrize("query", IN_SPACE, ids=range(len(IN_SPACE)))
async def test_those_of_a_volume_in_three_dimensions_do_too(get: Get, query: str) -> None:
    await sent_back(get, f"{series(phases()[0])}/rendered3d", query)


@pytest.mark.parametrize("query", ["accept=image/png", "preset=mr-angiography&window=700,900,linear&orientation=r"])
async def test_those_of_a_brain_whose_colours_follow_the_window_do_too(get: Get, query: str) -> None:
    await sent_back(get, f"{series(magnetic()[0])}/rendered3d", query)


async def sent_back(get: Get, path: str, query: str) -> None:
    """The picture that a volume's parameters make is the one that they were told of, byte by byte."""
    picture = await get(f"{path}?{query}")
    assert picture.status == 200, picture.body
    told = await get(f"{path}?{query}&renderedvolumetricmetadata=yes", headers={"accept": "application/dicom+json"})
    assert told.status == 200 and told.headers["content-type"] == "application/dicom+json"
    again = await get(f"{path}?{asked_again(json.loads(told.body), query, '3D_RENDERING')}")
    assert again.status == 200, again.body
    assert again.body == picture.body and again.headers["content-type"] == picture.headers["content-type"]
    said = {"patient_orientation", "pixel_spacing", "volume_words", "stack", "series_uid", "size"}
    assert {name: again.picture[name] for name in said} == {name: picture.picture[name] for name in said}
    assert again.picture.get("animation") == picture.picture.get("animation")
    assert ("swivelrange" in query) == ("animation" in picture.picture)
    assert again.picture["space"]["preset"] == picture.picture["space"]["preset"]


async def test_the_module_says_what_was_asked_and_what_was_chosen(get: Get, connect: Connect) -> None:
    path = f"{series(phases()[0])}/renderedmpr"
    query = f"{PHASE}&orientation=a&mprslab=5&swivelrange=180&renderedvolumetricmetadata=yes"
    answer = await get(f"{path}?{query}")
    module: dict[str, Any] = json.loads(answer.body)

    def one(tag: str) -> Any:
        return module[tag]["Value"][0]

    assert (one("00720510"), one("0070120D"), one("00701503")) == ("MPR", "AVERAGE_IP", 5)
    assert (one("00701A06"), one("00701A05"), one("00701A03"), one("00200100")) == (180, 5, 15, 2)
    assert (one("00281056"), one("00281050"), one("00281051")) == ("LINEAR", 450, 1100)
    position, lookat = (np.array(module[tag]["Value"]) for tag in ("00701603", "00701604"))
    assert lookat == pytest.approx([1.5, -0.625, 117.25]) and position - lookat == pytest.approx([0, -100, 0])
    assert module["00701605"] == {"vr": "FD", "Value": [0, 0, 1]}
    images = module["0070120A"]["Value"][0]["00081140"]["Value"]
    assert [each["00081155"]["Value"][0] for each in images] == [
        str(each.SOPInstanceUID) for each in sorted(phases()[24:], key=lambda each: -each.ImagePositionPatient[2])
    ]
    assert list(module) == sorted(module)
    socket = await connect(f"/ws/{phases()[0].StudyInstanceUID}/?archive=main")
    await socket.say(want={"seq": 1, "pane": 0, "resource": path, "query": query})
    about, data = await socket.hear()
    assert data == answer.body and about["type"] == "application/dicom+json"


async def of(get: Get, query: str) -> Answer:
    return await get(f"{series(phases()[0])}/renderedmpr?{query}")


async def test_a_volume_is_chosen_by_what_its_images_are(get: Get) -> None:
    first = await of(get, "TemporalPositionIdentifier=1&accept=image/png&orientation=a")
    second = await of(get, "TemporalPositionIdentifier=2&accept=image/png&orientation=a")
    assert first.status == second.status == 200 and first.body != second.body
    same = [
        "00200100=2", "TemporalPositionIdentifier=2-", "TemporalPositionIdentifier=1.5-9", "InstanceNumber=25-48",
        f"TemporalPositionIdentifier=2&Modality=CT&SeriesDescription={quote('Heart 4D')}&SeriesNumber=3&KVP=",
        f"00200100=2&SeriesInstanceUID=1.2.3,{phases()[0].SeriesInstanceUID}&SeriesDescription=*art*?D",
        f"volumeinputreference={phases()[24].SOPInstanceUID},{phases()[47].SOPInstanceUID}",
        f"stack={second.picture['stack']}", f"00200100=2&stack={second.picture['stack']}&StudyDate=20240101-20241231",
    ]  # fmt: skip
    for query in same:
        answer = await of(get, f"{query}&accept=image/png&orientation=a")
        assert answer.status == 200, (query, answer.body)
        assert answer.body == second.body, query
    both = f"{phases()[0].SOPInstanceUID},{phases()[30].SOPInstanceUID}"
    for query, name, words in (
        ("", "stack", "choose one"),
        ("Modality=CT", "stack", "choose one"),
        (f"volumeinputreference={phases()[0].SeriesInstanceUID}", "stack", "choose one"),
        ("TemporalPositionIdentifier=3", "TemporalPositionIdentifier", "no volume"),
        ("Modality=MR", "Modality", "no volume"),
        ("InstanceNumber=20-30", "InstanceNumber", "only a part"),
        (f"volumeinputreference={both}", "volumeinputreference", "no volume"),
        ("volumeinputreference=1.2.3", "volumeinputreference", "no volume"),
        ("volumeinputreference=7", "volumeinputreference", "no volume"),
    ):  # fmt: skip
        answer = await of(get, query)
        assert answer.status == 400 and answer.words.startswith(name) and words in answer.words, answer.body
        assert json.loads(answer.body)["parameter"] == name
    whole_study = f"/dicomweb/main/studies/{phases()[0].StudyInstanceUID}/renderedmpr"
    assert (await get(f"{whole_study}?00200100=2&accept=image/png&orientation=a")).body == second.body


async def test_what_isnt_an_attribute_of_volumes_chooses_none(get: Get) -> None:
    for name in ("PatientName", "PatientID", "AccessionNumber", "CardiacRRIntervalSpecified", "PixelData", "00100010"):
        answer = await of(get, f"00200100=2&{name}=1")
        assert answer.status == 400 and answer.words.startswith(name), answer.body
    for query in (
        "00200100=2&TemporalPositionIdentifier=2",
        "00200100=2&00200100=2",
        "00200100=2&Modality=" + 600 * "x",
    ):
        assert (await of(get, query)).status == 400
    answer = await of(get, "00200100=2&deadbeef=1&Nothing=2&NothingElse.Modality=3")
    assert answer.status == 200 and "deadbeef, Nothing, NothingElse.Modality" in answer.headers["warning"]
    hostile = quote("*a" * 250)
    assert (await of(get, f"SeriesDescription={hostile}")).status == 400
