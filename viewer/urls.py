"""The viewer's pages; pictures and the JSON addresses have their own tables."""

from django.urls import path

from viewer.views import archives, asking, display, health, jobs, login, patient, preferences, status, study

urlpatterns = [
    path("login/", login.login, name="login"),
    path("logout/", login.logout, name="logout"),
    path("theme/", preferences.theme, name="theme"),
    path("access/", asking.ask_for_access, name="ask-for-access"),
    path("patients/<slug:key>/", patient.patient, name="patient"),
    path("studies/<str:uid>/", study.study, name="study"),
    path("jobs/", jobs.jobs, name="jobs"),
    path("jobs/<uuid:job>/cancel/", jobs.cancel, name="cancel-job"),
    path("jobs/<uuid:job>/again/", jobs.again, name="do-job-again"),
    path("outbox/<uuid:item>/send/", jobs.send, name="send-again"),
    path("archives/", archives.page, name="archives"),
    path("archives/add/", archives.add, name="add-archive"),
    path("archives/try/", archives.try_new, name="try-archive"),
    path("archives/<slug:name>/try/", archives.try_known, name="try-known-archive"),
    path("archives/<slug:name>/change/", archives.change, name="change-archive"),
    path("archives/<slug:name>/disable/", archives.disable, name="disable-archive"),
    path("archives/<slug:name>/enable/", archives.enable, name="enable-archive"),
    path("archives/<slug:name>/remove/", archives.remove, name="remove-archive"),
    path("status/", status.page, name="status"),
    path("status/outbox/<uuid:item>/send/", status.send_again, name="send-stuck"),
    path("display/", display.page, name="display"),
    path("health", health.health, name="health"),
]
