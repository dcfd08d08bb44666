"""The addresses of Django's doors; pictures and the socket have theirs in config.asgi."""

from django.contrib import admin
from django.urls import include, path
from django.views.generic import RedirectView
from drf_spectacular.views import SpectacularAPIView

urlpatterns = [
    path("admin/login/", RedirectView.as_view(pattern_name="login", query_string=True)),
    path("admin/logout/", RedirectView.as_view(pattern_name="logout")),
    path("admin/", admin.site.urls),
    path("api/schema/", SpectacularAPIView.as_view(), name="schema"),
    path("api/", include("viewer.api")),
    path("", include("worklist.urls")),
    path("", include("viewer.urls")),
]

handler400 = "viewer.views.errors.bad_request"
handler403 = "viewer.views.errors.forbidden"
handler404 = "viewer.views.errors.not_found"
handler500 = "viewer.views.errors.server_error"
