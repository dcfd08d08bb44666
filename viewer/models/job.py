"""Work that is done beside the pages, and objects on their way to an archive: the row is the truth."""

import uuid

from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy as _

from viewer.models.study import Archive, Study


class Job(models.Model):
    """One piece of work in the states of a Unified Procedure Step (PS3.4 CC.1.1); a failure is CANCELED with words."""

    class State(models.TextChoices):
        SCHEDULED = "SCHEDULED", _("scheduled")
        IN_PROGRESS = "IN PROGRESS", _("in progress")
        COMPLETED = "COMPLETED", _("completed")
        CANCELED = "CANCELED", _("canceled")

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    kind = models.CharField(max_length=40)
    key = models.CharField(max_length=200, blank=True)  # what the work is about: one unfinished job for each
    study = models.ForeignKey(Study, models.CASCADE, null=True, blank=True, related_name="jobs")
    arguments = models.JSONField(default=dict)
    state = models.CharField(max_length=11, choices=State, default=State.SCHEDULED)
    done = models.PositiveIntegerField(default=0)
    total = models.PositiveIntegerField(null=True, blank=True)
    words = models.TextField(blank=True)
    attempts = models.PositiveSmallIntegerField(default=0)
    cancel_requested = models.BooleanField(default=False)
    wanted_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.SET_NULL, null=True, blank=True, related_name="wanted_jobs"
    )
    canceled_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.SET_NULL, null=True, blank=True, related_name="+")
    runner = models.CharField(max_length=80, blank=True)
    created = models.DateTimeField(auto_now_add=True)
    sent = models.DateTimeField(null=True, blank=True)  # when its id last went to the runners
    not_before = models.DateTimeField(null=True, blank=True)
    begun = models.DateTimeField(null=True, blank=True)
    heartbeat = models.DateTimeField(null=True, blank=True)
    ended = models.DateTimeField(null=True, blank=True)

    class Meta:
        indexes = [models.Index(fields=["state", "heartbeat"], name="job_state_and_heartbeat")]
        constraints = [
            models.UniqueConstraint(
                fields=["kind", "key"],
                condition=models.Q(state__in=("SCHEDULED", "IN PROGRESS")) & ~models.Q(key=""),
                name="one_unfinished_job_for_each_key",
            )
        ]

    def __str__(self) -> str:
        return f"{self.kind} {self.id}"


class OutboxItem(models.Model):
    """One object that must reach an archive; its bytes lie below STATE/outbox until they have arrived."""

    class State(models.TextChoices):
        WAITING = "waiting", _("waiting")
        STORED = "stored", _("stored")
        FAILED = "failed", _("failed")

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    archive = models.ForeignKey(Archive, models.PROTECT, related_name="outbox")
    study = models.ForeignKey(Study, models.PROTECT, related_name="outbox")
    series_uid = models.CharField(max_length=64)
    sop_class_uid = models.CharField(max_length=64)
    sop_instance_uid = models.CharField(max_length=64, unique=True)
    digest = models.CharField(max_length=64)  # SHA-256 of the bytes
    about = models.JSONField(default=dict)
    state = models.CharField(max_length=8, choices=State, default=State.WAITING)
    attempts = models.PositiveIntegerField(default=0)
    next_try = models.DateTimeField(null=True, blank=True)
    words = models.TextField(blank=True)
    wanted_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.SET_NULL, null=True, blank=True, related_name="outbox"
    )
    created = models.DateTimeField(auto_now_add=True)
    stored_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        indexes = [models.Index(fields=["state", "next_try"], name="outbox_state_and_next_try")]

    def __str__(self) -> str:
        return self.sop_instance_uid
