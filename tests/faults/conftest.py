"""Archives of speaking phantoms, whose every picture tells which it is."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from pydicom.dataset import Dataset

from tests.archive.answering import Reply, Server
from tests.archive.answering import serve as serve
from tests.faults.spoken import phantoms, written
from tests.slow_archive import SlowArchive, slow_archive
from tests.store.conftest import StoreProcess
from tests.store.conftest import client as client
from tests.store.conftest import state as state


@pytest.fixture(scope="session")
def speaking() -> list[Dataset]:
    return phantoms()


@pytest.fixture(scope="session")
def speaking_archive(speaking: list[Dataset], tmp_path_factory: pytest.TempPathFactory) -> Iterator[SlowArchive]:
    """Serve the phantoms by DICOMweb, as fast as it goes."""
    folder: Path = written(speaking, tmp_path_factory.mktemp("speaking"))
    with slow_archive(folder, tmp_path_factory.mktemp("state")) as server:
        server.let(1_000_000)
        yield server


@pytest.fixture
def store(state: Path) -> Iterator[StoreProcess]:
    process = StoreProcess(state)
    yield process
    process.stop()


@pytest.fixture
def server(serve: Callable[[Callable[[str], Reply]], Server]) -> Server:
    """A server whose `reply` the test sets."""
    return serve(lambda path: (500, {}, b""))
