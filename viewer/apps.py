"""The viewer as a Django app."""

from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class ViewerConfig(AppConfig):
    """Registers, at start, what changes rights and which topics the viewer's socket knows."""

    name = "viewer"
    verbose_name = _("Viewer")

    def ready(self) -> None:
        from viewer import (  # noqa: PLC0415 (models exist only from here on)
            epochs,
            reports,  # noqa: F401 (registers its kind of job)
            spatial,  # noqa: F401 (the same)
            topics,
        )
        from viewer.actions import outbox, planes, registration  # noqa: F401, PLC0415 (they register their kinds of job)

        epochs.watch_models()
        topics.register()
