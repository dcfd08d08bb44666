"""`manage.py serve`: the web process, with everything that belongs to it."""

import asyncio
import contextlib
import errno
import fcntl
import os
import socket
import sys
import time
from pathlib import Path
from typing import Any

import uvicorn
from django.conf import settings
from django.contrib.auth import get_user_model
from django.core.exceptions import ImproperlyConfigured
from django.core.management import call_command
from django.core.management.base import BaseCommand, CommandParser
from django.db import connection
from django.db.migrations.executor import MigrationExecutor

from viewer import archives
from viewer.actions.accounts import ensure_demo_accounts

OTHERS_START_WITHIN = 30  # seconds
MESSAGE_LIMIT = 64 * 1024  # bytes of one socket message from a page


class Server(uvicorn.Server):
    """Says when the first page can be opened, and then starts what may come after it."""

    def __init__(self, config: uvicorn.Config, *, fills: bool) -> None:
        super().__init__(config)
        self.fills = fills
        self.filler: asyncio.subprocess.Process | None = None

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets=sockets)
        if self.should_exit:
            return
        sys.stdout.write(f"Samsyn is at {address()}\n")
        if settings.DEMO:
            sys.stdout.write(
                "Demo accounts: radiologist, chair, technologist, referrer, … with the password samsyn-demo\n"
            )
            if os.environ.get("SAMSYN_ARCHIVE"):
                sys.stdout.write("Careful: demo passwords over your own data\n")
        sys.stdout.flush()
        if settings.DEMO and self.fills:
            self.filler = await asyncio.create_subprocess_exec(
                sys.executable, str(settings.BASE_DIR / "manage.py"), "demo", "fill", stdin=asyncio.subprocess.DEVNULL
            )

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        if self.filler is not None and self.filler.returncode is None:
            self.filler.terminate()
            await self.filler.wait()
        await super().shutdown(sockets=sockets)


def address() -> str:
    """Return where a browser finds the page."""
    if settings.ORIGIN:
        return str(settings.ORIGIN)
    host = f"[{settings.HOST.strip('[]')}]" if ":" in settings.HOST else settings.HOST
    return f"http://{host}:{settings.PORT}"


def listen() -> socket.socket:
    """Take the port, or end with a plain message."""
    family = socket.AF_INET6 if ":" in settings.HOST else socket.AF_INET
    listener = socket.socket(family, socket.SOCK_STREAM)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listener.bind((settings.HOST.strip("[]"), settings.PORT))
        listener.listen(2048)
    except OSError as error:
        listener.close()
        if error.errno == errno.EADDRINUSE:
            sys.exit(
                f"Samsyn doesn't start: port {settings.PORT} is taken. Stop the other program, or set SAMSYN_PORT."
            )
        sys.exit(f"Samsyn doesn't start: {settings.HOST} port {settings.PORT} can't be used ({error.strerror}).")
    listener.setblocking(False)
    return listener


def take_state() -> int:
    """Lock the state folder against a second server, or end with a plain message; return the open lock.

    With Redis several servers may share it, if they serve the same archives: the first one prepares it alone.
    """
    lock = os.open(settings.STATE / "serve.lock", os.O_RDWR | os.O_CREAT, 0o600)
    until = time.monotonic() + (OTHERS_START_WITHIN if settings.REDIS_URL else 0)
    wanted = fcntl.LOCK_EX
    while True:
        try:
            fcntl.flock(lock, wanted | fcntl.LOCK_NB)
            break
        except BlockingIOError:
            if time.monotonic() >= until:
                sys.exit(
                    f"Samsyn doesn't start: another server uses {settings.STATE}. Stop it, or set another SAMSYN_STATE."
                )
            wanted = fcntl.LOCK_SH
            time.sleep(0.05)
        except OSError as error:
            sys.exit(f"Samsyn doesn't start: {settings.STATE} can't be locked ({error.strerror}).")
    if wanted == fcntl.LOCK_SH and not archives.store_knows_them():
        sys.exit(f"Samsyn doesn't start: another server uses {settings.STATE} for other archives.")
    return lock


def share_state(lock: int) -> None:
    """Let other servers in, where Redis joins them."""
    if settings.REDIS_URL:
        fcntl.flock(lock, fcntl.LOCK_SH)


def migrate_if_needed() -> None:
    """Bring the database up to date, saying so only when there is something to do."""
    executor = MigrationExecutor(connection)
    if executor.migration_plan(executor.loader.graph.leaf_nodes()):
        sys.stdout.write("Preparing the database …\n")
        sys.stdout.flush()
        call_command("migrate", interactive=False, verbosity=0)


def refuse_without_archives() -> None:
    """Raise ImproperlyConfigured when there is nothing to read, and nobody who could add an archive."""
    if not archives.sites() and not get_user_model().objects.filter(is_staff=True, is_active=True).exists():
        raise ImproperlyConfigured(
            "say where the images are: SAMSYN_ARCHIVE is a folder or a DICOMweb address; or make an administrator "
            "(manage.py createsuperuser), who adds archives at /archives/"
        )


class Command(BaseCommand):
    help = "Serve Samsyn: pages, pictures, the socket, and the store process beside them."
    requires_system_checks: list[str] = []

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--no-filler", action="store_true", help="in demo mode: don't fill the demo archive")

    def handle(self, *args: Any, **options: Any) -> None:
        if not settings.HTMX.is_dir():
            raise ImproperlyConfigured("the front-end packages are missing: `make setup` brings them")
        listener = listen()
        lock = take_state()
        migrate_if_needed()
        if settings.DEMO and not os.environ.get("SAMSYN_ARCHIVE"):
            Path(settings.ARCHIVES["main"].location).mkdir(exist_ok=True)
        refuse_without_archives()
        archives.ensure_rows()
        archives.write_for_store()
        share_state(lock)
        if settings.DEMO:
            ensure_demo_accounts()
        connection.close()
        config = uvicorn.Config(
            "config.asgi:application",
            lifespan="on",
            loop="uvloop",
            http="httptools",
            ws="websockets-sansio",
            ws_max_size=MESSAGE_LIMIT,
            ws_per_message_deflate=False,
            access_log=False,
            log_config=None,
            server_header=False,
            date_header=False,
            proxy_headers=settings.HTTPS,
            forwarded_allow_ips="127.0.0.1,::1",
            timeout_graceful_shutdown=3,
        )
        with contextlib.suppress(KeyboardInterrupt):  # uvicorn has shut down by then
            Server(config, fills=not options["no_filler"]).run(sockets=[listener])
