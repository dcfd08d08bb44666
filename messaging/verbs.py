"""The verbs of conversations, one function for the REST door and the socket."""

import uuid
from typing import Annotated, Any, TypeVar

import msgspec
from django.http import Http404
from django.utils.translation import gettext as _

from messaging import thread
from messaging.actions import read, send
from messaging.models import Conversation
from viewer import presentation, verbs
from viewer.doors.refusal import Refusal
from viewer.models import Study
from viewer.verbs import Done

Shape = TypeVar("Shape", bound=msgspec.Struct)


class Sending(msgspec.Struct, forbid_unknown_fields=True, frozen=True):
    """A message to send; `client_uuid` is the same at every try."""

    client_uuid: uuid.UUID
    text: str = ""
    state: dict[str, Any] | None = None


class Reading(msgspec.Struct, forbid_unknown_fields=True, frozen=True):
    """How far somebody has read."""

    seq: Annotated[int, msgspec.Meta(ge=0, le=2**53)]


def send_message(user: Any, study: Study | None, given: dict[str, Any]) -> Done:
    """Send a message about `study`: 201 with the new one, 200 with that of an earlier try. Raises Refusal, Http404."""
    wanted = _read(given, Sending)
    try:
        state = None if wanted.state is None else presentation.read(msgspec.json.encode(wanted.state))
        sent = send.send(user, _required(study), wanted.client_uuid, wanted.text, state)
    except (presentation.Unreadable, send.Unsendable) as error:
        raise Refusal(400, str(error)) from error
    except send.SentElsewhere as error:
        raise Refusal(409, str(error)) from error
    seen = thread.visible(user, [sent.message])
    return Done(201 if sent.is_new else 200, thread.message_json(user, sent.message, seen))


def read_messages(user: Any, study: Study | None, given: dict[str, Any]) -> Done:
    """Note how far `user` has read, and answer how far that is. Raises Refusal, Http404."""
    wanted, about = _read(given, Reading), _required(study)
    read.read(user, about, wanted.seq)
    return Done(200, thread.how_far(user, Conversation.objects.filter(study=about).first()))


def _required(study: Study | None) -> Study:
    if study is None:
        raise Http404("no study is named")
    return study


def _read(given: dict[str, Any], shape: type[Shape]) -> Shape:
    try:
        return msgspec.convert(given, type=shape)
    except msgspec.ValidationError as error:
        raise Refusal(400, _("This can't be read: %(reason)s") % {"reason": str(error)[:200]}) from error


def register() -> None:
    """Register them; called once at start."""
    verbs.register("send_message", send_message)
    verbs.register("read_messages", read_messages, by_hand=False)
