"""A study as JSON for the page: the patient, the series, and the patient's other studies."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from viewer import access, presentation, rendering, seen
from viewer.doors.dates import doubt
from viewer.doors.description import age
from viewer.doors.words import translated
from viewer.imaging.kinds import MODALITIES
from viewer.imaging.when import in_order, offset_words
from viewer.models import Measurement, OutboxItem, PresentationState, Series, Study
from viewer.views import modalities

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
        "timezone_offset": offset_words(study.timezone_offset),
        "date_words": doubt(study.when, study.PatientBirthDate),
        "study_description": study.description,
        "accession_number": study.accession_number,
        "institution": study.institution,
        "referring_physician": study.referring_physician,
        "modalities": study.modalities,
        "instances": study.instance_count,
        "contents": seen.contents(study),
        "phantom": study.quality_control,
        "duplicates": study.duplicates or None,
        "topic": study.topic,
        "unreachable_since": since.isoformat() if (since := study.archive.unreachable_since) else None,
        "series": _series(study),
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
        "identity": seen.identity(study),
    }


@dataclass(frozen=True)
class Opening:
    """What a study opens with: a series, how many images it has, and which of them; "" is the series' own first."""

    series: str
    count: int | None
    instance: str


def opening(user: Any, study: Study) -> Opening | None:
    """Return what the user's page of a study will show first; None while no series is known that could be shown."""
    rows = [each for each in study.series.order_by("number", "uid") if _viewable(each, study)[0] is not False]
    counts = {each.uid: each.instance_count for each in rows}
    state = PresentationState.objects.filter(user=user, study=study, current=True).first()
    source = _shown_by(state.state) if state else None
    if (
        source
        and source["study"] == study.uid
        and source["archive"] == study.archive.name
        and source["series"] in counts
    ):
        return Opening(source["series"], counts[source["series"]], source["instance"])
    # As the page chooses: a localiser of one or two images often has the lowest number, and is never wanted.
    most = max((count or 0 for count in counts.values()), default=0)
    uid = next((uid for uid, count in counts.items() if (count or 0) >= min(10, most)), None)
    return Opening(uid, counts[uid], "") if uid else None


def _shown_by(state: dict[str, Any]) -> dict[str, Any] | None:
    """Return the source of a kept state's active pane, if that is the only frame of an image in a stack."""
    try:
        kept = presentation.upgraded(state)
    except presentation.Unreadable:  # the page will be told
        return None
    pane = kept["panes"][kept["active"]] if kept["active"] < len(kept["panes"]) else None
    source: dict[str, Any] = pane["source"] if pane else {}
    return source if source.get("kind") == "stack" and source.get("frame") == 1 else None


def _is_of(source: dict[str, Any], study: Study) -> bool:
    return (source["archive"], source["study"]) == (study.archive.name, study.uid)


def _series(study: Study) -> list[dict[str, Any]]:
    rows = list(study.series.order_by("number", "uid"))
    told = measured(study, [each.uid for each in rows if each.modality == "SR"])
    return [series_json(each, study, told.get(each.uid, "")) for each in rows]


def measured(study: Study, reports: list[str]) -> dict[str, str]:
    """Return what the `reports` (series UIDs) hold that are known as reports of measurements, in words."""
    if not reports:
        return {}
    written = dict(OutboxItem.objects.filter(study=study).values_list("sop_instance_uid", "series_uid"))
    others = [uid for uid in reports if uid not in written.values()]
    count = dict.fromkeys((uid for uid in reports if uid not in others), 0)
    for report in Measurement.objects.filter(study=study, deleted=False).values_list("report_uid", flat=True):
        # A row names its report, not that one's series: where it can only be one, it is that one.
        series = written.get(report) or (others[0] if report and len(others) == 1 else "")
        if series in reports:
            count[series] = count.get(series, 0) + 1
    return {
        uid: ngettext("%(n)d length, shown under Findings", "%(n)d lengths, shown under Findings", n) % {"n": n}
        if n
        else _("earlier measurements, replaced by later ones")
        for uid, n in count.items()
    }


def series_json(series: Series, study: Study, told: str = "") -> dict[str, Any]:
    """Return one series; whether its objects can be shown is known for sure only when it has been opened.

    `told`: what it holds, where that is shown by other means than as images.
    """
    viewable, words = _viewable(series, study)
    return {
        "uid": series.uid,
        "number": series.number,
        "modality": series.modality,
        "description": series.description,
        "instances": series.instance_count,
        "body_part": series.body_part,
        "laterality": series.laterality,
        "viewable": viewable,
        "words": told or words,
        "told": bool(told),
    }


def _viewable(series: Series, study: Study) -> tuple[bool | None, str]:
    """Return whether a series can be shown, None where nobody knows yet, and why not."""
    opened = rendering.lying_open(study.archive.name, study.uid, series.uid)
    if opened is not None:
        viewable = bool(opened.stacks or opened.slides)
        return viewable, "" if viewable else opened.words_of_nothing()
    kind = MODALITIES.get(series.modality)
    return (False, translated(kind)) if kind else (None, "")


def dot_json(study: Study, current: Study) -> dict[str, Any]:
    """Return one study of the timeline."""
    return {
        "archive": study.archive.name,
        "study": study.uid,
        "date": study.study_date.isoformat() if study.study_date else study.study_date_written,
        "time": study.study_time.isoformat("seconds") if study.study_time else "",
        "timezone_offset": offset_words(study.timezone_offset),
        "date_words": doubt(study.when, study.PatientBirthDate),
        "modalities": modalities.shown(study.modalities),
        "description": study.description,
        "instances": study.instance_count,
        "current": study.pk == current.pk,
    }


def _of_patient(user: Any, study: Study) -> list[Study]:
    of_patient = access.visible_studies(user).filter(patient=study.patient_id).select_related("archive")
    return in_order(of_patient.order_by("pk"), lambda each: each.when)
