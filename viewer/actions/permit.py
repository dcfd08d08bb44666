"""Give and take the right to see a patient: the only writers of permits."""

from datetime import datetime
from typing import Any

from django.contrib.auth.models import Group
from django.db import transaction
from django.utils import timezone

from viewer import audit
from viewer.models import Patient, Permit, Study


@transaction.atomic
def permit(
    by: Any,
    *,
    user: Any = None,
    role: Group | None = None,
    patient: Patient | None = None,
    study: Study | None = None,
    actions: tuple[str, ...] = ("view",),
    reason: Permit.Reason,
    until: datetime | None = None,
) -> Permit:
    """Let a user or a role do `actions` with a patient, a study, or everything; `by` is None for the system itself."""
    row = Permit.objects.create(
        user=user,
        role=role,
        patient=patient,
        study=study,
        actions=f" {' '.join(actions)} ",
        reason=reason,
        valid_from=timezone.now(),
        valid_until=until,
    )
    audit.permit_changed(by, row, "given")
    return row


@transaction.atomic
def withdraw(by: Any, row: Permit) -> None:
    """Take a permit back, effective within a second in every process; the row stays, ended."""
    row.valid_until = timezone.now()
    row.save(update_fields=["valid_until"])
    audit.permit_changed(by, row, "withdrawn")
