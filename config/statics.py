"""Static files from memory, under an address that changes whenever one of them does."""

import gzip
import mimetypes
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from django.contrib.staticfiles.finders import get_finders
from django.http import Http404

from viewer.headers import IMMUTABLE, asgi_headers

COMPRESSED = ("text/", "application/json", "image/svg+xml")
TYPES = {
    ".js": "text/javascript",
    ".mjs": "text/javascript",
    ".css": "text/css",
    ".svg": "image/svg+xml",
    ".woff2": "font/woff2",
}


@dataclass(frozen=True)
class StaticFile:
    """One file as it goes out, plain and compressed (None where that gains nothing)."""

    content: bytes
    compressed: bytes | None
    content_type: str


def load() -> dict[str, StaticFile]:
    """Read every static file of the apps and of the project, keyed by its path below STATIC_URL."""
    found: dict[str, StaticFile] = {}
    for finder in get_finders():
        for name, storage in finder.list(["*.md", "*.txt", "*.map", "*.gz"]):
            prefix = getattr(storage, "prefix", None)
            path = f"{prefix}/{name}" if prefix else name
            if path in found or path.startswith("rest_framework/"):
                continue
            content = Path(storage.path(name)).read_bytes()
            suffix = Path(name).suffix
            content_type = TYPES.get(suffix) or mimetypes.guess_type(name)[0] or "application/octet-stream"
            small = (
                gzip.compress(content, 6, mtime=0)
                if content_type.startswith(COMPRESSED) and len(content) > 1024
                else None
            )
            if content_type.startswith("text/"):
                content_type += "; charset=utf-8"
            found[path] = StaticFile(content, small, content_type)
    return found


class StaticFiles:
    """The ASGI door to static files; what isn't there is 404."""

    def __init__(self, prefix: str) -> None:
        self.prefix = prefix
        self.files = load()

    def find(self, path: str) -> StaticFile:
        """Return the file at `path` (the whole address); raises Http404."""
        try:
            return self.files[path.removeprefix(self.prefix)]
        except KeyError:
            raise Http404 from None

    async def __call__(self, scope: dict[str, Any], send: Any) -> None:
        status, body, headers = 200, b"", []
        if scope["method"] not in ("GET", "HEAD"):
            status, headers = 405, [(b"allow", b"GET, HEAD")]
        else:
            try:
                file = self.find(scope["path"])
            except Http404:
                status = 404
            else:
                accepts = dict(scope["headers"]).get(b"accept-encoding", b"")
                body = file.content
                if file.compressed is not None and b"gzip" in accepts:
                    body = file.compressed
                    headers.append((b"content-encoding", b"gzip"))
                headers += [(b"content-type", file.content_type.encode()), (b"vary", b"Accept-Encoding")]
        cache = IMMUTABLE if status == 200 else None
        headers += [(b"content-length", str(len(body)).encode()), *asgi_headers(cache_control=cache)]
        await send({"type": "http.response.start", "status": status, "headers": headers})
        content = b"" if scope["method"] == "HEAD" else body
        await send({"type": "http.response.body", "body": content})
