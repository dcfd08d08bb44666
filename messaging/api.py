"""The REST doors of conversations: a study's messages, how far they are read, and what is unread everywhere."""

from django.urls import path
from django.utils.translation import gettext as _
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import extend_schema
from rest_framework.exceptions import APIException, ValidationError
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from messaging import thread, unread
from messaging.verbs import read_messages, send_message
from viewer import access
from viewer.api import sent_object
from viewer.doors.refusal import Refusal
from viewer.models import Study
from viewer.verbs import Function

FURTHEST = 2**53

anything = extend_schema(request=OpenApiTypes.OBJECT, responses=OpenApiTypes.OBJECT)


class Refused(APIException):
    """A refusal with its own status."""

    def __init__(self, refusal: Refusal) -> None:
        super().__init__(refusal.words)
        self.status_code = refusal.status


class TalkView(APIView):
    """What is said about one study."""

    def study(self, archive: str, study: str) -> Study:
        """Return the study if the user may see it, and write that they do; raises Http404."""
        found = access.study_or_404(self.request, study, archive)
        access.note(self.request, found)
        return found

    def do(self, verb: Function, request: Request, archive: str, study: str) -> Response:
        """Do a verb with the request's body."""
        found = self.study(archive, study)
        try:
            done = verb(request.user, found, sent_object(request))
        except Refusal as refusal:
            raise Refused(refusal) from refusal
        return Response(done.result, status=done.status)


class MessagesView(TalkView):
    """The messages."""

    @anything
    def get(self, request: Request, archive: str, study: str) -> Response:
        """Return the messages after `after`, or the newest (before `before`), `limit` at most."""
        found = self.study(archive, study)
        after, before = _number(request, "after"), _number(request, "before")
        limit = _number(request, "limit")
        most = thread.AT_ONCE if limit is None else max(1, min(limit, thread.MOST))
        return Response(thread.page(request.user, found, after=after, before=before, limit=most))

    @anything
    def post(self, request: Request, archive: str, study: str) -> Response:
        """Send a message: 201; a second try with the same `client_uuid` answers 200 with the first one's message."""
        return self.do(send_message, request, archive, study)


class ReadView(TalkView):
    """How far the user has read."""

    @anything
    def put(self, request: Request, archive: str, study: str) -> Response:
        """Move the marker to `seq`; it never moves back."""
        return self.do(read_messages, request, archive, study)


class UnreadView(APIView):
    """What the user hasn't read."""

    @anything
    def get(self, request: Request) -> Response:
        """Return the number of unread messages by study UID."""
        return Response(unread.by_uid(request.user))


def _number(request: Request, name: str) -> int | None:
    """Return a whole number of the query, None where it isn't given. Raises ValidationError."""
    text = request.query_params.get(name)
    if text is None:
        return None
    if not (text.isascii() and text.isdigit() and len(text) <= 16 and int(text) <= FURTHEST):
        raise ValidationError({"detail": _("%(name)s is a whole number") % {"name": name}})
    return int(text)


urlpatterns = [
    path("studies/<str:archive>/<str:study>/messages/", MessagesView.as_view(), name="api-messages"),
    path("studies/<str:archive>/<str:study>/messages/read/", ReadView.as_view(), name="api-messages-read"),
    path("unread/", UnreadView.as_view(), name="api-unread"),
]
