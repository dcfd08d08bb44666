"""How two Frames of Reference lie to each other: computed, proposed, accepted by a person, or read from an archive."""

import uuid

from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy as _

from viewer.models.study import Study


class Registration(models.Model):
    """A rigid matrix that takes LPS mm of the moving Frame of Reference to those of the fixed one.

    It is used once somebody has accepted it. `error` is mm (root mean square) of landmarks, nats of mutual information.
    """

    class Method(models.TextChoices):
        LANDMARKS = "landmarks", _("landmarks")
        INFORMATION = "information", _("mutual information")
        FILE = "file", _("an object of the archive")

    class State(models.TextChoices):
        COMPUTING = "computing", _("being computed")
        PROPOSED = "proposed", _("proposed")
        ACCEPTED = "accepted", _("accepted")
        REJECTED = "rejected", _("rejected")

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    study = models.ForeignKey(Study, models.CASCADE, related_name="registrations")  # of the fixed series
    series_uid = models.CharField(max_length=64)
    stack = models.CharField(max_length=200)
    frame_of_reference = models.CharField(max_length=64)
    moving_study = models.ForeignKey(Study, models.CASCADE, related_name="moving_registrations")
    moving_series_uid = models.CharField(max_length=64)
    moving_stack = models.CharField(max_length=200)
    moving_frame_of_reference = models.CharField(max_length=64)
    method = models.CharField(max_length=11, choices=Method)
    state = models.CharField(max_length=9, choices=State)
    matrix = models.JSONField(null=True, blank=True)  # four rows of four
    pairs = models.JSONField(default=list, blank=True)  # of landmarks: [fixed, moving] LPS mm
    error = models.FloatField(null=True, blank=True)
    words = models.TextField(blank=True)  # why it couldn't be computed
    author = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, blank=True, related_name="registrations"
    )
    observer = models.CharField(max_length=400, blank=True)  # who made that of an archive
    created = models.DateTimeField(auto_now_add=True)
    decided = models.DateTimeField(null=True, blank=True)
    decided_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, null=True, blank=True, related_name="+")
    sop_instance_uid = models.CharField(max_length=64, blank=True)  # of its Spatial Registration object

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["sop_instance_uid", "moving_frame_of_reference"],
                condition=~models.Q(sop_instance_uid=""),
                name="one_registration_of_an_object",
            )
        ]

    def __str__(self) -> str:
        return f"{self.method} {self.id}"
