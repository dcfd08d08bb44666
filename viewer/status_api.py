"""The REST door of the system's state, for monitors with an administrator's token."""

from django.urls import path
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from viewer import access, status
from viewer.api import anything


class StatusView(APIView):
    """How the system is."""

    @anything
    def get(self, request: Request) -> Response:
        """Return all figures; `warnings` is empty when all is well."""
        access.require_administrator(request.user)
        return Response(status.figures())


urlpatterns = [path("status", StatusView.as_view(), name="api-status")]
