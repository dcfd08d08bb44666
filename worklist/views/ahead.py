"""The button that has the exams on top of the list fetched now."""

from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.views.decorators.http import require_POST

from viewer import access
from worklist import prefetch


@login_required
@require_POST
def fetch_ahead(request: HttpRequest) -> HttpResponse:
    """Want the exams on top that this person may read; who may read none gets a 404."""
    if not access.permits_of(request.user, "read").exists():
        raise Http404("nothing to read")
    prefetch.want_now(by=request.user)
    return redirect("jobs")
