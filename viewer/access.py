"""Who may see which study: the one place that reads permits, for pages and for the hot path of pictures."""

import hashlib
import threading
import time
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cached_property
from typing import Any

from asgiref.typing import HTTPScope, WebSocketScope
from django.conf import settings
from django.contrib.auth import SESSION_KEY, get_user, get_user_model
from django.db.models import Q, QuerySet
from django.http import Http404, HttpRequest
from django.utils import timezone

from viewer import audit, epochs
from viewer.cookies import cookie
from viewer.models import Permit, Study, Token
from viewer.sessions import BEGAN, SessionStore
from viewer.trouble import reading, writing

Scope = HTTPScope | WebSocketScope | dict[str, Any]

# An admission is asked anew after this many seconds, whatever the epochs say.
ADMITTED_FOR = 60.0
# A token's first access of a study in this time writes the audit row.
TOKEN_AUDIT_EVERY = timedelta(minutes=15)
CACHE_SIZE = 20_000


class SeveralArchives(Exception):
    """The same study UID lies in several archives: the page asks which."""

    def __init__(self, studies: list[Study]) -> None:
        super().__init__("the study lies in several archives")
        self.studies = studies


@dataclass(frozen=True)
class Admission:
    """A person who may see a study, as far as a picture needs to know."""

    user_id: int
    username: str
    study_pk: int
    patient_key: str


@dataclass(frozen=True)
class Credential:
    """What a request shows of itself: a session's key or a bearer token."""

    kind: str  # "session" or "token"
    secret: str

    @cached_property
    def digest(self) -> bytes:
        return hashlib.sha256(f"{self.kind} {self.secret}".encode()).digest()


def permits_of(user: Any, action: str) -> QuerySet[Permit]:
    """Return the permits that let `user` do `action` now, own and by role."""
    now = timezone.now()
    return Permit.objects.filter(
        Q(user=user) | Q(role__in=user.groups.all()),
        Q(valid_until__isnull=True) | Q(valid_until__gt=now),
        valid_from__lte=now,
        actions__contains=f" {action} ",
    )


def visible_studies(user: Any, action: str = "view") -> QuerySet[Study]:
    """Return the studies with which `user` may do `action`: nothing without a permit, nothing that is gone.

    A permit for a patient doesn't reach a study that holds images of two: half of it is somebody else's.
    """
    present = Study.objects.filter(gone_at__isnull=True)
    if not (user.is_authenticated and user.is_active):
        return present.none()
    permits = permits_of(user, action)
    if permits.filter(patient__isnull=True, study__isnull=True).exists():
        return present
    patients = permits.filter(patient__isnull=False).values("patient")
    studies = permits.filter(study__isnull=False).values("study")
    two = Study.Conflict.TWO_PATIENTS
    of_one_patient = Q(patient__in=patients) & ~Q(conflict=two) & ~Q(archive_conflict=two)
    return present.filter(of_one_patient | Q(pk__in=studies))


def named(user: Any, uid: str, archive: str | None = None, action: str = "view") -> QuerySet[Study]:
    """Return the studies called so with which `user` may do `action`: one in each archive, in `archive` at most one."""
    if "\0" in uid + (archive or ""):  # PostgreSQL takes no such text, and nothing is called so
        return Study.objects.none()
    found = visible_studies(user, action).filter(uid=uid).select_related("archive", "patient")
    return found if archive is None else found.filter(archive__name=archive)


def may(user: Any, action: str, study: Study) -> bool:
    """Say whether `user` may do `action` with `study`."""
    return visible_studies(user, action).filter(pk=study.pk).exists()


def require(user: Any, action: str, study: Study) -> None:
    """Raise Http404 unless `user` may do `action` with `study`: forbidden looks like unknown."""
    if not may(user, action, study):
        raise Http404("no such study")


def runs_the_system(user: Any) -> bool:
    """Say whether `user` is an administrator; that gives no right to see a patient."""
    return bool(user.is_authenticated and user.is_active and user.is_staff and user.has_perm("viewer.change_archive"))


def require_administrator(user: Any) -> None:
    """Raise Http404 unless `user` is an administrator: what others may not see isn't there."""
    if not runs_the_system(user):
        raise Http404("no such page")


def study_or_404(request: HttpRequest, uid: str, archive: str | None = None, action: str = "view") -> Study:
    """Return the study that the request's user may see.

    Raises Http404, the same for unknown and forbidden; SeveralArchives when `archive` is needed to tell.
    """
    studies = list(named(request.user, uid, archive, action)[:10])
    if not studies:
        raise Http404("no such study")
    if len(studies) > 1:
        raise SeveralArchives(studies)
    return studies[0]


def note(request: HttpRequest, study: Study) -> None:
    """Write that the request's user sees `study` without its page, once in a session or in a token's 15 minutes."""
    began = request.session.get(BEGAN) if getattr(request, "auth", None) is None else None
    since = datetime.fromisoformat(began) if began else timezone.now() - TOKEN_AUDIT_EVERY
    audit.accessed_since(request.user, study, since)


def _header(scope: Scope, name: bytes) -> str:
    return b"; ".join(value for key, value in scope["headers"] if key == name).decode("latin-1")


def credential(scope: Scope) -> Credential | None:
    """Return what an ASGI request shows: a bearer token (only in the header), else a session cookie."""
    if "credential" not in scope:  # a socket is asked with every picture, and its headers stay
        scope["credential"] = _credential(scope)  # type: ignore[typeddict-unknown-key]
    return scope["credential"]  # type: ignore[typeddict-item]


