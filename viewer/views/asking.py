"""Asking for access to something that isn't theirs to see, or isn't there: the answer is the same."""

from django.contrib.auth.decorators import login_required
from django.core.exceptions import BadRequest
from django.db import transaction
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_POST

from viewer import audit

ASKED = "access asked for"
SHORTEST, LONGEST, ADDRESS = 10, 500, 300  # characters


@login_required
@require_POST
def ask_for_access(request: HttpRequest) -> HttpResponse:
    """Write the wish and its reason where the privacy officer reads it; nothing tells whether the thing exists."""
    address = request.POST.get("address", "")
    reason = request.POST.get("reason", "").strip()
    if not address.startswith("/") or len(address) > ADDRESS or not SHORTEST <= len(reason) <= LONGEST:
        raise BadRequest("address or reason")
    with transaction.atomic():
        audit.record(
            request.user, audit.Event.SECURITY_ALERT, subtype=ASKED, success=False, request=request,
            detail={"address": address, "reason": reason},
        )  # fmt: skip
    return render(request, "viewer/asked.html")
