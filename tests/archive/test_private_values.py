"""Private b-values reach the records from a folder and from a real DICOMweb server, named or as bytes of UN."""

from io import BytesIO
from pathlib import Path

from pydicom.dataset import FileMetaDataset
from pydicom.uid import ExplicitVRLittleEndian

from tests.imaging.datasets import slice_at
from tests.orthanc import Orthanc
from viewer.archive import Archive, FolderArchive, WebArchive
from viewer.imaging.bulkdata import bulkdata_uris
from viewer.imaging.record import instances

STUDY, SERIES = "1.2.826.0.1.77", "1.2.826.0.1.77.1"
TRUTH = {
    f"{SERIES}.1": (800.0, "(0019,100C)"),
    f"{SERIES}.2": (500.0, "(0043,1039)"),
    f"{SERIES}.3": (1000.0, "(2001,1003)"),
    f"{SERIES}.4": (None, ""),
}


def files() -> list[bytes]:
    """Return four MR images: three vendors, and a private attribute whose creator isn't there."""
    written = []
    for uid in TRUTH:
        image = slice_at(
            0, 1, Modality="MR", SOPClassUID="1.2.840.10008.5.1.4.1.1.4", SOPInstanceUID=uid, SeriesInstanceUID=SERIES,
            StudyInstanceUID=STUDY, PatientID="PRIVATE", PatientName="Private", PixelData=bytes(64 * 64 * 2),
        )  # fmt: skip
        image["PixelData"].VR = "OW"
        if uid.endswith("1"):
            image.private_block(0x0019, "SIEMENS MR HEADER", create=True).add_new(0x0C, "UN", b"800 ")
        elif uid.endswith("2"):
            block = image.private_block(0x0043, "GEMS_PARM_01", create=True)
            block.add_new(0x39, "IS", ["1000000500", "8", "0", "0"])
        elif uid.endswith("3"):
            image.private_block(0x2001, "Philips Imaging DD 001", create=True).add_new(0x03, "FL", 1000.0)
        else:
            image.private_block(0x0019, "SOMEBODY ELSE", create=True).add_new(0x0C, "IS", "700")
        image.file_meta = FileMetaDataset()
        image.file_meta.TransferSyntaxUID = ExplicitVRLittleEndian
        target = BytesIO()
        image.save_as(target, enforce_file_format=True)
        written.append(target.getvalue())
    return written


def found(archive: Archive) -> dict[str | None, tuple[float | None, str]]:
    metadata = archive.series_metadata(STUDY, SERIES)
    # Orthanc gives the value of a UN as an address.
    fetched = {uri: archive.bulkdata(uri) for uri in bulkdata_uris(instances(metadata))}
    listed = instances(metadata, fetched)
    assert not bulkdata_uris(listed)
    return {each.SOPInstanceUID: (each.DiffusionBValue, each.b_from) for each in listed}


def test_of_a_folder(tmp_path: Path) -> None:
    (tmp_path / "in").mkdir()
    for number, data in enumerate(files()):
        (tmp_path / "in" / f"{number}.dcm").write_bytes(data)
    archive = FolderArchive("main", tmp_path / "in", state=tmp_path / "state")
    archive.scan(settle=0)
    assert found(archive) == TRUTH


def test_of_a_dicomweb_server(server: Orthanc) -> None:
    archive = WebArchive("private", server.root, auth=server.auth)
    assert all(result.stored for result in archive.store(files()))
    try:
        assert found(archive) == TRUTH
    finally:
        # Other tests count what the server holds.
        for study in server.rest("studies"):
            if server.rest(f"studies/{study}")["MainDicomTags"]["StudyInstanceUID"] == STUDY:
                server.rest(f"studies/{study}", method="DELETE")
