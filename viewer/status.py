"""How the system is, in figures for those who run it: no name, no ID and no UID of a patient or an exam is in them."""

import shutil
import time
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.conf import settings
from django.db import connection
from django.db.models import Count, Min
from django.utils import timezone
from django.utils.translation import gettext as _

from viewer import epochs, jobs, rendering
from viewer.doors import sites, works
from viewer.doors.refusal import Refusal
from viewer.doors.words import translated
from viewer.models import AuditEvent, AuditSeal, Job, OutboxItem
from viewer.store.client import StoreError
from viewer.version import VERSION

STORE_WITHIN = 0.5  # seconds
LOW_SHARE, LOW_BYTES = 0.05, 2 << 30  # of a disk: below both it is nearly full
STUCK_AFTER = timedelta(minutes=5)
STUCK_SHOWN = 50
FAILED_WITHIN = timedelta(days=1)
SEAL_LATE, SYNC_LATE, EPOCHS_LATE = 10.0, 120.0, 2.0  # seconds
LOOK_BACK = 1000  # events before the last seal: what was committed after its successors


@dataclass(frozen=True)
class Warning:
    """Something that somebody should look after; `about` is the part of the page that tells more."""

    about: str
    words: str


def figures() -> dict[str, Any]:
    """Return everything that the page and /api/status tell; raises django.db.Error."""
    began = time.monotonic()
    now = timezone.now()
    found: dict[str, Any] = {
        "version": VERSION,
        "at": now.isoformat(timespec="seconds"),
        "demo": settings.DEMO,
        "database": connection.vendor,
        "archives": [site.json() for site in sites.all()],
        "store": store(),
        "jobs": queues(now),
        "untaken": works.untaken(),
        "outbox": outbox(now),
        "disk": disk(),
        "audit": audit_trail(now),
        "epochs": {"lag_seconds": epochs_lag()},
    }
    found["warnings"] = [{"about": each.about, "words": each.words} for each in warnings(found)]
    found["made_in_ms"] = round(1000 * (time.monotonic() - began), 1)
    return found


def store() -> dict[str, Any]:
    """Return the figures of the store process, or why there are none."""
    try:
        told = rendering.from_thread(lambda studio: studio.client.status(), STORE_WITHIN)
    except (Refusal, StoreError):
        return {"answers": False}
    workers = told.get("workers", [])
    return {
        "answers": True,
        "bytes": told["bytes"], "budget": told["budget"], "series": told["series"],
        "waiting": told["waiting"], "queue": told["queue"], "fetching": told["fetching"],
        "frames_stored": told["stored"], "frames_decoded": sum(each["frames"] for each in workers),
        "quarantined": told.get("quarantined", 0), "tiles_passed": told["tiles_passed"],
        "disk_full": told["disk_full"], "paused": told["paused"],
        "workers": [{"busy": each["busy"], "frames": each["frames"], "deaths": each["deaths"]} for each in workers],
    }  # fmt: skip


def queues(now: datetime) -> list[dict[str, Any]]:
    """Return how many jobs of each kind wait, run or have failed within a day, and the age of the oldest."""
    unfinished = Job.objects.filter(state__in=(Job.State.SCHEDULED, Job.State.IN_PROGRESS))
    failed = Job.objects.filter(state=Job.State.CANCELED, canceled_by=None, ended__gt=now - FAILED_WITHIN)
    rows = []
    for found, state in ((unfinished, ""), (failed.exclude(words=""), "FAILED")):
        grouped = found.values("kind", "state").annotate(count=Count("pk"), oldest=Min("created"))
        for row in grouped.order_by("kind", "state"):
            known = jobs.registry.get(row["kind"])
            rows.append(
                {
                    "kind": row["kind"],
                    "title": translated(known.title) if known is not None else row["kind"],
                    "state": state or row["state"],
                    "count": row["count"],
                    "oldest_seconds": round((now - row["oldest"]).total_seconds()),
                }
            )
    return rows


def outbox(now: datetime) -> dict[str, Any]:
    """Return how many objects wait for their archive, and those that are stuck: failed, or waiting for five minutes."""
    counted = dict(
        OutboxItem.objects.exclude(state=OutboxItem.State.STORED)
        .values_list("state")
        .annotate(count=Count("pk"))
        .order_by()
    )
    late = OutboxItem.objects.filter(state=OutboxItem.State.WAITING, created__lt=now - STUCK_AFTER)
    stuck = OutboxItem.objects.filter(state=OutboxItem.State.FAILED) | late
    return {
        "waiting": counted.get(OutboxItem.State.WAITING, 0),
        "failed": counted.get(OutboxItem.State.FAILED, 0),
        "stuck": [
            {
                "id": str(item.pk),
                "archive": item.archive.name,
                "state": item.state,
                "words": translated(item.words),
                "attempts": item.attempts,
                "since": item.created.isoformat(timespec="seconds"),
                "next_try": item.next_try.isoformat(timespec="seconds") if item.next_try else None,
            }
            for item in stuck.select_related("archive").order_by("created")[:STUCK_SHOWN]
        ],
    }


def disk() -> dict[str, Any]:
    """Return the room on the disk of the state folder, in bytes."""
    usage = shutil.disk_usage(settings.STATE)
    low = usage.free < LOW_BYTES or usage.free < LOW_SHARE * usage.total
    return {"free": usage.free, "total": usage.total, "low": low}


def audit_trail(now: datetime) -> dict[str, Any]:
    """Return how many events wait for their seal, and for how many seconds the oldest of them does."""
    last = AuditSeal.objects.order_by("-sequence").values_list("event_id", flat=True).first() or 0
    unsealed = AuditEvent.objects.filter(pk__gt=last - LOOK_BACK, seal__isnull=True)
    told = unsealed.aggregate(count=Count("pk"), oldest=Min("at"))
    lag = (now - told["oldest"]).total_seconds() if told["oldest"] else 0.0
    return {"unsealed": told["count"], "lag_seconds": round(max(0.0, lag), 1)}


def epochs_lag() -> float | None:
    """Return how long ago this process read whose rights have changed, in seconds; None if it never did."""
    age = epochs.reader.age
    return None if age == float("inf") else round(age, 2)


def warnings(found: dict[str, Any]) -> list[Warning]:
    """Return what in the figures somebody should look after."""
    told: list[Warning] = []
    for site in found["archives"]:
        if site["state"] == "unreachable":
            told.append(Warning("archives", _("Archive {name} doesn't answer.").format(name=site["name"])))
        elif site["state"] == "ready" and (site["sync_lag_seconds"] or 0) > SYNC_LATE:
            told.append(Warning("archives", _("The list of archive {name} is old.").format(name=site["name"])))
    if not found["store"]["answers"]:
        told.append(Warning("store", _("The image store doesn't answer.")))
    elif found["store"]["disk_full"]:
        told.append(Warning("store", _("The image store has no room left on its disk.")))
    if found["disk"]["low"]:
        told.append(Warning("disk", _("The disk of SAMSYN_STATE is nearly full.")))
    if found["untaken"]:
        told.append(Warning("jobs", _("Jobs wait, and nobody takes them up: is a worker running (manage.py work)?")))
    if found["outbox"]["stuck"]:
        told.append(Warning("outbox", _("Objects haven't reached their archive.")))
    if found["audit"]["lag_seconds"] > SEAL_LATE:
        told.append(Warning("audit", _("The audit trail isn't sealed in time.")))
    lag = found["epochs"]["lag_seconds"]
    if lag is None or lag > EPOCHS_LATE:
        told.append(Warning("epochs", _("Withdrawn rights aren't read in time: nobody is admitted.")))
    return told
