"""What people should know above the list: archives that don't answer, and the demo that is still being laid."""

import json
import time
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.conf import settings
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from viewer.models import Archive
from viewer.views import demo


@dataclass(frozen=True)
class Light:
    """One archive's state: `up`, `down` or `waiting`, since when, and how old its list is."""

    name: str
    state: str
    since: datetime | None
    last_sync: datetime | None
    words: str


@dataclass(frozen=True)
class Loading:
    """How far the demo archive is: `going on`, `stopped` before its end, or `over`; and what had to be left out."""

    done: int
    total: int
    words: str
    failed: tuple[str, ...]
    state: str


SILENCE = 900  # seconds without a word from the demo until it counts as stopped
STATES = {Archive.State.READY: "up", Archive.State.UNREACHABLE: "down", Archive.State.NEW: "waiting"}


def lights() -> list[Light]:
    """Return a light for each configured archive, in their order."""
    known = {row.name: row for row in Archive.objects.filter(name__in=settings.ARCHIVES)}
    found = []
    for name in settings.ARCHIVES:
        row = known.get(name)
        if row is None:
            found.append(Light(name, "waiting", None, None, ""))
        else:
            state = STATES[Archive.State(row.state)]
            found.append(Light(name, state, row.unreachable_since, row.last_sync, row.words))
    return found


def loading() -> Loading | None:
    """Return how far the demo archive is, or None when there is nothing to tell."""
    if not settings.DEMO:
        return None
    path = settings.STATE / "demo" / "progress.json"
    try:
        told, written = json.loads(path.read_text("utf-8")), path.stat().st_mtime
    except FileNotFoundError:
        return None
    done, total, failed = int(told["done"]), int(told["total"]), tuple(str(words) for words in told.get("failed", []))
    if done >= total:
        return Loading(done, total, "", failed, "over") if failed else None
    state = "stopped" if time.time() - written > SILENCE else "going on"
    return Loading(done, total, str(told.get("words", "")), failed, state)


def notices(user: Any) -> dict[str, Any]:
    """Return the lights, those that are out, and the demo's progress."""
    shown = lights()
    return {
        "lights": shown,
        "dark": [light for light in shown if light.state == "down"],
        "loading": loading(),
        "demo_warning": demo.warning(),
    }


@login_required
@require_safe
def notices_now(request: HttpRequest) -> HttpResponse:
    """Answer the notices and lights alone, for pages that ask again."""
    return render(request, "worklist/_notices_now.html", notices(request.user))
