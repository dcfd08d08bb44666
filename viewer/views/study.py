"""The viewer page's shell: who may open it, from which archive, and the row in the audit."""

import uuid
from typing import Any
from urllib.parse import urlencode

from django.contrib.auth.decorators import login_required
from django.db import transaction
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.http import require_safe

from viewer import access, audit, rendering
from viewer.doors import overview
from viewer.models import Preference, Study
from viewer.views.who import user_of


@login_required
@require_safe
def study(request: HttpRequest, uid: str) -> HttpResponse:
    """Show the study, or ask which archive is meant; a HEAD opens nothing and writes nothing."""
    try:
        found = access.study_or_404(request, uid, request.GET.get("archive") or None)
    except access.SeveralArchives as several:
        return which_archive(request, several.studies)
    state = state_id(request.GET.get("state", ""))
    if request.method == "GET":
        with transaction.atomic():
            audit.opened(request.user, found, request)
    shown = page(request, found, state)
    return render(request, "viewer/study.html", {"study": found, "page": shown, "early": early(request, found, shown)})


def early(request: HttpRequest, found: Study, shown: dict[str, Any]) -> list[str]:
    """Begin to read what the page will show first, and return what its script will ask for at once."""
    if request.method != "GET" or shown["state_id"]:
        return []
    asked = [shown["urls"]["study"], shown["urls"]["state"], f"{shown['urls']['preferences']}viewer/"]
    first = overview.opening(request.user, found)
    if first is None:
        return asked
    rendering.hurry(found.archive.name, found.uid, first.series, first.count, first.instance)
    glimpse = reverse("api-glimpse", args=[found.archive.name, found.uid, first.series])
    glimpse += f"?{urlencode({'instance': first.instance})}" if first.instance else ""
    shown["first"] = {"series": first.series, "glimpse": glimpse}
    return [glimpse, *asked]


def which_archive(request: HttpRequest, studies: list[Study]) -> HttpResponse:
    """Ask which of several archives is meant; what else the address says is kept."""
    rest = {name: value for name, value in request.GET.items() if name != "archive"}
    choices = [
        {"study": choice, "address": f"{request.path}?{urlencode({'archive': choice.archive.name, **rest})}"}
        for choice in studies
    ]
    return render(request, "viewer/which_archive.html", {"choices": choices}, status=300)


def state_id(text: str) -> str | None:
    """Return the id of a presentation state as the address gives it; what isn't an id isn't there."""
    if not text:
        return None
    try:
        return str(uuid.UUID(text))
    except ValueError:
        raise Http404("no such state") from None


def page(request: HttpRequest, found: Study, state: str | None) -> dict[str, Any]:
    """Return what the page's script needs to begin; names and pictures it asks for by itself."""
    user = user_of(request)
    return {
        "archive": found.archive.name,
        "study": found.uid,
        "user": {"id": user.pk, "name": user.get_full_name() or user.get_username()},
        "state_id": state,
        "first": None,
        "side": Preference.objects.filter(user=user, key="side").values_list("value", flat=True).first(),
        "urls": {
            "study": f"/api/studies/{found.archive.name}/{found.uid}/",
            "state": f"/api/studies/{found.archive.name}/{found.uid}/state/",
            "states": "/api/states/",
            "preferences": "/api/preferences/",
            "pictures": "/dicomweb/",
            "socket": f"/ws/{found.uid}/?{urlencode({'archive': found.archive.name})}",
            "worklist": "/",
            "patient": reverse("patient", args=[found.patient.key]),
            "login": reverse("login"),
            "logout": reverse("logout"),
        },
    }
