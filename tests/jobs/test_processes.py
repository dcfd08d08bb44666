"""Jobs in real processes: embedded, and with workers on Redis and RabbitMQ; whoever is killed loses no job."""

import contextlib
import socket
import statistics
import subprocess
import sys
import time
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path

import pytest
from kombu.connection import Connection

from tests import postgres, redis_server
from tests.jobs.working import SETTINGS, Site, kill, post, steps, until
from tests.serving import ROOT, Served, serving

RABBIT = "amqp://guest:guest@127.0.0.1:5672//"


@pytest.fixture
def site(tmp_path: Path) -> Site:
    (tmp_path / "images").mkdir()
    (tmp_path / "state").mkdir()
    return Site(tmp_path / "state", str(tmp_path / "images"))


CANCELED_JOBS = """
from django.contrib.auth.models import User
user = User.objects.get(username='radiologist')
found = [jobs.want('count', by=user, path={path!r}, steps=1, pause=0).pk for _ in range({count})]
Job.objects.filter(pk__in=found).update(state='CANCELED')
print(*found)
"""


def latencies(site: Site, served: Served, path: Path) -> list[float]:
    """Want five short jobs by the web process; return the seconds from each one's row to its first step."""
    opener = served.opener("radiologist")
    for job in site.python(CANCELED_JOBS.format(path=str(path), count=5)).split():
        post(opener, served, f"/jobs/{job}/again/")
    until(lambda: len(steps(path)) == 10)
    rows = site.query("SELECT created, begun FROM viewer_job WHERE kind = 'count' AND begun IS NOT NULL")
    times = [[datetime.fromisoformat(str(each)) for each in row] for row in rows]
    return [(begun - created).total_seconds() for created, begun in times]


def test_embedded(site: Site, tmp_path: Path) -> None:
    path = tmp_path / "steps"
    variables = {"DJANGO_SETTINGS_MODULE": SETTINGS}
    with serving(site.archive, state=site.state, **variables) as served:
        quick = latencies(site, served, tmp_path / "quick")
        sys.stdout.write(f"embedded: {1000 * statistics.median(quick):.0f} ms from the commit to the first step\n")
        assert statistics.median(quick) < 0.5
        job = site.want(path, steps=40, pause=0.2)
        until(lambda: len(steps(path)) >= 3)
        kill(served.process)
    before = steps(path)
    with serving(site.archive, state=site.state, **variables) as served:
        began = time.monotonic()
        until(lambda: len(steps(path)) >= len(before) + 3)
        assert time.monotonic() - began < 6, "it is taken up at the start, not when its heartbeat is missed"
        served.process.terminate()
        begun = time.monotonic()
        served.process.wait(15)
        assert time.monotonic() - begun < 5, "a job under way doesn't keep the server from ending"
        assert "Traceback" not in served.words()
    assert site.row(job)[0] == "SCHEDULED"
    with serving(site.archive, state=site.state, **variables):
        until(lambda: any(step == "done" for _, step, _ in steps(path)), 60)
        until(lambda: site.row(job)[0] == "COMPLETED")
    assert [step for _, step, _ in steps(path)].count("done") == 1


def test_the_embedded_worker_is_idle_when_there_is_nothing_to_do(site: Site) -> None:
    site.python("from django.core.management import call_command\ncall_command('migrate', verbosity=0)")
    code = (
        "import time\nfrom config.celery import Courier, Runner\n"
        "runner, courier = Runner(), Courier()\ncourier.start(); runner.start(alone=True)\ntime.sleep(2)\n"
        "begun = time.process_time(); time.sleep(4); print((time.process_time() - begun) / 4)\n"
        "import logging, sys, signal, threading\n"
        "assert len(logging.getLogger().handlers) == 1 and sys.stdout is sys.__stdout__\n"
        "assert signal.getsignal(signal.SIGTERM) == signal.SIG_DFL\n"
    )
    share = float(site.python(code))
    sys.stdout.write(f"embedded: {100 * share:.2f} % of a core while idle\n")
    assert share < 0.02  # 0.5 % where nothing else runs


