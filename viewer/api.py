"""The JSON addresses under /api/."""

from django.urls import URLPattern

urlpatterns: list[URLPattern] = []
