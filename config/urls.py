"""The addresses of Django's doors; pictures and the socket have theirs in config.asgi."""

from django.contrib import admin
from django.contrib.auth.views import redirect_to_login
from django.http import Http404, HttpRequest, HttpResponse
from django.urls import include, path
from django.views.generic import RedirectView
from drf_spectacular.views import SpectacularAPIView


def admin_login(request: HttpRequest) -> HttpResponse:
    """Send to the one way in; who is in already and comes here has no business in /admin/: it isn't there."""
    if request.user.is_authenticated:
        raise Http404("no such page")
    return redirect_to_login(request.GET.get("next", "/admin/"), "login")


urlpatterns = [
    path("admin/login/", admin_login),
    path("admin/logout/", RedirectView.as_view(pattern_name="logout")),
    path("admin/", admin.site.urls),
    path("api/schema/", SpectacularAPIView.as_view(), name="schema"),
    path("api/", include("viewer.api")),
    path("api/", include("viewer.jobs_api")),
    path("api/", include("viewer.status_api")),
    path("api/", include("worklist.api")),
    path("api/", include("viewer.measurements_api")),
    path("api/", include("viewer.calibrations_api")),
    path("api/", include("viewer.registrations_api")),
    path("api/", include("viewer.planes_api")),
    path("api/", include("messaging.api")),
    path("", include("worklist.urls")),
    path("", include("viewer.urls")),
]

handler400 = "viewer.views.errors.bad_request"
handler403 = "viewer.views.errors.forbidden"
handler404 = "viewer.views.errors.not_found"
handler500 = "viewer.views.errors.server_error"
