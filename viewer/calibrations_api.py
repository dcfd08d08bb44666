"""The REST doors of calibrations: listed with their history, set by a line of known length, withdrawn."""

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
from rest_framework.views import APIView

from viewer import access, calibrations, seen
from viewer.actions import calibration as actions
from viewer.actions.calibration import Known
from viewer.actions.measurement import Taken
from viewer.api import StudyView, Unanswered, anything, body
from viewer.doors.drawn import Misplaced
from viewer.doors.refusal import Refusal
from viewer.doors.words import translated
from viewer.models import Calibration


class New(Known, forbid_unknown_fields=True, kw_only=True):
    """What is sent to calibrate; `id` and `identity` as of a measurement."""

    id: uuid.UUID | None = None
    identity: str | None = None


class Shown(msgspec.Struct, forbid_unknown_fields=True):
    """What is sent to withdraw; `identity` as of a measurement."""

    identity: str | None = None


class CalibrationsView(StudyView):
    """The calibrations of a study's images."""

    @anything
    def get(self, request: Request, archive: str, study: str) -> Response:
        """Return them as JSON, oldest first, those that were withdrawn too."""
        rows = self.study(archive, study).calibrations.select_related("author", "withdrawn_by").order_by("created")
        return Response({"calibrations": [calibration_json(row) for row in rows]})

    @anything
    def post(self, request: Request, archive: str, study: str) -> Response:
        """Calibrate an image; 200 with what is there when its id has come before."""
        found = access.study_or_404(request, study, archive, "mark")
        try:
            new = msgspec.json.decode(body(request), type=New)
        except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as error:
            raise ValidationError({"detail": _("This is no calibration: %(why)s") % {"why": error}}) from error
        known = Known(**{name: getattr(new, name) for name in Known.__struct_fields__})
        try:
            row, is_new = actions.calibrate(request.user, found, known, uid=new.id, identity=new.identity)
        except Taken:
            return Response({"detail": _("This id belongs to another calibration")}, status.HTTP_409_CONFLICT)
        except seen.SomebodyElse as error:
            return Response({"detail": str(error)}, status.HTTP_409_CONFLICT)
        except Misplaced as error:
            raise ValidationError({"detail": str(error)}) from error
        except Refusal as error:
            raise Unanswered(error) from error
        return Response(calibration_json(row), status.HTTP_201_CREATED if is_new else status.HTTP_200_OK)


class CalibrationView(APIView):
    """One calibration."""

    @anything
    def delete(self, request: Request, calibration: uuid.UUID) -> Response:
        """Withdraw it; it stays in the history. A body may say of whom its page was told."""
        row = Calibration.objects.filter(pk=calibration).select_related("study").first()
        if row is None or not access.may(request.user, "view", row.study):
            raise Http404
        try:
            shown = msgspec.json.decode(body(request) or b"null", type=Shown | None) or Shown()
        except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as error:
            raise ValidationError({"detail": str(error)}) from error
        try:
            return Response(calibration_json(actions.withdraw(request.user, calibration, shown.identity)))
        except seen.SomebodyElse as error:
            return Response({"detail": str(error)}, status.HTTP_409_CONFLICT)
        except Misplaced as error:
            raise ValidationError({"detail": str(error)}) from error
        except Refusal as error:
            raise Unanswered(error) from error


def calibration_json(row: Calibration) -> dict[str, Any]:
    """Return one calibration: mm, and the words that stand beside every number on its image."""
    given = calibrations.spacing_of(row)
    return {
        "id": str(row.pk),
        "series": row.series_uid,
        "instance": row.sop_instance_uid,
        "frame": row.frame,
        "frames": row.frames,
        "rows": row.rows,
        "columns": row.columns,
        "points": row.points,
        "length": row.length,
        "pixel_spacing": [row.row, row.column],
        "words": translated(given.words) if given else "",
        "author": row.author.get_full_name() or row.author.get_username(),
        "created": row.created.isoformat(),
        "withdrawn": row.withdrawn.isoformat() if row.withdrawn else None,
        "withdrawn_by": (row.withdrawn_by.get_full_name() or row.withdrawn_by.get_username())
        if row.withdrawn_by
        else "",
    }


urlpatterns = [
    path("studies/<str:archive>/<str:study>/calibrations/", CalibrationsView.as_view(), name="api-calibrations"),
    path("calibrations/<uuid:calibration>/", CalibrationView.as_view(), name="api-calibration"),
]
