"""The page of archives: what is read, tried, added, changed, disabled and removed by administrators."""

from typing import Any

from django.conf import settings
from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_POST, require_safe

from viewer import access, archives
from viewer.actions import archive as actions
from viewer.actions.archive_given import Credentials, Unfit, fit_together, given_credentials, given_location
from viewer.archive import ArchiveError, connect
from viewer.archive.port import Archive as Port
from viewer.doors import sites
from viewer.doors.words import translated
from viewer.models import Archive
from viewer.views import trial

SECRETS = ("password", "token")


@login_required
@require_safe
def page(request: HttpRequest) -> HttpResponse:
    """Show every archive; with `?parts` only what changes by itself."""
    access.require_administrator(request.user)
    return shown(request, template="viewer/_archives.html" if "parts" in request.GET else "viewer/archives.html")


@login_required
@require_POST
@sensitive_post_parameters(*SECRETS)
def add(request: HttpRequest) -> HttpResponse:
    """Add an archive."""
    access.require_administrator(request.user)
    try:
        row = actions.add(request, request.POST.get("name", ""), request.POST.get("location", ""), _given(request))
    except Unfit as unfit:
        return shown(request, unfit=unfit)
    messages.success(request, _("{name} is read from now on.").format(name=row.name))
    return redirect("archives")


@login_required
@require_POST
@sensitive_post_parameters(*SECRETS)
def change(request: HttpRequest, name: str) -> HttpResponse:
    """Take a new address or new credentials."""
    if actions.site_of(request, name).from_environment:
        raise Http404("it is changed where it is named")
    try:
        actions.change(request, name, request.POST.get("location", ""), _given(request))
    except Unfit as unfit:
        return shown(request, unfit=unfit, about=name)
    messages.success(request, _("{name} is asked with what you gave from now on.").format(name=name))
    return redirect("archives")


@login_required
@require_POST
def disable(request: HttpRequest, name: str) -> HttpResponse:
    """Ask the archive no more."""
    actions.disable(request, name)
    return redirect("archives")


@login_required
@require_POST
def enable(request: HttpRequest, name: str) -> HttpResponse:
    """Ask the archive again."""
    actions.enable(request, name)
    return redirect("archives")


@login_required
@require_POST
def remove(request: HttpRequest, name: str) -> HttpResponse:
    """Read the archive no more."""
    try:
        exams = actions.remove(request, name)
    except Unfit as unfit:
        return shown(request, unfit=unfit, about=name)
    words = ngettext(
        "{name} is read no more; {count} exam has left the list.",
        "{name} is read no more; {count} exams have left the list.",
        exams,
    )
    messages.success(request, words.format(name=name, count=exams))
    return redirect("archives")


@login_required
@require_POST
@sensitive_post_parameters(*SECRETS)
def try_new(request: HttpRequest) -> HttpResponseBase:
    """Try an address and credentials that aren't kept; the findings come one by one."""
    access.require_administrator(request.user)
    return _tried(request, "")


@login_required
@require_POST
@sensitive_post_parameters(*SECRETS)
def try_known(request: HttpRequest, name: str) -> HttpResponseBase:
    """Try an archive as it is kept, or, where the form brings an address, with what the form brings."""
    site = actions.site_of(request, name)
    if "location" in request.POST:
        return _tried(request, name)
    actions.tried(request, site.source.location, name=name)
    try:
        if site.source.is_folder:
            return trial.told(archives.get(name))
        if site.off == archives.LOCKED:
            raise archives.Off(site.off)
        return trial.told(_port(site.source.location, site.source.auth))
    except ArchiveError as error:
        return trial.refused(translated(error))


def _tried(request: HttpRequest, name: str) -> HttpResponseBase:
    try:
        location, credentials = given_location(request.POST.get("location", "")), _given(request)
        fit_together(location, credentials)
    except Unfit as unfit:
        return trial.refused(unfit.words)
    actions.tried(request, location, name=name)
    return trial.told(_port(location, credentials.auth))


def _port(location: str, auth: str | None) -> Port:
    """Return a connection of its own: what is tried is what was given, not what an open connection remembers."""
    return connect("trial", location, auth=auth, state=settings.STATE)


def _given(request: HttpRequest) -> Credentials:
    """Return the credentials of a form; raises Unfit."""
    found = [request.POST.get(name, "") for name in ("kind", "user", "password", "token")]
    return given_credentials(*found)


def shown(
    request: HttpRequest, *, template: str = "viewer/archives.html", unfit: Unfit | None = None, about: str = ""
) -> HttpResponse:
    """Return the page; after a refusal with what was written, secrets excepted, and why."""
    written = {name: request.POST.get(name, "") for name in ("name", "location", "kind", "user")} if unfit else {}
    context: dict[str, Any] = {
        "sites": sites.all(),
        "kinds": Archive.Auth.choices,
        "unfit": unfit,
        "about": about,
        "written": written,
    }
    return render(request, template, context, status=200 if unfit is None else 422)
