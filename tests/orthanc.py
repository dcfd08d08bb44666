"""A real Orthanc with its DICOMweb plug-in, from the system's packages, on a free port and in a folder of its own."""

import base64
import json
import shutil
import socket
import subprocess
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

PLUGINS = (
    "/usr/share/orthanc/plugins/libOrthancDicomWeb.so",
    "/usr/lib/orthanc/libOrthancDicomWeb.so",
    "/usr/local/share/orthanc/plugins/libOrthancDicomWeb.so",
)
MISSING = "Orthanc isn't installed; these tests need it: sudo apt install orthanc orthanc-dicomweb"
USER, PASSWORD = "reader", "of-the-tests"
START_SECONDS = 30


@dataclass
class Orthanc:
    """A running server. `root` is its DICOMweb root, `auth` the credentials in the form that the archive takes."""

    root: str
    auth: str
    process: "subprocess.Popen[bytes]"
    log: Path

    def rest(self, path: str, *, method: str = "GET", body: bytes | None = None) -> Any:
        """Return the JSON answer of Orthanc's own REST API, for tests that change the archive from outside."""
        request = urllib.request.Request(self.root.removesuffix("dicom-web") + path, data=body, method=method)
        request.add_header("Authorization", "Basic " + base64.b64encode(f"{USER}:{PASSWORD}".encode()).decode())
        with urllib.request.urlopen(request, timeout=30) as answer:
            return json.loads(answer.read() or b"null")

    def stop(self) -> None:
        """End the process and wait for it."""
        if self.process.poll() is None:
            self.process.terminate()
            try:
                self.process.wait(10)
            except subprocess.TimeoutExpired:
                self.process.kill()
                self.process.wait()


def programs() -> tuple[str, str] | None:
    """Return (Orthanc, its DICOMweb plug-in), or None when they aren't installed."""
    program = shutil.which("Orthanc", path="/usr/sbin:/usr/bin:/usr/local/sbin:/usr/local/bin")
    plugin = next((path for path in PLUGINS if Path(path).exists()), None)
    return (program, plugin) if program and plugin else None


@contextmanager
def running(folder: Path, **settings: Any) -> Iterator[Orthanc]:
    """Run an Orthanc that keeps everything below `folder`; skip the test when it isn't installed.

    `settings` are Orthanc's own, beside or instead of ours.
    """
    found = programs()
    if found is None:
        pytest.skip(MISSING)
    for _ in range(3):
        orthanc = _start(folder, *found, settings)
        if orthanc is not None:
            break
    else:
        raise RuntimeError(f"Orthanc doesn't start; see {folder / 'orthanc.log'}")
    try:
        yield orthanc
    finally:
        orthanc.stop()


def _start(folder: Path, program: str, plugin: str, settings: dict[str, Any]) -> Orthanc | None:
    """Return a server that answers, or None when it ended at once (its port may just have been taken)."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    folder.mkdir(parents=True, exist_ok=True)
    configuration = folder / "orthanc.json"
    configuration.write_text(
        json.dumps(
            {
                "Name": "tests",
                "StorageDirectory": str(folder / "storage"),
                "IndexDirectory": str(folder / "storage"),
                "HttpPort": port,
                "DicomServerEnabled": False,
                "RemoteAccessAllowed": False,
                "Plugins": [plugin],
                "AuthenticationEnabled": True,
                "RegisteredUsers": {USER: PASSWORD},
                "StableAge": 1,
                "SaveJobs": False,
                "DicomWeb": {"Enable": True, "Root": "/dicom-web/"},
                **settings,
            }
        )
    )
    log = folder / "orthanc.log"
    with log.open("ab") as output:
        process = subprocess.Popen([program, str(configuration)], stdout=output, stderr=output, cwd=folder)
    orthanc = Orthanc(f"http://127.0.0.1:{port}/dicom-web", f"basic:{USER}:{PASSWORD}", process, log)
    deadline = time.monotonic() + START_SECONDS
    while time.monotonic() < deadline and process.poll() is None:
        try:
            orthanc.rest("system")
        except (urllib.error.URLError, OSError):
            time.sleep(0.1)
        else:
            return orthanc
    orthanc.stop()
    return None
