"""What people should know above the list: archives that don't answer, and the demo that is still being laid."""

import json
import time
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.conf import settings
from django.contrib.auth.decorators import login_required
from django.db.models import Count, Q, Sum
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_safe

from viewer import archives, jobs
from viewer.actions import job
from viewer.doors.words import translated
from viewer.models import Archive, Job
from viewer.views import demo


@dataclass(frozen=True)
class Light:
    """One archive's state: `up`, `down`, `waiting` or `off`, since when, and how old its list is."""

    name: str
    state: str
    since: datetime | None
    last_sync: datetime | None
    words: str

    @property
    def sign(self) -> str:
        return "light-waiting" if self.state == "off" else f"light-{self.state}"


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
    """Return a light for each archive, in their order."""
    sites = archives.sites()
    known = {row.name: row for row in Archive.objects.filter(name__in=sites)}
    found = []
    for name, site in sites.items():
        row = known.get(name)
        if site.off:
            last_sync = row.last_sync if row is not None else None
            found.append(Light(name, "off", None, last_sync, translated(site.off)))
        elif row is None:
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


def at_work(user: Any) -> str:
    """Return what is done beside the pages in a few words; empty when it is nothing that `user` may know of."""
    fetches = Q(kind="prefetch")
    quiet = [kind.name for kind in jobs.registry.values() if kind.quiet]
    unfinished = job.visible_jobs(user).filter(state__in=(Job.State.SCHEDULED, Job.State.IN_PROGRESS))
    counted = unfinished.exclude(kind__in=quiet).aggregate(
        others=Count("pk", filter=~fetches),
        fetches=Count("pk", filter=fetches),
        done=Sum("done", filter=fetches),
        total=Sum("total", filter=fetches),
    )
    if counted["total"]:
        return _("Fetching the next exams: %(done)d of %(total)d") % counted
    if counted["fetches"]:
        return _("Fetching the next exams")
    others = counted["others"]
    return ngettext("%(count)d job under way", "%(count)d jobs under way", others) % {"count": others} if others else ""


def notices(user: Any) -> dict[str, Any]:
    """Return the lights, those that are out, the demo's progress, and what is done beside the pages."""
    shown = lights()
    return {
        "lights": shown,
        "dark": [light for light in shown if light.state == "down"],
        "off": [light for light in shown if light.state == "off"],
        "first_read": [light.name for light in shown if light.state == "waiting"],
        "loading": loading(),
        "demo_warning": demo.warning(),
        "at_work": at_work(user),
    }


@login_required
@require_safe
def notices_now(request: HttpRequest) -> HttpResponse:
    """Answer the notices and lights alone, for pages that ask again."""
    return render(request, "worklist/_notices_now.html", notices(request.user))
