"""The port's contract, put to each adapter in the same words."""

import json
from concurrent.futures import ThreadPoolExecutor
from io import BytesIO
from typing import Any

import pydicom
import pytest
from pydicom.uid import ExplicitVRLittleEndian, ImplicitVRLittleEndian, JPEGBaseline8Bit, RLELossless

from tests.archive.examples import (
    CHEST,
    CT_SERIES,
    ECHO,
    JPEG_FRAMES,
    JPEG_SERIES,
    LATER,
    LATER_SERIES,
    LETTER,
    MR_SERIES,
    PALETTE,
    PDF,
    PDF_SERIES,
    RLE_SERIES,
    examples,
    image,
)
from viewer.archive import Archive, ArchiveError, NotThere
from viewer.archive.leave import Leave, Left, under

ALL = {CHEST, ECHO, LETTER, LATER}


def uids(found: list[dict[str, Any]], tag: str = "0020000D") -> list[str]:
    return [one[tag]["Value"][0] for one in found]


def value(found: dict[str, Any], tag: str) -> Any:
    return (found.get(tag, {}).get("Value") or [None])[0]


@pytest.mark.parametrize(
    ("match", "expected"),
    [
        ({}, ALL),
        ({"StudyInstanceUID": CHEST}, {CHEST}),
        ({"StudyInstanceUID": f"{CHEST},{ECHO}"}, {CHEST, ECHO}),
        ({"PatientID": "M-1"}, {CHEST, LATER}),
        ({"PatientID": "m-1"}, set()),
        ({"PatientID": "M*"}, {CHEST, LATER}),
        ({"PatientID": "Ω-1"}, {LETTER}),
        ({"PatientName": "Müller^Jürgen"}, {CHEST, LATER}),
        ({"PatientName": "müller*"}, {CHEST, LATER}),
        ({"PatientName": "M?ller*"}, {CHEST, LATER}),
        ({"PatientName": "Mxller*"}, set()),
        ({"PatientName": "yamada*"}, {ECHO}),
        ({"PatientName": "*太郎*"}, {ECHO}),
        ({"PatientName": "Παπαδοπούλου*"}, {LETTER}),
        ({"PatientName": "*"}, ALL),
        ({"StudyDate": "20200105"}, {CHEST}),
        ({"StudyDate": "20200101-20200331"}, {CHEST, ECHO}),
        ({"StudyDate": "20200301-"}, {ECHO, LATER}),
        ({"StudyDate": "-20200105"}, {CHEST}),
        ({"ModalitiesInStudy": "MR"}, {CHEST}),
        ({"ModalitiesInStudy": "US"}, {ECHO}),
        ({"ModalitiesInStudy": "MR\\US"}, {CHEST, ECHO}),
        ({"ModalitiesInStudy": "PT"}, set()),
        ({"AccessionNumber": "ACC2"}, {ECHO}),
        ({"StudyDescription": "*mit KM"}, {CHEST}),
        ({"StudyDescription": "CT*", "PatientID": "M-1", "StudyDate": "20210101-20211231"}, {LATER}),
    ],
    ids=lambda given: str(sorted(given.items() if isinstance(given, dict) else given)),
)
def test_a_search_finds_what_matches_and_nothing_else(
    archive: Archive, match: dict[str, str], expected: set[str]
) -> None:
    found = uids(archive.search_studies(**match))
    assert set(found) & ALL == expected
    assert len(found) == len(set(found))


def test_a_search_comes_in_pages_that_neither_overlap_nor_skip(archive: Archive) -> None:
    whole = uids(archive.search_studies())
    pages = [uids(archive.search_studies(limit=3, offset=offset)) for offset in (0, 3, 6, 9)]
    assert [study for page in pages for study in page] == whole
    assert [len(page) for page in pages][:1] == [3]
    assert archive.search_studies(limit=3, offset=100) == []
    assert len(archive.search_studies(PatientName="Mü*", limit=1)) == 1
    assert uids(archive.search_studies(PatientName="Mü*", limit=1, offset=1)) != uids(
        archive.search_studies(PatientName="Mü*", limit=1)
    )


