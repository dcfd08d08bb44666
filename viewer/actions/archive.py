"""What administrators do with archives: add, change, disable, remove. Every change is audited and followed at once."""

from typing import Any
from uuid import UUID

from django.conf import settings
from django.db import transaction
from django.http import Http404, HttpRequest
from django.utils import timezone
from django.utils.translation import gettext as _

from viewer import access, archives, audit, epochs, live
from viewer.actions import outbox
from viewer.actions.archive_given import Credentials, Unfit, fit_together, given_location, given_name
from viewer.archive import secret
from viewer.models import Archive, OutboxItem, Study


@transaction.atomic
def add(request: HttpRequest, name: str, location: str, credentials: Credentials) -> Archive:
    """Have an archive read from now on; raises Http404 for others than administrators, and Unfit."""
    access.require_administrator(request.user)
    name, location = given_name(name), given_location(location)
    fit_together(location, credentials)
    row = Archive.objects.select_for_update().filter(name=name).first()
    if name in settings.ARCHIVES or (row is not None and row.location and row.removed_at is None):
        raise Unfit("name", _("There is an archive of this name already."))
    # The IDs of patients belong to the name of the archive that gave them.
    if row is not None and row.location != location and row.studies.exists():
        raise Unfit("name", _("Exams of another archive are known under this name. Choose another one."))
    _not_read_already(location, name)
    row = row or Archive(name=name)
    row.location, row.added_by_id, row.added_at = location, request.user.pk, timezone.now()
    row.state, row.words, row.unreachable_since, row.ready_since = Archive.State.NEW, "", None, None
    row.last_sync = row.last_sweep = row.disabled_at = row.removed_at = None
    _keep(row, credentials)
    row.save()
    _changed(request, row, "added", location=location, authentication=row.auth_kind)
    return row


@transaction.atomic
def change(request: HttpRequest, name: str, location: str, credentials: Credentials) -> Archive:
    """Take a new address, new credentials or both for an archive that was added here; raises Http404 and Unfit.

    Credentials are always given anew: those that are kept go to no other address than the one they were meant for.
    """
    row = _added(request, name)
    location = given_location(location)
    fit_together(location, credentials)
    _not_read_already(location, name)
    moved = row.location != location
    row.location = location
    _keep(row, credentials)
    if moved:
        row.last_sweep = None  # all is read anew
    row.save(update_fields=["location", "sealed", "auth_kind", "last_sweep"])
    more = {"location": location} if moved else {}
    _changed(request, row, "moved" if moved else "authenticated anew", authentication=row.auth_kind, **more)
    return row


@transaction.atomic
def disable(request: HttpRequest, name: str) -> None:
    """Don't ask an archive any more; its exams stay on the list. Raises Http404."""
    row = _added(request, name)
    if row.disabled_at is None:
        Archive.objects.filter(pk=row.pk).update(disabled_at=timezone.now())
        _changed(request, row, "disabled")


@transaction.atomic
def enable(request: HttpRequest, name: str) -> None:
    """Ask an archive again; raises Http404."""
    row = _added(request, name)
    if row.disabled_at is not None:
        Archive.objects.filter(pk=row.pk).update(disabled_at=None)
        _changed(request, row, "enabled")


@transaction.atomic
def remove(request: HttpRequest, name: str) -> int:
    """Read an archive no more: its exams leave the list, its credentials are forgotten. Return how many exams.

    Nothing is changed in the archive; added again under the same name and address, it brings its exams back.
    Raises Http404, and Unfit while objects wait to be stored in it.
    """
    row = _added(request, name)
    if OutboxItem.objects.filter(archive=row, state=OutboxItem.State.WAITING).exists():
        words = _("Objects wait to be stored in it. Let them arrive, or disable the archive.")
        raise Unfit("", words)
    now = timezone.now()
    row.removed_at, row.disabled_at = now, None
    row.sealed, row.auth_kind = "", Archive.Auth.NONE
    row.save(update_fields=["removed_at", "disabled_at", "sealed", "auth_kind"])
    exams = Study.objects.filter(archive=row, gone_at__isnull=True).update(gone_at=now, missed_sweeps=0)
    epochs.bump()
    _changed(request, row, "removed", exams=exams)
    live.publish("list", {"changed": "exams"})
    return exams


@transaction.atomic
def tried(request: HttpRequest, location: str, *, name: str = "") -> None:
    """Write that somebody has an archive asked, before it is; raises Http404."""
    access.require_administrator(request.user)
    _record(request, {"archive": name, "what": "tried", "location": location})


@transaction.atomic
def send_again(request: HttpRequest, key: UUID) -> None:
    """Send an object that hasn't reached its archive again, whosever study it is; raises Http404."""
    access.require_administrator(request.user)
    item = OutboxItem.objects.filter(pk=key).exclude(state=OutboxItem.State.STORED).first()
    if item is None:
        raise Http404("no such object")
    outbox.send_again(request.user, item)


def site_of(request: HttpRequest, name: str) -> archives.Site:
    """Return an archive, of the environment or added, for an administrator; raises Http404."""
    access.require_administrator(request.user)
    site = archives.sites().get(name)
    if site is None:
        raise Http404("no such archive")
    return site


def _added(request: HttpRequest, name: str) -> Archive:
    """Return the row of an archive that was added here, for this transaction to change; raises Http404."""
    access.require_administrator(request.user)
    rows = Archive.objects.select_for_update().filter(name=name, removed_at__isnull=True).exclude(location="")
    row = rows.first()
    if row is None or name in settings.ARCHIVES:
        raise Http404("no such archive")
    return row


def _not_read_already(location: str, name: str) -> None:
    for site in archives.sites().values():
        if site.source.location.rstrip("/") == location and site.name != name:
            raise Unfit("location", _("This address is read already, as {name}.").format(name=site.name))


def _keep(row: Archive, credentials: Credentials) -> None:
    row.sealed = secret.sealed(settings.STATE, credentials.auth) if credentials.auth else ""
    row.auth_kind = credentials.kind


def _changed(request: HttpRequest, row: Archive, what: str, **more: Any) -> None:
    _record(request, {"archive": row.name, "what": what, **more})
    live.publish("list", {"changed": "archives"})
    transaction.on_commit(archives.forget)


def _record(request: HttpRequest, detail: dict[str, Any]) -> None:
    subtype = audit.Subtype.NETWORK_CONFIGURATION
    audit.record(request.user, audit.Event.SECURITY_ALERT, subtype=subtype, detail=detail, request=request)
