"""The way in and out; in demo mode a card for each role logs in with one click, by the same door as everybody."""

from django.conf import settings
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.utils.http import url_has_allowed_host_and_scheme
from django.utils.translation import gettext as _
from django.views.decorators.csrf import ensure_csrf_cookie
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods

from viewer.actions.accounts import DEMO_PASSWORD
from viewer.actions.login import Refusal, log_in, log_out
from viewer.version import VERSION
from viewer.views import demo

STATUS = {Refusal.WRONG: 200, Refusal.TOO_MANY: 429}


@ensure_csrf_cookie
@sensitive_post_parameters("password")
@require_http_methods(["GET", "HEAD", "POST"])
def login(request: HttpRequest) -> HttpResponse:
    """Show the form, and the cards in demo mode; a good name and password lead to where the user wanted to go."""
    onward = destination(request)
    if request.method != "POST":
        return HttpResponseRedirect(onward) if request.user.is_authenticated else form(request, onward)
    username = request.POST.get("username", "")[:150]
    outcome = log_in(request, username, request.POST.get("password", ""))
    if isinstance(outcome, Refusal):
        return form(request, onward, username=username, refusal=outcome)
    return HttpResponseRedirect(onward)


@require_http_methods(["GET", "HEAD", "POST"])
def logout(request: HttpRequest) -> HttpResponse:
    """End the session and have the browser forget; an address alone only asks."""
    if request.method != "POST":
        return render(request, "viewer/logout.html")
    log_out(request)
    response = HttpResponseRedirect(reverse("login"))
    response["Clear-Site-Data"] = '"cache", "storage"'
    return response


def destination(request: HttpRequest) -> str:
    """Return where to go after the login: a page of ours, or the worklist."""
    wanted = request.POST.get("next") or request.GET.get("next") or ""
    safe = url_has_allowed_host_and_scheme(wanted, {request.get_host()}, require_https=request.is_secure())
    return (
        wanted if safe and not wanted.startswith((reverse("login"), reverse("logout"))) else settings.LOGIN_REDIRECT_URL
    )


def form(request: HttpRequest, onward: str, *, username: str = "", refusal: Refusal | None = None) -> HttpResponse:
    words = {
        Refusal.WRONG: _("This name and password don't belong together."),
        Refusal.TOO_MANY: _("Too many tries. Please wait 15 minutes, or ask your administrator."),
    }
    context = {
        "next": onward,
        "username": username,
        "refusal": words[refusal] if refusal else "",
        "roles": demo.roles() if settings.DEMO else [],
        "demo_password": DEMO_PASSWORD if settings.DEMO else "",
        "demo_warning": demo.warning(),
        "version": VERSION,
    }
    return render(request, "viewer/login.html", context, status=STATUS[refusal] if refusal else 200)
