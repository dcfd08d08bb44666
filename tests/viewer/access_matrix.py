"""The access matrix: every route of the site, how it is asked, and what it guards.

`test_access_matrix.py` tries each, and fails for a route that isn't in the table.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from django.apps import apps
from django.contrib.auth.models import User
from django.urls import URLPattern, URLResolver, get_resolver

from tests.conftest import logged_in

UNKNOWN = "1.2.826.0.1.3680043.10.999"
STATE = {
    "version": 1,
    "layout": {"rows": 1, "columns": 1},
    "active": 0,
    "panes": [
        {
            "source": {
                "kind": "stack",
                "archive": "main",
                "study": "{uid}",
                "series": "{uid}.0",
                "stack": "0",
                "instance": "1.2.3.4",
                "frame": 1,
            },
            "voi": None,
            "invert": False,
            "rotation": 0,
            "flip_horizontal": False,
            "flip_vertical": False,
            "center": [1, 1],
            "scale": {"fit": 1.0},
            "text": "all",
        }
    ],
}
PLANES = {
    "id": "5a0b8f4e-3f0c-4a52-9d53-8a1f2c7f6d11", "stack": "x", "first": [0, 0, 0], "look": [0, 0, 1], "up": [0, -1, 0],
    "count": 2, "spacing": 1.0, "columns": 8, "rows": 8, "pixel_spacing": 1.0,
}  # fmt: skip
LENGTH = {
    "space": "patient", "series": "{uid}.0", "instance": "1.2.3", "frame": 1, "points": [[0, 0, 0], [3, 4, 0]],
}  # fmt: skip

KNOWN = {"series": "{uid}.0", "instance": "1.2.3", "frame": 1, "points": [[0, 0], [3, 4]], "length": 50}

TWO_SERIES = {"fixed": {"series": "{uid}.0", "stack": "0"}, "moving": {"series": "{uid}.0", "stack": "1"}}

MESSAGE = {"client_uuid": "7a1c6b0e-7d0f-4b8e-9a57-0c3b1f1de001", "text": "What is this?"}
UNSAFE = ("POST", "PUT", "PATCH", "DELETE")

SCREEN = {
    "screen_width": "1920", "screen_height": "1080", "device_pixel_ratio": "1.5", "colour_depth": "24",
    **dict.fromkeys(("dark", "light", "steps", "ramp", "pairs", "geometry", "room"), "yes"),
}  # fmt: skip

ARCHIVE = {"name": "new", "location": "http://127.0.0.1:1/dicom-web", "kind": "none"}


@dataclass(frozen=True)
class Door:
    """How one route is asked, and what it guards: `open`, `person`, `study`, `own` or `admin`."""

    guards: str
    address: str = ""
    method: str = "GET"
    data: dict[str, Any] = field(default_factory=dict)
    answers: tuple[int, ...] = (200,)

    @property
    def is_api(self) -> bool:
        return self.address.startswith("/api/")


DOORS: dict[str, list[Door]] = {
    "login": [Door("open", "/login/"), Door("open", "/login/", "POST", {"username": "x", "password": "x"})],
    "health": [Door("open", "/health")],
    "logout": [Door("open", "/logout/"), Door("open", "/logout/", "POST", answers=(302,))],
    "theme": [Door("person", "/theme/", "POST", {"theme": "dark"}, (302,))],
    "ask-for-access": [Door("person", "/access/", "POST", {"address": "/studies/1/", "reason": "on call tonight"})],
    "worklist": [Door("person", "/")],
    "notices": [Door("person", "/notices/")],
    "search": [Door("person", "/searches/", "POST", {"words": "berg"}, (302,))],
    "keep-search": [Door("person", "/searches/named/", "POST", {"name": "mine"}, (302,))],
    "forget-search": [Door("own", "/searches/{search}/forget/", "POST", answers=(302,))],
    "jobs": [Door("person", "/jobs/"), Door("person", "/jobs/?lists")],
    "cancel-job": [Door("own", "/jobs/{job}/cancel/", "POST", answers=(302,))],
    "do-job-again": [Door("own", "/jobs/{job}/again/", "POST", answers=(302,))],
    "send-again": [Door("own", "/outbox/{item}/send/", "POST", answers=(302,))],
    "fetch-ahead": [Door("person", "/ahead/", "POST", answers=(302, 404))],
    "api-jobs": [Door("person", "/api/jobs/")],
    "api-job-cancel": [Door("own", "/api/jobs/{job}/cancel/", "POST")],
    "api-outbox-retry": [Door("own", "/api/outbox/{item}/retry/", "POST")],
    "archives": [Door("admin", "/archives/"), Door("admin", "/archives/?parts")],
    "add-archive": [Door("admin", "/archives/add/", "POST", ARCHIVE, (302,))],
    "try-archive": [Door("admin", "/archives/try/", "POST", ARCHIVE)],
    "try-known-archive": [Door("admin", "/archives/{archive}/try/", "POST")],
    "change-archive": [Door("admin", "/archives/{archive}/change/", "POST", ARCHIVE, (302,))],
    "disable-archive": [Door("admin", "/archives/{archive}/disable/", "POST", answers=(302,))],
    "enable-archive": [Door("admin", "/archives/{archive}/enable/", "POST", answers=(302,))],
    "remove-archive": [Door("admin", "/archives/{archive}/remove/", "POST", answers=(302,))],
    "status": [Door("admin", "/status/"), Door("admin", "/status/?parts")],
    "send-stuck": [Door("admin", "/status/outbox/{item}/send/", "POST", answers=(302,))],
    "api-status": [Door("admin", "/api/status")],
    "display": [Door("person", "/display/"), Door("person", "/display/", "POST", SCREEN, (302,))],
    "patient": [Door("study", "/patients/{key}/")],
    "study": [Door("study", "/studies/{uid}/"), Door("study", "/studies/{uid}/?archive=main")],
    "exam-panel": [Door("study", "/exams/main/{uid}/")],
    "read-exam": [Door("study", "/exams/main/{uid}/read/", "POST", answers=(302,))],
    "schema": [Door("person", "/api/schema/")],
    "api-study": [Door("study", "/api/studies/main/{uid}/")],
    "api-state": [
        Door("study", "/api/studies/main/{uid}/state/"),
        Door("study", "/api/studies/main/{uid}/state/", "PUT", STATE, (204,)),
    ],
    # Without a store process, who may see the study hears that the images can't be had.
    "api-stacks": [Door("study", "/api/studies/main/{uid}/series/{uid}.0/stacks/", answers=(502, 503))],
    "api-tags": [
        Door("study", "/api/studies/main/{uid}/series/{uid}.0/instances/1.2.3/frames/1/tags/", answers=(502, 503)),
    ],
    "api-glimpse": [
        Door("study", "/api/studies/main/{uid}/series/{uid}.0/glimpse/"),
        Door("study", "/api/studies/main/{uid}/series/{uid}.0/glimpse/?instance=1.2.3"),
    ],
    "api-request": [
        Door("study", "/api/studies/main/{uid}/request/"),
        Door("study", "/api/studies/main/{uid}/request/", "PUT", {"version": 0, "clinical_question": "Nodule?"}),
        Door("study", "/api/studies/main/{uid}/request/", "POST", answers=(202,)),
    ],
    "api-reading": [
        Door("study", "/api/studies/main/{uid}/reading/"),
        Door("study", "/api/studies/main/{uid}/reading/", "POST", {"do": "claim"}),
        Door("study", "/api/studies/main/{uid}/reading/", "POST", {"do": "active"}),
    ],
    "api-states": [Door("study", "/api/states/", "POST", STATE, (201,))],
    "api-messages": [
        Door("study", "/api/studies/main/{uid}/messages/"),
        Door("study", "/api/studies/main/{uid}/messages/", "POST", MESSAGE, (201,)),
    ],
    "api-messages-read": [Door("study", "/api/studies/main/{uid}/messages/read/", "PUT", {"seq": 1})],
    "api-unread": [Door("person", "/api/unread/")],
    "api-saved-state": [Door("study", "/api/states/{state}/")],
    "api-preference": [
        Door("person", "/api/preferences/keys/"),
        Door("person", "/api/preferences/keys/", "PUT", {"a": "b"}, (204,)),
    ],
    "api-measurements": [
        Door("study", "/api/studies/main/{uid}/measurements/"),
        Door("study", "/api/studies/main/{uid}/measurements/", "POST", LENGTH, (400, 502, 503)),
    ],
    "api-measurements-report": [
        Door("study", "/api/studies/main/{uid}/report/measurements/", "POST", {}, (502, 503)),
    ],
    "api-planes": [
        Door("study", "/api/studies/main/{uid}/series/{uid}.0/planes/", answers=(404,)),
        Door("study", "/api/studies/main/{uid}/series/{uid}.0/planes/", "POST", PLANES, (502, 503)),
    ],
    "api-calibrations": [
        Door("study", "/api/studies/main/{uid}/calibrations/"),
        Door("study", "/api/studies/main/{uid}/calibrations/", "POST", KNOWN, (400, 502, 503)),
    ],
    "api-calibration": [Door("study", "/api/calibrations/{calibration}/", "DELETE", answers=(200, 400, 502, 503))],
    "api-registrations": [
        Door("study", "/api/studies/main/{uid}/registrations/"),
        Door("study", "/api/studies/main/{uid}/registrations/", "POST", TWO_SERIES, (400, 502, 503)),
    ],
    "api-registration": [
        Door("study", "/api/registrations/{registration}/", "PUT", answers=(200, 400, 502, 503)),
        Door("study", "/api/registrations/{registration}/", "DELETE", answers=(200, 400, 502, 503)),
    ],
    "api-measurement": [Door("study", "/api/measurements/{measurement}/", "PATCH", {"version": 1, "label": "x"})],
}


def patterns(resolver: URLResolver | None = None, before: str = "") -> Iterator[tuple[str, URLPattern]]:
    """Yield the whole address and the pattern of every route."""
    for part in (resolver or get_resolver()).url_patterns:
        address = before + str(part.pattern)
        if isinstance(part, URLResolver):
            yield from patterns(part, address)
        else:
            yield address, part


def ours() -> list[tuple[str, URLPattern]]:
    """Return address and pattern of the routes that aren't Django's admin pages."""
    return [(address, route) for address, route in patterns() if not address.startswith("admin/")]


NOT_COUNTED = {"AuditEvent", "AuditSeal", "Session", "Epoch"}


def rows() -> dict[str, list[Any]]:
    """Return every row of every table but those that reading may write."""
    models = [model for model in apps.get_models() if model.__name__ not in NOT_COUNTED]
    return {model.__name__: sorted(map(str, model.objects.values_list())) for model in models}


def cookie(user: User) -> str:
    """Return the header that shows a new session of `user`."""
    return f"samsyn-session={logged_in(user).cookies['samsyn-session'].value}"
