"""Messaging as a Django app."""

from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class MessagingConfig(AppConfig):
    """The room of conversations, presence and notifications."""

    name = "messaging"
    verbose_name = _("Messages")
