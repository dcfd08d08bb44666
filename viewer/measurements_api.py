"""The REST doors of measurements: listed with their numbers, drawn, moved, taken away."""

import uuid
from typing import Annotated, Any

import msgspec
from django.db.models import QuerySet
from django.http import Http404
from django.urls import path
from django.utils.translation import gettext as _
from rest_framework import status
from rest_framework.exceptions import PermissionDenied, ValidationError
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from viewer import access, names, reports, seen
from viewer.actions import measurement as measurements
from viewer.actions import measurement_report
from viewer.api import StudyView, Unanswered, anything, body
from viewer.doors.drawn import Drawn, Misplaced
from viewer.doors.refusal import Refusal
from viewer.doors.words import translated
from viewer.imaging import measure
from viewer.imaging.words import Words, gettext_noop
from viewer.models import Measurement, OutboxItem, Study


class New(Drawn, forbid_unknown_fields=True, kw_only=True):
    """What is sent to draw one: its id is the page's, so that sending it again doubles nothing.

    `identity` is of whom the page has shown the study: where that has changed, nothing is saved.
    """

    id: uuid.UUID | None = None
    kind: str = "length"
    label: str = ""
    identity: str | None = None


class Edit(msgspec.Struct, forbid_unknown_fields=True, kw_only=True):
    """What is sent to change one; `version` is the one that was seen."""

    version: Annotated[int, msgspec.Meta(ge=1)]
    points: list[list[float]] | None = None
    label: str | None = None
    deleted: bool | None = None
    identity: str | None = None


class Wanted(msgspec.Struct):
    """What is sent to have a report made."""

    identity: str | None = None


class MeasurementsView(StudyView):
    """The measurements of a study."""

    @anything
    def get(self, request: Request, archive: str, study: str) -> Response:
        """Return them as JSON, oldest first, without those that were taken away."""
        found = self.study(archive, study)
        reports.look(found)
        rows = (
            found.measurements.filter(deleted=False)
            .select_related("author", "study__patient")
            .order_by("created", "pk")
        )
        return Response(
            {
                "measurements": listed(request.user, rows.order_by("created", "pk")),
                "may_mark": access.may(request.user, "mark", found),
            }
        )

    @anything
    def post(self, request: Request, archive: str, study: str) -> Response:
        """Draw one; 200 with the row that is there when its id has come before."""
        found = access.study_or_404(request, study, archive, "mark")
        new = _read(request, New)
        if new.kind != Measurement.Kind.LENGTH:
            raise ValidationError({"detail": _("Only lengths can be measured yet")})
        drawn = Drawn(**{name: getattr(new, name) for name in Drawn.__struct_fields__})
        try:
            row, is_new = measurements.add(
                request.user, found, drawn, label=new.label, uid=new.id, identity=new.identity
            )
        except measurements.Taken:
            return _conflict(_("This id belongs to another measurement"))
        except seen.SomebodyElse as error:
            return _conflict(str(error))
        except (Misplaced, Refusal) as error:
            raise _refused(error) from error
        return Response(one(request.user, row), status.HTTP_201_CREATED if is_new else status.HTTP_200_OK)


class ReportView(StudyView):
    """The report of the user's measurements."""

    @anything
    def post(self, request: Request, archive: str, study: str) -> Response:
        """Send all of the user's measurements to the archive; 202: they are on their way."""
        found = access.study_or_404(request, study, archive, "mark")
        wanted = _read(request, Wanted) if body(request) else Wanted()
        try:
            item = measurement_report.send(request.user, found, wanted.identity)
        except seen.SomebodyElse as error:
            return _conflict(str(error))
        except (measurement_report.NothingToSend, Refusal) as error:
            raise _refused(error) from error
        return Response({"report": item.sop_instance_uid, "state": item.state}, status.HTTP_202_ACCEPTED)


class MeasurementView(APIView):
    """One measurement."""

    @anything
    def patch(self, request: Request, measurement: uuid.UUID) -> Response:
        """Move it, name it, take it away or bring it back; 409 with the present row where it has changed meanwhile."""
        _visible(request, measurement)
        edit = _read(request, Edit)
        user = request.user
        try:
            if edit.deleted is None:
                row = measurements.change(
                    user, measurement, edit.version, points=edit.points, label=edit.label, identity=edit.identity
                )
            elif edit.points is None and edit.label is None:
                do = measurements.remove if edit.deleted else measurements.restore
                row = do(user, measurement, edit.version)
            else:
                raise ValidationError({"detail": _("Taking away and changing are two steps")})
        except measurements.NotYours as error:
            raise PermissionDenied(_("Only who measured changes a measurement")) from error
        except seen.SomebodyElse as error:
            return _conflict(str(error))
        except measurements.Removed as error:
            return _conflict(_("It was taken away: bring it back first"), one(user, error.row))
        except measurements.Changed as error:
            return _conflict(_("It has been changed meanwhile"), one(user, error.row))
        except (Misplaced, Refusal) as error:
            raise _refused(error) from error
        return Response(one(user, row))


