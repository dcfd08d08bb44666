"""Who did what with whose images: rows that are only ever added, and the chain that seals them."""

from typing import Any

from django.conf import settings
from django.db import models

from viewer.models.study import Patient, Study


class AuditEvent(models.Model):
    """One event by DICOM's audit codes (PS3.15 A.5, PS3.16 CID 400 and 401)."""

    at = models.DateTimeField(auto_now_add=True)
    event = models.CharField(max_length=16)  # code value of the event, such as 110103
    subtype = models.CharField(max_length=64, blank=True)  # code value of its type, or our own word
    success = models.BooleanField(default=True)
    user = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+")
    username = models.CharField(max_length=150, blank=True)
    address = models.GenericIPAddressField(null=True)
    study = models.ForeignKey(Study, models.PROTECT, null=True, related_name="+")
    study_uid = models.CharField(max_length=64, blank=True)
    patient = models.ForeignKey(Patient, models.PROTECT, null=True, related_name="+")
    detail = models.JSONField(default=dict)

    class Meta:
        indexes = [models.Index(fields=["user", "study", "event", "at"], name="audit_of_user_and_study")]

    def __str__(self) -> str:
        return f"{self.pk} {self.event}"

    def save(self, *args: Any, **kwargs: Any) -> None:
        """Add the row; a row that is there is never changed."""
        if not self._state.adding:
            raise TypeError("an audit event is never changed")
        super().save(*args, **kwargs)

    def delete(self, *args: Any, **kwargs: Any) -> tuple[int, dict[str, int]]:
        """Refuse."""
        raise TypeError("an audit event is never deleted")


class AuditSeal(models.Model):
    """One link of the chain: the hash over the link before and the event's content."""

    sequence = models.PositiveBigIntegerField(primary_key=True)
    event = models.OneToOneField(AuditEvent, models.PROTECT, related_name="seal")
    hash = models.CharField(max_length=64)
    at = models.DateTimeField(auto_now_add=True)

    def __str__(self) -> str:
        return f"{self.sequence} {self.hash[:12]}"
