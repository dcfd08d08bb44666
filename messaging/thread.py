"""A conversation as JSON for one person: what they may see of it, in its one order."""

from typing import Any

from django.db.models import QuerySet

from messaging import unread
from messaging.models import Conversation, Message
from viewer import access, presentation, presentation_picture, rendering
from viewer.models import Study

AT_ONCE, MOST = 200, 500  # messages of one answer
Seen = set[tuple[str, str]]


def page(
    user: Any, study: Study, *, after: int | None = None, before: int | None = None, limit: int = AT_ONCE
) -> dict[str, Any]:
    """Return messages about `study` from oldest to newest, and how far `user` has read.

    Those that follow `after`, or the newest ones (`before` a place in the order); `limited` says that there are more
    on that side.
    """
    conversation = Conversation.objects.filter(study=study).first()
    messages = _messages(conversation)
    if after is not None:
        found = list(messages.filter(seq__gt=after).order_by("seq")[: limit + 1])
        shown = found[:limit]
    else:
        earlier = messages if before is None else messages.filter(seq__lt=before)
        found = list(earlier.order_by("-seq")[: limit + 1])
        shown = found[:limit][::-1]
    seen = visible(user, shown)
    return {
        "messages": [message_json(user, message, seen) for message in shown],
        "last_seq": conversation.last_seq if conversation is not None else 0,
        "limited": len(found) > limit,
        **how_far(user, conversation),
    }


def how_far(user: Any, conversation: Conversation | None) -> dict[str, int]:
    """Return how far `user` has read, and how much is unread."""
    return {"read_seq": unread.marker(user, conversation), "unread": unread.count(user, conversation)}


def _messages(conversation: Conversation | None) -> QuerySet[Message]:
    return Message.objects.filter(conversation=conversation).select_related("sender", "state")


def visible(user: Any, messages: list[Message]) -> Seen:
    """Return (archive, study UID) of what the views of `messages` show and `user` may see."""
    shown = {each for message in messages if (state := state_of(message)) for each in presentation.studies(state)}
    if not shown:
        return set()
    found = access.visible_studies(user).filter(uid__in={uid for _archive, uid in shown})
    return set(found.values_list("archive__name", "uid"))


def state_of(message: Message) -> dict[str, Any] | None:
    """Return the view that came with a message, in the present version; None without one that can be read."""
    if message.state is None:
        return None
    try:
        return presentation.upgraded(message.state.state)
    except presentation.Unreadable:
        return None


def message_json(user: Any, message: Message, seen: Seen) -> dict[str, Any]:
    """Return one message; its view has a picture where the active pane's study is among `seen`."""
    state = state_of(message)
    pane = presentation_picture.active_pane(state) if state else None
    may_see = pane is not None and all(each in seen for each in presentation.studies({"panes": [pane]}))
    return {
        "seq": message.seq,
        "client_uuid": str(message.client_uuid),
        "sender": {
            "id": message.sender_id,
            "name": message.sender.get_full_name() or message.sender.get_username(),
        },
        "mine": message.sender_id == user.pk,
        "text": message.text,
        "created": message.created.isoformat(),
        "state": str(message.state_id) if state else None,
        "picture": _picture(pane) if pane and may_see else None,
        "picture_turn": presentation_picture.turn(pane) if pane and may_see else None,
    }


def _picture(pane: dict[str, Any]) -> str:
    source = pane["source"]
    opened = rendering.lying_open(source["archive"], source["study"], source["series"])
    return presentation_picture.address(pane, opened=opened)
