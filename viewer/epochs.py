"""Epochs: the numbers that tell every process, within half a second, whose rights have changed."""

import logging
import threading
import time
from collections.abc import Callable, Iterable
from typing import Any

from django.contrib.auth import get_user_model
from django.contrib.auth.models import Group
from django.db import models
from django.db.models.signals import m2m_changed, post_delete, post_save, pre_save

from viewer import live, sessions
from viewer.models import Epoch, Permit, Token
from viewer.rounds import Rounds

logger = logging.getLogger(__name__)

EVERYBODY = "all"
READ_EVERY = 0.5  # seconds
TRUSTED_FOR = 1.0  # seconds: what was read longer ago admits nobody

Listener = Callable[[frozenset[str]], None]


def subject(user_id: int | None) -> str:
    """Return the subject of one user's epoch, or of everybody's."""
    return EVERYBODY if user_id is None else f"user.{user_id}"


def bump(user_id: int | None = None) -> None:
    """Count a change of rights of one user, or of everybody; call it in the transaction of the change."""
    name = subject(user_id)
    Epoch.objects.bulk_create([Epoch(subject=name, number=0)], ignore_conflicts=True)
    Epoch.objects.filter(subject=name).update(number=models.F("number") + 1)
    live.publish(name if user_id is not None else "list", {"changed": "rights"})


class Reader:
    """Reads the epochs and tells, to whoever listens, whose rights changed."""

    def __init__(self) -> None:
        self._numbers: dict[str, int] | None = None
        self._read_at = float("-inf")
        self.generation = 0  # counts the readings that found a change
        self._lock = threading.Lock()
        self._listeners: list[Listener] = []

    @property
    def is_fresh(self) -> bool:
        """Say whether the epochs were read within the last second."""
        return self.age <= TRUSTED_FOR

    @property
    def age(self) -> float:
        """Return how many seconds ago they were read; infinity if never."""
        return time.monotonic() - self._read_at

    def listen(self, listener: Listener) -> Callable[[], None]:
        """Call `listener` with the changed subjects (from the reader's thread); return what stops that."""
        self._listeners.append(listener)

        def forget() -> None:
            if listener in self._listeners:
                self._listeners.remove(listener)

        return forget

    def read(self) -> None:
        """Read all epochs once; raises django.db.Error."""
        with self._lock:
            began = time.monotonic()
            numbers = dict(Epoch.objects.values_list("subject", "number"))
            before, self._numbers = self._numbers, numbers
            changed = frozenset(
                name for name, number in numbers.items() if before is not None and before.get(name) != number
            )
            if changed:
                self.generation += 1
                self._tell(changed)
            self._read_at = began

    def _tell(self, changed: frozenset[str]) -> None:
        for listener in list(self._listeners):
            try:
                listener(changed)
            except Exception:
                logger.exception("a listener to changed rights failed")


reader = Reader()


def watcher() -> Rounds:
    """Return what reads them twice a second."""
    return Rounds("epochs", READ_EVERY, reader.read, trouble="epochs can't be read, nobody is admitted until they can")


def _permit_changed(instance: Permit, **kwargs: Any) -> None:
    bump(instance.user_id)


def _remember_rights(instance: Any, **kwargs: Any) -> None:
    before = type(instance).objects.filter(pk=instance.pk).values_list("password", "is_active", "is_superuser").first()
    instance._rights_before = before


def _user_saved(instance: Any, created: bool, **kwargs: Any) -> None:
    now = (instance.password, instance.is_active, instance.is_superuser)
    if not created and getattr(instance, "_rights_before", None) != now:
        bump(instance.pk)
        if not instance.is_active:
            sessions.end_all(instance.pk)


def _deleted(instance: Any, **kwargs: Any) -> None:
    bump(instance.pk)


def _groups_changed(instance: Any, action: str, pk_set: Iterable[int] | None, reverse: bool, **kwargs: Any) -> None:
    if action in ("post_add", "post_remove", "post_clear"):
        bump(None if reverse else instance.pk)


def _group_changed(**kwargs: Any) -> None:
    bump()


def _token_changed(instance: Token, **kwargs: Any) -> None:
    bump(instance.user_id)


def watch_models() -> None:
    """Bump the epoch whenever a row that gives or takes rights changes, whichever door changed it."""
    user_model = get_user_model()
    for signal in (post_save, post_delete):
        signal.connect(_permit_changed, sender=Permit, dispatch_uid=f"permit {id(signal)}")
        signal.connect(_token_changed, sender=Token, dispatch_uid=f"token {id(signal)}")
    pre_save.connect(_remember_rights, sender=user_model, dispatch_uid="user before")
    post_save.connect(_user_saved, sender=user_model, dispatch_uid="user saved")
    post_delete.connect(_deleted, sender=user_model, dispatch_uid="user deleted")
    post_delete.connect(_group_changed, sender=Group, dispatch_uid="group deleted")
    m2m_changed.connect(_groups_changed, sender=user_model.groups.through, dispatch_uid="groups changed")
