"""The table of PS3.18 doors that answer before Django, GET and HEAD only."""

import re
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any

from viewer.headers import asgi_headers


@dataclass(frozen=True)
class Route:
    """One door: its name, the addresses that it answers, and who answers."""

    name: str
    regex: re.Pattern[str]
    handler: Callable[..., Awaitable[None]]


table: list[Route] = []


async def application(scope: dict[str, Any], receive: Any, send: Any) -> None:
    """Answer by the table; what it doesn't know is 404."""
    for route in table:
        match = route.regex.fullmatch(scope["path"])
        if match is not None:
            await route.handler(scope, receive, send, **match.groupdict())
            return
    await send({"type": "http.response.start", "status": 404, "headers": asgi_headers()})
    await send({"type": "http.response.body", "body": b""})
