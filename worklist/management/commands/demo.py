"""`manage.py demo fill|reset`: lays the demo archive, its requests and reading tasks."""

import signal
import sys
import time
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management import call_command
from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils import timezone
from django.utils.translation import gettext as _

from viewer.actions.accounts import ensure_demo_accounts
from worklist.demo import story
from worklist.demo.fill import Demo
from worklist.demo.studies import STUDIES

ARCHIVE = "demo-archive"  # the folder that config.environment gives demo mode
FIRST_WITHIN = 10.0  # seconds that sync gets to find the first study
INDEXED_WITHIN = 60.0  # seconds that sync gets to find the last study


class Command(BaseCommand):
    help = "Lay the demo archive: `fill` makes what is missing, `reset` makes everything anew."
    requires_system_checks: list[str] = []

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("verb", choices=["fill", "reset"])

    def handle(self, *args: Any, **options: Any) -> None:
        folder = settings.STATE / ARCHIVE
        source = settings.ARCHIVES.get("main")
        if settings.ARCHIVES and (source is None or Path(source.location) != folder):
            self.say(_("SAMSYN_ARCHIVE is set: the archive isn't the demo's own, nothing to lay"))
            if options["verb"] == "reset":
                raise CommandError(_("Unset SAMSYN_ARCHIVE to lay the demo archive anew."))
            return
        if not settings.DEMO and not folder.exists():
            raise CommandError(_("There is no demo archive here; `make run` makes one."))
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, lambda *_: sys.exit(1))
        demo, now = Demo(settings.STATE, folder), timezone.localtime()
        with demo.alone(self.say):
            if options["verb"] == "reset":
                call_command("migrate", interactive=False, verbosity=0)
                if settings.DEMO:
                    ensure_demo_accounts()
                story.forget(now)
            waiting: list[str] = []

            def tell(key: str) -> None:
                waiting.append(key)
                first = settings.DEMO and key == STUDIES[0].key
                self.tell(waiting, now, patience=FIRST_WITHIN if first else 0.0)

            demo.lay(now, self.say, tell, anew=options["verb"] == "reset")
            self.tell(waiting, now, patience=INDEXED_WITHIN if settings.DEMO else 0.0)
            demo.finish()
        if waiting:
            self.say(_("The reading tasks of new studies follow when Samsyn runs."))

    def tell(self, waiting: list[str], now: Any, *, patience: float) -> None:
        """Apply the story of the studies that are indexed by now; wait up to `patience` seconds for the others."""
        until = time.monotonic() + patience
        while True:
            waiting[:] = [key for key in waiting if not story.apply(key, now)]
            if not waiting or time.monotonic() >= until:
                return
            time.sleep(0.25)

    def say(self, words: str) -> None:
        self.stdout.write(f"demo: {words}")
        self.stdout.flush()
