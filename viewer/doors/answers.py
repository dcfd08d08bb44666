"""Answers of the plain ASGI doors: status, headers and a body, with the headers that every door sends."""

import json
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import quote

from django.utils.translation import gettext as _

from viewer.headers import asgi_headers

TITLES = {
    400: "Bad Request", 401: "Unauthorized", 404: "Not Found", 405: "Method Not Allowed", 406: "Not Acceptable",
    500: "Internal Server Error", 502: "Bad Gateway", 503: "Service Unavailable",
}  # fmt: skip


@dataclass
class Answer:
    """One HTTP answer; the body is bytes, or an iterator of them whose length isn't known beforehand."""

    status: int
    body: bytes | AsyncIterator[bytes]
    headers: dict[str, bytes] = field(default_factory=dict)

    async def send(self, send: Any, *, head: bool) -> None:
        """Put the answer on the wire; a HEAD request gets the headers only."""
        headers = [(name.lower().encode(), value) for name, value in self.headers.items()]
        if isinstance(self.body, bytes):
            headers.append((b"content-length", str(len(self.body)).encode()))
        await send({"type": "http.response.start", "status": self.status, "headers": headers + asgi_headers()})
        if head or isinstance(self.body, bytes):
            body = b"" if head or not isinstance(self.body, bytes) else self.body
            await send({"type": "http.response.body", "body": body})
            return
        async for piece in self.body:
            await send({"type": "http.response.body", "body": piece, "more_body": True})
        await send({"type": "http.response.body", "body": b""})


def problem_body(status: int, words: str, parameter: str | None = None) -> bytes:
    """Return a refusal as application/problem+json (RFC 9457); `words` are for a person."""
    fields: dict[str, Any] = {"title": TITLES.get(status, ""), "status": status, "detail": words, "words": words}
    if parameter:
        fields["parameter"] = parameter
    return json.dumps(fields, ensure_ascii=False).encode()


def problem(status: int, words: str, parameter: str | None = None) -> Answer:
    """Return the answer to a request that gets no picture."""
    headers = {"Content-Type": b"application/problem+json"}
    if status == 401:
        headers["WWW-Authenticate"] = b'Bearer realm="samsyn"'
    if status == 405:
        headers["Allow"] = b"GET, HEAD"
    if status == 503:
        headers["Retry-After"] = b"1"
    return Answer(status, problem_body(status, words, parameter), headers)


def warning(unknown: tuple[str, ...]) -> dict[str, bytes]:
    """Return the header that names the parameters which were ignored (PS3.18 8.3)."""
    if not unknown:
        return {}
    listed = ", ".join(quote(name[:40], safe="") for name in unknown[:16])
    words = _("These parameters are not supported and were ignored")
    return {"Warning": f'299 samsyn "{words}: {listed}"'.encode("ascii", "replace")}
