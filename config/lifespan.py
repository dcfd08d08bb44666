"""What lives as long as the web process: epochs, the audit's seal, sync, and the store process beside it."""

import asyncio
import fcntl
import gc
import logging
import os
import sys
import threading
import time
from pathlib import Path
from typing import Any

from django.conf import settings

from config.celery import Courier, Runner
from viewer import audit, epochs, live, rendering
from viewer.imaging import curved, fusion, ramp, raycast, reformat
from viewer.sync import Syncs
from viewer.watching import Watch
from worklist.actions import reading

logger = logging.getLogger(__name__)

GRACE = 5.0  # seconds between asking a process to end and ending it


class StoreKeeper:
    """Keeps one store process alive on this node; a second web process waits for its turn."""

    def __init__(self, state: Path) -> None:
        self.state = state
        self.process: asyncio.subprocess.Process | None = None

    async def run(self) -> None:
        """Start the store, and start it again whenever it ends; ends it when cancelled."""
        lock = os.open(self.state / "store.lock", os.O_RDWR | os.O_CREAT, 0o600)
        try:
            await self._wait_for(lock)
            wait = 0.1
            while True:
                began = time.monotonic()
                # It follows the pipe: when this process ends, however that happens, so does the store.
                self.process = await asyncio.create_subprocess_exec(
                    *(sys.executable, "-m", "viewer.store", "--state", str(self.state), "--follow"),
                    cwd=settings.BASE_DIR,
                    stdin=asyncio.subprocess.PIPE,
                )
                code = await self.process.wait()
                wait = 0.1 if time.monotonic() - began > 10 else min(wait * 2, 5)
                logger.error("the store process ended with %s; it starts again in %.1f s", code, wait)
                await asyncio.sleep(wait)
        finally:
            await self._end()
            os.close(lock)

    @staticmethod
    async def _wait_for(lock: int) -> None:
        while True:
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                await asyncio.sleep(1)
            else:
                return

    async def _end(self) -> None:
        process = self.process
        if process is None or process.returncode is not None:
            return
        process.terminate()
        try:
            await asyncio.wait_for(process.wait(), GRACE)
        except TimeoutError:
            process.kill()
            await process.wait()


class Lifespan:
    """The ASGI lifespan: starts everything before the first request, ends it after the last."""

    def __init__(self) -> None:
        self.syncs = Syncs()
        self.watch = Watch()
        # Ended in the other order: the seal comes last.
        self.rounds = (audit.sealer(), epochs.watcher(), reading.sweeper())
        self.courier = Courier()
        self.runner = Runner() if settings.BROKER_URL is None else None
        self.store: asyncio.Task[None] | None = None

    async def __call__(self, scope: dict[str, Any], receive: Any, send: Any) -> None:
        while True:
            message = await receive()
            if message["type"] == "lifespan.startup":
                await self.start()
                await send({"type": "lifespan.startup.complete"})
            else:
                await self.stop()
                await send({"type": "lifespan.shutdown.complete"})
                return

    async def start(self) -> None:
        """Start the threads and the store process."""
        live.attach(asyncio.get_running_loop())
        for rounds in self.rounds:
            rounds.start()
        self.syncs.start()
        self.watch.start()
        self.store = asyncio.create_task(StoreKeeper(settings.STATE).run(), name="store")
        await rendering.start()
        # Nobody waits for it: a plane that is asked for meanwhile waits for its kernel only.
        threading.Thread(target=self.warm, name="kernels", daemon=True).start()
        self.courier.start()
        if self.runner is not None:
            self.runner.start(alone=True)

    @staticmethod
    def warm() -> None:
        """Bring in what pictures are drawn with, and have the garbage collector leave alone what stays for ever.

        Looked through in the middle of an opening series, that holds every thread up for 0.2 s.
        """
        ramp.warm()
        reformat.warm()
        curved.warm()
        fusion.warm()
        raycast.warm()
        gc.collect()
        gc.freeze()

    async def stop(self) -> None:
        """End them; what is committed is sealed."""
        if self.runner is not None:
            await asyncio.to_thread(self.runner.stop)
        await asyncio.to_thread(self.courier.stop)
        await rendering.stop()
        if self.store is not None:
            self.store.cancel()
            await asyncio.gather(self.store, return_exceptions=True)
        live.attach(None)
        await asyncio.to_thread(self.watch.stop)
        await asyncio.to_thread(self.syncs.stop)
        for rounds in reversed(self.rounds):
            await asyncio.to_thread(rounds.stop)
