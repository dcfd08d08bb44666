"""Spatial Registration objects of an archive: read once, usable as what somebody has stored."""

import hashlib
import io
import logging

import pydicom
from pydicom.dataset import Dataset

from viewer import archives, jobs, live
from viewer.archive.port import Archive, Unreachable
from viewer.imaging.words import gettext_noop
from viewer.models import Job, OutboxItem, Registration, Study

logger = logging.getLogger(__name__)

READ = "read_registrations"
REG = "REG"
WORST = 50 * 1024 * 1024  # bytes: no such object is larger


def look(study: Study) -> None:
    """Want the registrations of a study read, unless those that it has now were read, or are being read."""
    series = sorted(study.series.filter(modality=REG).values_list("uid", "instance_count"))
    if not series:
        return
    key = f"{study.pk}.{hashlib.sha256(repr(series).encode()).hexdigest()[:16]}"
    if not Job.objects.filter(kind=READ, key=key).exists():
        jobs.want(READ, key=key, study=study)


@jobs.kind(READ, gettext_noop("Reading registrations"), quiet=True)
def read(job: jobs.Running) -> None:
    """Read every Spatial Registration of the study that isn't ours."""
    study = job.study
    if study is None:
        return
    try:
        port = archives.get(study.archive.name)
        ours = set(OutboxItem.objects.filter(study=study).values_list("sop_instance_uid", flat=True))
        changed = False
        for series in study.series.filter(modality=REG).values_list("uid", flat=True):
            for row in port.search_instances(study.uid, series):
                uid = str((row.get("00080018", {}).get("Value") or [""])[0])
                job.check()
                if uid and uid not in ours:
                    changed = _kept(port, study, series, uid) or changed
    except KeyError:
        raise jobs.Failed(gettext_noop("Its archive is no longer configured.")) from None
    except Unreachable as error:
        raise jobs.Later(30, error.words) from error
    if changed:
        live.publish(study.topic, {"changed": "registrations"})


def _kept(port: Archive, study: Study, series: str, uid: str) -> bool:
    """Make rows of an object; return whether there are new ones."""
    from viewer.objects import registration as objects  # noqa: PLC0415 (only an object needs it)

    try:
        found = pydicom.dcmread(io.BytesIO(port.instance(study.uid, series, uid)[:WORST]))
        if found.get("SOPClassUID") != objects.SPATIAL_REGISTRATION or found.get("StudyInstanceUID") != study.uid:
            return False
        read = objects.read(found)
    except Unreachable:
        raise
    except Exception as error:  # whatever stands in a file: it is told, and the others are read
        logger.warning("registration %s can't be read: %s", uid, type(error).__name__)
        return False
    new = False
    moving = _other_study(study, found)
    for each in read:
        _row, made = Registration.objects.get_or_create(
            sop_instance_uid=uid, moving_frame_of_reference=each.moving[:64],
            defaults={
                "study": study, "series_uid": "", "stack": "", "frame_of_reference": each.fixed[:64],
                "moving_study": moving, "moving_series_uid": "", "moving_stack": "", "matrix": each.matrix.tolist(),
                "method": Registration.Method.FILE, "state": Registration.State.ACCEPTED,
                "observer": str(found.get("ContentCreatorName") or found.get("Manufacturer") or "")[:400],
            },
        )  # fmt: skip
        new = new or made
    return new


def _other_study(study: Study, found: Dataset) -> Study:
    """Return the study of the moving images: another of the patient's where the object names one, else its own."""
    for each in found.get("StudiesContainingOtherReferencedInstancesSequence") or ():
        uid = str(each.get("StudyInstanceUID", ""))
        other = Study.objects.filter(uid=uid, archive=study.archive, patient=study.patient).first()
        if other is not None:
            return other
    return study