def _credential(scope: Scope) -> Credential | None:
    authorization = _header(scope, b"authorization")
    if authorization:
        kind, _, secret = authorization.partition(" ")
        return Credential("token", secret.strip()) if kind.lower() == "bearer" and secret.strip() else None
    key = cookie(_header(scope, b"cookie"), settings.SESSION_COOKIE_NAME)
    return Credential("session", key) if key else None


@dataclass(frozen=True)
class Person:
    """Who stands behind a credential, until when, and since when (the start of what the audit calls one reading)."""

    user: Any
    until: datetime
    since: datetime
    may_write: bool


def person(shown: Credential) -> Person | None:
    """Return the active user behind a session or a token, or None."""
    now = timezone.now()
    if shown.kind == "token":
        token = Token.objects.select_related("user").filter(digest=token_digest(shown.secret), expires__gt=now).first()
        if token is None or not token.user.is_active:
            return None
        return Person(token.user, token.expires, now - TOKEN_AUDIT_EVERY, token.may_write)
    session = SessionStore(shown.secret)
    row = session._get_session_from_db()  # type: ignore[attr-defined]
    if row is None:
        return None
    session._session_cache = row.get_decoded()  # type: ignore[attr-defined]
    if SESSION_KEY not in session or session.ends_at(now) <= now or BEGAN not in session:
        return None
    request = HttpRequest()
    request.session = session
    user = get_user(request)
    if not user.is_authenticated:
        return None
    until = min(row.expire_date, session.ends_at(now))
    return Person(user, until, datetime.fromisoformat(session[BEGAN]), True)


def token_digest(secret: str) -> str:
    """Return what the database keeps of a bearer token."""
    return hashlib.sha256(secret.encode("utf-8", "surrogateescape")).hexdigest()


class Cache:
    """Admissions of this process: emptied by epochs, never trusted longer than the session lives."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._rows: dict[tuple[bytes, str, str, str], tuple[Admission, float]] = {}

    def get(self, key: tuple[bytes, str, str, str]) -> Admission | None:
        row = self._rows.get(key)
        return row[0] if row is not None and row[1] > time.monotonic() else None

    def put(self, key: tuple[bytes, str, str, str], admission: Admission, until: float) -> None:
        with self._lock:
            if len(self._rows) >= CACHE_SIZE:
                self._rows.clear()
            self._rows[key] = (admission, until)

    def forget(self, changed: frozenset[str]) -> None:
        """Drop the admissions of the users whose rights changed."""
        with self._lock:
            if epochs.EVERYBODY in changed:
                self._rows.clear()
                return
            self._rows = {key: row for key, row in self._rows.items() if epochs.subject(row[0].user_id) not in changed}


cache = Cache()
epochs.reader.listen(cache.forget)


async def admit(scope: Scope, archive: str, study_uid: str, action: str = "view") -> Admission | None:
    """Return the admission of whoever asks for pictures of a study, or None (unknown and forbidden alike).

    The hot path: a dictionary look-up once the ordinary check has passed. The first admission in a session (in 15
    minutes, for a token) writes the audit row before the first byte. Fails closed: raises OperationalError or
    InterfaceError when that can't be written, and when the epochs weren't read within the last second and can't be.
    """
    shown = credential(scope)
    if shown is None:
        return None
    if not epochs.reader.is_fresh:
        await reading(epochs.reader.read)()
    key = (shown.digest, archive, study_uid, action)
    known = cache.get(key)
    if known is not None:
        return known
    try:
        return await reading(_ordinary_check)(shown, key)
    except _Unwritten:
        # Where the row must wait for its turn, it keeps no reader waiting who has one.
        return await writing(_ordinary_check)(shown, key, may_write=True)


class _Unwritten(Exception):
    """The audit row of an access isn't there yet."""


def _ordinary_check(
    shown: Credential, key: tuple[bytes, str, str, str], *, may_write: bool = False
) -> Admission | None:
    """Ask who this is and whether they may, and see that it is written. Raises _Unwritten unless it may be now."""
    _digest, archive, study_uid, action = key
    generation = epochs.reader.generation
    who = person(shown)
    if who is None:
        return None
    study = named(who.user, study_uid, archive, action).first()
    if study is None:
        return None
    if may_write:
        audit.accessed_since(who.user, study, who.since)
    elif not audit.has_accessed(who.user, study, who.since):
        raise _Unwritten
    admission = Admission(who.user.pk, who.user.get_username(), study.pk, study.patient.key)
    # What changed while we looked must not be cached as it was before.
    if generation == epochs.reader.generation:
        asked = time.monotonic()  # before the clock is read: however long this takes, it lengthens nothing
        seconds = min(
            (who.until - timezone.now()).total_seconds(), _until_a_permit_ends(who.user, action), ADMITTED_FOR
        )
        cache.put(key, admission, asked + seconds)
    return admission


def _until_a_permit_ends(user: Any, action: str) -> float:
    ends = (
        permits_of(user, action)
        .filter(valid_until__isnull=False)
        .order_by("valid_until")
        .values_list("valid_until", flat=True)
    )
    first = ends.first()
    return (first - timezone.now()).total_seconds() if first is not None else float("inf")


async def authenticated(scope: Scope) -> bool:
    """Say whether the request shows a session or a token that is alive: tells 401 from 404."""
    shown = credential(scope)
    return shown is not None and await reading(person)(shown) is not None


async def unauthenticated(scope: Scope) -> bool:
    """Say whether nobody stands behind the request: the answer is 401, not 404."""
    return not await authenticated(scope)


def user_behind(user_id: int) -> Any:
    """Return the active user with this id, or None."""
    return get_user_model().objects.filter(pk=user_id, is_active=True).first()
