"""HTTP to one origin and no other: credentials, time limits, and failures in the domain's words."""

import base64
import logging
import random
import re
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import urllib3
from urllib3.connection import HTTPConnection, HTTPSConnection
from urllib3.exceptions import (
    ConnectTimeoutError,
    EmptyPoolError,
    HTTPError,
    NewConnectionError,
    ReadTimeoutError,
    SSLError,
)
from urllib3.response import BaseHTTPResponse

from viewer.archive.breaker import Breaker
from viewer.archive.failures import failure, retry_after, words_of
from viewer.archive.leave import Leave, Left, current
from viewer.archive.multipart import MediaType
from viewer.archive.port import ArchiveError, Malformed, Refused, Unreachable
from viewer.archive.reach import Vetted
from viewer.imaging.words import gettext_noop

CONNECTIONS = 8
CONNECT_SECONDS, FIRST_BYTE_SECONDS, SILENT_SECONDS, TOTAL_SECONDS, PLACE_SECONDS = 3.0, 10.0, 10.0, 60.0, 60
# What takes longer than the total may, as long as it comes on at this speed: a film of a gigabyte.
LEAST_BYTES_PER_SECOND = 64 << 10
KNOCK_SECONDS = 3.0
TRIES, FIRST_REST = 3, 0.1
LONGEST_WAIT_IN_PEACE = 5.0
DOWN = (502, 503, 504)
CHUNK, CHUNK_OF_MANY = 256 << 10, 1 << 20
_dice = random.SystemRandom().uniform
# Its warnings repeat addresses, and the address of a search names patients.
logging.getLogger("urllib3").setLevel(logging.ERROR)
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
        except (OSError, UnicodeDecodeError) as error:
            reason = getattr(error, "strerror", None) or "it isn't text"
            raise ValueError(f"the archive's credentials can't be read from their file: {reason}") from None
        if inner.startswith("file:"):
            raise ValueError("the file with the archive's credentials names another file")
        return authorization(inner)
    if kind == "basic" and ":" in rest:
        return "Basic " + base64.b64encode(rest.encode()).decode("ascii")
    if kind == "bearer" and re.fullmatch(r"[\x21-\x7e]+", rest):
        return "Bearer " + rest
    raise ValueError("an archive's credentials are basic:user:password, bearer:token or file:path")


class _Held:
    """A connection that says on which socket an answer is waited for, so that the waiting can be ended."""

    def getresponse(self) -> Any:
        held = self.sock  # type: ignore[attr-defined]
        current().hold(held)
        response = super().getresponse()  # type: ignore[misc]
        held.settimeout(SILENT_SECONDS)
        return response


class _Plain(_Held, Vetted, HTTPConnection):
    pass


