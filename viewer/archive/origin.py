"""HTTP to one origin and no other: credentials, time limits, and failures in the domain's words."""

import base64
import re
import time
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlsplit

import urllib3
from urllib3.exceptions import HTTPError
from urllib3.response import BaseHTTPResponse

from viewer.archive.multipart import MediaType
from viewer.archive.port import ArchiveError, Malformed, NotThere, Refused, Unreachable
from viewer.imaging.words import gettext_noop

CONNECTIONS = 8
CONNECT_SECONDS, SILENT_SECONDS, GRACE_SECONDS, PLACE_SECONDS = 3.0, 30.0, 60.0, 60
SLOWEST_BYTES_PER_SECOND = 32 << 10
CHUNK = 256 << 10
_SAFE_PATH = re.compile(r"[A-Za-z0-9._~!$&'()*+,;=:@%/-]*")


def authorization(auth: str | None) -> str | None:
    """Return the Authorization header of `basic:user:password`, `bearer:token`, `file:path`, or None.

    Raises ValueError, which never repeats what it was given.
    """
    if not auth:
        return None
    kind, _, rest = auth.partition(":")
    if kind == "file":
        try:
            inner = Path(rest).read_text().strip()
        except OSError as error:
            raise ValueError(f"the archive's credentials can't be read from their file: {error.strerror}") from error
        if inner.startswith("file:"):
            raise ValueError("the file with the archive's credentials names another file")
        return authorization(inner)
    if kind == "basic" and ":" in rest:
        return "Basic " + base64.b64encode(rest.encode()).decode("ascii")
    if kind == "bearer" and re.fullmatch(r"[\x21-\x7e]+", rest):
        return "Bearer " + rest
    raise ValueError("an archive's credentials are basic:user:password, bearer:token or file:path")


class Origin:
    """The only server that this archive's requests and credentials can reach: the pool knows no other host."""

    def __init__(self, location: str, auth: str | None) -> None:
        """Take an http(s) DICOMweb root; raises ValueError for anything else, credentials in it included."""
        parts = urlsplit(location)
        if parts.scheme not in ("http", "https") or not parts.hostname or parts.query or parts.fragment:
            raise ValueError("a DICOMweb archive's address is http(s)://host[:port]/path")
        if parts.username is not None or parts.password is not None:
            raise ValueError("credentials don't belong in an archive's address")
        self.root = f"{parts.scheme}://{parts.netloc}{parts.path.rstrip('/')}"
        self._path = parts.path.rstrip("/")
        self._auth = auth
        self._authorization = authorization(auth)
        self._pool = urllib3.connection_from_url(
            f"{parts.scheme}://{parts.netloc}",
            maxsize=CONNECTIONS,
            block=True,
            timeout=urllib3.Timeout(connect=CONNECT_SECONDS, read=SILENT_SECONDS),
            # Servers drop idle connections; once more on a fresh one, for requests that change nothing.
            retries=urllib3.Retry(
                total=2,
                connect=1,
                read=1,
                redirect=0,
                status=0,
                other=0,
                backoff_factor=0.1,
                backoff_jitter=0.2,
                allowed_methods=frozenset({"GET"}),
                raise_on_redirect=False,
            ),
        )

    def below(self, uri: str) -> str | None:
        """Return the path of `uri` relative to the root, or None when it leads anywhere else."""
        if not uri.startswith(self.root + "/"):
            return None
        path = uri[len(self.root) + 1 :]
        if not _SAFE_PATH.fullmatch(path) or any(
            part in ("", ".", "..") for part in re.sub("%2[eE]", ".", path).split("/")
        ):
            return None
        return path

    def get(self, path: str, accept: str) -> "Answer":
        """Return the answer to a GET of `path` (relative to the root, query included); raises ArchiveError."""
        return self._ask("GET", path, {"Accept": accept}, None)

    def post(self, path: str, accept: str, content_type: str, body: bytes) -> "Answer":
        """Return the answer to a POST; 202 and 409, which carry a data set (PS3.18 10.5.3), are answers too."""
        return self._ask("POST", path, {"Accept": accept, "Content-Type": content_type}, body)

    def _ask(self, method: str, path: str, headers: dict[str, str], body: bytes | None) -> "Answer":
        response = self._send(method, path, headers, body)
        if response.status == 401 and self._auth and self._auth.startswith("file:"):
            renewed = authorization(self._auth)
            if renewed != self._authorization:
                self._authorization = renewed
                Answer(response).close()
                response = self._send(method, path, headers, body)
        answer = Answer(response)
        if response.status in (200, 204, 206) or (method == "POST" and response.status in (202, 409)):
            return answer
        answer.close()
        raise failure(response.status)

    def _send(self, method: str, path: str, headers: dict[str, str], body: bytes | None) -> BaseHTTPResponse:
        # Debian's Orthanc answers compressed frames twelve times slower than plain ones.
        headers = headers | {"Accept-Encoding": "identity"}
        if self._authorization:
            headers["Authorization"] = self._authorization
        try:
            return self._pool.urlopen(
                method,
                f"{self._path}/{path}",
                body=body,
                headers=headers,
                redirect=False,
                preload_content=False,
                pool_timeout=PLACE_SECONDS,
            )
        except HTTPError as error:
            raise Unreachable(
                gettext_noop("The archive doesn't answer ({fault}).", fault=type(error).__name__)
            ) from None


class Answer:
    """One response being read. Close it, or read it to its end."""

    def __init__(self, response: BaseHTTPResponse) -> None:
        self._response = response
        self.status = response.status
        self.media_type = MediaType.parse(response.headers.get("Content-Type", ""))
        self.warning = response.headers.get("Warning", "")

    def chunks(self) -> Iterator[bytes]:
        """Yield the body; raises Unreachable when it is cut short or arrives too slowly."""
        started, received = time.monotonic(), 0
        try:
            while chunk := self._response.read(CHUNK):
                received += len(chunk)
                if time.monotonic() - started > GRACE_SECONDS + received / SLOWEST_BYTES_PER_SECOND:
                    raise Unreachable(gettext_noop("The archive's answer arrives too slowly."))
                yield chunk
        except HTTPError as error:
            raise Unreachable(
                gettext_noop("The archive's answer was cut short ({fault}).", fault=type(error).__name__)
            ) from None
        finally:
            self.close()

    def body(self, largest: int) -> bytes:
        """Return the whole body; raises Malformed when it is larger than `largest` bytes."""
        held = bytearray()
        for chunk in self.chunks():
            held += chunk
            if len(held) > largest:
                self.close()
                raise Malformed(gettext_noop("The archive's answer is larger than {limit} MiB.", limit=largest >> 20))
        return bytes(held)

    def close(self) -> None:
        """Give the connection's place back to the pool; what wasn't read is dropped with the connection."""
        if not self._response.closed:
            self._response.close()
        self._response.release_conn()


def failure(status: int) -> ArchiveError:
    """Return the error that an HTTP status stands for."""
    kind: type[ArchiveError] = Malformed
    words = gettext_noop("The archive doesn't understand the request ({status}).", status=status)
    if status in (401, 403):
        kind = Refused
        words = gettext_noop("The archive refuses us ({status}); its credentials have to be checked.", status=status)
    elif status in (404, 410):
        kind, words = NotThere, gettext_noop("The archive has no such object ({status}).", status=status)
    elif 300 <= status < 400:
        words = gettext_noop("The archive redirects elsewhere ({status}), which isn't followed.", status=status)
    elif status == 429 or status >= 500:
        kind, words = Unreachable, gettext_noop("The archive is out of order ({status}).", status=status)
    return kind(words, status)
