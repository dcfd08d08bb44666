"""The real test data, unpacked once into a temporary folder; its root is named by SAMSYN_TEST_DATA."""

import hashlib
import lzma
import os
import shutil
import tarfile
import tempfile
from functools import cache
from pathlib import Path

import pytest


@cache
def unpacked_data() -> Path | None:
    """Return a folder with all test data, archives replaced by their content; None when there is no test data.

    Kept from run to run, under a name that changes with the data.
    """
    named = os.environ.get("SAMSYN_TEST_DATA", "")
    if not named or not Path(named).is_dir():
        return None
    root = Path(named)
    files = sorted(path for path in root.rglob("*") if path.is_file())
    stamp = hashlib.sha256()
    for path in files:
        status = path.stat()
        line = f"{path.relative_to(root)} {status.st_size} {status.st_mtime_ns}\n"
        stamp.update(line.encode("utf-8", "surrogateescape"))
    target = Path(tempfile.gettempdir()) / f"samsyn-test-data-{os.getuid()}-{stamp.hexdigest()[:16]}"
    if not target.is_dir():
        draft = Path(tempfile.mkdtemp(prefix="samsyn-test-data-", dir=tempfile.gettempdir()))
        for path in files:
            _unpack(path, draft / path.relative_to(root))
        try:
            draft.rename(target)
        except OSError:
            shutil.rmtree(draft)  # another run was faster
    return target


def test_data() -> Path:
    """Return the unpacked test data, or skip the test that needs it."""
    folder = unpacked_data()
    if folder is None:
        pytest.skip("no real data: SAMSYN_TEST_DATA names no folder")
    return folder


test_data.__test__ = False  # type: ignore[attr-defined]


def _unpack(source: Path, target: Path) -> None:
    target.parent.mkdir(parents=True, exist_ok=True)
    if source.name.endswith(".tar.xz"):
        with tarfile.open(source) as archive:
            archive.extractall(target.with_name(source.name.removesuffix(".tar.xz")), filter="data")
    elif source.suffix == ".xz":
        with lzma.open(source) as packed, target.with_suffix("").open("wb") as plain:
            shutil.copyfileobj(packed, plain)
    else:
        shutil.copyfile(source, target)
