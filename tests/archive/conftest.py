"""The same archive twice: as a folder, and inside a real Orthanc filled by STOW."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests import orthanc
from tests.archive import examples
from tests.archive.answering import serve as serve
from viewer.archive import Archive, FolderArchive, WebArchive


@pytest.fixture(scope="session")
def example_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("examples")
    examples.write(folder)
    return folder


@pytest.fixture(scope="session")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[orthanc.Orthanc]:
    with orthanc.running(tmp_path_factory.mktemp("orthanc")) as running:
        yield running


@pytest.fixture(scope="session")
def folder_archive(example_folder: Path, tmp_path_factory: pytest.TempPathFactory) -> FolderArchive:
    found = FolderArchive("examples", example_folder, state=tmp_path_factory.mktemp("state"))
    found.scan(settle=0)
    return found


@pytest.fixture(scope="session")
def web_archive(server: orthanc.Orthanc, example_folder: Path) -> WebArchive:
    found = WebArchive("pacs", server.root, auth=server.auth)
    files = sorted(path for path in example_folder.rglob("*") if path.is_file())
    results = found.store(path.read_bytes() for path in files)
    assert [result.words for result in results] == [""] * len(files)
    return found


@pytest.fixture(scope="session", params=["folder", "web"])
def archive(request: pytest.FixtureRequest) -> Archive:
    found: Archive = request.getfixturevalue(f"{request.param}_archive")
    return found
