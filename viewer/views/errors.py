"""The pages for what went wrong: plain words, never a trace."""

import logging
import secrets
import sys

from django.conf import settings
from django.core.exceptions import RequestDataTooBig
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import render
from django.utils.translation import gettext as _

from viewer import trouble

logger = logging.getLogger(__name__)


def bad_request(request: HttpRequest, exception: Exception | None = None) -> HttpResponse:
    """Answer what Django itself refuses: with JSON to those who speak it."""
    if request.path.startswith("/api/"):
        if isinstance(exception, RequestDataTooBig):
            most = settings.DATA_UPLOAD_MAX_MEMORY_SIZE or 0
            words = _("At most %(size)d KiB can be sent at once") % {"size": most // 1024}
            return JsonResponse({"detail": words}, status=413)
        return JsonResponse({"detail": _("This can't be read")}, status=400)
    return render(request, "400.html", status=400)


def forbidden(request: HttpRequest, exception: Exception | None = None) -> HttpResponse:
    return render(request, "403.html", status=403)


def csrf_failed(request: HttpRequest, reason: str = "") -> HttpResponse:
    words = _("The page was open too long, or came from somewhere else. Go back, reload it and try again.")
    return render(request, "403.html", {"words": words}, status=403)


def not_found(request: HttpRequest, exception: Exception | None = None) -> HttpResponse:
    """Answer the same for what isn't there and for what isn't theirs to see."""
    return render(request, "404.html", status=404)


def server_error(request: HttpRequest) -> HttpResponse:
    """Give the fault a number that is in the log too; render without the database, which may be what failed."""
    error = sys.exc_info()[1]
    if isinstance(error, trouble.Gone):
        return trouble.answer(request, error)
    incident = secrets.token_hex(4)
    logger.error("incident %s", incident)
    return render(request, "500.html", {"incident": incident}, status=500)
