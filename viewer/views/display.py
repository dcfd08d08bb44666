"""The page of the display check; a workstation is known by a cookie: a random id, given at its first check."""

import uuid

from django.conf import settings
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_http_methods

from viewer.actions import display as actions

COOKIE = "samsyn-workstation"
COOKIE_AGE = 400 * 24 * 60 * 60  # seconds; the longest that browsers keep one


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def page(request: HttpRequest) -> HttpResponse:
    """Show pattern, ruler and list; keep what is sent back."""
    workstation = workstation_of(request)
    if request.method != "POST":
        return shown(request, workstation)
    try:
        found = actions.seen(request.POST)
    except actions.Unfit as unfit:
        return shown(request, workstation, unfit)
    # An id that no check has isn't one that we gave.
    if workstation is None or actions.last(workstation) is None:
        workstation = uuid.uuid4()
    actions.keep(request.user, workstation, found)
    answer = redirect("display")
    answer.set_cookie(
        cookie_name(), str(workstation), max_age=COOKIE_AGE, secure=settings.HTTPS, httponly=True, samesite="Lax"
    )
    return answer


def cookie_name() -> str:
    """Return the cookie's name: behind TLS one that no other host can set."""
    return f"__Host-{COOKIE}" if settings.HTTPS else COOKIE


def workstation_of(request: HttpRequest) -> uuid.UUID | None:
    """Return the id that the browser shows, None without a readable one."""
    try:
        return uuid.UUID(request.COOKIES.get(cookie_name(), ""))
    except ValueError:
        return None


def shown(request: HttpRequest, workstation: uuid.UUID | None, unfit: actions.Unfit | None = None) -> HttpResponse:
    """Return the page; after a refusal with what was answered, and why."""
    last = actions.last(workstation) if workstation else None
    questions = [(name, question.words, request.POST.get(name, "")) for name, question in actions.QUESTIONS.items()]
    screen = last and {
        "width": last.screen_width,
        "height": last.screen_height,
        "ratio": last.device_pixel_ratio,
        "depth": last.colour_depth,
        "mm_per_px": last.mm_per_px,
    }
    context = {
        "last": last,
        "wrong": ", ".join(actions.wrong(last)) if last else "",
        "screen": screen,
        "questions": questions,
        "remark": request.POST.get("remark", ""),
        "longest": actions.LONGEST,
        "unfit": unfit,
    }
    return render(request, "viewer/display.html", context, status=422 if unfit else 200)
