"""What is asked of the department, and what is still to be read."""

from typing import Any

from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy as _

from viewer import names
from viewer.imaging.words import gettext_noop
from viewer.models import Study

# Pregnancy Status (0010,21C0); 4, unknown, says nothing.
PREGNANCY = {
    1: gettext_noop("not pregnant"),
    2: gettext_noop("possibly pregnant"),
    3: gettext_noop("pregnant"),
}


class Priority(models.TextChoices):
    """How soon somebody waits for the answer."""

    ROUTINE = "routine", _("routine")
    URGENT = "urgent", _("urgent")
    STAT = "stat", _("stat")


class Request(models.Model):
    """The referrer's words: what is asked, of whom, and why."""

    class Origin(models.TextChoices):
        DICOM = "dicom", _("from the images")
        PERSON = "person", _("written by hand")
        ORDER = "order", _("from the order")

    study = models.OneToOneField(Study, models.CASCADE, related_name="request")
    accession_number = models.CharField(max_length=64, blank=True)
    clinical_question = models.TextField(blank=True)
    history = models.TextField(blank=True)
    procedure = models.CharField(max_length=255, blank=True)
    referrer = models.CharField(max_length=255, blank=True)
    referrer_phone = models.CharField(max_length=100, blank=True)  # where to call back
    ward = models.CharField(max_length=100, blank=True)
    contrast = models.TextField(blank=True)
    allergy = models.TextField(blank=True)
    pregnancy = models.CharField(max_length=100, blank=True)
    priority = models.CharField(max_length=8, choices=Priority, default=Priority.ROUTINE)
    origin = models.CharField(max_length=8, choices=Origin, default=Origin.PERSON)
    version = models.PositiveIntegerField(default=1)
    edited_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, blank=True, related_name="edited_requests"
    )
    edited_at = models.DateTimeField(null=True, blank=True)
    fold = models.TextField(blank=True, editable=False)  # the words of the texts, for searches

    def __str__(self) -> str:
        return f"request {self.pk}"

    def save(self, *args: Any, **options: Any) -> None:
        """Keep the words of the texts beside them."""
        self.fold = f" {names.fold(' '.join([self.clinical_question, self.history, self.procedure]))} "
        if options.get("update_fields") is not None:
            options["update_fields"] = {*options["update_fields"], "fold"}
        super().save(*args, **options)

    @property
    def pregnancy_words(self) -> str:
        """Return the pregnancy in the reader's language where it is one of DICOM's values, else as it was written."""
        return str(_(self.pregnancy)) if self.pregnancy in PREGNANCY.values() else self.pregnancy

    @property
    def is_not_pregnant(self) -> bool:
        return self.pregnancy == PREGNANCY[1]


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
    claimed_at = models.DateTimeField(null=True, blank=True)
    active_until = models.DateTimeField(null=True, blank=True)  # a claim without a hand for so long ends by itself
    finished_at = models.DateTimeField(null=True, blank=True)
    read_contents = models.CharField(max_length=32, blank=True)  # what the study held then, as viewer.seen tells

    class Meta:
        indexes = [models.Index(fields=["state", "due_at"], name="task_state_and_due")]

    def __str__(self) -> str:
        return f"reading task {self.pk}"
