"""What /admin/ shows: accounts, roles, permits, tokens and archives to who runs the system, the audit to privacy.

No patient, study or presentation state is here: running the system gives no right to see anybody.
"""

from typing import Any

from django.contrib import admin
from django.db import transaction
from django.db.models import Model
from django.forms import ModelForm
from django.http import HttpRequest, HttpResponse
from django.utils import timezone

from viewer import audit
from viewer.actions.permit import withdraw
from viewer.models import Archive, AuditEvent, Permit, Token


class ReadOnly(admin.ModelAdmin):
    """Rows that nobody changes by hand."""

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return False


@admin.register(Archive)
class ArchiveAdmin(ReadOnly):
    list_display = ("name", "state", "unreachable_since", "last_sync", "last_sweep", "words")
    fields = list_display


@admin.register(AuditEvent)
class AuditEventAdmin(ReadOnly):
    list_display = ("at", "event", "subtype", "success", "username", "address", "study_uid", "detail")
    list_filter = ("event", "subtype", "success")
    search_fields = ("username", "study_uid")
    fields = list_display
    ordering = ("-pk",)

    def changelist_view(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> HttpResponse:
        """Reading the audit is audited."""
        with transaction.atomic():
            audit.record(request.user, audit.Event.AUDIT_LOG_USED, request=request)
        return super().changelist_view(request, extra_context)


@admin.register(Permit)
class PermitAdmin(admin.ModelAdmin):
    """Permits by role or user over everything; those about a patient or a study come from the rooms' own actions."""

    list_display = ("user", "role", "actions", "reason", "valid_from", "valid_until")
    list_filter = ("reason", "role")
    fields = ("user", "role", "reason", "valid_until")

    def has_change_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return False

    def save_model(self, request: HttpRequest, obj: Permit, form: "ModelForm[Permit]", change: bool) -> None:
        """Add a permit, and write who gave it to whom."""
        obj.valid_from = timezone.now()
        obj.full_clean()
        super().save_model(request, obj, form, change)
        audit.permit_changed(request.user, obj, "given")

    def delete_model(self, request: HttpRequest, obj: Permit) -> None:
        """Withdraw: the row stays."""
        withdraw(request.user, obj)

    def delete_queryset(self, request: HttpRequest, queryset: Any) -> None:
        """Withdraw each."""
        for row in queryset:
            withdraw(request.user, row)


@admin.register(Token)
class TokenAdmin(admin.ModelAdmin):
    """Tokens can be taken back here; they are issued by `manage.py token`."""

    list_display = ("user", "may_write", "created", "expires")
    fields = list_display

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return False
