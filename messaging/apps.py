"""Messaging as a Django app."""

from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class MessagingConfig(AppConfig):
    """The room of conversations, presence and notifications."""

    name = "messaging"
    verbose_name = _("Messages")

    def ready(self) -> None:
        """Add the topic and the verbs of conversations to what the socket knows."""
        from messaging import topics, verbs  # noqa: PLC0415 (models exist only now)

        topics.register()
        verbs.register()
