"""Objects put into the outbox while whoever puts them, and the server that sends them, are killed: none is lost."""

import subprocess
import sys
from pathlib import Path
from uuid import UUID

import pytest

from config.celery import THREADS
from tests import orthanc
from tests.jobs.made import made
from tests.jobs.working import BEGIN, SETTINGS, Site, kill, until
from tests.serving import ROOT, serving
from viewer.archive import WebArchive

STUDY = "1.2.826.0.1.3680043.10.1613.7"
PUT = """
from django.contrib.auth.models import User
from django.db import transaction
from tests.jobs.made import made
from viewer.actions import outbox
user, study = User.objects.get(username='radiologist'), Study.objects.get(uid={study!r})
for number in range({count}):
    with transaction.atomic():
        item = outbox.put(user, study, made(study.uid), {{}})
    print(item.sop_instance_uid, flush=True)
"""
SWEEP = """
from datetime import timedelta
from viewer.actions import outbox
outbox.ORPHANED_AFTER = timedelta(0)
outbox.tidy()
"""


@pytest.mark.parametrize("count_all", [60, pytest.param(200, marks=pytest.mark.full)])
def test_nothing_is_lost_and_nothing_doubled(count_all: int, tmp_path: Path) -> None:
    with orthanc.running(tmp_path / "orthanc") as server:
        assert WebArchive("main", server.root, auth=server.auth).store([made(STUDY)])[0].stored
        site = Site(tmp_path / "state", server.root, {"SAMSYN_ARCHIVE_MAIN_AUTH": server.auth})
        site.state.mkdir()
        variables = {"DJANGO_SETTINGS_MODULE": SETTINGS} | site.variables
        acknowledged: list[str] = []

        def put(count: int, *, killed_after: int | None = None) -> None:
            code = BEGIN + PUT.format(study=STUDY, count=count)
            with subprocess.Popen(
                [sys.executable, "-c", code], cwd=ROOT, env=site.environment, stdout=subprocess.PIPE, text=True
            ) as process:
                assert process.stdout is not None
                for number, line in enumerate(process.stdout, 1):
                    acknowledged.append(line.strip())
                    if number == killed_after:
                        kill(process)  # type: ignore[arg-type]

        def stored() -> int:
            return int(site.query("SELECT COUNT(*) FROM viewer_outboxitem WHERE state = 'stored'")[0][0])

        with serving(server.root, state=site.state, **variables) as served:
            until(lambda: site.query("SELECT 1 FROM viewer_study"), 60)
            put(count_all, killed_after=count_all // 2)
            until(lambda: stored() >= 10, 60)
            kill(served.process)
        put(count_all - len(acknowledged))
        with serving(server.root, state=site.state, **variables):
            wanted = int(site.query("SELECT COUNT(*) FROM viewer_outboxitem")[0][0])
            until(lambda: stored() == wanted, 150)
            # Each thread that was killed may have left the file of a row that says "stored".
            rows = {str(UUID(row[0])) for row in site.query("SELECT id FROM viewer_outboxitem")}
            until(lambda: len({path.stem for path in (site.state / "outbox").glob("*.dcm")} & rows) <= THREADS)
        kept = [row[0] for row in site.query("SELECT sop_instance_uid FROM viewer_outboxitem WHERE state = 'stored'")]
        assert len(acknowledged) >= count_all and set(acknowledged) <= set(kept)
        assert len(server.rest("instances")) == len(kept) + 1
        # Whoever is killed between file and row leaves a file that was never promised; the sweep takes both kinds.
        site.python(SWEEP)
        assert not list((site.state / "outbox").glob("*.dcm"))
