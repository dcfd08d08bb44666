"""Send a message: its place in the one order and its row are one transaction, and a second try changes nothing."""

import uuid
from dataclasses import dataclass
from typing import Any

from django.db import IntegrityError, transaction
from django.http import Http404
from django.utils.translation import gettext as _

from messaging.models import Conversation, Message
from viewer import access, audit, live, presentation
from viewer.actions import state as states
from viewer.models import Study

LONGEST = 8000  # characters


class Unsendable(ValueError):
    """A message that can't be kept as it is; the text says why in words."""


class SentElsewhere(ValueError):
    """The sender has used this `client_uuid` for a message about another study."""


@dataclass(frozen=True)
class Sent:
    """The row of a message, and whether this try made it."""

    message: Message
    is_new: bool


def send(user: Any, study: Study, client_uuid: uuid.UUID, text: str, state: dict[str, Any] | None = None) -> Sent:
    """Keep `text`, character for character, as the next message about `study`, with a view (valid, see
    viewer.presentation) if one is given.

    A `client_uuid` that this sender has used already gives the message of then, whatever the text is now. Raises
    Http404 where the sender may not see the study or something that the view shows, Unsendable, SentElsewhere.
    """
    _check(text, state)
    try:
        return _send(user, study, client_uuid, text, state)
    except IntegrityError as error:
        # Two tries at once about different studies: neither waited for the other's conversation.
        raise SentElsewhere(_("This message was sent about another study")) from error


def _check(text: str, state: dict[str, Any] | None) -> None:
    """Raise Unsendable for what can't be kept or says nothing."""
    if len(text) > LONGEST:
        raise Unsendable(_("A message holds at most %(count)d characters") % {"count": LONGEST})
    if "\0" in text:
        raise Unsendable(_("A message can't hold the character NUL"))
    if not text.strip() and state is None:
        raise Unsendable(_("The message is empty"))
    if state is not None and not presentation.studies(state):
        raise Unsendable(_("The view that came with the message shows nothing"))


@transaction.atomic
def _send(user: Any, study: Study, client_uuid: uuid.UUID, text: str, state: dict[str, Any] | None) -> Sent:
    access.require(user, "view", study)
    conversation = _locked(study)
    before = Message.objects.filter(sender=user, client_uuid=client_uuid).select_related("sender", "state").first()
    if before is not None:
        if before.conversation_id != conversation.pk:
            raise SentElsewhere(_("This message was sent about another study"))
        return Sent(before, is_new=False)
    kept = None
    if state is not None:
        _require_all(user, state)
        kept = states.save(user, study, state)
    conversation.last_seq += 1
    conversation.save(update_fields=["last_seq"])
    message = Message.objects.create(
        conversation=conversation,
        seq=conversation.last_seq,
        sender=user,
        client_uuid=client_uuid,
        text=text,
        state=kept,
    )
    audit.record(
        user,
        audit.Event.APPLICATION_ACTIVITY,
        subtype=audit.Subtype.MESSAGE_SENT,
        study=study,
        detail={"message": message.seq, "characters": len(text), "state": str(kept.pk) if kept else None},
    )
    live.publish(f"talk.{study.uid}", {"seq": message.seq})
    live.publish("list", {"changed": "messages"})
    return Sent(message, is_new=True)


def _locked(study: Study) -> Conversation:
    """Return the study's conversation, its row locked until the transaction ends: senders stand in line here."""
    row, _made = Conversation.objects.get_or_create(study=study)
    return Conversation.objects.select_for_update().get(pk=row.pk)


def _require_all(user: Any, state: dict[str, Any]) -> None:
    """Raise Http404 unless `user` may see every study that `state` shows."""
    seen = access.visible_studies(user)
    for archive, uid in presentation.studies(state):
        if not seen.filter(archive__name=archive, uid=uid).exists():
            raise Http404("no such study")
