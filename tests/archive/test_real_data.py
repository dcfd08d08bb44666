"""The real test data, through the folder and through a real Orthanc: the same frames, byte for byte."""

import json
import math
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests import orthanc
from tests.unpacked_data import test_data
from viewer.archive import Archive, ArchiveError, FolderArchive, WebArchive
from viewer.archive.framing import first
from viewer.archive.port import Attributes

# Orthanc takes neither: the one is cut inside its header, the other's JPEG 2000 stream ends early.
REFUSED = {"odd/pydicom/rtplan_truncated.dcm", "odd/emri_small_jpeg_2k_lossless_too_short.dcm"}
NATIVE = (".svs", ".tiff", ".png")  # which the folder makes series of; to Orthanc they are no DICOM
# The archives spell these differently, both within the standard: trailing padding of names and codes, text as lines.
SPELLED = {"00080005", "00080008", "00080090", "00100010", "20100010"}
# Written into the file as text where a number belongs; Orthanc leaves it out.
BAD_NUMBER_OF_FRAMES = "1.9.999.999.99.9.9999.9999.20030818153516"
# Declares fewer frames than it has functional groups; the folder lists no more of them than show that.
FEWER_FRAMES = ("1.2.276.0.7230010.3.1.4.0.42154.1458337731.665796", "52009230")
FLOAT_PIXELS = {"7FE00008", "7FE00009", "7FE00010"}


@dataclass(frozen=True)
class Both:
    folder: FolderArchive
    web: WebArchive
    refused: dict[str, str]


@pytest.fixture(scope="module")
def both(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Both]:
    root, state = test_data(), tmp_path_factory.mktemp("real")
    folder = FolderArchive("real", root, state=state)
    skipped = {one.path for one in folder.scan(settle=0).skipped}
    doubled = {path for one in folder.scan(settle=0).conflicts for path in one.paths[1:]}
    files = [path for path in sorted(root.rglob("*")) if path.is_file()]
    names = [str(path.relative_to(root)) for path in files]
    wanted = [(name, root / name) for name in names if name not in skipped | doubled and not name.endswith(NATIVE)]
    with orthanc.running(state / "orthanc") as server:
        web = WebArchive("pacs", server.root, auth=server.auth)
        results = web.store(Path(path).read_bytes() for _, path in wanted)
        refused = {name: result.words for (name, _), result in zip(wanted, results, strict=True) if not result.stored}
        yield Both(folder, web, refused)


def addresses(archive: Archive) -> Iterator[tuple[str, str]]:
    for study in archive.search_studies():
        for series in archive.search_series(str(first(study, "0020000D"))):
            yield str(first(study, "0020000D")), str(first(series, "0020000E"))


def by_uid(content: bytes) -> dict[str, Attributes]:
    return {str(first(one, "00080018")): one for one in json.loads(content)}


def test_orthanc_takes_all_but_the_two_files_that_are_cut_short(both: Both) -> None:
    assert set(both.refused) == REFUSED


def test_both_archives_list_the_same_series_and_tell_the_same_of_each_image(both: Both) -> None:
    compared = 0
    web = set(addresses(both.web))
    for study, series in addresses(both.folder):
        if (study, series) not in web:
            continue
        ours, theirs = (by_uid(archive.series_metadata(study, series)) for archive in (both.folder, both.web))
        for uid in ours.keys() & theirs.keys():
            compared += 1
            assert list(differences(ours[uid], theirs[uid], uid)) == [], uid
    assert compared > 700
    assert len(web) > 70


def differences(ours: Attributes, theirs: Attributes, uid: str, path: str = "") -> Iterator[str]:
    for tag in ours.keys() | theirs.keys():
        one, other = ours.get(tag, {}), theirs.get(tag, {})
        private = int(tag[:4], 16) % 2
        if (
            private
            or tag == "00083002"
            or (uid, tag) == FEWER_FRAMES
            or tag in SPELLED | FLOAT_PIXELS
            or uid == BAD_NUMBER_OF_FRAMES
        ):
            continue
        if "SQ" in (one.get("vr"), other.get("vr")):
            items, others = one.get("Value", []), other.get("Value", [])
            if len(items) != len(others):
                yield path + tag
            for item, other_item in zip(items, others, strict=False):
                yield from differences(item, other_item, uid, f"{path}{tag}/")
        elif not {"BulkDataURI", "InlineBinary"} & (one.keys() | other.keys()):
            values, others = one.get("Value") or [], other.get("Value") or []
            if len(values) != len(others) or not all(map(same, values, others)):
                yield path + tag


def same(one: object, other: object) -> bool:
    try:
        return math.isclose(float(str(one)), float(str(other)), rel_tol=1e-6, abs_tol=1e-9)
    except ValueError:
        return one == other


def test_every_frame_is_the_same_from_both_archives(both: Both) -> None:
    compared = 0
    web = set(addresses(both.web))
    for study, series in addresses(both.folder):
        if (study, series) not in web:
            continue
        there = by_uid(both.web.series_metadata(study, series))
        for uid, attributes in by_uid(both.folder.series_metadata(study, series)).items():
            if uid not in there or "00280010" not in attributes or uid == BAD_NUMBER_OF_FRAMES:
                continue
            count = int(str(first(attributes, "00280008") or 1))
            numbers = sorted({1, count // 2 or 1, count})
            assert fetched(both.folder, study, series, uid, numbers) == fetched(both.web, study, series, uid, numbers)
            compared += 1
    assert compared > 600


def fetched(archive: Archive, study: str, series: str, uid: str, numbers: list[int]) -> list[bytes] | str:
    try:
        return [frame.data for frame in archive.frames(study, series, uid, numbers)]
    except ArchiveError as error:
        return type(error).__name__
