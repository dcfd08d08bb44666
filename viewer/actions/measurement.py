"""Measure: draw, move, name, take away and bring back; each number is computed here from the points."""

import unicodedata
import uuid
from dataclasses import dataclass
from typing import Any

import msgspec
from django.db import IntegrityError, transaction
from django.http import Http404
from django.utils.translation import gettext as _

from viewer import access, audit, calibrations, live, rendering, seen
from viewer.doors import drawn as drawing
from viewer.doors.drawn import Drawn, Misplaced
from viewer.doors.opened import Opened
from viewer.imaging.measure import Based
from viewer.models import Measurement, Study

LONGEST_LABEL = 200


class NotYours(Exception):
    """Only who measured changes a measurement."""


class Taken(Exception):
    """The id belongs to another measurement."""


@dataclass
class Changed(Exception):
    """Somebody, or another window, was faster: `row` is the measurement as it is now."""

    row: Measurement


class Removed(Changed):
    """It has been taken away, and can only be brought back."""


def add(
    user: Any,
    study: Study,
    drawn: Drawn,
    *,
    label: str = "",
    uid: uuid.UUID | None = None,
    identity: str | None = None,
) -> tuple[Measurement, bool]:
    """Save what was drawn, once for each `uid`: sent again, the row that is there is returned. Second: it is new.

    `identity` is of whom the page has shown the study. Raises Http404, Misplaced, Taken, SomebodyElse, and Refusal
    where the image can't be asked.
    """
    access.require(user, "mark", study)
    there = _already(user, study, uid)
    if there is not None:
        return there, False
    image = opened(study, drawn.series)
    try:
        with transaction.atomic():
            access.require(user, "mark", study)
            seen.require(study, identity)
            based = _measured(study, image, drawn)
            row = Measurement.objects.create(
                identity=identity or "",
                id=uid or uuid.uuid4(),
                study=study,
                space=drawn.space,
                frame_of_reference=drawn.frame_of_reference,
                series_uid=drawn.series,
                sop_instance_uid=drawn.instance or "",
                frame=drawn.frame,
                stack=drawn.stack,
                plane=msgspec.to_builtins(drawn.plane),
                label=_label(label),
                tracking_uid=f"2.25.{uuid.uuid4().int}",
                author=user,
                **_number(drawn, based),
            )
            _tell(user, row, "added")
    except IntegrityError:
        there = _already(user, study, uid)
        if there is None:
            raise
        return there, False
    return row, True


def change(
    user: Any,
    uid: uuid.UUID,
    version: int,
    *,
    points: list[list[float]] | None = None,
    label: str | None = None,
    identity: str | None = None,
) -> Measurement:
    """Move the ends or give another label.

    Raises Http404, NotYours, Misplaced, Refusal, Changed, Removed, and SomebodyElse as `add` does.
    """
    row = _own(user, uid)
    values: dict[str, Any] = {} if label is None else {"label": _label(label)}
    if identity is not None:
        values["identity"] = identity
    if points is not None:
        drawn, image = drawn_of(row, points), opened(row.study, row.series_uid)
        with transaction.atomic():
            values |= _number(drawn, _measured(row.study, image, drawn))
            return _write(user, row, version, "changed", **values)
    return _write(user, row, version, "changed", **values)


def compute_anew(user: Any, row: Measurement, based: Based) -> bool:
    """Give a measurement, in the caller's transaction, the number that its calibrated image makes: was it another?"""
    values = _number(drawn_of(row, row.points), based)
    before = {name: getattr(row, name) for name in ("value", "unit", "basis", "words")}
    if all(before[name] == values[name] for name in before):
        return False
    for name, value in {**values, "previous": before}.items():
        setattr(row, name, value)
    row.version += 1
    row.save()
    _tell(user, row, "computed anew")
    return True


def remove(user: Any, uid: uuid.UUID, version: int) -> Measurement:
    """Take a measurement away; the row stays. Raises Http404, NotYours, Changed."""
    return _write(user, _own(user, uid), version, "removed", deleted=True)