@contextlib.contextmanager
def redis() -> Iterator[dict[str, str]]:
    if redis_server.program() is None:
        pytest.skip("Redis isn't installed: apt install redis-server")
    with redis_server.running() as url:
        yield {"REDIS_URL": url}


@contextlib.contextmanager
def rabbit() -> Iterator[dict[str, str]]:
    with socket.socket() as probe:
        if probe.connect_ex(("127.0.0.1", 5672)):
            pytest.skip("RabbitMQ doesn't run here: apt install rabbitmq-server")
    yield {"BROKER_URL": RABBIT}


@pytest.mark.skipif(postgres.programs() is None, reason="PostgreSQL isn't installed: apt install postgresql")
@pytest.mark.parametrize("broker", [redis, rabbit])
def test_two_workers_of_whom_one_is_killed(broker: object, site: Site, tmp_path: Path) -> None:
    path = tmp_path / "steps"
    with contextlib.ExitStack() as stack:
        site.variables = stack.enter_context(broker()) | {  # type: ignore[operator]
            "DATABASE_URL": stack.enter_context(postgres.running())
        }
        served = stack.enter_context(
            serving(site.archive, state=site.state, DJANGO_SETTINGS_MODULE=SETTINGS, **site.variables)
        )
        if "BROKER_URL" in site.variables:
            stack.callback(forget_queues, site)
        workers = [stack.enter_context(site.worker()) for _ in range(2)]
        quick = latencies(site, served, tmp_path / "quick")
        name = "rabbitmq" if "BROKER_URL" in site.variables else "redis"
        sys.stdout.write(f"{name}: {1000 * statistics.median(quick):.0f} ms from the commit to the first step\n")
        assert statistics.median(quick) < 1
        assert {pid for pid, _, _ in steps(tmp_path / "quick")} <= {worker.pid for worker in workers}
        job = site.want(path, steps=15, pause=0.3)
        until(lambda: len(steps(path)) >= 3)
        first = steps(path)[0][0]
        victim = next(worker for worker in workers if worker.pid == first)
        kill(victim)
        killed = time.time()
        until(lambda: any(pid != first for pid, _, _ in steps(path)), 20)
        taken = next(at for pid, _, at in steps(path) if pid != first)
        sys.stdout.write(f"{name}: taken up {taken - killed:.1f} s after the kill\n")
        assert taken - killed < 15
        until(lambda: site.row(job)[0] == "COMPLETED")
        assert site.row(job)[1] == 2
    others = [step for pid, step, _ in steps(path) if pid != first]
    assert others == [*map(str, range(15)), "done"]


def forget_queues(site: Site) -> None:
    """Remove the queues that this site has made on a broker that others use as well."""
    names = site.python("from config.celery import QUEUE, BULK\nprint(QUEUE, BULK)").split()
    with Connection(RABBIT) as connection:
        for name in names:
            connection.default_channel.queue_delete(name)


def test_a_broker_that_is_down_loses_no_job_and_fails_no_page(site: Site, tmp_path: Path) -> None:
    variables = {"DJANGO_SETTINGS_MODULE": SETTINGS, "REDIS_URL": "redis://127.0.0.1:1/0"}
    site.variables = variables
    with serving(site.archive, state=site.state, **variables) as served:
        opener = served.opener("radiologist")
        job = site.python(CANCELED_JOBS.format(path="/nowhere", count=1))
        post(opener, served, f"/jobs/{job}/again/")
        page = opener.open(f"{served.url}/jobs/", timeout=20).read().decode()
        assert "Counting" in page and "Waiting" in page


def test_work_needs_a_broker(site: Site) -> None:
    told = subprocess.run(
        [sys.executable, str(ROOT / "manage.py"), "work"],
        cwd=ROOT, env=site.environment, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert told.returncode == 1
    assert told.stderr.strip() == (
        "Samsyn doesn't start: `manage.py serve` runs the jobs itself unless REDIS_URL or BROKER_URL is set"
    )
