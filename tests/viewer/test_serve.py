"""`manage.py serve`, as a process: starts quickly, says what is wrong, and leaves nothing behind."""

import contextlib
import json
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from urllib.error import HTTPError
from urllib.request import Request

import pytest

from tests.phantoms import speaking_phantom
from tests.serving import ROOT, Served, environment, free_port, serving


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    found = tmp_path_factory.mktemp("images")
    for number, dataset in enumerate(speaking_phantom(slices=4)):
        dataset.PatientName = "ZZCANARY^ANNA"
        dataset.PatientID = "ZZCANARY-ID"
        dataset.save_as(found / f"{number}.dcm", enforce_file_format=True)
    return found


@pytest.fixture(scope="module")
def served(folder: Path) -> Iterator[Served]:
    with serving(folder, fresh=True) as running:
        yield running


def eventually(true: Callable[[], object], within: float = 20) -> None:
    """Wait until `true()` is; fails after some seconds."""
    deadline = time.monotonic() + within
    while not true():
        assert time.monotonic() < deadline, "it never came true"
        time.sleep(0.1)


def studies(served: Served, username: str) -> bool:
    page = served.opener(username).open(f"{served.url}/?list=phantoms").read().decode()
    return "ZZCANARY" in page


def processes(state: Path) -> list[int]:
    """Return the processes whose command line names the state folder."""
    found = []
    for path in Path("/proc").glob("[0-9]*/cmdline"):
        with contextlib.suppress(OSError):
            if str(state).encode() in path.read_bytes():
                found.append(int(path.parent.name))
    return found


