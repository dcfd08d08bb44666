"""Fills a request from the images where nobody has written one: a job, wanted when a study's series become known."""

import json

from django.db import transaction

from viewer import archives, jobs
from viewer.archive.port import ArchiveError, Malformed, NotThere
from viewer.imaging.words import gettext_noop
from viewer.listing import text
from viewer.models import Job, Series, Study
from viewer.views import modalities
from worklist.actions import request
from worklist.models import Request
from worklist.said import request_fields

KIND = "fill_request"
LATER = 60.0  # seconds until an archive that doesn't answer is asked again


def want(study: Study) -> None:
    """Have the request of `study` filled, unless somebody has written it; call in a transaction."""
    if not written(study) and study.series.exists():
        jobs.want(KIND, key=str(study.pk), study=study)


@transaction.atomic
def ask(study: Study) -> None:
    """Have a missing request filled for somebody who looks for it; once asked in vain, it isn't asked again."""
    if not Request.objects.filter(study=study).exists() and not Job.objects.filter(kind=KIND, study=study).exists():
        want(study)


def written(study: Study) -> bool:
    """Say whether a person or an order has written the request."""
    return Request.objects.filter(study=study).exclude(origin=Request.Origin.DICOM, edited_by=None).exists()


@jobs.kind(KIND, gettext_noop("the request, read from the images"), quiet=True, bulk=True)
def run(job: jobs.Running) -> None:
    """Read one instance of the study and write what it says of the request."""
    if job.study is not None and job.study.gone_at is None:
        try:
            fill_from_dicom(job.study)
        except (NotThere, Malformed) as error:
            raise jobs.Failed(error.words) from error
        except ArchiveError as error:
            raise jobs.Later(LATER, error.words) from error


def fill_from_dicom(study: Study) -> Request | None:
    """Fill the request from one instance; returns None where it says nothing, or where somebody has written.

    Raises ArchiveError.
    """
    series = _telling(study)
    if series is None or written(study):
        return None
    port = archives.get(study.archive.name)
    for listed in port.search_instances(study.uid, series.uid):
        instance = text(listed, "00080018", 65)
        if instance:
            found = json.loads(port.instance_metadata(study.uid, series.uid, instance))
            fields = request_fields(found[0]) if found else {}
            return request.fill(study, fields) if fields else None
    return None


def _telling(study: Study) -> Series | None:
    """Return the series that is asked: the first with images, since what is made later may lack the request."""
    rows = list(Series.objects.filter(study=study).order_by("number", "pk"))
    return next((row for row in rows if modalities.has_images(row.modality)), rows[0] if rows else None)
