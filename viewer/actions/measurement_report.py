"""Send a person's measurements of a study to its archive, as one structured report."""

import uuid
from collections.abc import Iterable
from functools import partial
from typing import Any

from django.db import transaction
from django.utils.translation import gettext as _

from viewer import access, live, rendering, seen
from viewer.actions import outbox
from viewer.actions.outbox import NotKept
from viewer.doors.opened import Opened
from viewer.doors.refusal import Refusal
from viewer.doors.words import translated
from viewer.imaging.record import Instance
from viewer.imaging.slide import SLIDE
from viewer.imaging.spacing import NONE, PATIENT, USER
from viewer.models import Measurement, OutboxItem, Study
from viewer.version import VERSION

KIND = "measurements"
SERIES_NUMBER = 900
HEADER = (
    "PatientName", "PatientID", "IssuerOfPatientID", "PatientBirthDate", "PatientSex", "StudyInstanceUID", "StudyID",
    "StudyDate", "StudyTime", "StudyDescription", "AccessionNumber", "ReferringPhysicianName",
)  # fmt: skip
PLAIN = (PATIENT, SLIDE, NONE)  # bases that a report needn't tell: the coordinates or the unit say so


class NothingToSend(Exception):
    """There is no report to be made; the text says why."""


def send(user: Any, study: Study, identity: str | None = None) -> OutboxItem:
    """Put a report with all of `user`'s measurements of `study` into the outbox.

    `identity` is of whom the page has shown the study. Raises Http404, NothingToSend in words, SomebodyElse, and
    Refusal where the images can't be asked or the disk has no room.
    """
    access.require(user, "mark", study)
    seen.require(study, identity)
    rows = list(study.measurements.filter(author=user, deleted=False).order_by("created", "pk"))
    if not rows:
        raise NothingToSend(_("You have measured nothing in this study"))
    before = _before(user, study)
    sop_instance = f"2.25.{uuid.uuid4().int}"
    images = {each: rendering.from_thread(partial(_images, study, each, rows)) for each in _series(rows)}
    data = _report(user, study, rows, images, before, sop_instance)
    with transaction.atomic():
        seen.require(study, identity)
        about = {"kind": KIND, "versions": {str(row.pk): row.version for row in rows}}
        about[outbox.OF_WHOM] = seen.identity(study)
        try:
            item = outbox.put(user, study, data, about)
        except NotKept as error:
            raise Refusal(507, translated(error.words)) from error
        for row in rows:
            Measurement.objects.filter(pk=row.pk).update(report_uid=sop_instance, report_version=row.version)
        live.publish(study.topic, {"changed": "measurements"})
    return item


def _series(rows: Iterable[Measurement]) -> list[str]:
    return list(dict.fromkeys(row.series_uid for row in rows))


def _before(user: Any, study: Study) -> OutboxItem | None:
    """Return the report that the new one replaces: the last of this person that the archive holds."""
    held = OutboxItem.objects.filter(study=study, wanted_by=user, state=OutboxItem.State.STORED, about__kind=KIND)
    return held.order_by("-created").first()


async def _images(study: Study, series: str, rows: list[Measurement], studio: rendering.Studio) -> dict[str, Instance]:
    """Return the images of a series that measurements lie on, by UID; of a plane, under "", one of its volume."""
    opened = await studio.series(study.archive.name, study.uid, series)
    found = {}
    for row in rows:
        if row.series_uid == series:
            uid = row.sop_instance_uid or _of_volume(opened, row.stack)
            if uid in opened.instances:
                found[row.sop_instance_uid] = opened.instances[uid]
    return found


def _of_volume(opened: Opened, key: str) -> str:
    return next((uid for stack in opened.stacks if stack.key == key for uid in stack.images), "")


def _report(
    user: Any,
    study: Study,
    rows: list[Measurement],
    images: dict[str, dict[str, Instance]],
    before: OutboxItem | None,
    sop_instance: str,
) -> bytes:
    from viewer.objects import sr  # noqa: PLC0415 (highdicom: 0.5 s and 20 MB of every start; only a report needs it)

    if not all(row.sop_instance_uid in images[row.series_uid] for row in rows):
        raise NothingToSend(_("An image that was measured is no longer in the study"))
    evidence = {
        (series, image.SOPClassUID or "", image.SOPInstanceUID or "")
        for series, of_series in images.items()
        for image in of_series.values()
    }
    first = images[rows[0].series_uid][rows[0].sop_instance_uid]
    named, listed = (first.PatientID or "").strip(), study.PatientID.strip()
    if named and listed and named != listed:
        raise NothingToSend(_("The images name another patient than the archive does: try again when they agree"))
    report = sr.Report(
        header={keyword: getattr(first, keyword) or "" for keyword in HEADER} | {"StudyInstanceUID": study.uid},
        lengths=[sr.MeasuredLength(**_length(row, images[row.series_uid][row.sop_instance_uid])) for row in rows],
        observer=person_name(user),
        series_uid=before.series_uid if before else f"2.25.{uuid.uuid4().int}",
        sop_instance_uid=sop_instance,
        series_number=SERIES_NUMBER,
        evidence=sorted(evidence),
        previous=[(before.series_uid, before.sop_class_uid, before.sop_instance_uid)] if before else (),
    )
    try:
        return sr.write(report, software=VERSION)
    except ValueError as error:
        raise NothingToSend(_("These measurements can't be written as a report")) from error


def _length(row: Measurement, image: Instance) -> dict[str, Any]:
    """Return the fields of a MeasuredLength."""
    on_image = bool(row.sop_instance_uid)
    frames = row.frame if row.space == Measurement.Space.IMAGE or image.frame_count > 1 else None
    return {
        "tracking_uid": row.tracking_uid,
        "label": row.label,
        "value": row.value or 0.0,
        "unit": row.unit,
        "space": row.space,
        "points": tuple(tuple(point) for point in row.points),
        "frame_of_reference": row.frame_of_reference,
        "sop_class": (image.SOPClassUID or "") if on_image else "",
        "sop_instance": row.sop_instance_uid,
        "series": row.series_uid,
        "frame": frames,
        "basis": "" if row.basis in PLAIN else row.basis,
        "basis_words": row.words["template"].format(**row.words["values"]) if row.basis == USER and row.words else "",
        "parts": tuple((part["name"], part["value"], part["unit"]) for part in row.parts),
    }


def person_name(user: Any) -> str:
    """Return a person's name as DICOM writes it (PS3.5 6.2.1.1)."""
    parts = [part.replace("^", " ").replace("=", " ").replace("\\", " ") for part in (user.last_name, user.first_name)]
    name = "^".join(parts).rstrip("^") or user.get_username()
    return name if "^" in name else f"{name}^"