def cpu_seconds(pid: int) -> float:
    """Return the CPU time that a process has used."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def test_the_archive_is_listed_for_readers_and_nobody_else(served: Served) -> None:
    eventually(lambda: studies(served, "radiologist"))
    for name in ("admin", "privacy", "referrer"):
        assert not studies(served, name)


def test_secrets_and_patients_are_closed_to_other_accounts(served: Served) -> None:
    for name in ("secret-key", "archives.json", "samsyn.sqlite3", "samsyn.sqlite3-wal"):
        assert (served.state / name).stat().st_mode & 0o077 == 0, name
    assert json.loads((served.state / "archives.json").read_text())[0]["name"] == "main"


def test_hosts_that_are_not_this_machine_are_refused(served: Served) -> None:
    opener = served.opener()
    for host in ("evil.example", "samsyn.example.org"):
        with pytest.raises(HTTPError) as refusal:
            opener.open(Request(f"{served.url}/login/", headers={"Host": host}))
        assert refusal.value.code == 400
    assert opener.open(Request(f"{served.url}/login/", headers={"Host": "localhost"})).status == 200


def test_no_patient_and_no_query_is_in_the_log(served: Served) -> None:
    opener = served.opener("radiologist")
    eventually(lambda: studies(served, "radiologist"))
    for path in ("/nothing/?PatientName=ZZCANARY", "/dicomweb/main/studies/1/rendered?a=ZZCANARY", "/?search=ZZCANARY"):
        with contextlib.suppress(HTTPError):
            opener.open(served.url + path)
    for path in served.state.glob("*.log"):
        assert "CANARY" not in path.read_text("utf-8", "replace")
    assert "CANARY" not in served.words()


def test_a_store_process_that_dies_comes_back_and_pages_go_on(served: Served) -> None:
    running = processes(served.state)
    (store,) = [pid for pid in running if b"viewer.store\0" in Path(f"/proc/{pid}/cmdline").read_bytes()]
    os.kill(store, 9)
    assert served.opener().open(f"{served.url}/login/").status == 200
    eventually(lambda: [pid for pid in processes(served.state) if pid not in (store, served.process.pid)])


def test_the_audit_is_sealed_and_intact(served: Served) -> None:
    served.opener("radiologist")
    variables = environment(served.state, 1, None, demo=True)

    def verified() -> bool:
        told = subprocess.run(
            [sys.executable, "manage.py", "audit", "verify"], cwd=ROOT, env=variables, capture_output=True, text=True
        )
        assert told.returncode == 0, told.stdout
        return "intact" in told.stdout and "not sealed" not in told.stdout

    eventually(verified, within=8)


def test_a_taken_port_is_said_plainly(served: Served, tmp_path: Path) -> None:
    port = int(served.url.rpartition(":")[2])
    told = subprocess.run(
        [sys.executable, "manage.py", "serve"], cwd=ROOT, env=environment(tmp_path, port, str(tmp_path), demo=True),
        capture_output=True, text=True, timeout=60,
    )  # fmt: skip
    assert told.returncode == 1
    assert told.stderr.strip() == (
        f"Samsyn doesn't start: port {port} is taken. Stop the other program, or set SAMSYN_PORT."
    )


def started(served: Served, archive: str, **more: str) -> subprocess.CompletedProcess[str]:
    """Try to start another server on the state folder of `served`."""
    variables = environment(served.state, free_port(), archive, demo=True) | more
    return subprocess.run(
        [sys.executable, "manage.py", "serve"], cwd=ROOT, env=variables, capture_output=True, text=True, timeout=60
    )


def test_a_second_server_does_not_take_the_state_of_the_first(served: Served, tmp_path: Path) -> None:
    before = (served.state / "archives.json").read_text()
    told = started(served, str(tmp_path))
    assert told.returncode == 1
    assert told.stderr.strip() == (
        f"Samsyn doesn't start: another server uses {served.state}. Stop it, or set another SAMSYN_STATE."
    )
    assert (served.state / "archives.json").read_text() == before


def test_servers_that_redis_joins_share_a_state_for_the_same_archives_only(folder: Path, tmp_path: Path) -> None:
    redis = "redis://127.0.0.1:1/"  # nobody answers: a live wire that is down stops no page
    with serving(folder, state=tmp_path, REDIS_URL=redis) as first:
        told = started(first, str(tmp_path), REDIS_URL=redis)
        assert told.returncode == 1
        assert told.stderr.strip() == f"Samsyn doesn't start: another server uses {tmp_path} for other archives."
        (tmp_path / "serve.log").rename(tmp_path / "first.log")
        with serving(folder, state=tmp_path, REDIS_URL=redis) as second:
            assert second.opener().open(f"{second.url}/login/").status == 200
        assert first.opener().open(f"{first.url}/login/").status == 200


def test_the_second_start_is_quick_and_the_end_leaves_nothing(folder: Path, tmp_path: Path) -> None:
    with serving(folder, state=tmp_path) as first:
        pass
    with serving(folder, state=tmp_path) as second:
        # Less than 5 s on an idle machine; what it costs is the same on a busy one.
        assert cpu_seconds(second.process.pid) < 3
        eventually(lambda: len(processes(tmp_path)) > 0)
        assert first.process.returncode is not None
    assert second.process.returncode in (0, -signal.SIGTERM)
    eventually(lambda: not processes(tmp_path), within=5)


def test_a_killed_server_takes_its_store_along(folder: Path, tmp_path: Path) -> None:
    with serving(folder, state=tmp_path) as running:
        eventually(lambda: len(processes(tmp_path)) > 0)
        running.process.kill()
        running.process.wait()
        eventually(lambda: not processes(tmp_path), within=10)


def test_a_message_beyond_64_kib_ends_the_socket(served: Served) -> None:
    host, port = served.url.removeprefix("http://").split(":")
    with socket.create_connection((host, int(port)), 10) as wire:
        request = (
            f"GET /ws/ HTTP/1.1\r\nHost: {host}:{port}\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
            "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n"
            "Sec-WebSocket-Extensions: permessage-deflate\r\n"
            f"Origin: {served.url}\r\nCookie: {served.cookie('radiologist')}\r\n\r\n"
        )
        wire.sendall(request.encode())
        answer = wire.recv(4096)
        assert b" 101 " in answer
        assert b"deflate" not in answer
        size = 70 * 1024
        wire.sendall(b"\x81\xff" + size.to_bytes(8, "big") + b"\0\0\0\0" + b"a" * size)
        wire.settimeout(10)
        with contextlib.suppress(ConnectionResetError):
            while wire.recv(4096):
                pass  # until the server hangs up; a timeout fails


def test_without_an_archive_it_says_what_to_set(tmp_path: Path) -> None:
    told = subprocess.run(
        [sys.executable, "manage.py", "serve"], cwd=ROOT, env=environment(tmp_path, 1, None, demo=False),
        capture_output=True, text=True, timeout=60,
    )  # fmt: skip
    assert told.returncode == 1
    assert told.stderr.startswith("Samsyn doesn't start: say where the images are: SAMSYN_ARCHIVE")
