"""Packages come from the registry that the user's own client is set to; what isn't the pinned file is refused."""

import os
import threading
import zipfile
from collections.abc import Iterator
from dataclasses import replace
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from io import BytesIO
from pathlib import Path
from typing import Any

import pytest

from tests.demo.made import package, source_release
from worklist.demo.fetch import PackageMissingError, Pantry

SETUP = b"raise SystemExit('a source release was run')\n"
RELEASE = source_release(
    {"pictures-1.0/setup.py": SETUP, "pictures-1.0/data/one.bin": b"one", "pictures-1.0/data/two.bin": b"two"}
)
NAME = "pictures-1.0.tar.gz"


@pytest.fixture
def registry(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A package index on loopback with one source release; pip is told of it as a user would."""
    folder = tmp_path / "index"
    (folder / "simple" / "pictures").mkdir(parents=True)
    (folder / "simple" / "pictures" / "index.html").write_text(f'<a href="/{NAME}">{NAME}</a>')
    (folder / NAME).write_bytes(RELEASE)

    class Quiet(SimpleHTTPRequestHandler):
        def __init__(self, *arguments: Any) -> None:
            super().__init__(*arguments, directory=str(folder))

        def log_message(self, format: str, *arguments: object) -> None:
            return None

    server = ThreadingHTTPServer(("127.0.0.1", 0), Quiet)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    for name in [name for name in os.environ if name.startswith("PIP_")]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("PIP_CONFIG_FILE", os.devnull)
    monkeypatch.setenv("PIP_INDEX_URL", f"http://127.0.0.1:{server.server_port}/simple")
    monkeypatch.setenv("PIP_RETRIES", "0")
    yield folder
    server.shutdown()
    server.server_close()
    thread.join()


def test_a_source_release_is_fetched_without_being_run(registry: Path, tmp_path: Path) -> None:
    pantry = Pantry(tmp_path / "pantry")
    wanted = ["pictures-1.0/data/two.bin", "pictures-1.0/data/one.bin"]
    found = pantry.members(package(NAME, RELEASE), wanted)
    assert found == {wanted[0]: b"two", wanted[1]: b"one"}
    assert [path.name for path in (tmp_path / "pantry").iterdir()] == [NAME]


def test_a_kept_package_needs_no_network(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PIP_INDEX_URL", "http://127.0.0.1:9/simple")
    (tmp_path / NAME).write_bytes(RELEASE)
    assert Pantry(tmp_path).path(package(NAME, RELEASE)).read_bytes() == RELEASE


def test_a_kept_package_that_was_damaged_is_fetched_again(registry: Path, tmp_path: Path) -> None:
    (tmp_path / NAME).write_bytes(RELEASE[:-1])
    assert Pantry(tmp_path).path(package(NAME, RELEASE)).read_bytes() == RELEASE


def test_another_file_under_the_pinned_name_is_refused(registry: Path, tmp_path: Path) -> None:
    (registry / NAME).write_bytes(source_release({"pictures-1.0/data/one.bin": b"other"}))
    with pytest.raises(PackageMissingError, match="hash"):
        Pantry(tmp_path / "pantry").path(package(NAME, RELEASE))
    assert list((tmp_path / "pantry").iterdir()) == []


def test_an_unknown_release_and_a_silent_registry_are_told_apart(
    registry: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with pytest.raises(PackageMissingError, match=r"has no pictures-2\.0"):
        Pantry(tmp_path).path(package("pictures-2.0.tar.gz", RELEASE))
    (registry / NAME).unlink()
    with pytest.raises(PackageMissingError, match="couldn't be fetched"):
        Pantry(tmp_path).path(package(NAME, RELEASE))


def test_a_member_that_is_absent_is_named(tmp_path: Path) -> None:
    (tmp_path / NAME).write_bytes(RELEASE)
    with pytest.raises(PackageMissingError, match=r"no pictures-1\.0/data/three"):
        Pantry(tmp_path).members(package(NAME, RELEASE), ["pictures-1.0/data/three.bin"])


def test_wheels_are_read_and_broken_ones_refused(tmp_path: Path) -> None:
    packed = BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        archive.writestr("pictures/one.bin", b"one")
    name = "pictures-1.0-py3-none-any.whl"
    (tmp_path / name).write_bytes(packed.getvalue())
    pantry, wheel = Pantry(tmp_path), package(name, packed.getvalue())
    assert pantry.members(wheel, ["pictures/one.bin"]) == {"pictures/one.bin": b"one"}
    with pytest.raises(PackageMissingError):
        pantry.members(wheel, ["pictures/two.bin"])
    (tmp_path / name).write_bytes(b"no zip")
    with pytest.raises(PackageMissingError):
        pantry.members(replace(package(name, b"no zip")), ["pictures/one.bin"])
