"""Log in and out: slowly for those who guess, and written down either way."""

import hashlib
from datetime import timedelta
from enum import Enum
from typing import Any

from django.contrib import auth
from django.db import transaction
from django.http import HttpRequest
from django.utils import timezone

from viewer import audit, epochs, sessions
from viewer.models import LoginFailure

WINDOW = timedelta(minutes=15)
FAILURES_OF_ACCOUNT = 5  # of one account from one address within the window
FAILURES_OF_ADDRESS = 100  # of all accounts: a hospital may sit behind one address


class Refusal(Enum):
    """Why somebody isn't let in; the page says no more than this."""

    WRONG = "wrong"
    TOO_MANY = "too many"


def _account(username: str) -> str:
    return hashlib.sha256(username.casefold().encode("utf-8", "surrogatepass")).hexdigest()


@transaction.atomic
def _take_a_try(username: str, address: str | None) -> LoginFailure | None:
    """Count the try as a failure before it is made, so that many at once don't slip through; None: too many."""
    now = timezone.now()
    LoginFailure.objects.filter(at__lt=now - WINDOW).delete()
    of_address = LoginFailure.objects.filter(address=address)
    if of_address.filter(account=_account(username)).count() >= FAILURES_OF_ACCOUNT:
        return None
    if of_address.count() >= FAILURES_OF_ADDRESS:
        return None
    return LoginFailure.objects.create(account=_account(username), address=address, at=now)


def log_in(request: HttpRequest, username: str, password: str) -> Any:
    """Log the user in with a new session key and return them, or return a Refusal."""
    attempt = _take_a_try(username, audit.address_of(request))
    user = auth.authenticate(request, username=username, password=password) if attempt is not None else None
    if user is None:
        _refused(request, username, Refusal.WRONG if attempt is not None else Refusal.TOO_MANY)
        return Refusal.WRONG if attempt is not None else Refusal.TOO_MANY
    with transaction.atomic():
        LoginFailure.objects.filter(account=_account(username), address=audit.address_of(request)).delete()
        auth.login(request, user)  # cycles the session key
        sessions.begin(request.session)
        audit.record(user, audit.Event.USER_AUTHENTICATION, subtype=audit.Subtype.LOGIN, request=request)
    return user


def _refused(request: HttpRequest, username: str, refusal: Refusal) -> None:
    # An unknown name isn't written down: people type passwords into the wrong field.
    known = audit.known_account(username)
    audit.record(
        None,
        audit.Event.USER_AUTHENTICATION,
        subtype=audit.Subtype.LOGIN,
        success=False,
        detail={"account": known.get_username() if known else None, "why": refusal.value},
        request=request,
    )


@transaction.atomic
def log_out(request: HttpRequest) -> None:
    """End the session; its pictures and sockets end within a second, in every process."""
    user = request.user
    if user.is_authenticated:
        audit.record(user, audit.Event.USER_AUTHENTICATION, subtype=audit.Subtype.LOGOUT, request=request)
        epochs.bump(user.pk)
    auth.logout(request)
