"""The REST doors: studies, stacks, presentation states and preferences as JSON."""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import msgspec
from django.http import Http404
from django.http.request import RawPostDataException
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
from viewer.doors.listing import glimpse_json, stacks_json
from viewer.doors.overview import study_json
from viewer.doors.refusal import Refusal
from viewer.doors.tags import tags_json
from viewer.models import Preference, PresentationState, Series, Study
from viewer.rendering import Studio

KEY = re.compile(r"[A-Za-z][A-Za-z0-9._-]{0,63}")
UID = re.compile(r"[0-9.]{1,64}")
GLIMPSE_SECONDS = 10.0  # later, the series itself may as well be waited for

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


class TagsView(StudyView):
    """The attributes of one image."""

    @anything
    def get(  # type: ignore[override]
        self, request: Request, archive: str, study: str, series: str, instance: str, frame: int
    ) -> Response:
        """Return every attribute of the image as a tree, from the metadata that the series was opened with."""
        self.study(archive, study)
        if not UID.fullmatch(series) or not rendering.listed(archive, study, series):
            raise Http404

        async def ask(studio: Studio) -> dict[str, Any]:
            return await tags_json(studio, await studio.series(archive, study, series), instance, frame)

        try:
            return Response(rendering.from_thread(ask))
        except Refusal as refusal:
            raise Unanswered(refusal) from refusal


class GlimpseView(StudyView):
    """One image of a series before the series is known."""

    @anything
    def get(self, request: Request, archive: str, study: str, series: str) -> Response:  # type: ignore[override]
        """Return the image that the series opens with, or `?instance=`, as a stack of one; null where there is none.

        What keeps it from being had, its stacks will tell.
        """
        row = Series.objects.filter(study=self.study(archive, study), uid=series).first()
        instance = request.GET.get("instance", "")
        if row is None or (instance and not UID.fullmatch(instance)):
            raise Http404

        async def ask(studio: Studio) -> dict[str, Any] | None:
            opened = await studio.glimpses.ask((archive, study, series), row.instance_count, instance)
            return await glimpse_json(studio, opened)

        try:
            return Response(rendering.from_thread(ask, GLIMPSE_SECONDS))
        except Refusal:
            return Response(None)


class CurrentStateView(StudyView):
    """What the user's page of a study showed last."""

    @anything
    def get(self, request: Request, archive: str, study: str) -> Response:
        """Return the state, null if there is none, or if it is of a version that is no longer read."""
        row = states.current(request.user, self.study(archive, study))
        return Response(None if row is None else presentation.upgraded(row.state))

    @anything
    def put(self, request: Request, archive: str, study: str) -> Response:
        """Keep the state."""
        found, state = self.study(archive, study), _state(request)
        with _in_words():
            states.keep_current(request.user, found, state)
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
        about = access.study_or_404(request, source["study"], source["archive"])
        with _in_words():
            row = states.save(request.user, about, state)
        return Response({"id": str(row.pk)}, status=status.HTTP_201_CREATED)


class SavedStateView(APIView):
    """One saved presentation state."""

    @anything
    def get(self, request: Request, state: str) -> Response:
        """Return the state to whoever may see its study; panes of studies that they may not see are null."""
        row = PresentationState.objects.filter(pk=state, current=False).select_related("study").first()
        if row is None or not access.may(request.user, "view", row.study):
            raise Http404
        return Response(_without_hidden(request, presentation.upgraded(row.state)))


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
            preferences.keep(request.user, _key(key), sent(request))
        except preferences.Unkeepable as error:
            raise ValidationError({"detail": str(error)}) from error
        return Response(status=status.HTTP_204_NO_CONTENT)


def body(request: Request) -> bytes:
    """Return the bytes of a request. Raises ValidationError where a form took them."""
    try:
        return bytes(request.body)
    except RawPostDataException as error:
        raise ValidationError({"detail": _("This isn't JSON")}) from error


def sent(request: Request) -> Any:
    """Return the JSON value that a request brings. Raises ValidationError where it can't be read."""
    try:
        return msgspec.json.decode(body(request))
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as error:
        raise ValidationError({"detail": _("This isn't JSON")}) from error


def sent_object(request: Request) -> dict[str, Any]:
    """Return the JSON object that a request brings. Raises ValidationError."""
    value = sent(request)
    if not isinstance(value, dict):
        raise ValidationError({"detail": _("This isn't a JSON object")})
    return value


@contextmanager
def _in_words() -> Iterator[None]:
    try:
        yield
    except presentation.Unreadable as error:
        raise ValidationError({"detail": str(error)}) from error


def _state(request: Request) -> dict[str, Any]:
    with _in_words():
        return presentation.read(body(request))


def _without_hidden(request: Request, state: dict[str, Any]) -> dict[str, Any]:
    seen = access.visible_studies(request.user)

    def hidden(shown: dict[str, Any]) -> bool:
        source = shown["source"]
        return not seen.filter(uid=source["study"], archive__name=source["archive"]).exists()

    def seen_part(pane: dict[str, Any]) -> dict[str, Any] | None:
        if hidden(pane):
            return None
        return pane | {"fused": None} if pane.get("fused") and hidden(pane["fused"]) else pane

    return {**state, "panes": [seen_part(pane) if pane else None for pane in state["panes"]]}


def _key(key: str) -> str:
    if not KEY.fullmatch(key):
        raise Http404
    return key


urlpatterns = [
    path("studies/<str:archive>/<str:study>/", StudyView.as_view(), name="api-study"),
    path("studies/<str:archive>/<str:study>/state/", CurrentStateView.as_view(), name="api-state"),
    path("studies/<str:archive>/<str:study>/series/<str:series>/stacks/", StacksView.as_view(), name="api-stacks"),
    path("studies/<str:archive>/<str:study>/series/<str:series>/glimpse/", GlimpseView.as_view(), name="api-glimpse"),
    path(
        "studies/<str:archive>/<str:study>/series/<str:series>/instances/<str:instance>/frames/<int:frame>/tags/",
        TagsView.as_view(),
        name="api-tags",
    ),
    path("states/", StatesView.as_view(), name="api-states"),
    path("states/<uuid:state>/", SavedStateView.as_view(), name="api-saved-state"),
    path("preferences/<str:key>/", PreferenceView.as_view(), name="api-preference"),
]
