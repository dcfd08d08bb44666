"""The reader's language at the doors that Django's middleware doesn't see."""

from functools import lru_cache
from typing import Any

from django.conf import settings
from django.http import HttpRequest
from django.utils import translation

from viewer.cookies import cookie


def speak(scope: dict[str, Any]) -> None:
    """Make the rest of this task, and the tasks and threads that it starts, speak the client's language."""
    given = {name: value for name, value in scope["headers"] if name in {b"cookie", b"accept-language"}}
    chosen = cookie(given.get(b"cookie", b"").decode("latin-1"), settings.LANGUAGE_COOKIE_NAME)
    translation.activate(_language(given.get(b"accept-language", b""), chosen))


@lru_cache(256)
def _language(accepted: bytes, chosen: str) -> str:
    request = HttpRequest()
    request.COOKIES = {settings.LANGUAGE_COOKIE_NAME: chosen} if chosen else {}
    request.META = {"HTTP_ACCEPT_LANGUAGE": accepted.decode("latin-1")}
    return translation.get_language_from_request(request)