class _Secure(_Held, Vetted, HTTPSConnection):
    pass


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
        self.breaker = Breaker()
        self._path = parts.path.rstrip("/")
        self._auth = auth
        self._authorization = authorization(auth)
        self._pool = urllib3.connection_from_url(
            f"{parts.scheme}://{parts.netloc}", maxsize=CONNECTIONS, block=True, retries=False
        )
        self._pool.ConnectionCls = _Secure if parts.scheme == "https" else _Plain

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

    def get(self, path: str, accept: str, *, patience: float = FIRST_BYTE_SECONDS) -> "Answer":
        """Return the answer to a GET of `path` (relative to the root, query included); raises ArchiveError.

        `patience` is how many seconds the first byte may take.
        """
        for number in range(1, TRIES + 1):
            try:
                return self._ask("GET", path, {"Accept": accept}, None, patience)
            except _Again as again:
                if number == TRIES:
                    raise again.error from None
                # Full jitter: those that failed together don't come back together.
                current().rest(_dice(0, FIRST_REST * 2**number))
        raise AssertionError

    def post(self, path: str, accept: str, content_type: str, body: bytes) -> "Answer":
        """Return the answer to a POST; 202 and 409, which carry a data set (PS3.18 10.5.3), are answers too.

        It is sent once: what became of a request that was cut off can't be known.
        """
        try:
            return self._ask("POST", path, {"Accept": accept, "Content-Type": content_type}, body, TOTAL_SECONDS)
        except _Again as again:
            raise again.error from None

    def knock(self) -> None:
        """Ask whether somebody is there, of whatever mind; raises Unreachable. Asks nothing of a database.

        Not every server understands it: silence here isn't proof.
        """
        try:
            response = self._send("HEAD", "", {}, None, KNOCK_SECONDS, self._authorization)
        except _Again as again:
            raise again.error from None
        Answer(response, current()).close()
        if response.status in DOWN:
            raise failure(response.status)

    def _ask(self, method: str, path: str, headers: dict[str, str], body: bytes | None, patience: float) -> "Answer":
        self._wait_in_peace()
        sent = self._authorization
        try:
            response = self._send(method, path, headers, body, patience, sent)
            if response.status == 401 and self._renewed(sent):
                Answer(response, current()).close()
                response = self._send(method, path, headers, body, patience, self._authorization)
        except Left:
            self.breaker.left()
            raise
        except ArchiveError as error:
            self.breaker.failed(error)
            raise
        except _Again as again:
            self.breaker.failed(again.error)
            raise
        answer = Answer(response, current())
        if response.status in (200, 204, 206) or (method == "POST" and response.status in (202, 409)):
            self.breaker.worked()
            return answer
        answer.close()
        raise self._judged(response)

    def _wait_in_peace(self) -> None:
        """Wait where the archive asks for a moment's peace; raises Unreachable when it is long, or while it's down."""
        waited = 0.0
        while seconds := self.breaker.enter():
            waited += seconds
            if waited > LONGEST_WAIT_IN_PEACE:
                raise Unreachable(gettext_noop("The archive asks not to be asked for {count} s.", count=round(seconds)))
            current().rest(seconds + _dice(0, 0.2))

    def _judged(self, response: BaseHTTPResponse) -> Exception:
        """Return the error for a status that isn't success, and let the breaker know what it says of the archive."""
        error, seconds = failure(response.status), retry_after(response.headers.get("Retry-After", ""))
        if response.status in (429, 503) and seconds is not None:
            self.breaker.peace(seconds)
            return _Again(error) if seconds < LONGEST_WAIT_IN_PEACE else error
        if response.status in (*DOWN, 401):  # a wrong password that is tried on and on locks an account
            self.breaker.failed(error)
            return _Again(error) if response.status in (502, 503) else error
        self.breaker.worked()
        return error

    def _renewed(self, sent: str | None) -> bool:
        """Read the credentials' file again; say whether others than those that were sent are known now."""
        if not self._auth or not self._auth.startswith("file:"):
            return False
        try:
            self._authorization = authorization(self._auth)
        except ValueError as error:
            raise Refused(gettext_noop("{reason}", reason=str(error)), 401) from None
        return self._authorization != sent

    def _send(
        self,
        method: str,
        path: str,
        headers: dict[str, str],
        body: bytes | None,
        patience: float,
        authorized: str | None,
    ) -> BaseHTTPResponse:
        # Debian's Orthanc answers compressed frames twelve times slower than plain ones.
        headers = headers | {"Accept-Encoding": "identity"}
        if authorized:
            headers["Authorization"] = authorized
        leave = current()
        try:
            return self._pool.urlopen(
                method,
                f"{self._path}/{path}",
                body=body,
                headers=headers,
                redirect=False,
                preload_content=False,
                pool_timeout=PLACE_SECONDS,
                timeout=urllib3.Timeout(connect=CONNECT_SECONDS, read=patience),
            )
        except HTTPError as error:
            leave.let_go()
            if leave.taken:
                raise Left from None
            unreachable = Unreachable(words_of(error, connect_seconds=round(CONNECT_SECONDS), connections=CONNECTIONS))
            slow = isinstance(error, ConnectTimeoutError | ReadTimeoutError | EmptyPoolError | SSLError)
            if slow and not isinstance(error, NewConnectionError):
                raise unreachable from None  # it took its time already
            raise _Again(unreachable) from None


class _Again(Exception):
    """A failure that another try may mend; `error` is what to raise when it doesn't."""

    def __init__(self, error: ArchiveError) -> None:
        super().__init__(error.words)
        self.error = error


class Answer:
    """One response being read. Close it, or read it to its end."""

    def __init__(self, response: BaseHTTPResponse, leave: Leave) -> None:
        self._response = response
        self._leave = leave
        self.status = response.status
        self.media_type = MediaType.parse(response.headers.get("Content-Type", ""))
        self.warning = response.headers.get("Warning", "")

    def chunks(self, at_once: int = CHUNK, *, largest: int | None = None) -> Iterator[bytes]:
        """Yield the body as it arrives, at most `at_once` bytes at a time.

        Raises Unreachable when it is cut short or arrives too slowly, Left when nobody waits, Malformed when it is
        larger than `largest` bytes.
        """
        started, received = time.monotonic(), 0
        try:
            while chunk := self._response.read1(at_once):
                received += len(chunk)
                if time.monotonic() - started > max(TOTAL_SECONDS, received / LEAST_BYTES_PER_SECOND):
                    raise Unreachable(gettext_noop("The archive's answer arrives too slowly."))
                if largest is not None and received > largest:
                    words = gettext_noop("The archive's answer is larger than {limit} MiB.", limit=largest >> 20)
                    raise Malformed(words)
                yield chunk
            if self._leave.taken:  # where the end isn't announced, a cut looks like it
                raise Left
        except HTTPError as error:
            if self._leave.taken:
                raise Left from None
            if isinstance(error, ReadTimeoutError):
                words = gettext_noop(
                    "The archive's answer stops in the middle: nothing came for {count} s.", count=round(SILENT_SECONDS)
                )
                raise Unreachable(words) from None
            raise Unreachable(
                gettext_noop("The archive's answer was cut short ({fault}).", fault=type(error).__name__)
            ) from None
        finally:
            self.close()

    def body(self, largest: int) -> bytes:
        """Return the whole body; raises Malformed when it is larger than `largest` bytes."""
        held = bytearray()
        for chunk in self.chunks(largest=largest):
            held += chunk
        return bytes(held)

    def close(self) -> None:
        """Give the connection's place back to the pool; what wasn't read is dropped with the connection."""
        self._leave.let_go()
        if not self._response.closed:
            self._response.close()
        self._response.release_conn()
