"""How a user likes the pages to look."""

from django.contrib.auth.decorators import login_required
from django.core.exceptions import BadRequest
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.utils.http import url_has_allowed_host_and_scheme
from django.views.decorators.http import require_POST

from viewer.actions import preference
from viewer.templatetags.pages import THEMES


@login_required
@require_POST
def theme(request: HttpRequest) -> HttpResponse:
    """Keep the dark or the light page, and go back to where the choice was made."""
    chosen = request.POST.get("theme", "")
    if chosen not in THEMES:
        raise BadRequest("theme")
    preference.keep(request.user, "theme", chosen)
    back = request.POST.get("back", "/")
    safe = url_has_allowed_host_and_scheme(back, {request.get_host()}, require_https=request.is_secure())
    return HttpResponseRedirect(back if safe else "/")
