"""Who may see whom: permits, the epochs that withdraw them everywhere, tokens, and failed logins."""

from django.conf import settings
from django.contrib.auth.models import Group
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from viewer.models.study import Patient, Study


class Permit(models.Model):
    """One right: a user or a role may do `actions` with a patient, a study, or (neither given) everything."""

    class Reason(models.TextChoices):
        ROLE = "role", _("role")
        REFERRER = "referrer", _("referrer")
        BOARD = "board", _("board")
        SECOND_OPINION = "second_opinion", _("second opinion")
        BREAK_GLASS = "break_glass", _("emergency access")

    user = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE, null=True, blank=True, related_name="permits")
    role = models.ForeignKey(Group, models.CASCADE, null=True, blank=True, related_name="permits")
    patient = models.ForeignKey(Patient, models.CASCADE, null=True, blank=True, related_name="permits")
    study = models.ForeignKey(Study, models.CASCADE, null=True, blank=True, related_name="permits")
    actions = models.CharField(max_length=200, default=" view ")  # words between spaces
    reason = models.CharField(max_length=20, choices=Reason)
    valid_from = models.DateTimeField()
    valid_until = models.DateTimeField(null=True, blank=True)

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(user__isnull=False, role__isnull=True) | Q(user__isnull=True, role__isnull=False),
                name="permit_is_for_user_or_role",
            ),
            models.CheckConstraint(
                condition=Q(patient__isnull=True) | Q(study__isnull=True), name="permit_is_about_patient_or_study"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.get_reason_display()}: {self.user or self.role}"


class Epoch(models.Model):
    """Counts the changes of rights of one subject (`user.<id>`, or `all`); bumped in the transaction of the change."""

    subject = models.CharField(max_length=40, primary_key=True)
    number = models.PositiveBigIntegerField(default=1)

    def __str__(self) -> str:
        return f"{self.subject} {self.number}"


class Token(models.Model):
    """A bearer token for a program: only its digest is kept; dead with its user."""

    digest = models.CharField(max_length=64, unique=True)
    user = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE, related_name="tokens")
    may_write = models.BooleanField(default=False)
    created = models.DateTimeField(auto_now_add=True)
    expires = models.DateTimeField()

    def __str__(self) -> str:
        return f"{self.user} until {self.expires:%Y-%m-%d}"


class LoginFailure(models.Model):
    """One login that failed, or that is being tried; counted for each account and address."""

    account = models.CharField(max_length=64)  # digest of the name that was typed: people type passwords there
    address = models.GenericIPAddressField(null=True)
    at = models.DateTimeField()

    class Meta:
        indexes = [
            models.Index(fields=["account", "address", "at"], name="failure_of_account"),
            models.Index(fields=["address", "at"], name="failure_of_address"),
        ]

    def __str__(self) -> str:
        return f"{self.at:%Y-%m-%d %H:%M:%S}"