def restore(user: Any, uid: uuid.UUID, version: int) -> Measurement:
    """Bring back what was taken away. Raises Http404, NotYours, Changed."""
    return _write(user, _own(user, uid), version, "restored", deleted=False)


def drawn_of(row: Measurement, points: list[list[float]]) -> Drawn:
    """Return a measurement as it would be drawn with other points."""
    return Drawn(
        space=row.space,  # type: ignore[arg-type]
        series=row.series_uid,
        points=points,
        instance=row.sop_instance_uid or None,
        frame=row.frame,
        stack=row.stack,
        plane=msgspec.convert(row.plane, drawing.CutPlane) if row.plane else None,
        frame_of_reference=row.frame_of_reference,
    )


def _already(user: Any, study: Study, uid: uuid.UUID | None) -> Measurement | None:
    there = Measurement.objects.filter(pk=uid).select_related("author").first() if uid else None
    if there is not None and (there.author_id != user.pk or there.study_id != study.pk):
        raise Taken
    return there


def opened(study: Study, series: str) -> Opened:
    """Return a series of a study, opened. Raises Misplaced where there is none, and Refusal."""
    archive = study.archive.name
    if not rendering.listed(archive, study.uid, series):
        raise Misplaced(_("No such series in this study"))

    async def ask(studio: rendering.Studio) -> Opened:
        return await studio.series(archive, study.uid, series)

    return rendering.from_thread(ask)


def _measured(study: Study, image: Opened, drawn: Drawn) -> Based:
    """Return the number of what was drawn, by the calibration that stands in the caller's transaction, if any."""
    if drawn.space != Measurement.Space.IMAGE:
        return drawing.measured(image, drawn)
    calibrations.lock(study)
    place = drawing.place_of(image, drawn)
    return drawing.measured(image, drawn, calibrations.standing(study, place.instance, place.frame.number))


def _number(drawn: Drawn, based: Based) -> dict[str, Any]:
    words = {"template": based.words.template, "values": based.words.values}
    return {
        "points": drawn.points,
        "value": based.quantity.value,
        "unit": based.quantity.unit,
        "basis": based.basis,
        "words": words,
        "parts": [{"name": part.name, "value": part.value, "unit": part.unit} for part in based.parts],
        "previous": None,
    }


def _label(label: str) -> str:
    label = " ".join(label.split())
    if any(unicodedata.category(each) in ("Cc", "Cs") for each in label):
        raise Misplaced(_("A label holds no control characters"))
    if len(label) > LONGEST_LABEL:
        raise Misplaced(_("A label has at most %(count)d characters") % {"count": LONGEST_LABEL})
    return label


def _own(user: Any, uid: uuid.UUID) -> Measurement:
    row = Measurement.objects.select_related("study__archive", "author").filter(pk=uid).first()
    if row is None:
        raise Http404("no such measurement")
    access.require(user, "mark", row.study)
    if row.author_id != user.pk:
        raise NotYours
    return row


@transaction.atomic
def _write(user: Any, row: Measurement, version: int, what: str, **values: Any) -> Measurement:
    access.require(user, "mark", row.study)
    present = Measurement.objects.select_for_update(of=("self",)).select_related("author", "study").get(pk=row.pk)
    if present.version != version:
        raise Changed(present)
    if present.deleted and "deleted" not in values:
        raise Removed(present)
    seen.require(row.study, values.get("identity"))
    if all(getattr(present, name) == value for name, value in values.items()):
        return present
    for name, value in values.items():
        setattr(present, name, value)
    present.version += 1
    present.save()
    _tell(user, present, what)
    return present


def _tell(user: Any, row: Measurement, what: str) -> None:
    audit.record(
        user,
        audit.Event.APPLICATION_ACTIVITY,
        subtype=audit.Subtype.MEASUREMENT_CHANGED,
        study=row.study,
        detail={"measurement": str(row.pk), "what": what, "version": row.version},
    )
    live.publish(row.study.topic, {"changed": "measurements"})
