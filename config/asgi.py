"""The ASGI application: Host check, pictures, static files, the socket, and Django for the rest."""

import logging
import os
import re
from functools import lru_cache
from typing import Any
from urllib.parse import urlsplit

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")

from django.core.asgi import get_asgi_application

django_application = get_asgi_application()

from channels.routing import URLRouter  # noqa: E402 (models exist only from here on)
from django.conf import settings  # noqa: E402
from django.http.request import split_domain_port, validate_host  # noqa: E402
from django.urls import path  # noqa: E402

from config.lifespan import Lifespan  # noqa: E402
from config.statics import StaticFiles  # noqa: E402
from viewer import dicomweb  # noqa: E402
from viewer.consumers import ListConsumer, ViewerConsumer  # noqa: E402
from viewer.headers import asgi_headers  # noqa: E402

logger = logging.getLogger(__name__)

Scope = dict[str, Any]

lifespan = Lifespan()
static_files = StaticFiles(settings.STATIC_URL)
pictures = dicomweb.application
# Each socket asks viewer/access.py who opens it, as pictures do, and again whenever rights change.
sockets = URLRouter([path("ws/", ListConsumer.as_asgi()), path("ws/<str:study>/", ViewerConsumer.as_asgi())])


def header(scope: Scope, name: bytes) -> str:
    """Return the only value of a header, or an empty text when it is absent or given twice."""
    values = [value for key, value in scope["headers"] if key == name]
    return values[0].decode("latin-1") if len(values) == 1 else ""


def host_is_ours(scope: Scope) -> bool:
    """Say whether the Host header names this site."""
    return _is_ours(header(scope, b"host"), tuple(settings.ALLOWED_HOSTS))


@lru_cache(64)
def _is_ours(host: str, allowed: tuple[str, ...]) -> bool:
    domain, _port = split_domain_port(host)
    return bool(domain) and validate_host(domain, allowed)


def origin_is_ours(scope: Scope) -> bool:
    """Say whether a socket is opened by one of our own pages: SAMSYN_URL, or the very host that it asks for."""
    origin = header(scope, b"origin")
    if settings.ORIGIN:
        return origin == settings.ORIGIN
    parts = urlsplit(origin)
    return parts.scheme == "http" and origin == f"http://{header(scope, b'host')}"


def sender(scope: Scope) -> str:
    """Return the Origin header for the log if it is one, else what is wrong with it."""
    origin = header(scope, b"origin")
    return origin if re.fullmatch(r"[a-z+.-]{1,20}://[\w.:\[\]-]{1,100}", origin, re.ASCII) else "no readable origin"


async def refuse(send: Any, status: int, words: str) -> None:
    """Answer a request before any door opens."""
    body = words.encode()
    headers = [(b"content-type", b"text/plain; charset=utf-8"), (b"content-length", str(len(body)).encode())]
    await send({"type": "http.response.start", "status": status, "headers": headers + asgi_headers()})
    await send({"type": "http.response.body", "body": body})


async def application(scope: Scope, receive: Any, send: Any) -> None:
    """Choose the door."""
    if scope["type"] == "lifespan":
        await lifespan(scope, receive, send)
    elif scope["type"] == "websocket":
        if host_is_ours(scope) and origin_is_ours(scope):
            await sockets(scope, receive, send)
        else:
            logger.warning(
                "a socket was refused: its %s isn't this site's (%s)",
                "origin" if host_is_ours(scope) else "host",
                sender(scope),
            )
            await receive()
            await send({"type": "websocket.close", "code": 4403})
    elif not host_is_ours(scope):
        await refuse(send, 400, "Bad Request (unknown host)\n")
    elif scope["path"].startswith(settings.STATIC_URL):
        await static_files(scope, send)
    elif scope["path"].startswith("/dicomweb/"):
        await pictures(scope, receive, send)
    else:
        await django_application(scope, receive, send)
