"""The worklist as a Django app."""

from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class WorklistConfig(AppConfig):
    """The room of requests and reading tasks."""

    name = "worklist"
    verbose_name = _("Worklist")

    def ready(self) -> None:
        """Add the request to what the viewer tells of a study."""
        from viewer.doors import overview  # noqa: PLC0415 (models exist only now)
        from worklist.overview import request_json  # noqa: PLC0415

        overview.parts["request"] = request_json
