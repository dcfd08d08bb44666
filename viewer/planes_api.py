"""The REST door of planes that are saved as a series."""

import uuid
from typing import Any

import msgspec
from django.http import Http404
from django.urls import path
from django.utils.translation import gettext as _
from rest_framework import status
from rest_framework.exceptions import ValidationError
from rest_framework.request import Request
from rest_framework.response import Response

from viewer import access, rendering, seen
from viewer.actions import planes
from viewer.actions.job import visible_job
from viewer.api import UID, StudyView, Unanswered, anything, body
from viewer.doors.planes_wanted import Wanted, series_uid
from viewer.doors.refusal import Refusal
from viewer.doors.words import translated
from viewer.models import Job


class PlanesView(StudyView):
    """Planes through a volume of a series, to be saved as a series of their own."""

    http_method_names = ["get", "head", "post", "options"]

    @anything
    def get(self, request: Request, archive: str, study: str, series: str) -> Response:  # type: ignore[override]
        """Return how far the `job` of a series' planes is; 404 for any other one."""
        found = access.study_or_404(request, study, archive, "mark")
        try:
            key = uuid.UUID(request.query_params.get("job", ""))
        except ValueError as error:
            raise Http404 from error
        job = visible_job(request.user, key)
        if job.kind != planes.KIND or job.study_id != found.pk or job.arguments["series"] != series:
            raise Http404
        return Response(_told(job, job.arguments["planes"]["count"]))

    @anything
    def post(self, request: Request, archive: str, study: str, series: str) -> Response:
        """Have them cut and sent to the archive; 202 with the job, which can be cancelled, and the new series' UID.

        `id` (a UUID of the page's; sent again, nothing is doubled), `stack` (its key), `first` (LPS mm of the middle of
        the first plane), `look` and `up` (as in a presentation state), `count`, `spacing` (mm from plane to plane along
        `look`), `columns`, `rows`, `pixel_spacing` (mm), and, if they aren't to be what is given here, `thickness`
        (mm, 0), `method` ("average_ip", "maximum_ip", "minimum_ip"), `interpolation` ("linear", "cubic"), `window`
        ([centre, width] in modality units, null for the source's own), `description` (64 letters at most), `identity`
        (of whom the page has shown the study).
        """
        found = access.study_or_404(request, study, archive, "mark")
        if not UID.fullmatch(series) or not rendering.listed(archive, study, series):
            raise Http404
        try:
            wanted = msgspec.json.decode(body(request), type=Wanted)
        except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as error:
            raise ValidationError({"detail": _("These are no planes: %(why)s") % {"why": error}}) from error
        try:
            job = planes.save(request.user, found, series, wanted)
        except seen.SomebodyElse as error:
            return Response({"detail": str(error)}, status.HTTP_409_CONFLICT)
        except planes.NoPlanes as error:
            raise ValidationError({"detail": str(error)}) from error
        except Refusal as error:
            raise Unanswered(error) from error
        return Response(_told(job, wanted.count), status.HTTP_202_ACCEPTED)


def _told(job: Job, count: int) -> dict[str, Any]:
    """Return what the page is told of a job: `done` of `total` steps, and words once it has ended."""
    return {
        "job": str(job.pk), "state": job.state, "series": series_uid(job.key), "count": count,
        "done": job.done, "total": job.total, "words": translated(job.words) if job.words else "",
    }  # fmt: skip


urlpatterns = [
    path("studies/<str:archive>/<str:study>/series/<str:series>/planes/", PlanesView.as_view(), name="api-planes"),
]
