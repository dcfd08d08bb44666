"""What SUV rests on comes through both kinds of archive, makers' own elements of implicit files too."""

from pathlib import Path

import pytest
from pydicom.dataset import Dataset
from pydicom.uid import UID, ExplicitVRLittleEndian, ImplicitVRLittleEndian, generate_uid

from tests.doors.made import positron
from tests.orthanc import Orthanc
from viewer.archive import Archive, FolderArchive, WebArchive
from viewer.imaging import nuclear, suv
from viewer.imaging.record import instances
from viewer.store.opened import tables


def images(syntax: str) -> list[Dataset]:
    """Return a PET in counts, with the factors of Philips and the time of GE."""
    study, series = generate_uid(), generate_uid()
    found = []
    for each in positron.__wrapped__():
        each.StudyInstanceUID, each.SeriesInstanceUID = study, series
        each.SOPInstanceUID = each.file_meta.MediaStorageSOPInstanceUID = generate_uid()
        each.file_meta.TransferSyntaxUID = UID(syntax)
        each.Units, each.SeriesTime = "CNTS", "100000"
        philips = each.private_block(0x7053, nuclear.PHILIPS, create=True)
        philips.add_new(0x00, "DS", "0.00125")
        philips.add_new(0x09, "DS", "2.5")
        each.private_block(0x0009, nuclear.GE, create=True).add_new(0x0D, "DT", "20240301091500.00")
        found.append(each)
    return found


@pytest.mark.parametrize("syntax", [ExplicitVRLittleEndian, ImplicitVRLittleEndian])
@pytest.mark.parametrize("kind", ["folder", "web"])
def test_makers_elements_and_the_tracer_reach_the_record(
    kind: str, syntax: str, tmp_path: Path, request: pytest.FixtureRequest
) -> None:
    made, folder = images(syntax), tmp_path / "pet"
    folder.mkdir()
    paths = [folder / f"{number}.dcm" for number in range(len(made))]
    for dataset, path in zip(made, paths, strict=True):
        dataset.save_as(path, enforce_file_format=True)
    archive: Archive
    if kind == "folder":
        archive = FolderArchive("pet", folder, state=tmp_path / "state")
        archive.scan(settle=0)
    else:
        server: Orthanc = request.getfixturevalue("server")
        archive = WebArchive("pet", server.root, auth=server.auth)
        assert all(result.stored for result in archive.store(path.read_bytes() for path in paths))
    body = archive.series_metadata(made[0].StudyInstanceUID, made[0].SeriesInstanceUID)
    listed = instances(body, tables(archive, instances(body)))
    assert len(listed) == len(made)
    for each in listed:
        assert nuclear.private(each.nuclear, nuclear.PHILIPS, 0x00) == ("70531000", "0.00125")
        assert nuclear.private(each.nuclear, nuclear.PHILIPS, 0x09) == ("70531009", "2.5")
        assert nuclear.private(each.nuclear, nuclear.GE, 0x0D) == ("0009100D", "20240301091500.00")
        assert len(each.nuclear.items("RadiopharmaceuticalInformationSequence")) == 1
    whole, _own = suv.of_series(listed)
    assert whole.measures[0].factor == pytest.approx(0.00125)
