"""Sessions that end after 15 minutes without a hand on the page, and 12 hours after login in any case."""

import logging
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

from django.conf import settings
from django.contrib.auth import SESSION_KEY
from django.contrib.sessions.backends.db import SessionStore as DatabaseStore
from django.contrib.sessions.models import Session
from django.db import InterfaceError, OperationalError
from django.http import HttpRequest, HttpResponse
from django.utils import timezone

logger = logging.getLogger(__name__)

BEGAN = "began"
# Seconds that may pass before a further touch is written: pages move their hands much more often than that.
TOUCH_EVERY = 30


class SessionStore(DatabaseStore):
    """Django's table, whose expiry never reaches past the absolute end."""

    def get_expiry_date(self, **kwargs: Any) -> datetime:
        """Return the end of the idle time, or the absolute end if that is sooner."""
        now = kwargs.get("modification") or timezone.now()
        return min(now + timedelta(seconds=settings.SESSION_IDLE), self.ends_at(now))

    def ends_at(self, now: datetime) -> datetime:
        """Return the absolute end, 12 hours after `begin` was called."""
        began = self.get(BEGAN)
        start = datetime.fromisoformat(began) if began else now
        return start + timedelta(seconds=settings.SESSION_ABSOLUTE)

    @classmethod
    def get_model_class(cls) -> type[Session]:
        return Session


def begin(session: Any) -> None:
    """Start the clock of the absolute end; called at login."""
    session[BEGAN] = timezone.now().isoformat()


def touch(session_key: str) -> datetime | None:
    """Note that a hand moved: push the idle end, and return it (None for a session that is over).

    Renewal is not activity: call this for what a person does, never for what a page repeats by itself.
    """
    row = Session.objects.filter(pk=session_key, expire_date__gt=timezone.now()).first()
    if row is None:
        return None
    store = SessionStore(session_key)
    store._session_cache = row.get_decoded()  # type: ignore[attr-defined]
    until = store.get_expiry_date()
    if (until - row.expire_date).total_seconds() >= TOUCH_EVERY:
        Session.objects.filter(pk=session_key).update(expire_date=until)
        return until
    return row.expire_date


def end_all(user_id: int) -> None:
    """End every session of a user: one that was put out comes back by a login only."""
    alive = Session.objects.filter(expire_date__gt=timezone.now())
    ended = [row.pk for row in alive.iterator() if row.get_decoded().get(SESSION_KEY) == str(user_id)]
    Session.objects.filter(pk__in=ended).delete()


class ActivityMiddleware:
    """Count a page that somebody opened, and a form that somebody sent, as a hand."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        try:
            if request.session.session_key and request.user.is_authenticated and by_hand(request):
                touch(request.session.session_key)
        except (OperationalError, InterfaceError) as error:  # what was asked for speaks for itself
            logger.warning("a hand couldn't be noted: %s", type(error).__name__)
        return self.get_response(request)


def by_hand(request: HttpRequest) -> bool:
    """Say whether a person caused this request: a navigation, or a change; polling says `X-Samsyn-Renewal`."""
    if "X-Samsyn-Renewal" in request.headers:
        return False
    return request.method not in ("GET", "HEAD") or request.headers.get("Sec-Fetch-Mode", "navigate") == "navigate"
