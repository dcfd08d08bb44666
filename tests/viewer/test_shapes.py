"""Redis as the live wire, as several servers have it."""

import asyncio
import os
import sys
from pathlib import Path

from config import environment
from tests import redis_server
from tests.serving import ROOT
from viewer.layer import AGAIN, RedisLayer


@redis_server.needs_redis
async def test_an_event_reaches_pages_of_another_process_by_redis(tmp_path: Path) -> None:
    with redis_server.running() as redis:
        secret = "".join(str(number) for number in range(50))
        layer = RedisLayer(redis, environment.derived(secret, "live"))
        channel = await layer.new_channel()
        await layer.group_add("study.1.2", channel)
        layer.start()
        assert await asyncio.wait_for(layer.receive(channel), 10) == AGAIN  # the wire is whole
        code = (
            "import django; django.setup()\nfrom viewer import live\nlive.publish('study.1.2', {'study': 'changed'})\n"
        )
        variables = {
            "PATH": os.environ["PATH"],
            "SAMSYN_STATE": str(tmp_path),
            "REDIS_URL": redis,
            "SAMSYN_SECRET_KEY": secret,
        }
        other = await asyncio.create_subprocess_exec(
            sys.executable, "-c", code, cwd=ROOT, env=variables | {"DJANGO_SETTINGS_MODULE": "config.settings"}
        )
        assert await other.wait() == 0
        message = await asyncio.wait_for(layer.receive(channel), 10)
        assert message == {"type": "live.event", "topic": "study.1.2", "event": {"study": "changed"}}
        layer.stop()
