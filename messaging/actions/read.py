"""Note how far somebody has read a conversation."""

from typing import Any

from django.db import transaction

from messaging.models import Conversation, ReadMarker
from viewer import access, live
from viewer.models import Study


@transaction.atomic
def read(user: Any, study: Study, seq: int) -> None:
    """Note that `user` has read the conversation up to `seq`: it only grows, and never past the end. Raises Http404."""
    access.require(user, "view", study)
    conversation = Conversation.objects.filter(study=study).first()
    if conversation is None:
        return
    reached = min(seq, conversation.last_seq)
    marker, _made = ReadMarker.objects.get_or_create(conversation=conversation, user=user)
    if ReadMarker.objects.filter(pk=marker.pk, seq__lt=reached).update(seq=reached):
        live.publish(f"user.{user.pk}", {"read": study.uid, "seq": reached})