def listed(user: Any, rows: QuerySet[Measurement]) -> list[dict[str, Any]]:
    """Return measurements as JSON for `user`."""
    found = list(rows)
    reports = OutboxItem.objects.filter(sop_instance_uid__in={row.report_uid for row in found if row.report_uid})
    items = {item.sop_instance_uid: item for item in reports}
    return [measurement_json(user, row, items.get(row.report_uid)) for row in found]


def one(user: Any, row: Measurement) -> dict[str, Any]:
    """Return one measurement as JSON for `user`."""
    item = OutboxItem.objects.filter(sop_instance_uid=row.report_uid).first() if row.report_uid else None
    return measurement_json(user, row, item)


def measurement_json(user: Any, row: Measurement, item: OutboxItem | None) -> dict[str, Any]:
    """Return one measurement; `item` is the report that holds it on its way to the archive."""
    return {
        "id": str(row.pk),
        "kind": row.kind,
        "space": row.space,
        "frame_of_reference": row.frame_of_reference,
        "series": row.series_uid,
        "instance": row.sop_instance_uid or None,
        "frame": row.frame,
        "stack": row.stack,
        "plane": row.plane,
        "points": row.points,
        "value": row.value,
        "unit": row.unit,
        "unit_words": unit_words(row.unit),
        "basis": row.basis,
        "basis_words": translated(words_of(row)),
        "short_words": _("in the region") if row.parts else translated(measure.short(row.basis, words_of(row))),
        "parts": [{**part, "unit_words": unit_words(part["unit"])} for part in row.parts],
        "previous_words": previous_words(row),
        "label": row.label,
        "tracking_uid": row.tracking_uid,
        "version": row.version,
        "deleted": row.deleted,
        "belongs_words": _("drawn before the patient of this exam was changed")
        if row.identity and row.identity != seen.identity(row.study)
        else "",
        "author": {"id": row.author.pk, "name": row.author.get_full_name() or row.author.get_username()}
        if row.author
        else None,
        "observer": str(names.display(row.observer)) if row.observer else "",
        "mine": row.author_id == user.pk,
        "report": report_json(row, item),
        "created": row.created.isoformat(),
        "modified": row.modified.isoformat(),
    }


def words_of(row: Measurement) -> Words | str:
    """Return what the number of a measurement rests on, in full."""
    if row.words:
        return gettext_noop(row.words["template"], **row.words["values"])
    return measure.BASES.get(row.basis, "")


def unit_words(unit: str) -> str:
    """Return a unit of UCUM as it stands beside a number."""
    return _("px") if unit == measure.PIXELS else unit.replace("2", "²").replace("3", "³")


def previous_words(row: Measurement) -> str:
    """Return what a number was before a calibration, or its end, computed it anew."""
    before = row.previous
    if not before or before["value"] is None:
        return ""
    number = f"{before['value']:.1f} {unit_words(before['unit'])}"
    return _("computed anew by the calibration, was %(number)s") % {"number": number}


REPORT_WORDS = {
    "none": lambda: "",
    "waiting": lambda: _("on its way to the archive"),
    "stored": lambda: _("in the archive"),
    "changed": lambda: _("changed since it was saved to the archive"),
    "failed": lambda: _("not saved to the archive"),
}


def report_json(row: Measurement, item: OutboxItem | None) -> dict[str, Any]:
    """Return how far the report of a measurement is: none, waiting, stored, failed, or changed since."""
    if not row.report_uid:
        state = "none"
    elif row.report_version is not None and row.report_version != row.version:
        state = "changed"
    else:
        state = item.state if item is not None else OutboxItem.State.STORED
    words = REPORT_WORDS[state]()
    if item is not None and item.words and state in ("waiting", "failed"):
        words = f"{words}: {translated(item.words)}"
    return {"uid": row.report_uid, "version": row.report_version, "state": str(state), "words": words}


def _visible(request: Request, uid: uuid.UUID) -> Study:
    row = Measurement.objects.filter(pk=uid).select_related("study").first()
    if row is None or not access.may(request.user, "view", row.study):
        raise Http404
    return row.study


def _read(request: Request, shape: type[Any]) -> Any:
    try:
        return msgspec.json.decode(body(request), type=shape)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as error:
        raise ValidationError({"detail": _("This is no measurement: %(why)s") % {"why": error}}) from error


def _refused(error: Exception) -> Exception:
    return Unanswered(error) if isinstance(error, Refusal) else ValidationError({"detail": str(error)})


def _conflict(words: str, row: dict[str, Any] | None = None) -> Response:
    told = {"detail": words} if row is None else {"detail": words, "measurement": row}
    return Response(told, status.HTTP_409_CONFLICT)


urlpatterns = [
    path("studies/<str:archive>/<str:study>/measurements/", MeasurementsView.as_view(), name="api-measurements"),
    path(
        "studies/<str:archive>/<str:study>/report/measurements/", ReportView.as_view(), name="api-measurements-report"
    ),
    path("measurements/<uuid:measurement>/", MeasurementView.as_view(), name="api-measurement"),
]
