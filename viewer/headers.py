"""The headers that every answer carries, whichever door it leaves by."""

from collections.abc import Callable
from functools import lru_cache

from django.conf import settings
from django.http import HttpRequest, HttpResponse

POLICY = "; ".join(
    [
        "default-src 'none'",
        "script-src 'self'",
        "style-src 'self'",
        "img-src 'self' blob:",
        "connect-src 'self'",
        "font-src 'self'",
        "form-action 'self'",
        "frame-ancestors 'none'",
        "base-uri 'none'",
    ]
)
NO_STORE = "no-store"
IMMUTABLE = "public, max-age=31536000, immutable"
NOT_NEEDED = ("camera", "microphone", "geolocation", "payment", "usb", "serial", "display-capture")
HEADERS = {
    "Content-Security-Policy": POLICY,
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": ", ".join(f"{name}=()" for name in NOT_NEEDED),
}


def every_answer(*, cache_control: str | None = None) -> dict[str, str]:
    """Return the headers of every answer; `cache_control` only for bytes that belong to nobody (static files)."""
    headers = HEADERS | {"Cache-Control": cache_control or NO_STORE}
    if cache_control is None:
        headers["Vary"] = "Cookie, Authorization"
    if settings.HTTPS:
        headers["Strict-Transport-Security"] = f"max-age={settings.SECURE_HSTS_SECONDS}; includeSubDomains; preload"
    return headers


def asgi_headers(*, cache_control: str | None = None) -> list[tuple[bytes, bytes]]:
    """Return `every_answer` as an ASGI application sends it: a list of the caller's own."""
    return list(_asgi_headers(cache_control, settings.HTTPS))


@lru_cache
def _asgi_headers(cache_control: str | None, https: bool) -> tuple[tuple[bytes, bytes], ...]:
    headers = every_answer(cache_control=cache_control)
    return tuple((name.lower().encode(), value.encode()) for name, value in headers.items())


class HeadersMiddleware:
    """Set the headers of every answer on what Django's views return."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        response = self.get_response(request)
        vary = [part.strip() for part in response.get("Vary", "").split(",") if part.strip()]
        for name, value in every_answer().items():
            response[name] = value
        if request.path.startswith("/admin/"):
            # Without a referrer, browsers send `Origin: null` with forms, which CSRF protection refuses;
            # our own pages say the same in a meta element.
            response["Referrer-Policy"] = "same-origin"
        both = [*vary, *(part for part in ("Cookie", "Authorization") if part not in vary)]
        response["Vary"] = ", ".join(both)
        return response
