"""What one person keeps: preferences, presentation states and saved searches."""

import uuid

from django.conf import settings
from django.db import models
from django.db.models import Q

from viewer.models.study import Study


class Preference(models.Model):
    """A choice of one user, such as keys or the mouse's buttons."""

    user = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE, related_name="preferences")
    key = models.CharField(max_length=64)
    value = models.JSONField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["user", "key"], name="preference_is_user_and_key")]

    def __str__(self) -> str:
        return self.key


class PresentationState(models.Model):
    """What a person sees: layout, and for each pane its source and look. `current` is the page's own."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    user = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="presentation_states")
    study = models.ForeignKey(Study, models.PROTECT, related_name="presentation_states")
    state = models.JSONField()
    created = models.DateTimeField(auto_now_add=True)
    current = models.BooleanField(default=False)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["user", "study"], condition=Q(current=True), name="one_current_state_for_user_and_study"
            )
        ]

    def __str__(self) -> str:
        return str(self.id)


class SavedSearch(models.Model):
    """A search of the worklist, kept under an id because names don't belong in addresses."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    user = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE, related_name="saved_searches")
    query = models.JSONField()
    name = models.CharField(max_length=100, blank=True)
    created = models.DateTimeField(auto_now_add=True)

    def __str__(self) -> str:
        return str(self.id)
