"""What kept an archive from answering, in the domain's words: from HTTP's statuses and a connection's failures."""

import time
from email.utils import parsedate_to_datetime

from urllib3.exceptions import (
    ConnectTimeoutError,
    EmptyPoolError,
    HTTPError,
    NameResolutionError,
    NewConnectionError,
    ReadTimeoutError,
    SSLError,
)

from viewer.archive.port import ArchiveError, Malformed, NotThere, Refused, Unreachable
from viewer.imaging.words import Words, gettext_noop


def retry_after(text: str) -> float | None:
    """Return the seconds of a Retry-After header (RFC 9110 10.2.3: a number, or a date); None for anything else."""
    text = text.strip()
    if text.isascii() and text.isdigit():
        return float(text[:9])
    try:
        return max(0.0, parsedate_to_datetime(text).timestamp() - time.time())
    except (TypeError, ValueError, OverflowError):
        return None


def words_of(error: HTTPError, *, connect_seconds: int, connections: int) -> Words:
    """Return what kept a server from answering, in words for whoever looks after it."""
    if isinstance(error, NameResolutionError):
        return gettext_noop("The archive doesn't answer: nobody knows its host name.")
    if isinstance(error, NewConnectionError):
        return gettext_noop("The archive doesn't answer: its server takes no connections.")
    if isinstance(error, ConnectTimeoutError):
        return gettext_noop("The archive doesn't answer: no connection within {count} s.", count=connect_seconds)
    if isinstance(error, SSLError):
        return gettext_noop("The archive doesn't answer: its certificate can't be trusted, or it speaks no TLS.")
    if isinstance(error, ReadTimeoutError):
        return gettext_noop("The archive doesn't answer: it took the question and stays silent.")
    if isinstance(error, EmptyPoolError):
        return gettext_noop("The archive doesn't answer: {count} questions to it wait already.", count=connections)
    return gettext_noop("The archive doesn't answer: it breaks off the connection.")


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
    elif status == 429:
        kind, words = Unreachable, gettext_noop("The archive is asked too often ({status}).", status=status)
    elif status >= 500:
        kind, words = Unreachable, gettext_noop("The archive is out of order ({status}).", status=status)
    return kind(words, status)
