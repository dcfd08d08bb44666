"""When the database is busy, full or gone: what is tried once more, what waits where, and what is said."""

import errno
import logging
import time
from collections.abc import Awaitable, Callable
from concurrent.futures import ThreadPoolExecutor
from inspect import iscoroutinefunction
from typing import Any, ParamSpec, TypeVar

from channels.db import database_sync_to_async
from django.db import InterfaceError, OperationalError, close_old_connections, connection
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import render
from django.utils.translation import gettext as _

logger = logging.getLogger(__name__)

Given = ParamSpec("Given")
Result = TypeVar("Result")

Gone = (OperationalError, InterfaceError)
DISK_FULL = "53100"  # PostgreSQL's SQLSTATE
NO_ROOM = (errno.ENOSPC, errno.EDQUOT)
PAUSE = 1.0  # seconds before the second try; SQLite has waited for its lock already
RETRY_AFTER = "2"  # seconds

# A write may wait for seconds: it keeps nobody from reading, and no reader another.
_readers = ThreadPoolExecutor(4, thread_name_prefix="reads")
_writers = ThreadPoolExecutor(8, thread_name_prefix="writes")


def reading(function: Callable[Given, Result]) -> Callable[Given, Awaitable[Result]]:
    """Return `function`, which only reads, for an event loop."""
    return database_sync_to_async(function, thread_sensitive=False, executor=_readers)


def writing(function: Callable[Given, Result]) -> Callable[Given, Awaitable[Result]]:
    """Return `function`, which may wait until it can write, for an event loop."""
    return database_sync_to_async(function, thread_sensitive=False, executor=_writers)


def is_full(error: BaseException) -> bool:
    """Say whether a disk has no room, the database's or our own."""
    if isinstance(error, OSError):
        return error.errno in NO_ROOM
    return "disk is full" in str(error) or getattr(error.__cause__, "sqlstate", None) == DISK_FULL


def once_more(work: Callable[[], Result]) -> Result:
    """Do `work`, and once more where the database was busy or gone.

    Nothing of the first try is left, since every change is one transaction; what was committed without the answer
    arriving is known again by its id or its version. Raises what the second try raises.
    """
    try:
        return work()
    except Gone as error:
        if is_full(error):
            raise
        logger.warning("tried once more: %s", type(error.__cause__ or error).__name__)
    close_old_connections()
    if connection.vendor != "sqlite":
        time.sleep(PAUSE)
    return work()


def words_of_trouble(error: BaseException) -> str:
    """Return why the database did nothing, in words for a person; the log says it too."""
    if is_full(error):
        logger.error("a disk is full: %s", type(error.__cause__ or error).__name__)
        return _("The disk of the server is full. Tell those who look after it.")
    logger.error("the database didn't answer: %s", type(error.__cause__ or error).__name__)
    return _("The database is busy. Try again.")


def not_saved(error: BaseException) -> str:
    """Return the words for a change that wasn't made."""
    return _("Not saved. %(reason)s") % {"reason": words_of_trouble(error)}


def answer(request: HttpRequest, error: BaseException) -> HttpResponse:
    """Answer 503 in words: JSON to those who speak it, a page to those who look at it."""
    words = words_of_trouble(error) if request.method in ("GET", "HEAD") else not_saved(error)
    headers = {"Retry-After": RETRY_AFTER}
    if request.path.startswith("/api/"):
        return JsonResponse({"detail": words}, status=503, headers=headers)
    if request.headers.get("Sec-Fetch-Mode") == "navigate":
        response = render(request, "503.html", {"words": words}, status=503)
        response["Retry-After"] = RETRY_AFTER
        return response
    return HttpResponse(words, status=503, content_type="text/plain; charset=utf-8", headers=headers)


class NotSavedMiddleware:
    """Do what a page asks for once more when the database is busy, and say "not saved" when that doesn't do.

    It stands last, so that whoever refuses a request has done so before.
    """

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        return self.get_response(request)

    def process_view(self, request: HttpRequest, view: Any, args: Any, kwargs: Any) -> HttpResponse | None:
        if iscoroutinefunction(view):
            return None
        try:
            return once_more(lambda: view(request, *args, **kwargs))
        except (*Gone, OSError) as error:
            if isinstance(error, OSError) and not is_full(error):
                raise
            return answer(request, error)
