"""Trials of an archive as they are told to a page: one list item for each, as soon as it is known."""

import asyncio
import logging
import time
from collections.abc import AsyncIterator, Iterator

from django.http import HttpResponse, StreamingHttpResponse
from django.template.loader import render_to_string
from django.utils.translation import get_language, override
from django.utils.translation import gettext as _

from viewer.archive.check import Check, Finding
from viewer.archive.port import Archive
from viewer.doors.words import translated
from viewer.imaging.words import gettext_noop

logger = logging.getLogger(__name__)

LONGEST = 90.0  # seconds after which no other trial is begun
TONES = {"works": "good", "worked round": "fair", "fails": "bad", "not tried": "idle"}
SIGNS = {"works": "check", "worked round": "check", "fails": "warning", "not tried": "more"}
STATES = {
    "works": gettext_noop("works"),
    "worked round": gettext_noop("worked round"),
    "fails": gettext_noop("fails"),
    "not tried": gettext_noop("not tried"),
}
BEGIN = gettext_noop("connection")


def told(port: Archive) -> StreamingHttpResponse:
    """Return the answer in which each finding is a line of its own."""
    response = StreamingHttpResponse(_lines(port, get_language() or "en"), content_type="text/html; charset=utf-8")
    response["X-Accel-Buffering"] = "no"
    return response


def refused(words: str) -> HttpResponse:
    """Return the answer for what isn't tried at all."""
    return HttpResponse(_line(Finding(BEGIN, "fails", words)), content_type="text/html; charset=utf-8")


async def _lines(port: Archive, language: str) -> AsyncIterator[bytes]:
    check, until, counts = Check(port), time.monotonic() + LONGEST, dict.fromkeys(TONES, 0)
    findings = check.findings()
    while True:
        finding = await asyncio.to_thread(_next, findings)
        if finding is None:
            break
        counts[finding.state] += 1
        with override(language):
            yield _line(finding).encode()
        if not check.studies or time.monotonic() > until:
            break  # without studies there is nothing to try the rest with
    with override(language):
        yield _end(counts).encode()


def _next(findings: Iterator[Finding]) -> Finding | None:
    try:
        return next(findings, None)
    except Exception:  # whatever a server makes of us, the page hears of it
        logger.exception("a trial of an archive ended without a finding")
        return Finding(BEGIN, "fails", gettext_noop("The trial ended for a reason that the server's log tells."))


def _line(finding: Finding) -> str:
    shown = {
        "tone": TONES[finding.state],
        "sign": SIGNS[finding.state],
        "state": translated(STATES[finding.state]),
        "step": translated(finding.step),
        "words": translated(finding.words),
        "seconds": f"{finding.seconds:.2f}",
    }
    return render_to_string("viewer/_finding.html", shown)


def _end(counts: dict[str, int]) -> str:
    if counts["fails"]:
        words = _("{count} of the trials failed.").format(count=counts["fails"])
    else:
        words = _("Everything that could be tried works.")
    return render_to_string("viewer/_finding.html", {"end": words, "tone": "bad" if counts["fails"] else "good"})
