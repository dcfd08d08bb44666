"""What the worklist knows of a study, as JSON for the pages."""

from datetime import datetime
from typing import Any

from viewer import access, names, seen
from viewer.models import Study
from worklist.actions import reading
from worklist.actions import request as requests
from worklist.models import ReadingTask, Request


def request_part(user: Any, study: Study) -> dict[str, Any] | None:
    """Return the request as a part of the study's overview, None when nobody asked anything."""
    found = request_json(user, study)
    return found if found["version"] else None


def request_json(user: Any, study: Study) -> dict[str, Any]:
    """Return the referrer's words about a study that `user` may see; version 0 where nobody asked anything."""
    row = requests.of(study)
    shown = row or Request(study=study, version=0, priority="routine")
    task = reading.of(study)
    return {
        **{name: getattr(shown, name) for name in requests.FIELDS},
        "version": shown.version,
        "referrer_words": str(names.display(shown.referrer)),
        "pregnancy_words": shown.pregnancy_words,
        "is_not_pregnant": shown.is_not_pregnant,
        "priority_words": str(shown.get_priority_display()),
        "due_at": _moment(task.due_at if task and task.state != ReadingTask.State.DONE else None),
        "origin": shown.origin if row else None,
        "origin_words": str(shown.get_origin_display()) if row else "",
        "edited_by": _person(shown.edited_by),
        "edited_at": _moment(shown.edited_at),
        "may_edit": requests.may_edit(user, study),
    }


def reading_json(user: Any, study: Study) -> dict[str, Any]:
    """Return who reads a study that `user` may see; `state` is "none" without a task."""
    task = reading.of(study) or ReadingTask(study=study, state="none")
    return {
        "state": task.state,
        "reader": _person(task.reader),
        "mine": task.state == ReadingTask.State.CLAIMED and task.reader == user,
        "may_claim": access.may(user, "read", study),
        "claimed_at": _moment(task.claimed_at),
        "active_until": _moment(task.active_until),
        "finished_at": _moment(task.finished_at),
        "contents": (held := seen.contents(study)),
        "changed_since": bool(task.state == ReadingTask.State.DONE and task.read_contents not in ("", held)),
        "priority": task.priority,
        "priority_words": str(task.get_priority_display()),
        "due_at": _moment(task.due_at),
    }


def _person(person: Any) -> dict[str, Any] | None:
    return {"id": person.pk, "name": reading.display(person)} if person is not None else None


def _moment(moment: datetime | None) -> str | None:
    return moment.isoformat() if moment is not None else None
