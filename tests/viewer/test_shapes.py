"""The other shapes of deployment: PostgreSQL as the database, Redis as the live wire."""

import asyncio
import os
import shutil
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from channels_redis.pubsub import RedisPubSubChannelLayer

from tests import postgres
from tests.serving import ROOT, free_port

FILES = ["test_access.py", "test_audit.py", "test_login.py", "test_search.py", "test_sync.py"]


@pytest.mark.skipif(postgres.programs() is None, reason="PostgreSQL isn't installed: apt install postgresql")
def test_rights_audit_sync_and_search_hold_on_postgresql() -> None:
    with postgres.running() as url:
        told = subprocess.run(
            [sys.executable, "-m", "pytest", "-p", "no:cacheprovider", *(f"tests/viewer/{name}" for name in FILES)],
            cwd=ROOT, env=os.environ | {"SAMSYN_TEST_DATABASE_URL": url}, capture_output=True, text=True, check=False,
        )  # fmt: skip
    assert told.returncode == 0, told.stdout[-6000:]


def _answers(port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0


@pytest.fixture
def redis(tmp_path: Path) -> Iterator[str]:
    program = shutil.which("redis-server")
    if program is None:
        pytest.skip("Redis isn't installed: apt install redis-server")
    port = free_port()
    server = subprocess.Popen(
        [program, "--port", str(port), "--bind", "127.0.0.1", "--save", "", "--dir", str(tmp_path)],
        stdout=subprocess.DEVNULL,
    )
    deadline = time.monotonic() + 10
    while not _answers(port):
        assert time.monotonic() < deadline, "Redis didn't get ready"
        time.sleep(0.05)
    try:
        yield f"redis://127.0.0.1:{port}/0"
    finally:
        server.terminate()
        server.wait(10)


async def test_an_event_reaches_pages_of_another_process_by_redis(redis: str, tmp_path: Path) -> None:
    layer = RedisPubSubChannelLayer(hosts=[redis])
    channel = await layer.new_channel()
    await layer.group_add("study.1.2", channel)
    code = (
        "import django; django.setup()\n"
        "from viewer import live\n"
        "live.publish('study.1.2', {'study': 'changed'})\n"
    )
    variables = {"PATH": os.environ["PATH"], "SAMSYN_STATE": str(tmp_path), "REDIS_URL": redis}
    other = await asyncio.create_subprocess_exec(
        sys.executable, "-c", code, cwd=ROOT, env=variables | {"DJANGO_SETTINGS_MODULE": "config.settings"}
    )
    assert await other.wait() == 0
    message = await asyncio.wait_for(layer.receive(channel), 10)
    assert message == {"type": "live.event", "topic": "study.1.2", "event": {"study": "changed"}}
    await layer.flush()
