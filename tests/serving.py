"""The real thing: `manage.py serve` as a process of its own, on a free port, with a state folder of its own."""

import contextlib
import fcntl
import hashlib
import json
import os
import random
import re
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass
from http.cookiejar import CookieJar
from pathlib import Path
from urllib.parse import urlencode
from urllib.request import HTTPCookieProcessor, OpenerDirector, Request, build_opener

ROOT = Path(__file__).resolve().parent.parent
READY = "Samsyn is at "
DATABASE = "samsyn.sqlite3"
# Compiled kernels, for all servers that tests start: compiling takes each of them longer than the rest of its start.
KERNELS = ROOT / ".pytest_cache" / "numba"
# The database of a first start, for the same reason: prepared once, copied into each server's state.
PREPARED = ROOT / ".pytest_cache" / "prepared"
PREPARE = """
import django
django.setup()
from django.core.management import call_command
from viewer.actions.accounts import ensure_demo_accounts
call_command("migrate", interactive=False, verbosity=0)
ensure_demo_accounts()
"""


class DidNotStart(RuntimeError):
    """The server ended, or said nothing for too long."""


def free_port() -> int:
    """Return a port on which nobody listens, of those that the system gives to no connection meanwhile.

    Drawn anew each time, so that tests beside each other don't get the same one.
    """
    while True:
        port = random.SystemRandom().randrange(10_000, 32_000)
        with socket.socket() as probe, contextlib.suppress(OSError):
            probe.bind(("127.0.0.1", port))
            return port


@dataclass
class Served:
    """A running server."""

    url: str
    state: Path
    log: Path
    process: subprocess.Popen[bytes]

    def words(self) -> str:
        """Return what it has written so far."""
        return self.log.read_text("utf-8", "replace")

    def opener(self, username: str | None = None, password: str = "samsyn-demo") -> OpenerDirector:
        """Return a urllib opener with a session of `username` (nobody for None)."""
        jar = CookieJar()
        opener = build_opener(HTTPCookieProcessor(jar))
        if username is not None:
            page = opener.open(f"{self.url}/login/", timeout=20).read().decode()
            token = re.search(r'name="csrfmiddlewaretoken" value="([^"]+)"', page)
            assert token, "the login page has no form"
            form = {"username": username, "password": password, "csrfmiddlewaretoken": token[1]}
            request = Request(f"{self.url}/login/", urlencode(form).encode(), {"Origin": self.url})
            opener.open(request, timeout=20)
            assert any("session" in cookie.name for cookie in jar), f"{username} was not let in"
        return opener

    def cookie(self, username: str, password: str = "samsyn-demo") -> str:
        """Return the Cookie header of a new session, for sockets and hand-made requests."""
        handlers = self.opener(username, password).handlers
        jar = next(handler.cookiejar for handler in handlers if isinstance(handler, HTTPCookieProcessor))
        return "; ".join(f"{cookie.name}={cookie.value}" for cookie in jar)


def environment(state: Path, port: int, archive: str | None, *, demo: bool) -> dict[str, str]:
    """Return the environment of a server, free of what the tests' own has."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith("SAMSYN_")}
    kept.pop("DJANGO_SETTINGS_MODULE", None)
    kept |= {"SAMSYN_STATE": str(state), "SAMSYN_PORT": str(port), "PYTHONUNBUFFERED": "1", "SAMSYN_PREFETCH": "0"}
    if archive:
        kept["SAMSYN_ARCHIVE"] = archive
    if demo:
        kept["SAMSYN_DEMO"] = "1"
    return kept


def prepared() -> Path:
    """Return an SQLite database with the present migrations and the demo's accounts, made by the first who asks."""
    files = [*ROOT.glob("*/migrations/*.py"), *ROOT.glob("*/models/*.py"), ROOT / "viewer/actions/accounts.py"]
    content = hashlib.sha256()
    for path in sorted(files):
        content.update(path.read_bytes())
    found = PREPARED / f"{content.hexdigest()[:16]}.sqlite3"
    PREPARED.mkdir(mode=0o700, parents=True, exist_ok=True)
    with (PREPARED / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not found.exists():
            with tempfile.TemporaryDirectory(prefix="samsyn-prepared-") as scratch:
                settings = environment(Path(scratch), free_port(), None, demo=True) | {
                    "DJANGO_SETTINGS_MODULE": "config.settings"
                }
                subprocess.run([sys.executable, "-c", PREPARE], cwd=ROOT, env=settings, check=True)
                shutil.copy(Path(scratch, DATABASE), found)
    return found


@contextlib.contextmanager
def serving(
    archive: str | Path | None = None,
    *,
    state: Path | None = None,
    demo: bool = True,
    fresh: bool = False,
    filler: bool = False,
    within: float = 60,
    own_group: bool = False,
    port: int | None = None,
    **variables: str,
) -> Iterator[Served]:
    """Serve `archive` (SAMSYN_ARCHIVE as written, or a folder) until the block ends; raises DidNotStart.

    It listens on `port`, by default on a free one. It finds a prepared database, unless `fresh`. With
    `own_group` the server and all that it starts are a process group of their own.
    """
    with contextlib.ExitStack() as stack:
        if state is None:
            state = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="samsyn-serving-")))
        with contextlib.suppress(FileExistsError):
            KERNELS.mkdir(mode=0o700, parents=True, exist_ok=True)
            (state / "numba").symlink_to(KERNELS)
        if demo and not fresh and "DATABASE_URL" not in variables and not (state / DATABASE).exists():
            shutil.copy(prepared(), state / DATABASE)
        port = port or free_port()
        log = state / "serve.log"
        settings = environment(state, port, str(archive) if archive else None, demo=demo) | variables
        command = [sys.executable, str(ROOT / "manage.py"), "serve", *([] if filler else ["--no-filler"])]
        with log.open("wb") as output:
            process = subprocess.Popen(
                command, cwd=ROOT, env=settings, stdout=output, stderr=subprocess.STDOUT, start_new_session=own_group
            )
        stack.callback(stop, process)
        deadline = time.monotonic() + within
        while READY not in log.read_text("utf-8", "replace"):
            if process.poll() is not None or time.monotonic() > deadline:
                raise DidNotStart(log.read_text("utf-8", "replace"))
            time.sleep(0.05)
        yield Served(f"http://127.0.0.1:{port}", state, log, process)


def stop(process: subprocess.Popen[bytes], *, grace: float = 15) -> None:
    """End the server as a service manager does: ask, then end."""
    if process.poll() is None:
        process.send_signal(signal.SIGTERM)
        try:
            process.wait(grace)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


@contextlib.contextmanager
def storing(
    state: Path, location: Path | str, *options: str, auth: str | None = None
) -> Iterator[subprocess.Popen[bytes]]:
    """Run a store process alone, on one archive with the name "main", until the block ends."""
    state.joinpath("archives.json").write_text(json.dumps([{"name": "main", "location": str(location), "auth": auth}]))
    store = subprocess.Popen(
        [sys.executable, "-m", "viewer.store", "--state", state, "--follow", *(options or ("--decoders", "1"))],
        cwd=ROOT, stdin=subprocess.PIPE, stderr=subprocess.DEVNULL,
    )  # fmt: skip
    try:
        yield store
    finally:
        store.communicate(timeout=20)
