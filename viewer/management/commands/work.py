"""`manage.py work`: a process that runs jobs; any number of them may share a broker."""

import signal
import sys
import threading
from typing import Any

from django.conf import settings
from django.core.exceptions import ImproperlyConfigured
from django.core.management.base import BaseCommand, CommandParser
from django.utils.module_loading import import_string


class Command(BaseCommand):
    help = "Run jobs that wait at REDIS_URL or BROKER_URL; without these, the web process runs them itself."
    requires_system_checks: list[str] = []

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--threads", type=int, default=4, help="jobs that run at once (4)")

    def handle(self, *args: Any, **options: Any) -> None:
        if settings.BROKER_URL is None:
            raise ImproperlyConfigured("`manage.py serve` runs the jobs itself unless REDIS_URL or BROKER_URL is set")
        if options["threads"] < 1:
            raise ImproperlyConfigured("--threads must be 1 or more")
        asked_to_end = threading.Event()
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, lambda *_: asked_to_end.set())
        wire = import_string("config.celery.Wire")()
        courier = import_string("config.celery.Courier")()
        runner = import_string("config.celery.Runner")(options["threads"])
        wire.start()
        courier.start()
        runner.start(alone=False)
        sys.stdout.write("Samsyn's worker is ready\n")
        sys.stdout.flush()
        asked_to_end.wait()
        runner.stop(grace=10)
        courier.stop()
        wire.stop()
