"""A study as JSON for the page: the patient, the series, and the patient's other studies."""

from collections.abc import Callable
from typing import Any

from viewer import access, rendering
from viewer.doors.description import age
from viewer.doors.words import translated
from viewer.imaging.kinds import MODALITIES
from viewer.models import Series, Study

# Upper rooms add what they know of a study under a name of their own: `overview.parts["request"] = function`.
parts: dict[str, Callable[[Any, Study], Any]] = {"request": lambda user, study: None}


def study_json(user: Any, study: Study) -> dict[str, Any]:
    """Return one study for a user who may see it."""
    return {
        "archive": study.archive.name,
        "study": study.uid,
        "patient": patient_json(study),
        "study_date": study.study_date.isoformat() if study.study_date else "",
        "study_time": study.study_time.isoformat("seconds") if study.study_time else "",
        "study_description": study.description,
        "accession_number": study.accession_number,
        "institution": study.institution,
        "referring_physician": study.referring_physician,
        "modalities": study.modalities,
        "instances": study.instance_count,
        "phantom": study.quality_control,
        "duplicates": study.duplicates or None,
        "topic": study.topic,
        "series": [series_json(each, study) for each in study.series.order_by("number", "uid")],
        "studies": [dot_json(each, study) for each in _of_patient(user, study)],
        **{name: part(user, study) for name, part in parts.items()},
    }


def patient_json(study: Study) -> dict[str, Any]:
    """Return the patient as this study names them, with words where that identity can't be trusted."""
    return {
        "key": study.patient.key,
        "name": str(study.display),
        "id": study.PatientID,
        "birth_date": study.PatientBirthDate.isoformat() if study.PatientBirthDate else "",
        "sex": study.PatientSex,
        "age": age(study.age),
        "conflict": study.identity_conflict or None,
    }


def series_json(series: Series, study: Study) -> dict[str, Any]:
    """Return one series; whether its objects can be shown is known for sure only when it has been opened."""
    kind = MODALITIES.get(series.modality)
    viewable, words = (False, translated(kind)) if kind else (None, "")
    opened = rendering.lying_open(study.archive.name, study.uid, series.uid)
    if opened is not None:
        viewable, words = bool(opened.stacks), "" if opened.stacks else opened.words_of_nothing()
    return {
        "uid": series.uid,
        "number": series.number,
        "modality": series.modality,
        "description": series.description,
        "instances": series.instance_count,
        "body_part": series.body_part,
        "laterality": series.laterality,
        "viewable": viewable,
        "words": words,
    }


def dot_json(study: Study, current: Study) -> dict[str, Any]:
    """Return one study of the timeline."""
    return {
        "archive": study.archive.name,
        "study": study.uid,
        "date": study.study_date.isoformat() if study.study_date else "",
        "modalities": study.modalities,
        "description": study.description,
        "instances": study.instance_count,
        "current": study.pk == current.pk,
    }


def _of_patient(user: Any, study: Study) -> list[Study]:
    of_patient = access.visible_studies(user).filter(patient=study.patient_id).select_related("archive")
    return list(of_patient.order_by("study_datetime", "pk"))
