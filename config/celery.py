"""Celery carries the ids of jobs to runners: threads of the web process by default, `manage.py work` with a broker."""

import asyncio
import hashlib
import logging
import queue
import threading
import time
from typing import Any
from uuid import UUID

from celery import Celery
from celery.concurrency.base import BasePool, apply_target
from celery.worker import WorkController
from celery.worker import state as celery_state
from django.conf import settings
from django.db import Error, close_old_connections, connections
from kombu.entity import Queue

from viewer import jobs, live

logger = logging.getLogger(__name__)

THREADS = 4
SWEEP_EVERY = 2.0  # seconds
CHORES_EVERY = 60.0  # seconds
TRY_BROKER_FOR = 2.0  # seconds
# Installations that share a broker don't take each other's jobs.
QUEUE = "samsyn-" + hashlib.sha256(b"jobs" + settings.SECRET_KEY.encode()).hexdigest()[:12]
BULK = f"{QUEUE}-bulk"

app = Celery("samsyn", broker=settings.BROKER_URL or "memory://localhost/", set_as_current=False, fixups=[])
app.conf.update(
    task_serializer="json",
    accept_content=["json"],
    task_default_queue=QUEUE,
    task_queues=[Queue(QUEUE), Queue(BULK)],  # read in turns: what comes in bulk keeps nobody waiting
    task_ignore_result=True,
    task_store_errors_even_if_ignored=False,
    worker_hijack_root_logger=False,
    worker_redirect_stdouts=False,
    worker_prefetch_multiplier=1,
    worker_enable_remote_control=False,
    broker_connection_retry_on_startup=True,
    broker_connection_max_retries=None,
    broker_connection_timeout=TRY_BROKER_FOR,
    worker_cancel_long_running_tasks_on_connection_loss=False,
    enable_utc=True,
)
if settings.BROKER_URL is None:
    app.conf.broker_transport_options = {"polling_interval": 0.05}
elif settings.BROKER_URL.startswith(("redis://", "rediss://")):
    app.conf.broker_transport_options = {"socket_connect_timeout": TRY_BROKER_FOR, "socket_keepalive": True}


@app.task(name="samsyn.run")
def run(job: str) -> None:
    """Run the job with this id, on a database connection of its own."""
    try:
        if not jobs.stopping.is_set():
            jobs.run(UUID(job))
    finally:
        connections.close_all()


class Courier:
    """Brings ids to the broker in a thread of its own, so that no request waits for it."""

    def __init__(self) -> None:
        self._waiting: queue.SimpleQueue[tuple[UUID, bool] | None] = queue.SimpleQueue()
        self._thread: threading.Thread | None = None

    def start(self) -> None:
        """Begin to carry."""
        jobs.carry_with(lambda job, bulk: self._waiting.put((job, bulk)))
        self._thread = threading.Thread(target=self._carry, name="courier", daemon=True)
        self._thread.start()

    def stop(self) -> None:
        """Carry nothing more; what is left is found by the sweeper of a runner."""
        jobs.carry_with(None)
        self._waiting.put(None)
        if self._thread is not None:
            self._thread.join(TRY_BROKER_FOR)

    def _carry(self) -> None:
        down_until = 0.0
        while (waiting := self._waiting.get()) is not None:
            job, bulk = waiting
            if time.monotonic() < down_until:
                continue  # the row waits for the sweeper of a runner
            try:
                run.apply_async((str(job),), queue=BULK if bulk else QUEUE, retry=False)
            except Exception as error:  # whatever a broker's driver raises
                down_until = time.monotonic() + TRY_BROKER_FOR
                logger.warning("the broker can't be reached; jobs wait: %s", type(error).__name__)


class DaemonThreads(BasePool):
    """A pool of threads that keep no process from ending: the row tells what they left unfinished."""

    signal_safe = True
    body_can_be_buffer = True

    def on_start(self) -> None:
        """Start the threads."""
        self.waiting: queue.SimpleQueue[tuple[Any, ...] | None] = queue.SimpleQueue()
        for number in range(self.limit):
            threading.Thread(target=self._work, name=f"jobs {number + 1}", daemon=True).start()

    def on_stop(self) -> None:
        """Let each thread end after what it does now."""
        for _ in range(self.limit):
            self.waiting.put(None)

    on_terminate = on_stop

    def on_apply(
        self,
        target: Any,
        args: Any = None,
        kwargs: Any = None,
        callback: Any = None,
        accept_callback: Any = None,
        **_: Any,
    ) -> None:
        """Have a thread do it."""
        self.waiting.put((target, args, kwargs, callback, accept_callback))

    def _work(self) -> None:
        while (task := self.waiting.get()) is not None:
            try:
                apply_target(*task)
            except Exception:
                logger.exception("a job couldn't be begun")


class Runner:
    """Takes jobs from the broker and runs them in threads of this process; sweeps what was left lying."""

    def __init__(self, threads: int = THREADS) -> None:
        self.threads = threads
        self._over = threading.Event()
        self._started: list[threading.Thread] = []

    def start(self, *, alone: bool) -> None:
        """Begin. `alone`: no other process runs jobs, so that none can be under way now."""
        jobs.stopping.clear()
        celery_state.should_stop = None
        self._over.clear()
        for name, work in (("jobs", self._consume), ("job sweeper", lambda: self._sweep(alone))):
            thread = threading.Thread(target=work, name=name, daemon=True)
            thread.start()
            self._started.append(thread)

    def stop(self, grace: float = 2.0) -> None:
        """End within `grace` seconds; jobs under way hear of it at their next progress, and stay for the next start."""
        jobs.stopping.set()
        self._over.set()
        celery_state.should_stop = 0
        until = time.monotonic() + grace
        while jobs.under_way() and time.monotonic() < until:
            time.sleep(0.02)
        if settings.BROKER_URL:
            self._started[0].join(max(0.1, until - time.monotonic()))
        self._started.clear()

    def _consume(self) -> None:
        worker = WorkController(
            app=app,
            pool=DaemonThreads,
            concurrency=self.threads,
            use_eventloop=False,
            without_gossip=True,
            without_mingle=True,
            without_heartbeat=True,
        )
        worker.start()

    def _sweep(self, alone: bool) -> None:
        chores_at = time.monotonic() + SWEEP_EVERY
        dead_after = 0.0 if alone else jobs.DEAD_AFTER
        while not self._over.is_set():
            try:
                jobs.sweep(dead_after=dead_after)
                dead_after = jobs.DEAD_AFTER
                if time.monotonic() >= chores_at:
                    chores_at = time.monotonic() + CHORES_EVERY
                    for chore in jobs.chores:
                        chore()
            except Error as error:
                logger.warning("jobs can't be swept: %s", type(error).__name__)
                close_old_connections()
            except Exception:
                logger.exception("housekeeping failed")
            self._over.wait(SWEEP_EVERY)
        connections.close_all()


class Wire:
    """A loop in a thread, for the live messages of a process that has none."""

    def __init__(self) -> None:
        self._loop = asyncio.new_event_loop()

    def start(self) -> None:
        """Attach the live wire to it."""
        threading.Thread(target=self._loop.run_forever, name="live wire", daemon=True).start()
        live.attach(self._loop)

    def stop(self) -> None:
        """Let go."""
        live.attach(None)
        self._loop.call_soon_threadsafe(self._loop.stop)
