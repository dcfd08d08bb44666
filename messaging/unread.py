"""What somebody hasn't read yet: messages of others past the read marker, counted in one query."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from django.db.models import Count, F, OuterRef, Q, QuerySet, Subquery
from django.db.models.functions import Coalesce

from messaging.models import Conversation, Message, ReadMarker
from viewer import access
from viewer.models import Study


@dataclass(frozen=True)
class Talk:
    """How much was said about a study, and how much of it somebody hasn't read."""

    said: int
    unread: int


def marker(user: Any, conversation: Conversation | None) -> int:
    """Return how far `user` has read; 0 for nothing."""
    found = ReadMarker.objects.filter(conversation=conversation, user=user).values_list("seq", flat=True).first()
    return found or 0


def count(user: Any, conversation: Conversation | None) -> int:
    """Return how many messages of others `user` hasn't read."""
    unread = Message.objects.filter(conversation=conversation, seq__gt=marker(user, conversation))
    return unread.exclude(sender=user).count()


def _counted(user: Any, conversations: QuerySet[Conversation]) -> QuerySet[Any]:
    seen = ReadMarker.objects.filter(conversation=OuterRef("pk"), user=user).values("seq")[:1]
    later = Q(messages__seq__gt=F("seen")) & ~Q(messages__sender=user)
    return conversations.annotate(seen=Coalesce(Subquery(seen), 0)).annotate(unread=Count("messages", filter=later))


def of_studies(user: Any, studies: Iterable[Study]) -> dict[int, Talk]:
    """Return what was said about those of `studies` (each visible to `user`) that have a conversation, by key."""
    counted = _counted(user, Conversation.objects.filter(study__in=studies, last_seq__gt=0))
    return {study: Talk(said, unread) for study, said, unread in counted.values_list("study", "last_seq", "unread")}


def by_uid(user: Any) -> dict[str, int]:
    """Return, by study UID, the unread messages about every study that `user` may see; nothing for read ones."""
    counted = _counted(user, Conversation.objects.filter(study__in=access.visible_studies(user), last_seq__gt=0))
    found: dict[str, int] = {}
    for uid, unread in counted.filter(unread__gt=0).values_list("study__uid", "unread"):
        found[uid] = found.get(uid, 0) + unread
    return found
