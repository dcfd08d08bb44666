"""The REST doors of requests and reading tasks."""

from functools import partial

from django.urls import path
from django.utils.translation import gettext as _
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import extend_schema
from rest_framework import status
from rest_framework.exceptions import ValidationError
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from viewer import access
from viewer.api import sent_object
from viewer.models import Study
from worklist import filling
from worklist.actions import reading
from worklist.actions import request as requests
from worklist.overview import reading_json, request_json

anything = extend_schema(request=OpenApiTypes.OBJECT, responses=OpenApiTypes.OBJECT)

DO = {
    "claim": reading.claim,
    "take_over": reading.take_over,
    "give_back": reading.give_back,
    "finish": reading.finish,
    "reopen": reading.reopen,
    "active": reading.active,
    "close": reading.close,
}


class OfStudy(APIView):
    """Something that belongs to a study."""

    def study(self, archive: str, study: str) -> Study:
        """Return the study if the user may see it, and write that they do; raises Http404."""
        found = access.study_or_404(self.request, study, archive)
        access.note(self.request, found)
        return found


class RequestView(OfStudy):
    """The referrer's words about a study."""

    @anything
    def get(self, request: Request, archive: str, study: str) -> Response:
        """Return every field, or version 0 when there is no request."""
        return Response(request_json(request.user, self.study(archive, study)))

    @anything
    def put(self, request: Request, archive: str, study: str) -> Response:
        """Write the fields given over the `version` that the writer saw; 409 with the present ones if that is past."""
        found = self.study(archive, study)
        fields = sent_object(request)
        version = fields.pop("version", None)
        if not isinstance(version, int) or isinstance(version, bool):
            raise ValidationError({"detail": _("Say which version you have seen.")})
        try:
            requests.save(request.user, found, fields, version)
        except requests.Invalid as error:
            raise ValidationError({"detail": str(error)}) from error
        except requests.Stale:
            words = _("Somebody else has changed the request meanwhile.")
            now = request_json(request.user, found)
            return Response({"detail": words, "request": now}, status=status.HTTP_409_CONFLICT)
        return Response(request_json(request.user, found))

    @anything
    def post(self, request: Request, archive: str, study: str) -> Response:
        """Have a request that is missing read from the images, beside this answer."""
        filling.ask(self.study(archive, study))
        return Response(status=status.HTTP_202_ACCEPTED)


class ReadingView(OfStudy):
    """Who reads a study."""

    @anything
    def get(self, request: Request, archive: str, study: str) -> Response:
        """Return the state of the reading task."""
        return Response(reading_json(request.user, self.study(archive, study)))

    @anything
    def post(self, request: Request, archive: str, study: str) -> Response:
        """Do one thing with it; 409 with the present state when that can't be done."""
        found = self.study(archive, study)
        wanted = sent_object(request)
        action = DO.get(str(wanted.get("do")))
        if action is None:
            raise ValidationError({"detail": _("There is no such thing to do.")})
        shown = wanted.get("contents")
        if isinstance(shown, str):
            action = partial(action, shown=shown) if action is reading.finish else action
        try:
            action(request.user, found)
        except reading.Refused as refused:
            now = reading_json(request.user, found)
            return Response({"detail": refused.words, **now}, status=status.HTTP_409_CONFLICT)
        return Response(reading_json(request.user, found))


urlpatterns = [
    path("studies/<str:archive>/<str:study>/request/", RequestView.as_view(), name="api-request"),
    path("studies/<str:archive>/<str:study>/reading/", ReadingView.as_view(), name="api-reading"),
]
