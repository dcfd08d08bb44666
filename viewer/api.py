"""The REST doors: studies, stacks, presentation states and preferences as JSON."""

import re
from typing import Any

import msgspec
from django.http import Http404
from django.urls import path
from django.utils.translation import gettext as _
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import extend_schema
from rest_framework import status
from rest_framework.exceptions import APIException, ValidationError
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from viewer import access, presentation, rendering, sync
from viewer.actions import preference as preferences
from viewer.actions import state as states
from viewer.doors.listing import stacks_json
from viewer.doors.overview import study_json
from viewer.doors.refusal import Refusal
from viewer.models import Preference, PresentationState, Study
from viewer.rendering import Studio

KEY = re.compile(r"[A-Za-z][A-Za-z0-9._-]{0,63}")
UID = re.compile(r"[0-9.]{1,64}")

anything = extend_schema(request=OpenApiTypes.OBJECT, responses=OpenApiTypes.OBJECT)


class Unanswered(APIException):
    """A refusal of the image service, with its own status."""

    def __init__(self, refusal: Refusal) -> None:
        super().__init__(refusal.words)
        self.status_code = refusal.status


class StudyView(APIView):
    """What there is to see."""

    def study(self, archive: str, study: str) -> Study:
        """Return the study if the user may see it, and write that they do; raises Http404."""
        found = access.study_or_404(self.request, study, archive)
        access.note(self.request, found)
        return found

    @anything
    def get(self, request: Request, archive: str, study: str) -> Response:
        """Return the study, its series, and the patient's other studies that the user may see."""
        found = self.study(archive, study)
        sync.read_series_first(found)
        return Response(study_json(request.user, found))


class StacksView(StudyView):
    """The stacks of a series."""

    @anything
    def get(self, request: Request, archive: str, study: str, series: str) -> Response:  # type: ignore[override]
        """Return the stacks with every entry at its place, missing ones too."""
        self.study(archive, study)
        if not UID.fullmatch(series) or not rendering.listed(archive, study, series):
            raise Http404

        async def ask(studio: Studio) -> dict[str, Any]:
            return await stacks_json(studio, await studio.series(archive, study, series))

        try:
            return Response(rendering.from_thread(ask))
        except Refusal as refusal:
            raise Unanswered(refusal) from refusal


class CurrentStateView(StudyView):
    """What the user's page of a study showed last."""

    @anything
    def get(self, request: Request, archive: str, study: str) -> Response:
        """Return the state, null if there is none, or if it is of a version that is no longer read."""
        row = states.current(request.user, self.study(archive, study))
        return Response(None if row is None else row.state)

    @anything
    def put(self, request: Request, archive: str, study: str) -> Response:
        """Keep the state."""
        states.keep_current(request.user, self.study(archive, study), _state(request))
        return Response(status=status.HTTP_204_NO_CONTENT)


class StatesView(APIView):
    """Saved presentation states."""

    @anything
    def post(self, request: Request) -> Response:
        """Save a state under an id of its own: it belongs to the study of its active pane, else of its first."""
        state = _state(request)
        shown = [pane for pane in (state["panes"][state["active"] :] + state["panes"]) if pane]
        if not shown:
            raise ValidationError({"detail": _("An empty state isn't saved")})
        for archive, study in presentation.studies(state):
            access.study_or_404(request, study, archive)
        source = shown[0]["source"]
        row = states.save(request.user, access.study_or_404(request, source["study"], source["archive"]), state)
        return Response({"id": str(row.pk)}, status=status.HTTP_201_CREATED)


class SavedStateView(APIView):
    """One saved presentation state."""

    @anything
    def get(self, request: Request, state: str) -> Response:
        """Return the state to whoever may see its study; panes of studies that they may not see are null."""
        row = PresentationState.objects.filter(pk=state, current=False).select_related("study").first()
        if row is None or not access.may(request.user, "view", row.study):
            raise Http404
        return Response(_without_hidden(request, row.state))


class PreferenceView(APIView):
    """One choice of the user."""

    @anything
    def get(self, request: Request, key: str) -> Response:
        """Return the value, null if nothing was chosen."""
        row = Preference.objects.filter(user=request.user.pk, key=_key(key)).first()
        return Response(None if row is None else row.value)

    @anything
    def put(self, request: Request, key: str) -> Response:
        """Keep the value."""
        try:
            preferences.keep(request.user, _key(key), msgspec.json.decode(request.body))
        except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as error:
            raise ValidationError({"detail": _("This isn't JSON")}) from error
        except preferences.TooLarge as error:
            raise ValidationError({"detail": str(error)}) from error
        return Response(status=status.HTTP_204_NO_CONTENT)


def _state(request: Request) -> dict[str, Any]:
    try:
        return presentation.read(request.body)
    except presentation.Unreadable as error:
        raise ValidationError({"detail": str(error)}) from error


def _without_hidden(request: Request, state: dict[str, Any]) -> dict[str, Any]:
    seen = access.visible_studies(request.user)

    def hidden(pane: dict[str, Any]) -> bool:
        source = pane["source"]
        return not seen.filter(uid=source["study"], archive__name=source["archive"]).exists()

    return {**state, "panes": [None if pane and hidden(pane) else pane for pane in state["panes"]]}


def _key(key: str) -> str:
    if not KEY.fullmatch(key):
        raise Http404
    return key


urlpatterns = [
    path("studies/<str:archive>/<str:study>/", StudyView.as_view(), name="api-study"),
    path("studies/<str:archive>/<str:study>/state/", CurrentStateView.as_view(), name="api-state"),
    path("studies/<str:archive>/<str:study>/series/<str:series>/stacks/", StacksView.as_view(), name="api-stacks"),
    path("states/", StatesView.as_view(), name="api-states"),
    path("states/<uuid:state>/", SavedStateView.as_view(), name="api-saved-state"),
    path("preferences/<str:key>/", PreferenceView.as_view(), name="api-preference"),
]