def test_a_study_tells_its_patient_its_modalities_and_its_counts(archive: Archive) -> None:
    (study,) = archive.search_studies(StudyInstanceUID=CHEST)
    assert value(study, "00100010") == {"Alphabetic": "Müller^Jürgen"}
    assert (value(study, "00100020"), value(study, "00100030")) == ("M-1", "19600131")
    assert (value(study, "00080020"), value(study, "00080050")) == ("20200105", "ACC1")
    assert set(study["00080061"]["Value"]) == {"CT", "MR"}
    assert (int(value(study, "00201206")), int(value(study, "00201208"))) == (2, 4)


def test_a_description_comes_when_it_is_asked_for_byte_for_byte(archive: Archive) -> None:
    (study,) = archive.search_studies(StudyInstanceUID=LETTER, fields=["StudyDescription"])
    assert value(study, "00081030") == "Γράμμα <b>&amp;</b>"


def test_names_keep_all_their_component_groups(archive: Archive) -> None:
    groups = {"Alphabetic": "Yamada^Tarou", "Ideographic": "山田^太郎", "Phonetic": "やまだ^たろう"}
    (study,) = archive.search_studies(StudyInstanceUID=ECHO)
    assert value(study, "00100010") == groups
    (metadata,) = json.loads(archive.instance_metadata(ECHO, JPEG_SERIES, f"{JPEG_SERIES}.1"))
    assert value(metadata, "00100010") == groups


def test_a_study_lists_its_series_and_a_series_its_instances(archive: Archive) -> None:
    series = {value(one, "0020000E"): one for one in archive.search_series(CHEST)}
    assert {uid: value(one, "00080060") for uid, one in series.items()} == {CT_SERIES: "CT", MR_SERIES: "MR"}
    assert int(value(series[CT_SERIES], "00201209")) == 3
    found = archive.search_instances(CHEST, CT_SERIES)
    assert sorted(uids(found, "00080018")) == [f"{CT_SERIES}.{number}" for number in (1, 2, 3)]
    assert archive.search_series("1.2.3.4") == []


def test_metadata_of_a_series_is_one_data_set_for_each_instance(archive: Archive) -> None:
    found = json.loads(archive.series_metadata(CHEST, CT_SERIES))
    assert sorted(uids(found, "00080018")) == [f"{CT_SERIES}.{number}" for number in (1, 2, 3)]
    for one in found:
        assert (value(one, "00280010"), value(one, "00280011")) == (8, 6)
        assert [float(number) for number in one["00280030"]["Value"]] == [0.5, 0.5]
        assert float(value(one, "00281051")) == 400.5
        assert "Value" not in one.get("7FE00010", {}) and "InlineBinary" not in one.get("7FE00010", {})


@pytest.mark.parametrize(
    ("study", "series", "number", "syntax"),
    [
        (CHEST, CT_SERIES, 2, ExplicitVRLittleEndian),
        (LATER, LATER_SERIES, 9, ImplicitVRLittleEndian),
    ],
)
def test_native_frames_are_the_pixels_of_the_file(
    archive: Archive, study: str, series: str, number: int, syntax: str
) -> None:
    instance = f"{series}.{2 if study == CHEST else 1}"
    (frame,) = archive.frames(study, series, instance, [1])
    assert frame.number == 1
    assert frame.data == image(number).tobytes()
    # A server may name any little-endian native syntax: the pixels are the same.
    assert frame.transfer_syntax in (syntax, ExplicitVRLittleEndian, ImplicitVRLittleEndian)


