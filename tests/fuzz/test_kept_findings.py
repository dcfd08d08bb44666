"""What spoilt files once did, each as small as it can be: it stays mended."""

import json
import re
import struct
from io import BytesIO
from pathlib import Path

import msgspec
import pytest
from pydicom import dcmread
from pydicom.dataset import Dataset
from pydicom.uid import JPEG2000Lossless

from tests.fuzz import originals
from tests.fuzz.bombs import many_items
from tests.fuzz.elements import Element, taken_apart
from viewer.archive import FolderArchive, Malformed
from viewer.archive.dicomjson import Header
from viewer.archive.framing import PixelMap
from viewer.archive.part10 import exactly, parse
from viewer.archive.scan import attributes
from viewer.doors.description import header
from viewer.imaging.dicomjson import LookupTable
from viewer.imaging.gaps import thinned
from viewer.imaging.kinds import kind
from viewer.imaging.pixels import PixelError, PixelFormat, native, transform
from viewer.imaging.record import FrameAttributes, Instance, instances
from viewer.imaging.windowing import voi_choices
from viewer.imaging.words import gettext_noop
from viewer.store import protocol
from viewer.store.metadata import BadMetadata, digest
from viewer.store.opened import shapes


def test_a_sequence_without_items_costs_that_element_and_not_the_image(tmp_path: Path) -> None:
    file = taken_apart(originals.originals()["explicit"])
    broken = Element(0x00081140, b"SQ", 6, b"\xfe\xff\0\xe0\x10\0")
    data = file.exchanged(4, file.elements[4], broken).written()
    (tmp_path / "in").mkdir()
    (tmp_path / "in" / "x.dcm").write_bytes(data)
    archive = FolderArchive("main", tmp_path / "in", state=tmp_path / "state")
    report = archive.scan(settle=0)
    assert (report.instances, report.skipped) == (1, ())
    header = Header(parse(BytesIO(data)), lambda where: where).attributes()
    assert header["00081140"]["vr"] == "UN" and header["00280010"]["Value"] == [originals.SIDE]


@pytest.mark.parametrize("tag", [0x0020000D, 0x0020000E, 0x00080018])
def test_an_identity_written_as_a_number_is_none_and_keeps_no_series_shut(tmp_path: Path, tag: int) -> None:
    file = taken_apart(originals.originals()["explicit"])
    at = file.place(tag)
    assert at is not None
    value = file.elements[at].value.ljust(64, b"\0")
    data = file.exchanged(at, file.elements[at], Element(tag, b"UV", len(value), value)).written()
    (tmp_path / "in").mkdir()
    (tmp_path / "in" / "x.dcm").write_bytes(data)
    report = FolderArchive("main", tmp_path / "in", state=tmp_path / "state").scan(settle=0)
    assert report.instances == 0 and "no DICOM identity" in report.skipped[0].reason


@pytest.mark.parametrize("table", [b"", b"\0", b"\0" * 12, b"\0" * 800])
def test_an_extended_offset_table_of_another_length_is_refused_in_words(table: bytes) -> None:
    data: Dataset = dcmread(BytesIO(originals.originals()["extended table"]))
    assert data.file_meta.TransferSyntaxUID == JPEG2000Lossless
    file = taken_apart(originals.originals()["extended table"])
    at = file.place(0x7FE00001)
    assert at is not None
    part10 = parse(BytesIO(file.exchanged(at, file.elements[at].holding(table)).written()))
    with pytest.raises(Malformed, match=r"extended offset table doesn't fit"):
        PixelMap.of(part10, Header(part10, lambda where: where).attributes())


def test_a_header_that_breaks_off_is_refused_in_words_that_say_so() -> None:
    file = taken_apart(originals.originals()["explicit"])
    endless = Element(0x00081140, b"SQ", 0xFFFFFFFF, b"\xfe\xff\0\xe0" + struct.pack("<L", 8) + b"none of it"[:8])
    with pytest.raises(Malformed, match=r"doesn't end where its length says|cut short"):
        parse(BytesIO(file.exchanged(4, endless).written()))


