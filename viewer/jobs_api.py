"""The REST doors of jobs and of the outbox."""

import uuid
from typing import Any

from django.urls import path
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from viewer.actions import job as actions
from viewer.actions import outbox
from viewer.api import anything
from viewer.doors import works


class JobsView(APIView):
    """What is done beside the pages."""

    @anything
    def get(self, request: Request) -> Response:
        """Return the person's own jobs and those of visible studies, and what waits in the outbox."""
        told: dict[str, list[dict[str, Any]]] = {
            "jobs": [work.json() for work in works.visible(request.user)],
            "outbox": [work.json() for work in works.outbox(request.user)],
        }
        return Response(told)


class CancelView(APIView):
    """One job that isn't wanted any more."""

    @anything
    def post(self, request: Request, job: uuid.UUID) -> Response:
        """Cancel it: it ends at its next step."""
        row = actions.cancel(request.user, actions.visible_job(request.user, job))
        return Response({"id": str(row.pk), "state": row.state, "cancel_requested": row.cancel_requested})


class RetryView(APIView):
    """One object that hasn't arrived."""

    @anything
    def post(self, request: Request, item: uuid.UUID) -> Response:
        """Send it again, now."""
        row = outbox.visible_item(request.user, item)
        outbox.retry(request.user, row)
        row.refresh_from_db()
        return Response({"id": str(row.pk), "state": row.state})


urlpatterns = [
    path("jobs/", JobsView.as_view(), name="api-jobs"),
    path("jobs/<uuid:job>/cancel/", CancelView.as_view(), name="api-job-cancel"),
    path("outbox/<uuid:item>/retry/", RetryView.as_view(), name="api-outbox-retry"),
]