def test_compressed_frames_come_as_stored_in_the_order_asked(archive: Archive) -> None:
    frames = list(archive.frames(ECHO, JPEG_SERIES, f"{JPEG_SERIES}.1", [3, 1]))
    assert [frame.number for frame in frames] == [3, 1]
    assert [frame.data.rstrip(b"\0") for frame in frames] == [JPEG_FRAMES[2], JPEG_FRAMES[0]]
    assert {frame.transfer_syntax for frame in frames} == {JPEGBaseline8Bit}
    stored = examples()["echo/rle-2"]
    expected = list(pydicom.encaps.generate_frames(stored.PixelData, number_of_frames=3))
    frames = list(archive.frames(ECHO, RLE_SERIES, f"{RLE_SERIES}.2", [1, 2, 3]))
    assert [frame.data for frame in frames] == expected
    assert {frame.transfer_syntax for frame in frames} == {RLELossless}


@pytest.mark.parametrize("number", [0, 4, 1000])
def test_a_frame_that_is_not_there_is_said_to_be_missing(archive: Archive, number: int) -> None:
    with pytest.raises(NotThere):
        list(archive.frames(ECHO, JPEG_SERIES, f"{JPEG_SERIES}.1", [number]))


def test_a_whole_instance_is_the_file_in_its_own_syntax(archive: Archive) -> None:
    for study, series, syntax in ((ECHO, JPEG_SERIES, JPEGBaseline8Bit), (LATER, LATER_SERIES, ImplicitVRLittleEndian)):
        found = pydicom.dcmread(BytesIO(archive.instance(study, series, f"{series}.1")))
        assert found.SOPInstanceUID == f"{series}.1"
        assert found.file_meta.TransferSyntaxUID == syntax


def test_bulk_values_are_behind_their_addresses(archive: Archive) -> None:
    (found,) = json.loads(archive.instance_metadata(LETTER, PDF_SERIES, f"{PDF_SERIES}.1"))
    assert archive.bulkdata(found["00420011"]["BulkDataURI"]) == PDF
    lut = found["00283000"]["Value"][0]["00283006"]
    if "InlineBinary" not in lut:
        assert archive.bulkdata(lut["BulkDataURI"]) == PALETTE


@pytest.mark.parametrize(
    "uri",
    [
        "http://127.0.0.1:1/dicom-web/studies/1",
        "file:///etc/passwd",
        "//evil/studies/1",
        "",
        "folder:other/studies/1",
        "{root}@evil.example/x",
        "{root}.evil.example/x",
        "{root}/../system",
        "{root}/%2e%2e/system",
        "{root}/studies/..\\..\\x",
        "{root}//evil/x",
        "{root}/studies/1/\r\nHost: evil",
    ],
)
def test_a_bulk_address_that_leads_elsewhere_is_not_followed(archive: Archive, uri: str) -> None:
    with pytest.raises(ArchiveError):
        archive.bulkdata(uri.replace("{root}", archive.root))


def test_what_is_not_there_is_said_to_be_missing(archive: Archive) -> None:
    absent = ("1.2.3", "1.2.3.4", "1.2.3.4.5")
    for ask in (
        lambda: archive.series_metadata(*absent[:2]),
        lambda: archive.instance_metadata(*absent),
        lambda: archive.instance(*absent),
        lambda: list(archive.frames(*absent, [1])),
        lambda: archive.series_metadata(LATER, CT_SERIES),
        lambda: archive.instance("../../etc", "passwd", "x"),
    ):
        with pytest.raises(NotThere):
            ask()


def test_many_threads_get_each_their_own_frame(archive: Archive) -> None:
    def fetch(turn: int) -> bool:
        number = turn % 3 + 1
        (frame,) = archive.frames(CHEST, CT_SERIES, f"{CT_SERIES}.{number}", [1])
        return frame.data == image(number).tobytes()

    with ThreadPoolExecutor(12) as pool:
        assert all(pool.map(fetch, range(120)))


