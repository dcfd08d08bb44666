"""The worklist as a Django app."""

from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class WorklistConfig(AppConfig):
    """The room of requests and reading tasks."""

    name = "worklist"
    verbose_name = _("Worklist")

    def ready(self) -> None:
        """Hear of studies that come, and add the request to what the viewer tells of one."""
        from viewer import index, live  # noqa: PLC0415 (models exist only now)
        from viewer.doors import overview  # noqa: PLC0415
        from worklist import filling, prefetch  # noqa: F401, PLC0415
        from worklist.actions import reading  # noqa: PLC0415
        from worklist.overview import request_part  # noqa: PLC0415

        overview.parts["request"] = request_part
        live.allow("list", ("reading", "request"))
        index.when_new.append(reading.expect)
        index.when_series_change.append(filling.want)
