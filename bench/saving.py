"""Planes of a CT saved as a series: how long until they are cut, and until the archive holds every one of them.

    python -m bench.saving [--planes 400] [--archives folder orthanc]

Coronal planes of 512 × 400 pixels out of 512 × 512 × 400, wanted over HTTP at a server of ours whose archive is a
folder or a real Orthanc. `cut` ends when all lie in the outbox, `stored` when it is empty: each image was read back
from the archive by then. A goal of ours: at most 30 s.
"""

import argparse
import json
import tempfile
import time
import urllib.request
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from bench.servers import CT, SETTINGS, SLICES, Peer, cpu_seconds, ct, printed, samsyn, until
from tests import orthanc

MOST_SECONDS = 30.0


def asked(server: Peer, path: str, body: dict[str, Any] | None = None) -> Any:
    """Return the JSON that our server answers below its root."""
    request = urllib.request.Request(server.root.removesuffix("/dicomweb/main") + path)
    request.add_header("Authorization", server.authorization)
    if body is not None:
        request.data = json.dumps(body).encode()
        request.add_header("Content-Type", "application/json")
    with urllib.request.urlopen(request, timeout=60) as answer:
        return json.loads(answer.read())


@contextmanager
def served(kind: str, scratch: Path) -> Iterator[tuple[Peer, CT]]:
    """Run our server on an archive of a kind that holds a CT; yield both."""
    if kind == "folder":
        folder = scratch / "images"
        folder.mkdir(parents=True)

        def send(body: bytes) -> None:
            (folder / f"{uuid.uuid4()}.dcm").write_bytes(body)

        made = ct(send, scratch)
        with samsyn(scratch / "state", str(folder)) as ours:
            yield ours, made
        return
    with orthanc.running(scratch / "orthanc", **SETTINGS) as server:
        made = ct(lambda body: server.rest("instances", method="POST", body=body), scratch)
        with samsyn(scratch / "state", server.root, server.auth) as ours:
            yield ours, made


def measured(kind: str, scratch: Path, planes: int) -> dict[str, float | str]:
    """Return how long the planes took, and the CPU time of our server meanwhile."""
    with served(kind, scratch) as (ours, made):
        series = f"/api/studies/main/{made.study}/series/{made.series}"
        place = f"{ours.root}/studies/{made.study}/series/{made.series}/renderedmpr?orientation=a&viewport=64,64"
        request = urllib.request.Request(place, headers={"Authorization": ours.authorization})

        def shown() -> dict[str, Any]:
            with urllib.request.urlopen(request, timeout=120) as answer:
                told: dict[str, Any] = json.loads(answer.headers["Samsyn-Picture"])
                return told

        until(shown, 120)
        picture = shown()
        x, y, z = picture["plane"]["point"]
        step = 0.9
        wanted = {
            "id": str(uuid.uuid4()), "stack": picture["stack"], "first": [x, y - planes / 2 * step, z],
            "look": [0, 1, 0], "up": [0, 0, 1], "count": planes, "spacing": step, "columns": 512, "rows": 400,
            "pixel_spacing": step,
        }  # fmt: skip
        before, began = cpu_seconds(ours.process), time.perf_counter()
        job = asked(ours, f"{series}/planes/", wanted)["job"]
        while (told := asked(ours, f"{series}/planes/?job={job}"))["state"] not in ("COMPLETED", "CANCELED"):
            time.sleep(0.1)
        cut = time.perf_counter() - began
        if told["state"] != "COMPLETED":
            raise RuntimeError(told["words"])
        while waiting := asked(ours, "/api/jobs/")["outbox"]:
            if any(each["state"] == "failed" for each in waiting):
                raise RuntimeError(waiting[0]["words"])
            time.sleep(0.25)
        return {
            "archive": kind,
            "planes": planes,
            "cut s": round(cut, 1),
            "stored s": round(time.perf_counter() - began, 1),
            "CPU s": round(cpu_seconds(ours.process) - before, 1),
        }


def main() -> None:
    """Print how long it took on each kind of archive."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--planes", type=int, default=SLICES)
    parser.add_argument("--archives", nargs="+", choices=("folder", "orthanc"), default=["folder", "orthanc"])
    options = parser.parse_args()
    rows = []
    for kind in options.archives:
        with tempfile.TemporaryDirectory(prefix="samsyn-bench-") as scratch:
            rows.append(measured(kind, Path(scratch), options.planes))
    printed(rows)
    for row in rows:
        verdict = "pass" if float(row["stored s"]) <= MOST_SECONDS else "FAIL"
        print(f"{row['archive']}: {row['stored s']} s (at most {MOST_SECONDS:g}): {verdict}")


if __name__ == "__main__":
    main()
