"""Names in every script, from a folder and from a real Orthanc: the same letters, and none lost without a word."""

import io
import json
import os
import time
from pathlib import Path

import pytest
from pydicom.sequence import Sequence

from tests.archive.scripts import NAMES, ROOT, WRONG, dataset
from tests.orthanc import Orthanc
from viewer import listing
from viewer.archive import Archive, FolderArchive, WebArchive
from viewer.archive.dicomjson import Header
from viewer.archive.part10 import parse

ALL = {**NAMES, **WRONG}


def file_of(number: int, charset: str, name: bytes) -> bytes:
    held = io.BytesIO()
    dataset(number, charset, name).save_as(held, enforce_file_format=True)
    assert name in held.getvalue()
    return held.getvalue()


def told(archive: Archive, number: int) -> set[str]:
    """Return the name that a search and the metadata tell."""
    study = f"{ROOT}.{number}"
    (row,) = archive.search_studies(StudyInstanceUID=study)
    (instance,) = json.loads(archive.series_metadata(study, f"{study}.1"))
    return {listing.person(row, "00100010"), listing.person(instance, "00100010")}


def test_a_folder_tells_every_name(tmp_path: Path) -> None:
    for number, (charset, name, _) in enumerate(ALL.values(), 1):
        path = tmp_path / f"{number}.dcm"
        path.write_bytes(file_of(number, charset, name))
        os.utime(path, (time.time() - 60,) * 2)
    state = tmp_path / "state"
    state.mkdir()
    archive = FolderArchive("scripts", tmp_path, state=state)
    archive.scan(settle=0)
    for number, (case, (_, _, expected)) in enumerate(ALL.items(), 1):
        assert told(archive, number) == {expected}, case


def test_orthanc_tells_every_name(server: Orthanc) -> None:
    archive = WebArchive("pacs", server.root, auth=server.auth)
    files = [file_of(number, charset, name) for number, (charset, name, _) in enumerate(ALL.values(), 1)]
    assert [result.words for result in archive.store(files)] == [""] * len(files)
    for number, (case, (_, _, expected)) in enumerate(NAMES.items(), 1):
        # Orthanc 1.10 knows code extensions of two bytes only.
        assert told(archive, number) == {expected} or case == "greek and latin", case
    for number in range(len(NAMES) + 1, len(ALL) + 1):
        assert len(told(archive, number)) == 1  # what isn't what it says is Orthanc's to guess: no crash, one word


@pytest.mark.parametrize(
    ("inner", "name", "expected"),
    [
        ("ISO_IR 144", "Пётр".encode("iso8859-5"), "Пётр"),
        (None, "Göran".encode("latin-1"), "Göran"),
        (r"\ISO 2022 IR 87", b"\x1b$B;3ED\x1b(B", "山田"),
    ],
)
def test_items_have_the_character_set_of_their_own_or_of_what_they_lie_in(
    inner: str | None, name: bytes, expected: str
) -> None:
    outer = dataset(90, "ISO_IR 100", "Åström".encode("latin-1"))
    item = dataset(91, inner or "", name)
    for keyword in ("PixelData", "StudyInstanceUID"):
        delattr(item, keyword)
    del item.file_meta
    outer.add_new("OtherPatientIDsSequence", "SQ", Sequence([item]))
    held = io.BytesIO()
    outer.save_as(held, enforce_file_format=True)
    found = Header(parse(io.BytesIO(held.getvalue())), str).attributes()
    assert listing.person(found, "00100010") == "Åström"
    assert listing.person(found["00101002"]["Value"][0], "00100010") == expected
