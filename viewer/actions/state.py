"""Keep presentation states: the one that a page returns to, and those that are sent to somebody."""

from typing import Any

from django.db import transaction

from viewer import access, audit
from viewer.models import PresentationState, Study


@transaction.atomic
def keep_current(user: Any, study: Study, state: dict[str, Any]) -> PresentationState:
    """Make `state` (valid, see viewer.presentation) what the user's page of `study` shows next; raises Http404.

    Written every few seconds while somebody reads, so it leaves no audit row of its own: the opening has one.
    """
    access.require(user, "view", study)
    row, _made = PresentationState.objects.update_or_create(
        user=user, study=study, current=True, defaults={"state": state}
    )
    return row


@transaction.atomic
def save(user: Any, study: Study, state: dict[str, Any]) -> PresentationState:
    """Save `state` (valid) under an id of its own, never to change again; raises Http404."""
    access.require(user, "view", study)
    row = PresentationState.objects.create(user=user, study=study, state=state)
    audit.record(
        user,
        audit.Event.APPLICATION_ACTIVITY,
        subtype=audit.Subtype.STATE_SAVED,
        study=study,
        detail={"state": str(row.pk)},
    )
    return row


def current(user: Any, study: Study) -> PresentationState | None:
    """Return what the user's page of `study` showed last, or None; raises Http404."""
    access.require(user, "view", study)
    return PresentationState.objects.filter(user=user, study=study, current=True).first()
