"""What a search says of a study, a series and an instance (PS3.18 tables 10.6.3-3 to 5), taken from file headers."""

import sqlite3
from collections.abc import Iterable
from typing import Any

from viewer.archive.index import packed, picked
from viewer.archive.match import tag_of
from viewer.archive.port import Attributes

# The standard's columns, and those that a worklist wants beside them.
STUDY = tuple(
    tag_of(keyword)
    for keyword in (
        "SpecificCharacterSet",
        "StudyDate",
        "StudyTime",
        "AccessionNumber",
        "InstitutionName",
        "ReferringPhysicianName",
        "TimezoneOffsetFromUTC",
        "StudyDescription",
        "PatientName",
        "PatientID",
        "IssuerOfPatientID",
        "PatientBirthDate",
        "PatientSex",
        "PatientAge",
        "OtherPatientIDs",
        "BodyPartExamined",
        "QualityControlImage",
        "StudyInstanceUID",
        "StudyID",
    )
)
SERIES = tuple(
    tag_of(keyword)
    for keyword in (
        "Modality",
        "SeriesDescription",
        "SeriesDate",
        "SeriesTime",
        "BodyPartExamined",
        "Laterality",
        "ProtocolName",
        "SeriesInstanceUID",
        "StudyInstanceUID",
        "SeriesNumber",
        "PerformedProcedureStepStartDate",
        "PerformedProcedureStepStartTime",
        "RequestAttributesSequence",
        "FrameOfReferenceUID",
        "Manufacturer",
    )
)
INSTANCE = tuple(
    tag_of(keyword)
    for keyword in (
        "SOPClassUID",
        "SOPInstanceUID",
        "StudyInstanceUID",
        "SeriesInstanceUID",
        "InstanceNumber",
        "Rows",
        "Columns",
        "BitsAllocated",
        "NumberOfFrames",
        "ImageType",
        "AvailableTransferSyntaxUID",
    )
)


def element(vr: str, *values: Any) -> dict[str, Any]:
    """Return one DICOM JSON element."""
    return {"vr": vr, "Value": list(values)} if values else {"vr": vr}


def columns(attributes: Attributes) -> tuple[str, str, str]:
    """Return SOP Class UID, Modality and Patient ID, which the index keeps as columns."""
    found = [(attributes.get(tag, {}).get("Value") or [""])[0] for tag in ("00080016", "00080060", "00100020")]
    return str(found[0] or ""), str(found[1] or ""), str(found[2] or "")


def rebuild(connection: sqlite3.Connection, studies: Iterable[str]) -> None:
    """Write the rows of `studies` and their series anew from the files that are shown; inside a transaction."""
    for study in studies:
        connection.execute("DELETE FROM study WHERE uid = ?", (study,))
        connection.execute("DELETE FROM series WHERE study = ?", (study,))
        rows = connection.execute(
            "SELECT series, count(*) AS instances FROM file WHERE study = ? AND shown GROUP BY series ORDER BY series",
            (study,),
        ).fetchall()
        kinds = connection.execute(
            "SELECT DISTINCT modality, sop_class FROM file WHERE study = ? AND shown", (study,)
        ).fetchall()
        if not rows:
            continue
        for row in rows:
            attributes = _first(connection, study, SERIES, row["series"]) | {
                "00201209": element("IS", row["instances"])
            }
            connection.execute("INSERT INTO series VALUES (?, ?, ?)", (study, row["series"], packed(attributes)))
        attributes = _first(connection, study, STUDY) | {
            "00080056": element("CS", "ONLINE"),
            "00080061": element("CS", *sorted({row["modality"] for row in kinds} - {""})),
            "00080062": element("UI", *sorted({row["sop_class"] for row in kinds} - {""})),
            "00201206": element("IS", len(rows)),
            "00201208": element("IS", sum(row["instances"] for row in rows)),
        }
        date = (attributes.get("00080020", {}).get("Value") or [""])[0]
        connection.execute("INSERT INTO study VALUES (?, ?, ?)", (study, date or "", packed(attributes)))


def _first(connection: sqlite3.Connection, study: str, tags: Iterable[str], series: str = "") -> Attributes:
    """Return `tags` of the header that speaks for a study or series.

    What lies beside a native slide names a study that DICOM files may define: those come first. Reports that were
    stored about the folder's files come last.
    """
    row = connection.execute(
        "SELECT header FROM file WHERE shown AND study = ? AND (? = '' OR series = ?)"
        " ORDER BY place, native IS NOT NULL, path LIMIT 1",
        (study, series, series),
    ).fetchone()
    return picked(row["header"], tags)
