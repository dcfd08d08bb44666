"""A whole series in one answer of a real Orthanc, cut anywhere: what came whole is kept, the rest comes singly."""

import time
from io import BytesIO
from pathlib import Path

import pytest

from tests import orthanc
from tests.faults.proxy import cuts, spoiling
from tests.faults.spoken import numbered, phantoms, right
from tests.store.conftest import StoreProcess
from tests.store.waiting import until
from viewer.archive import WebArchive
from viewer.store import frames
from viewer.store.client import StoreClient


@pytest.mark.parametrize("rounds", [2, pytest.param(40, marks=pytest.mark.full)])
async def test_a_stream_that_is_cut_leaves_no_partial_picture(rounds: int, tmp_path: Path) -> None:
    with orthanc.running(tmp_path / "orthanc") as server:
        archive = WebArchive("main", server.root, auth=server.auth)
        for turn in range(rounds):
            datasets = phantoms(60, compressed=True, series=turn + 1)
            held = []
            for dataset in datasets:
                file = BytesIO()
                dataset.save_as(file, enforce_file_format=True)
                held.append(file.getvalue())
            assert all(result.stored for result in archive.store(held))
            state = tmp_path / f"state{turn}"
            state.mkdir(mode=0o700)
            with spoiling(server.root, seed=turn, choose=cuts(1.0, r"/series/[\d.]+$")) as proxy:
                sites = f'[{{"name": "main", "location": "{proxy.root}", "auth": "{server.auth}"}}]'
                (state / "archives.json").write_text(sites)
                store, client = StoreProcess(state).start(), StoreClient(state)
                first = datasets[0]
                series = await client.series("main", str(first.StudyInstanceUID), str(first.SeriesInstanceUID))
                await client.looking(series, [(str(each.SOPInstanceUID), 1) for each in series.instances], 0, 1)
                began = time.monotonic()
                await until(lambda series=series: series.states().count(frames.PRESENT) == 60, 40)
                assert right(series, numbered(datasets)) == 60
                print(
                    f"\n{proxy.count(r'/series/[0-9.]+$', spoiled=True)} streams cut, {time.monotonic() - began:.1f} s"
                )
                await client.close()
                store.stop()
