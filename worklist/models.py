"""What is asked of the department, and what is still to be read."""

from typing import Any

from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy as _

from viewer import names
from viewer.models import Study


class Priority(models.TextChoices):
    """How soon somebody waits for the answer."""

    ROUTINE = "routine", _("routine")
    URGENT = "urgent", _("urgent")
    STAT = "stat", _("stat")


class Request(models.Model):
    """The referrer's words: what is asked, of whom, and why."""

    study = models.OneToOneField(Study, models.CASCADE, related_name="request")
    clinical_question = models.TextField(blank=True)
    history = models.TextField(blank=True)
    procedure = models.CharField(max_length=255, blank=True)
    referrer = models.CharField(max_length=255, blank=True)
    ward = models.CharField(max_length=100, blank=True)
    priority = models.CharField(max_length=8, choices=Priority, default=Priority.ROUTINE)
    fold = models.TextField(blank=True, editable=False)  # the words of the texts, for searches

    def __str__(self) -> str:
        return f"request {self.pk}"

    def save(self, *args: Any, **options: Any) -> None:
        """Keep the words of the texts beside them."""
        self.fold = f" {names.fold(' '.join([self.clinical_question, self.history, self.procedure]))} "
        if options.get("update_fields") is not None:
            options["update_fields"] = {*options["update_fields"], "fold"}
        super().save(*args, **options)


class ReadingTask(models.Model):
    """A study that somebody must read."""

    class State(models.TextChoices):
        UNREAD = "unread", _("unread")
        CLAIMED = "claimed", _("claimed")
        DONE = "done", _("done")

    study = models.OneToOneField(Study, models.CASCADE, related_name="reading_task")
    state = models.CharField(max_length=8, choices=State, default=State.UNREAD)
    priority = models.CharField(max_length=8, choices=Priority, default=Priority.ROUTINE)
    requested_at = models.DateTimeField(null=True, blank=True)
    due_at = models.DateTimeField(null=True, blank=True)
    reader = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, blank=True, related_name="reading_tasks"
    )

    class Meta:
        indexes = [models.Index(fields=["state", "due_at"], name="task_state_and_due")]

    def __str__(self) -> str:
        return f"reading task {self.pk}"
