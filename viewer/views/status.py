"""The page of the system's state, for administrators: quiet while all is well, and it says what isn't."""

from uuid import UUID

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from viewer import access, status
from viewer.actions import archive as actions
from viewer.doors import sites


@login_required
@require_safe
def page(request: HttpRequest) -> HttpResponse:
    """Show the page; with `?parts` only its figures."""
    access.require_administrator(request.user)
    found = status.figures()
    bad = {warning["about"] for warning in found["warnings"]}
    context = {"status": found, "sites": sites.all(), "bad": bad}
    return render(request, "viewer/_status.html" if "parts" in request.GET else "viewer/status.html", context)


@login_required
@require_POST
def send_again(request: HttpRequest, item: UUID) -> HttpResponse:
    """Send a stuck object again, now."""
    actions.send_again(request, item)
    messages.success(request, _("It is being sent."))
    return redirect("status")
