"""The request: written by a person, or from what the images say where nobody has written anything."""

from collections.abc import Mapping
from typing import Any

from django.db import IntegrityError, transaction
from django.http import Http404
from django.utils import timezone
from django.utils.translation import gettext as _

from viewer import access, audit, live
from viewer.models import Study
from worklist.models import Priority, ReadingTask, Request

FIELDS = (
    "accession_number", "clinical_question", "history", "procedure", "referrer", "referrer_phone", "ward",
    "contrast", "allergy", "pregnancy", "priority",
)  # fmt: skip
LONGEST_TEXT = 10_000  # characters of a field without a length of its own


class Invalid(ValueError):
    """A field that isn't one, or a value that doesn't fit; the words name it."""


class Stale(Exception):
    """Somebody else has written meanwhile: `request` is what it is now (None: it is gone)."""

    def __init__(self, request: Request | None) -> None:
        super().__init__("the request has changed")
        self.request = request


def may_edit(user: Any, study: Study) -> bool:
    """Say whether `user` may write the request of a study: whoever reads or measures it."""
    return access.may(user, "read", study) or access.may(user, "mark", study)


def save(user: Any, study: Study, fields: Mapping[str, Any], version: int) -> Request:
    """Write `fields` over the version that the writer saw (0: there was none).

    Raises Http404, Invalid, and Stale when that isn't the present version: nothing is written then.
    """
    checked = _checked(fields)
    try:
        with transaction.atomic():
            return _save(user, study, checked, version)
    except IntegrityError:  # two wrote the first version at the same time
        raise Stale(of(study)) from None


def _save(user: Any, study: Study, fields: dict[str, str], version: int) -> Request:
    if not may_edit(user, study):
        raise Http404("no such study")
    row = Request.objects.select_for_update().filter(study=study).first()
    if version != (row.version if row else 0):
        raise Stale(row)
    row = row or Request(study=study, version=0)
    before = {name: getattr(row, name) for name, value in fields.items() if getattr(row, name) != value}
    for name, value in fields.items():
        setattr(row, name, value)
    row.version += 1
    row.edited_by, row.edited_at = user, timezone.now()
    row.save()
    _tell(user, study, {"version": row.version, "before": before})
    return row


@transaction.atomic
def fill(study: Study, fields: Mapping[str, str]) -> Request | None:
    """Write what the images say, where no person and no order has written; returns None where that is so.

    Texts that are too long for their column are cut at its end.
    """
    row = Request.objects.select_for_update().filter(study=study).first()
    if row is not None and (row.origin != Request.Origin.DICOM or row.edited_by_id is not None):
        return None
    said = {name: value[: _length(name)] for name, value in fields.items()}
    if row is not None and all(getattr(row, name) == value for name, value in said.items()):
        return row
    row = row or Request(study=study, version=0, origin=Request.Origin.DICOM)
    for name, value in said.items():
        setattr(row, name, value)
    row.version += 1
    row.save()
    if row.priority != Priority.ROUTINE:
        ReadingTask.objects.filter(study=study, priority=Priority.ROUTINE).update(priority=row.priority)
    _tell(None, study, {"version": row.version, "origin": row.origin})
    return row


def of(study: Study) -> Request | None:
    """Return the request of a study."""
    return Request.objects.filter(study=study).select_related("edited_by").first()


def _checked(fields: Mapping[str, Any]) -> dict[str, str]:
    checked = {}
    for name, value in fields.items():
        if name not in FIELDS or not isinstance(value, str):
            raise Invalid(_("“%(field)s” is no text of a request.") % {"field": name[:40]})
        if "\x00" in value:
            raise Invalid(_("The text holds a character that can't be kept."))
        limit = _length(name)
        if len(value.strip()) > limit:
            label = name.replace("_", " ")
            raise Invalid(_("“%(field)s” holds %(n)d characters at most.") % {"field": label, "n": limit})
        checked[name] = value.strip()
    if "priority" in checked and checked["priority"] not in Priority.values:
        raise Invalid(_("There is no such priority."))
    return checked


def _length(name: str) -> int:
    return getattr(Request._meta.get_field(name), "max_length", None) or LONGEST_TEXT


def _tell(user: Any, study: Study, detail: dict[str, Any]) -> None:
    audit.record(
        user, audit.Event.APPLICATION_ACTIVITY, subtype=audit.Subtype.REQUEST_CHANGED, study=study, detail=detail
    )
    live.publish("list", {"changed": "request"})
    live.publish(study.topic, {"changed": "request"})
