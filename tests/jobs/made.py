"""Objects for the outbox: a small CT of a given study, with UIDs of its own."""

from io import BytesIO

from pydicom.uid import generate_uid

from tests.archive.examples import examples


def made(study: str, *, instance: str | None = None, comment: str = "") -> bytes:
    """Return a Part 10 file of `study` in a new series."""
    dataset = examples()["chest/ct/1.dcm"]
    dataset.StudyInstanceUID, dataset.SeriesInstanceUID = study, generate_uid()
    dataset.SOPInstanceUID = dataset.file_meta.MediaStorageSOPInstanceUID = instance or generate_uid()
    dataset.ImageComments = comment
    held = BytesIO()
    dataset.save_as(held, enforce_file_format=True)
    return held.getvalue()
