"""What an archive's answer to a search says of a study or a series, read with tolerance."""

import hashlib
import json
from dataclasses import dataclass
from datetime import date
from typing import Any

from django.utils import timezone

from viewer import names
from viewer.imaging import uid as uids
from viewer.imaging import when

Attributes = dict[str, Any]

# What a search shall bring beside the standard's own columns (PS3.18 table 10.6.3-3).
STUDY_FIELDS = (
    "StudyDescription",
    "InstitutionName",
    "IssuerOfPatientID",
    "BodyPartExamined",
    "QualityControlImage",
    "QualityControlSubject",
    "TimezoneOffsetFromUTC",
    "ModalitiesInStudy",
    "NumberOfStudyRelatedSeries",
    "NumberOfStudyRelatedInstances",
)


class Unreadable(ValueError):
    """An answer without the UID that everything hangs on."""


@dataclass(frozen=True)
class PatientListing:
    """A patient as one study names them; `patient_id` may be empty."""

    issuer: str
    patient_id: str
    name: str
    birth_date: date | None
    sex: str


@dataclass(frozen=True)
class StudyListing:
    """One row of an answer: the patient, and the columns of `Study` under their names."""

    uid: str
    patient: PatientListing
    fields: dict[str, Any]


@dataclass(frozen=True)
class SeriesListing:
    """One row of an answer: the columns of `Series` under their names."""

    uid: str
    fields: dict[str, Any]


def values(attributes: Attributes, tag: str) -> list[Any]:
    """Return the values of `tag`; [] when it is absent, empty or not written as an element."""
    element = attributes.get(tag)
    found = element.get("Value") if isinstance(element, dict) else None
    return [value for value in found if value is not None] if isinstance(found, list) else []


def text(attributes: Attributes, tag: str, length: int) -> str:
    """Return the first value as text of at most `length` characters."""
    found = values(attributes, tag)
    return str(found[0]).replace("\x00", "").strip()[:length] if found else ""


def person(attributes: Attributes, tag: str) -> str:
    """Return a PN as `alphabetic=ideographic=phonetic`, without empty groups at the end."""
    found = values(attributes, tag)
    if not found:
        return ""
    if not isinstance(found[0], dict):
        return str(found[0]).replace("\x00", "").strip()[:400]
    groups = [str(found[0].get(group) or "") for group in ("Alphabetic", "Ideographic", "Phonetic")]
    return "=".join(groups).rstrip("=").replace("\x00", "")[:400]


def number(attributes: Attributes, tag: str) -> int | None:
    """Return the first value as a whole number, or None."""
    found = values(attributes, tag)
    try:
        result = int(float(found[0])) if found else None
    except (TypeError, ValueError, OverflowError):
        return None
    return result if result is None or abs(result) < 2**31 else None


def study(attributes: Attributes, archive: str) -> StudyListing:
    """Read one study of the archive called `archive`; raises Unreadable without a Study Instance UID."""
    uid = text(attributes, "0020000D", 65)
    if not uids.valid(uid):
        raise Unreadable("a study without a valid UID")
    patient = PatientListing(
        # An ID without an issuer is one of this archive's own.
        issuer=text(attributes, "00100021", 120) or f"@{archive}",
        patient_id=text(attributes, "00100020", 128),
        name=person(attributes, "00100010"),
        birth_date=when.day(text(attributes, "00100030", 16)),
        sex=text(attributes, "00100040", 16),
    )
    made = when.read(
        text(attributes, "00080020", 16), text(attributes, "00080030", 20), text(attributes, "00080201", 16)
    )
    description = text(attributes, "00081030", 255)
    accession = text(attributes, "00080050", 64)
    body_part = text(attributes, "00180015", 64)
    institution = text(attributes, "00080080", 255)
    modalities = sorted({str(value) for value in values(attributes, "00080061") if str(value).strip()})
    quality = {text(attributes, tag, 16).upper() for tag in ("00280300", "00100200")}
    words = names.fold(" ".join([description, accession, body_part, institution, patient.patient_id]))
    described = " ".join(f"d:{word}" for word in names.fold(f"{description} {body_part}").split())
    fields = {
        "PatientName": patient.name,
        "PatientID": patient.patient_id,
        "PatientBirthDate": patient.birth_date,
        "PatientSex": patient.sex,
        "study_date": made.day,
        "study_time": made.clock,
        "study_datetime": timezone.make_aware(made.local) if made.local else None,
        "study_date_written": made.written,
        "timezone_offset": made.offset,
        "accession_number": accession,
        "description": description,
        "modalities": " ".join(modalities)[:100],
        "institution": institution,
        "referring_physician": person(attributes, "00080090"),
        "body_part": body_part,
        "quality_control": bool(quality & {"YES", "BOTH"}),
        "series_count": number(attributes, "00201206"),
        "instance_count": number(attributes, "00201208"),
        "fold": f"{names.search_words(patient.name)}| {words} {described} ",
    }
    written = json.dumps([patient.issuer, fields], default=str, sort_keys=True)
    fields["digest"] = hashlib.sha256(written.encode("utf-8", "surrogatepass")).hexdigest()[:32]
    return StudyListing(uid, patient, fields)


def sought(attributes: Attributes) -> str:
    """Return the words by which the patient of an object is found: name and ID."""
    patient_id = names.fold(text(attributes, "00100020", 128))
    return f"{names.search_words(person(attributes, '00100010'))} {patient_id} "


def series(attributes: Attributes) -> SeriesListing:
    """Read one series; raises Unreadable without a Series Instance UID."""
    uid = text(attributes, "0020000E", 65)
    if not uids.valid(uid):
        raise Unreadable("a series without a valid UID")
    return SeriesListing(
        uid,
        {
            "number": number(attributes, "00200011"),
            "modality": text(attributes, "00080060", 16),
            "description": text(attributes, "0008103E", 255),
            "instance_count": number(attributes, "00201209"),
            "body_part": text(attributes, "00180015", 64),
            "laterality": text(attributes, "00200060", 16),
        },
    )
