"""Calibrate an image by a line of known length, and withdraw that: what was measured on it is computed anew."""

import math
import uuid
from typing import Annotated, Any

import msgspec
from django.db import IntegrityError, transaction
from django.http import Http404
from django.utils import timezone
from django.utils.translation import gettext as _

from viewer import access, audit, calibrations, live, seen
from viewer.actions import measurement as measurements
from viewer.doors import drawn as drawing
from viewer.doors.drawn import Drawn, Misplaced
from viewer.doors.opened import Opened
from viewer.doors.words import translated
from viewer.imaging import beam, spacing
from viewer.imaging.spacing import Spacing
from viewer.models import Calibration, Measurement, Study
from viewer.presentation import Uid

LENGTHS = (0.1, 5000.0)  # mm that a line may be said to have
SHORTEST = 5  # pixels: half a pixel of the hand is a tenth of that


class Known(msgspec.Struct, forbid_unknown_fields=True, kw_only=True):
    """A line of known length: `points` are two of (column, row), `length` is in mm."""

    series: Uid
    instance: Uid
    frame: Annotated[int, msgspec.Meta(ge=1)]
    points: list[list[float]]
    length: float


def calibrate(
    user: Any, study: Study, known: Known, *, uid: uuid.UUID | None = None, identity: str | None = None
) -> tuple[Calibration, bool]:
    """Set the spacing of an image, once for each `uid`; what stood before is withdrawn. Second: it is new.

    It holds for the frames that share the geometry of the one that the line was drawn on.

    Raises Http404, Misplaced where the image isn't calibrated by hand or the line is none, SomebodyElse, and Refusal.
    """
    access.require(user, "mark", study)
    there = _already(user, study, uid)
    if there is not None:
        return there, False
    opened = measurements.opened(study, known.series)
    steps = _steps(opened, known)
    try:
        with transaction.atomic():
            access.require(user, "mark", study)
            seen.require(study, identity)
            calibrations.lock(study)
            place = opened.place(known.instance, known.frame)
            before = calibrations.of_frame(study, place.instance, known.frame)
            if before is not None:
                _end(user, before)
            made = Calibration.objects.create(
                id=uid or uuid.uuid4(), study=study, series_uid=known.series, sop_instance_uid=known.instance,
                frame=known.frame, points=known.points, length=known.length, author=user, **steps,
                frames=beam.sharing(place.instance, known.frame), geometry=beam.mark(place.instance, known.frame),
            )  # fmt: skip
            _tell(user, made, "calibrated", _anew(user, opened, made, calibrations.spacing_of(made)))
    except IntegrityError:
        there = _already(user, study, uid)
        if there is None:
            raise
        return there, False
    return made, True


def withdraw(user: Any, uid: uuid.UUID, identity: str | None = None) -> Calibration:
    """Withdraw a calibration: the file's own spacing counts again. Raises Http404, Misplaced, SomebodyElse, Refusal."""
    row = Calibration.objects.select_related("study__archive", "author").filter(pk=uid).first()
    if row is None:
        raise Http404("no such calibration")
    access.require(user, "mark", row.study)
    opened = measurements.opened(row.study, row.series_uid)
    with transaction.atomic():
        access.require(user, "mark", row.study)
        seen.require(row.study, identity)
        calibrations.lock(row.study)
        row.refresh_from_db(fields=["withdrawn", "withdrawn_by"])
        if row.withdrawn is None:
            _end(user, row)
            _tell(user, row, "withdrawn", _anew(user, opened, row, None))
    return row


def _already(user: Any, study: Study, uid: uuid.UUID | None) -> Calibration | None:
    there = Calibration.objects.filter(pk=uid).select_related("author").first() if uid else None
    if there is not None and (there.author_id != user.pk or there.study_id != study.pk):
        raise measurements.Taken
    return there


def _steps(opened: Opened, known: Known) -> dict[str, float | int | None]:
    """Return mm between rows and columns from the line, and the size of its image. Raises Misplaced."""
    if not LENGTHS[0] <= known.length <= LENGTHS[1]:
        raise Misplaced(
            _("A known length is between %(least)g and %(most)g mm")
            % dict(zip(("least", "most"), LENGTHS, strict=True))
        )
    line = Drawn(
        space="image", series=known.series, instance=known.instance, frame=known.frame, points=known.points
    )  # fmt: skip
    place = drawing.place_of(opened, line)
    why = spacing.why_not_calibrated(place.instance, place.frame)
    if place.slide is not None or why is not None:
        raise Misplaced(translated(why) if why else _("A slide brings its own scale: it isn't calibrated by hand"))
    drawing.measured(opened, line)
    if math.dist(*known.points) < SHORTEST:
        raise Misplaced(_("A line of known length is at least %(count)d pixels long") % {"count": SHORTEST})
    aspect = spacing.spacing(place.instance, place.frame).aspect
    row, column = spacing.by_known_length(known.points, known.length, aspect)
    return {"row": row, "column": column, "rows": place.instance.Rows, "columns": place.instance.Columns}


def _end(user: Any, row: Calibration) -> None:
    row.withdrawn, row.withdrawn_by = timezone.now(), user
    row.save(update_fields=["withdrawn", "withdrawn_by"])


def _anew(user: Any, opened: Opened, calibrated: Calibration, given: Spacing | None) -> int:
    """Compute again what people have measured on an image, and return how many numbers have changed.

    A number that a report of the archive holds stays: it is its observer's.
    """
    lines = calibrated.study.measurements.filter(
        space=Measurement.Space.IMAGE, sop_instance_uid=calibrated.sop_instance_uid, author__isnull=False
    )
    if calibrated.frames is not None:
        lines = lines.filter(frame__in=calibrated.frames)
    changed = 0
    for row in lines.select_for_update(of=("self",)):
        try:
            based = drawing.measured(opened, measurements.drawn_of(row, row.points), given)
        except Misplaced:  # the image has changed in the archive since
            continue
        changed += measurements.compute_anew(user, row, based)
    return changed


def _tell(user: Any, row: Calibration, what: str, changed: int) -> None:
    audit.record(
        user,
        audit.Event.APPLICATION_ACTIVITY,
        subtype=audit.Subtype.CALIBRATION_CHANGED,
        study=row.study,
        detail={"calibration": str(row.pk), "what": what, "image": row.sop_instance_uid, "measurements": changed},
    )
    live.publish(row.study.topic, {"changed": "calibrations"})
