"""Conversations about a study: the rows are the log, in one order; a socket message is only a hint."""

import uuid

from django.conf import settings
from django.db import models

from viewer.models import PresentationState, Study


class Conversation(models.Model):
    """What colleagues say to each other about one study."""

    study = models.OneToOneField(Study, models.CASCADE, related_name="conversation")
    last_seq = models.PositiveBigIntegerField(default=0)
    created = models.DateTimeField(auto_now_add=True)

    def __str__(self) -> str:
        return f"conversation {self.pk}"


class Message(models.Model):
    """One message. `seq` is its place in the conversation's one order; `client_uuid` makes a second try harmless."""

    conversation = models.ForeignKey(Conversation, models.CASCADE, related_name="messages")
    seq = models.PositiveBigIntegerField()
    sender = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="messages")
    client_uuid = models.UUIDField(default=uuid.uuid4)
    text = models.TextField(blank=True)
    state = models.ForeignKey(PresentationState, models.PROTECT, null=True, blank=True, related_name="messages")
    created = models.DateTimeField(auto_now_add=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["conversation", "seq"], name="message_is_conversation_and_seq"),
            models.UniqueConstraint(fields=["sender", "client_uuid"], name="message_is_sent_once"),
        ]

    def __str__(self) -> str:
        return f"message {self.conversation_id}/{self.seq}"


class ReadMarker(models.Model):
    """How far somebody has read a conversation; it only grows."""

    conversation = models.ForeignKey(Conversation, models.CASCADE, related_name="markers")
    user = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE, related_name="read_markers")
    seq = models.PositiveBigIntegerField(default=0)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["conversation", "user"], name="marker_is_conversation_and_user")]

    def __str__(self) -> str:
        return f"read to {self.seq}"
