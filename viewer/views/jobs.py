"""The page of jobs: what runs, what waits, what has ended, and objects that haven't reached their archive."""

from uuid import UUID

from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_POST, require_safe

from viewer.actions import job as actions
from viewer.actions import outbox
from viewer.doors import works


@login_required
@require_safe
def jobs(request: HttpRequest) -> HttpResponse:
    """Show the page; with `?lists` only its lists."""
    template = "viewer/_jobs.html" if "lists" in request.GET else "viewer/jobs.html"
    return render(request, template, works.page(request.user))


@login_required
@require_POST
def cancel(request: HttpRequest, job: UUID) -> HttpResponse:
    """Cancel a job."""
    actions.cancel(request.user, actions.visible_job(request.user, job))
    return redirect("jobs")


@login_required
@require_POST
def again(request: HttpRequest, job: UUID) -> HttpResponse:
    """Do once more what was canceled or has failed."""
    actions.again(request.user, actions.visible_job(request.user, job))
    return redirect("jobs")


@login_required
@require_POST
def send(request: HttpRequest, item: UUID) -> HttpResponse:
    """Send an object of the outbox again, now."""
    outbox.retry(request.user, outbox.visible_item(request.user, item))
    return redirect("jobs")