def test_a_character_set_written_as_a_number_is_refused_in_words_that_say_so() -> None:
    file = taken_apart(originals.originals()["explicit"])
    named = Element(0x00080005, b"SL", 10, b"ISO_IR 192")
    with pytest.raises(Malformed, match=r"length doesn't fit its value representation"):
        parse(BytesIO(file.exchanged(0, named).written()))


def test_two_slices_of_one_number_tell_nothing_of_lost_ones() -> None:
    assert thinned([0.0, 2.0, 4.0], [1, 1, 1], 2.0, declared=None, listed=frozenset()) == 2.0
    assert thinned([0.0, 2.0, 4.0], [7, 5, 5], 2.0, declared=None, listed=frozenset()) == 2.0


@pytest.mark.parametrize(("offset", "length"), [(2**63, 4), (2**64 - 1, 4), (-1, 4), (0, -1)])
def test_an_offset_that_no_file_has_is_refused_in_words(offset: int, length: int) -> None:
    with pytest.raises(Malformed, match="no file has"):
        exactly(BytesIO(b"12345678"), offset, length)


def test_colour_in_twelve_packed_bits_is_refused_in_words() -> None:
    found = Instance(
        Rows=4, Columns=4, SamplesPerPixel=3, PhotometricInterpretation="RGB", BitsAllocated=12, BitsStored=12,
        HighBit=11, PlanarConfiguration=0,
    )  # fmt: skip
    with pytest.raises(PixelError):
        native(bytes(1000), PixelFormat.of(found))


@pytest.mark.parametrize("photometric", ["MONOCHROME2", "PALETTE COLOR"])
def test_an_image_of_64_bits_is_named_and_its_series_opens(photometric: str) -> None:
    found = Instance(
        SOPClassUID=originals.STORAGE + "2", SOPInstanceUID="1.2", Rows=8, Columns=8, SamplesPerPixel=1,
        PhotometricInterpretation=photometric, BitsAllocated=64, BitsStored=12, HighBit=11,
    )  # fmt: skip
    assert kind(found).words == "CT image: whole numbers of 64 bits"
    # A form that has no place in the frame files would keep the whole series shut.
    assert shapes([found]) == [None]


def test_a_description_is_a_header_whatever_letters_a_file_holds() -> None:
    said = header({"unit": "a\x7fb\x00\r\nü\u2028\U0001f9e0"})
    assert said.isascii() and not re.search(rb"[\x00-\x1f\x7f]", said)
    assert json.loads(said) == {"unit": "a\x7fb\x00\r\nü\u2028\U0001f9e0"}


def test_an_incomplete_modality_table_keeps_the_voi_tables_and_no_series_shut() -> None:
    whole = LookupTable(4, 0, 16, b"\0\0\1\0\2\0\3\0")
    found = FrameAttributes(1)
    found.ModalityLUTSequence, found.VOILUTSequence = (LookupTable(4096, 0, 16, b"\0\0"),), (whole,)
    assert len(voi_choices(Instance(Modality="CR", BitsStored=12), found)) == 1
    with pytest.raises(PixelError, match="incomplete"):
        transform(Instance(Modality="CR"), found)


def test_groups_of_more_frames_than_there_are_are_cut_where_they_still_dont_fit() -> None:
    data = many_items(50, 0x52009230)
    part10 = parse(BytesIO(data))
    found = attributes(part10, ("1.2", "1.3", "1.4"), lambda uids, where: where)
    assert len(found["52009230"]["Value"]) == 2
    (read,) = instances(msgspec.json.encode([found]))
    assert read.faults


def test_a_series_of_more_instances_than_any_has_is_refused_before_they_are_built() -> None:
    with pytest.raises(BadMetadata, match="60000 instances"):
        digest(b"[" + b",".join([b"{}"] * 60_000) + b"]", {})
    assert digest(b"[{}]", {})


@pytest.mark.parametrize("declared", [-(10**308), 2**64, 2**63 - 1])
def test_a_reason_crosses_to_the_web_process_with_numbers_of_any_length(declared: int) -> None:
    reason = gettext_noop("it declares {count} frames", count=declared)
    sent = protocol.packed(protocol.Failed(1, protocol.sentence(reason)))
    heard = protocol.answers.decode(sent[protocol.LENGTH.size :])
    assert isinstance(heard, protocol.Failed) and protocol.words_of(heard.words) == reason
