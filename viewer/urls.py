"""The viewer's pages; pictures and the JSON addresses have their own tables."""

from django.urls import path

from viewer.views import asking, health, login, patient, preferences, study

urlpatterns = [
    path("login/", login.login, name="login"),
    path("logout/", login.logout, name="logout"),
    path("theme/", preferences.theme, name="theme"),
    path("access/", asking.ask_for_access, name="ask-for-access"),
    path("patients/<slug:key>/", patient.patient, name="patient"),
    path("studies/<str:uid>/", study.study, name="study"),
    path("health", health.health, name="health"),
]
