"""The REST doors of registrations: listed, proposed by landmarks or by a job, accepted or rejected by a person."""

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

from viewer import access, registrations, spatial
from viewer.actions import registration as actions
from viewer.api import StudyView, Unanswered, anything, body
from viewer.doors.refusal import Refusal
from viewer.doors.words import translated
from viewer.imaging.registration import NotRegistered
from viewer.models import Registration, Study


class RegistrationsView(StudyView):
    """The registrations of a study's series with others."""

    @anything
    def get(self, request: Request, archive: str, study: str) -> Response:
        """Return them as JSON, the newest first; those of the archive's own objects are read beside."""
        found = self.study(archive, study)
        spatial.look(found)
        return Response({"registrations": [as_json(row) for row in registrations.of_study(request.user, found)]})

    @anything
    def post(self, request: Request, archive: str, study: str) -> Response:
        """Propose one: 201 with its matrix by landmarks, 202 while a job looks for it."""
        found = access.study_or_404(request, study, archive, "mark")
        try:
            new = msgspec.json.decode(body(request), type=actions.New)
        except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as error:
            raise ValidationError({"detail": _("This is no registration: %(why)s") % {"why": error}}) from error
        try:
            row = actions.propose(request.user, found, new)
        except NotRegistered as error:
            raise ValidationError({"detail": translated(error.words)}) from error
        except Refusal as error:
            raise Unanswered(error) from error
        return Response(as_json(row), status.HTTP_201_CREATED if row.matrix else status.HTTP_202_ACCEPTED)


class RegistrationView(APIView):
    """One registration."""

    @anything
    def put(self, request: Request, registration: uuid.UUID) -> Response:
        """Accept it."""
        return self._decided(request, registration, accept=True)

    @anything
    def delete(self, request: Request, registration: uuid.UUID) -> Response:
        """Reject it, or end its use."""
        return self._decided(request, registration, accept=False)

    def _decided(self, request: Request, registration: uuid.UUID, *, accept: bool) -> Response:
        row = registrations.visible(request.user).filter(pk=registration).first()
        if row is None:
            raise Http404
        try:
            return Response(as_json(actions.decide(request.user, row, accept=accept)))
        except NotRegistered as error:
            raise ValidationError({"detail": translated(error.words)}) from error
        except Refusal as error:
            raise Unanswered(error) from error


def as_json(row: Registration) -> dict[str, Any]:
    """Return one registration; `matrix` takes LPS mm of the moving Frame of Reference to the fixed one's."""
    return {
        "id": str(row.pk),
        "fixed": _side(row.study, row.series_uid, row.stack, row.frame_of_reference),
        "moving": _side(row.moving_study, row.moving_series_uid, row.moving_stack, row.moving_frame_of_reference),
        "method": row.method,
        "state": row.state,
        "matrix": row.matrix,
        "error": row.error,
        "words": registrations.words(row),
        "created": row.created.isoformat(),
    }


def _side(study: Study, series: str, stack: str, frame: str) -> dict[str, str]:
    place = {"archive": study.archive.name, "study": study.uid}
    return place | {"series": series, "stack": stack, "frame_of_reference": frame}


urlpatterns = [
    path("studies/<str:archive>/<str:study>/registrations/", RegistrationsView.as_view(), name="api-registrations"),
    path("registrations/<uuid:registration>/", RegistrationView.as_view(), name="api-registration"),
]