def test_a_stored_object_can_be_found_and_read_again(archive: Archive) -> None:
    copy = examples()["later/1.dcm"]
    study = f"{CHEST}.77.{1 if archive.name == 'pacs' else 2}"
    copy.StudyInstanceUID, copy.SeriesInstanceUID, copy.SOPInstanceUID = study, f"{study}.1", f"{study}.1.1"
    copy.file_meta.MediaStorageSOPInstanceUID = copy.SOPInstanceUID
    held = BytesIO()
    copy.save_as(held, enforce_file_format=True)
    first, second, third = archive.store([held.getvalue(), b"this is no DICOM file" * 20, held.getvalue()])
    assert (first.stored, first.instance, first.words) == (True, f"{study}.1.1", "")
    assert not second.stored and second.words
    assert third.stored
    assert uids(archive.search_studies(StudyInstanceUID=study)) == [study]
    (frame,) = archive.frames(study, f"{study}.1", f"{study}.1.1", [1])
    assert frame.data == image(9).tobytes()


def test_revisions_name_every_instance_or_none_and_their_frames_are_had_by_them(archive: Archive) -> None:
    found = archive.revisions(CHEST, CT_SERIES)
    assert set(found) in ({f"{CT_SERIES}.{number}" for number in (1, 2, 3)}, set())
    assert found == archive.revisions(CHEST, CT_SERIES)
    assert archive.revisions("1.2.3.4", "1.2.3.4.5") == {}
    instance = f"{CT_SERIES}.2"
    (frame,) = archive.frames(CHEST, CT_SERIES, instance, [1], revision=found.get(instance, ""))
    assert frame.data == image(2).tobytes()


@pytest.mark.parametrize(
    ("study", "series", "count"),
    [
        (CHEST, CT_SERIES, 3),
        (CHEST, MR_SERIES, 1),
        (LATER, LATER_SERIES, 1),
        (ECHO, RLE_SERIES, 2),
        (ECHO, JPEG_SERIES, 1),
    ],
)
def test_a_series_in_one_answer_is_what_its_frames_are_singly(
    archive: Archive, study: str, series: str, count: int
) -> None:
    revisions = archive.revisions(study, series)
    metadata = {one["00080018"]["Value"][0]: one for one in json.loads(archive.series_metadata(study, series))}
    seen = []
    for one in archive.stream(study, series):
        header = metadata[one.instance]
        assert (one.study, one.series, one.revision) == (study, series, revisions.get(one.instance, ""))
        frames = list(archive.frames(study, series, one.instance, range(1, 1 + (value(header, "00280008") or 1))))
        assert [bytes(data).rstrip(b"\0") for data in one.frames] == [frame.data.rstrip(b"\0") for frame in frames]
        assert {frame.transfer_syntax for frame in frames} <= {one.transfer_syntax, ExplicitVRLittleEndian}
        told = one.described
        assert (told.photometric, told.rows, told.columns) == tuple(
            value(header, tag) for tag in ("00280004", "00280010", "00280011")
        )
        assert (told.bits_allocated, told.bits_stored, told.representation) == tuple(
            value(header, tag) for tag in ("00280100", "00280101", "00280103")
        )
        seen.append(one.instance)
    assert len(seen) == count and set(seen) == set(metadata)


def test_a_series_without_pixels_or_that_is_not_there_brings_nothing(archive: Archive) -> None:
    assert list(archive.stream(LETTER, PDF_SERIES)) == []
    for study, series in ((CHEST, LATER_SERIES), ("1.2.3", "1.2.3.4"), ("../../etc", "passwd")):
        try:
            found = list(archive.stream(study, series))
        except NotThere:
            found = []
        assert found == []


def test_a_series_in_one_answer_ends_when_nobody_waits_for_it(archive: Archive) -> None:
    leave = Leave()
    with under(leave):
        arriving = archive.stream(CHEST, CT_SERIES)
        first = next(arriving)
        assert bytes(first.frames[0]) == image(int(first.instance.rsplit(".", 1)[1])).tobytes()
        leave.now()
        with pytest.raises(Left):
            list(arriving)
        with pytest.raises(Left):
            list(archive.stream(CHEST, CT_SERIES))
    assert len(list(archive.stream(CHEST, CT_SERIES))) == 3
