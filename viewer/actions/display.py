"""Keep what somebody saw of the test pattern on their workstation's screen."""

import math
import uuid
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from django.db import transaction
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from viewer import audit
from viewer.actions.kept import holds_nul
from viewer.models import DisplayCheck

LONGEST = 500  # characters of a remark
MOST_PIXELS = 100_000
RATIOS = (0.1, 20.0)
DEPTHS = (1, 96)  # bits
MM_PER_PX = (0.02, 2.0)


@dataclass(frozen=True)
class Question:
    """One line of the list. Yes is always the good answer; `short` names what is wrong after a no."""

    words: Any
    short: Any


QUESTIONS = {
    "dark": Question(gettext_lazy("The 5 % square is visible on black."), gettext_lazy("5 % square")),
    "light": Question(gettext_lazy("The 95 % square is visible on white."), gettext_lazy("95 % square")),
    "steps": Question(gettext_lazy("All 18 grey steps can be told apart."), gettext_lazy("grey steps")),
    "ramp": Question(gettext_lazy("The ramp is smooth, without bands."), gettext_lazy("bands in the ramp")),
    "pairs": Question(
        gettext_lazy("Line pairs are distinct in the middle and in every corner."), gettext_lazy("line pairs")
    ),
    "geometry": Question(gettext_lazy("The grid is straight, and its cells are square."), gettext_lazy("geometry")),
    "room": Question(gettext_lazy("The room light is dimmed as for reading."), gettext_lazy("room light")),
}


class Unfit(Exception):
    """What was sent can't be kept; `words` say why."""

    def __init__(self, words: str) -> None:
        super().__init__(words)
        self.words = words


@dataclass(frozen=True)
class Seen:
    """A screen and the answers about it: CSS pixels, device pixels of one, bits, millimetres of one CSS pixel."""

    screen_width: int
    screen_height: int
    device_pixel_ratio: float
    colour_depth: int
    mm_per_px: float | None
    answers: dict[str, bool]
    remark: str = ""


def seen(form: Mapping[str, str]) -> Seen:
    """Read a form's fields; raises Unfit."""
    answers = {name: form.get(name, "") for name in QUESTIONS}
    if not set(answers.values()) <= {"yes", "no"}:
        raise Unfit(_("Answer every line with yes or no."))
    remark = form.get("remark", "").replace("\r\n", "\n").strip()  # browsers count a new line once
    if len(remark) > LONGEST or holds_nul(remark):
        raise Unfit(_("A remark holds 500 characters at most."))
    return Seen(
        round(_number(form, "screen_width", 1, MOST_PIXELS)),
        round(_number(form, "screen_height", 1, MOST_PIXELS)),
        _number(form, "device_pixel_ratio", *RATIOS),
        round(_number(form, "colour_depth", *DEPTHS)),
        _number(form, "mm_per_px", *MM_PER_PX) if form.get("mm_per_px") else None,
        {name: answer == "yes" for name, answer in answers.items()},
        remark,
    )


def _number(form: Mapping[str, str], name: str, least: float, most: float) -> float:
    try:
        value = float(form.get(name, ""))
    except ValueError:
        value = math.nan
    if not least <= value <= most:
        raise Unfit(_("What the page knows of the screen didn't arrive. Reload the page and try again."))
    return value


@transaction.atomic
def keep(user: Any, workstation: uuid.UUID, found: Seen) -> DisplayCheck:
    """Add a check of `workstation` by `user`, and its line in the audit trail."""
    row = DisplayCheck.objects.create(
        workstation=workstation, user=user, passed=all(found.answers.values()), **vars(found)
    )
    detail = {"check": row.pk, "workstation": str(workstation), "passed": row.passed}
    audit.record(user, audit.Event.APPLICATION_ACTIVITY, subtype=audit.Subtype.DISPLAY_CHECKED, detail=detail)
    return row


def last(workstation: uuid.UUID) -> DisplayCheck | None:
    """Return the newest check of a workstation."""
    return DisplayCheck.objects.filter(workstation=workstation).select_related("user").order_by("-at", "-pk").first()


def wrong(check: DisplayCheck) -> list[str]:
    """Return in words what a check found wrong, in the order of the list."""
    return [str(question.short) for name, question in QUESTIONS.items() if not check.answers.get(name, True)]
