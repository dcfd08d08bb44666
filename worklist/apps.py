"""The worklist as a Django app."""

from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class WorklistConfig(AppConfig):
    """The room of requests and reading tasks."""

    name = "worklist"
    verbose_name = _("Worklist")
