"""Keep presentation states: the one that a page returns to, and those that are sent to somebody."""

from typing import Any

from django.db import transaction
from django.utils.translation import gettext as _

from viewer import access, audit, presentation, rendering
from viewer.actions.kept import holds_nul
from viewer.models import PresentationState, Series, Study


@transaction.atomic
def keep_current(user: Any, study: Study, state: dict[str, Any]) -> PresentationState:
    """Make `state` (valid, see viewer.presentation) what the user's page of `study` shows next.

    Raises Http404, and Unreadable for a series that isn't in its study. Written every few seconds while somebody
    reads, so it leaves no audit row of its own: the opening has one.
    """
    access.require(user, "view", study)
    _check(user, state)
    row, _made = PresentationState.objects.update_or_create(
        user=user, study=study, current=True, defaults={"state": state}
    )
    return row


@transaction.atomic
def save(user: Any, study: Study, state: dict[str, Any]) -> PresentationState:
    """Save `state` (valid) under an id of its own, never to change again; raises Http404 and Unreadable."""
    access.require(user, "view", study)
    _check(user, state)
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


def _check(user: Any, state: dict[str, Any]) -> None:
    """Raise Unreadable for a pane whose series isn't in its study, as far as the index knows and `user` may see."""
    if holds_nul(state):
        raise presentation.Unreadable(_("A presentation state can't hold the character NUL"))
    shown = presentation.sources(state)
    sources = {(source["archive"], source["study"], source["series"]) for source in shown}
    seen = access.visible_studies(user).filter(uid__in={study for _archive, study, _series in sources})
    known = set(Series.objects.filter(study__in=seen).values_list("study__archive__name", "study__uid", "uid"))
    whose = {(archive, study) for archive, study, _series in known}
    for archive, study, series in sources:
        is_there = (archive, study, series) in known or rendering.lying_open(archive, study, series) is not None
        if (archive, study) in whose and not is_there:
            raise presentation.Unreadable(_("A pane shows a series that isn't in its study"))
