"""Static files from memory, under an address that changes whenever one does; a page's script in one piece."""

import gzip
import mimetypes
import subprocess
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from django.conf import settings
from django.contrib.staticfiles.finders import get_finders
from django.core.exceptions import ImproperlyConfigured
from django.http import Http404

from viewer.headers import IMMUTABLE, asgi_headers

COMPRESSED = ("text/", "application/json", "image/svg+xml")
TYPES = {
    ".js": "text/javascript",
    ".mjs": "text/javascript",
    ".css": "text/css",
    ".map": "application/json",
    ".svg": "image/svg+xml",
    ".woff2": "font/woff2",
}


@dataclass(frozen=True)
class StaticFile:
    """One file as it goes out, plain and compressed (None where that gains nothing)."""

    content: bytes
    compressed: bytes | None
    content_type: str


def bundled(folder: Path) -> dict[str, bytes]:
    """Return the pages' scripts (js/*/main.js below `folder`) and the style sheets, each with all that it imports.

    One by one, a hundred modules take longer than the first picture. The map beside each shows its parts as they were
    written. Raises ImproperlyConfigured.
    """
    program = next(settings.BASE_DIR.glob("node_modules/@esbuild/*/bin/esbuild"), None)
    if program is None:
        raise ImproperlyConfigured("the front-end packages are missing: make setup installs them")
    whole = sorted(folder.glob("js/*/main.js")) + sorted(folder.glob("css/*.css"))
    how = ["--bundle", "--format=esm", "--target=es2022", "--minify", "--sourcemap", "--charset=utf8"]
    with tempfile.TemporaryDirectory(prefix="samsyn-pieces-") as scratch:
        # By way of a link: the maps name the parts, not where on this machine they lie.
        Path(scratch, "static").symlink_to(folder)
        parts = [f"static/{path.relative_to(folder)}" for path in whole]
        places = ["--preserve-symlinks", "--outbase=static", "--outdir=made", "--log-level=warning"]
        done = subprocess.run(
            [program, *parts, *how, *places], cwd=scratch, check=False, capture_output=True, text=True
        )
        if done.returncode:
            raise ImproperlyConfigured(f"scripts and style sheets can't be put together:\n{done.stderr}")
        made = Path(scratch, "made")
        return {str(path.relative_to(made)): path.read_bytes() for path in made.rglob("*.*")}


def load() -> dict[str, StaticFile]:
    """Read every static file of the apps and of the project, keyed by its path below STATIC_URL."""
    found = {name: _file(name, content) for name, content in bundled(settings.BASE_DIR / "static").items()}
    for finder in get_finders():
        for name, storage in finder.list(["*.md", "*.txt", "*.map", "*.gz"]):
            prefix = getattr(storage, "prefix", None)
            path = f"{prefix}/{name}" if prefix else name
            if path not in found and not path.startswith("rest_framework/"):
                found[path] = _file(name, Path(storage.path(name)).read_bytes())
    return found


def _file(name: str, content: bytes) -> StaticFile:
    suffix = Path(name).suffix
    content_type = TYPES.get(suffix) or mimetypes.guess_type(name)[0] or "application/octet-stream"
    worth = content_type.startswith(COMPRESSED) and len(content) > 1024
    if content_type.startswith("text/"):
        content_type += "; charset=utf-8"
    return StaticFile(content, gzip.compress(content, 6, mtime=0) if worth else None, content_type)


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
