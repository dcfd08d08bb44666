"""The reader's language at the doors that Django's middleware doesn't see."""

from functools import lru_cache
from http.cookies import CookieError, SimpleCookie
from typing import Any

from django.conf import settings
from django.http import HttpRequest
from django.utils import translation


def speak(scope: dict[str, Any]) -> None:
    """Make the rest of this task, and the tasks and threads that it starts, speak the client's language."""
    given = {name: value for name, value in scope["headers"] if name in {b"cookie", b"accept-language"}}
    translation.activate(_language(given.get(b"accept-language", b""), _chosen(given.get(b"cookie", b""))))


def _chosen(cookies: bytes) -> str:
    """Return the language that the reader chose, an empty text for none."""
    name = settings.LANGUAGE_COOKIE_NAME
    if name.encode() not in cookies:
        return ""
    try:
        found = SimpleCookie(cookies.decode("latin-1")).get(name)
    except CookieError:
        return ""
    return found.value if found else ""


@lru_cache(256)
def _language(accepted: bytes, chosen: str) -> str:
    request = HttpRequest()
    request.COOKIES = {settings.LANGUAGE_COOKIE_NAME: chosen} if chosen else {}
    request.META = {"HTTP_ACCEPT_LANGUAGE": accepted.decode("latin-1")}
    return translation.get_language_from_request(request)
