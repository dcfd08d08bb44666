"""Lengths that structured reports of an archive hold: read once, shown as what their observer measured."""

import hashlib
import io
import logging
from collections.abc import Iterator
from typing import Any

import numpy as np
import pydicom
from pydicom.dataset import Dataset

from viewer import archives, jobs, live
from viewer.archive.port import Archive, ArchiveError, Unreachable
from viewer.imaging import measure, record, slide, spacing
from viewer.imaging.record import FrameNumberError, Instance, MetadataError
from viewer.imaging.words import gettext_noop
from viewer.models import Job, Measurement, OutboxItem, Study

logger = logging.getLogger(__name__)

READ = "read_reports"
SR = "SR"
WORST = 200 * 1024 * 1024  # bytes: no report is larger
LONGEST = 1e6


def look(study: Study) -> None:
    """Want the reports of a study read, unless those that it has now were read, or are being read."""
    series = sorted(study.series.filter(modality=SR).values_list("uid", "instance_count"))
    if not series:
        return
    key = f"{study.pk}.{hashlib.sha256(repr(series).encode()).hexdigest()[:16]}"
    if not Job.objects.filter(kind=READ, key=key).exists():
        jobs.want(READ, key=key, study=study)


@jobs.kind(READ, gettext_noop("Reading reports"), quiet=True)
def read(job: jobs.Running) -> None:
    """Read every report of the study that isn't ours, oldest first."""
    study = job.study
    if study is None:
        return
    try:
        port = archives.get(study.archive.name)
        found = sorted(_reports(port, study, job), key=_written)
        superseded = {uid for report in found for uid in _predecessors(report)}
        latest = {}
        for report in found:
            if str(report.SOPInstanceUID) not in superseded:
                latest.update({tracking: (report, length) for tracking, length in _lengths(report)})
        changed = [_kept(port, study, tracking, report, length) for tracking, (report, length) in latest.items()]
        changed.append(_withdrawn(study, superseded, set(latest)))
    except KeyError:
        raise jobs.Failed(gettext_noop("Its archive is no longer configured.")) from None
    except Unreachable as error:
        raise jobs.Later(30, error.words) from error
    if any(changed):
        live.publish(study.topic, {"changed": "measurements"})


def _reports(port: Archive, study: Study, job: jobs.Running) -> Iterator[Dataset]:
    ours = set(OutboxItem.objects.filter(study=study).values_list("sop_instance_uid", flat=True))
    for series in study.series.filter(modality=SR).values_list("uid", flat=True):
        for row in port.search_instances(study.uid, series):
            uid = str((row.get("00080018", {}).get("Value") or [""])[0])
            job.check()
            if not uid or uid in ours:
                continue
            try:
                data = port.instance(study.uid, series, uid)
                report = pydicom.dcmread(io.BytesIO(data[:WORST]))
            except Unreachable:
                raise
            except Exception as error:  # whatever stands in a file: it is told, and the others are read
                logger.warning("report %s can't be read: %s", uid, type(error).__name__)
                continue
            if report.get("StudyInstanceUID") == study.uid and report.get("Modality") == SR:
                yield report


def _written(report: Dataset) -> tuple[str, str]:
    return str(report.get("ContentDate", "")), str(report.get("ContentTime", ""))


def _predecessors(report: Dataset) -> Iterator[str]:
    for study in report.get("PredecessorDocumentsSequence") or ():
        for series in study.get("ReferencedSeriesSequence") or ():
            for each in series.get("ReferencedSOPSequence") or ():
                yield str(each.get("ReferencedSOPInstanceUID", ""))


def _lengths(report: Dataset) -> Iterator[tuple[str, Any]]:
    """Yield the report's lengths with the UID by which each is known; nothing where it can't be read."""
    from viewer.objects import sr  # noqa: PLC0415 (takes a second, and only a report needs it)

    try:
        found = sr.read(report)
    except Exception as error:  # whatever stands in a file: it is told, and the others are read
        logger.warning("report %s has no content that can be read: %s", report.SOPInstanceUID, type(error).__name__)
        return
    for number, length in enumerate(found):
        yield length.tracking_uid[:64] or f"{report.SOPInstanceUID}.{number}"[-64:], length


def _kept(port: Archive, study: Study, tracking: str, report: Dataset, length: Any) -> bool:
    """Make a row of a length, or bring it up to date; return whether it is new. What was drawn here stays as it is."""
    uid = str(report.SOPInstanceUID)
    there = study.measurements.filter(tracking_uid=tracking).first()
    if there is not None and (there.author_id is not None or there.report_uid == uid):
        return False
    values = _values(port, study, length)
    if values is None:
        logger.info("a length in report %s lies on nothing that is in its study", uid)
        return False
    row = there or Measurement(study=study, tracking_uid=tracking)
    row.version = there.version + 1 if there else 1
    for name, value in {**values, "report_uid": uid, "report_version": row.version, "deleted": False}.items():
        setattr(row, name, value)
    row.save()
    return True


def _withdrawn(study: Study, superseded: set[str], present: set[str]) -> bool:
    """Take away what only reports hold that newer ones have replaced."""
    gone = study.measurements.filter(author=None, deleted=False, report_uid__in=superseded)
    return gone.exclude(tracking_uid__in=present).update(deleted=True) > 0


def _values(port: Archive, study: Study, length: Any) -> dict[str, Any] | None:
    """Return the fields of a row; None for a length that belongs to no image of the study.

    The number is the report's own. Points in pixels become places in the patient where the image has such.
    """
    if not 0 <= length.value < LONGEST:
        return None
    image, frame = _image(port, study, length)
    points = [list(point) for point in length.points]
    space, frame_of_reference = length.space, length.frame_of_reference
    if image is None and (space == "image" or not frame_of_reference):
        return None
    basis = spacing.PATIENT
    if space == "image" and image is not None:
        try:
            of_frame = image.frame(frame)
        except FrameNumberError:
            return None
        plane = measure.plane_in_patient(image, of_frame)
        basis = measure.length_in_image(points, image, of_frame).basis
        if (basis == spacing.NONE) != (length.unit != measure.MILLIMETRES):
            basis = spacing.ESTIMATED if length.unit == measure.MILLIMETRES else spacing.NONE
        if plane is not None:
            space, frame_of_reference = "patient", image.FrameOfReferenceUID or ""
            points = plane.lps(np.array(points)).tolist()
        else:
            frame_of_reference = ""
    elif image is not None:
        if image.FrameOfReferenceUID != frame_of_reference:
            return None
        if image.ImageOrientationSlide:
            space, basis = "slide", slide.SLIDE
    return {
        "space": space,
        "frame_of_reference": frame_of_reference,
        "series_uid": (image.SeriesInstanceUID or "") if image else "",
        "sop_instance_uid": (image.SOPInstanceUID or "") if image else "",
        "frame": frame if image is not None and space != "slide" else None,
        "points": points,
        "value": length.value,
        "unit": length.unit,
        "basis": basis,
        "label": "" if length.label.strip().lower() == "length" else length.label[:200],
        "observer": length.observer[:400],
    }


def _image(port: Archive, study: Study, length: Any) -> tuple[Instance | None, int]:
    if not (length.series and length.sop_instance and study.series.filter(uid=length.series).exists()):
        return None, 1
    try:
        found = record.instances(port.instance_metadata(study.uid, length.series, length.sop_instance))
    except Unreachable:
        raise
    except (ArchiveError, MetadataError):
        return None, 1
    image = next((each for each in found if each.SOPInstanceUID == length.sop_instance), None)
    return image, length.frame or 1
