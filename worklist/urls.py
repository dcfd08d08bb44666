"""The worklist's pages and fragments."""

from django.urls import path

from worklist.views import ahead, exams, notices, reading, searches

urlpatterns = [
    path("", exams.worklist, name="worklist"),
    path("exams/<str:archive>/<str:uid>/", exams.panel, name="exam-panel"),
    path("exams/<str:archive>/<str:uid>/read/", reading.read, name="read-exam"),
    path("ahead/", ahead.fetch_ahead, name="fetch-ahead"),
    path("notices/", notices.notices_now, name="notices"),
    path("searches/", searches.search, name="search"),
    path("searches/named/", searches.keep, name="keep-search"),
    path("searches/<uuid:search>/forget/", searches.forget, name="forget-search"),
]
