"""Archives that a test changes while somebody reads from them: a folder, and a real Orthanc."""

import contextlib
import hashlib
import io
import os
from collections.abc import Iterable, Iterator
from pathlib import Path

from pydicom.dataset import Dataset

from tests import orthanc
from tests.browser.reading import Reader
from tests.chromium import chromium
from tests.serving import serving


class Folder:
    """A folder that the server reads."""

    def __init__(self, root: Path) -> None:
        self.root = root
        root.mkdir(parents=True, exist_ok=True)
        self.location = str(root)
        self.variables: dict[str, str] = {}

    def _path(self, dataset: Dataset) -> Path:
        return self.root / f"{hashlib.sha256(dataset.SOPInstanceUID.encode()).hexdigest()[:20]}.dcm"

    def put(self, datasets: Iterable[Dataset]) -> None:
        """Add objects, or put others in the place of those with the same UID."""
        for dataset in datasets:
            draft = self.root / ".draft"
            dataset.save_as(draft, enforce_file_format=True)
            os.utime(draft, (1, 1))
            draft.replace(self._path(dataset))

    def remove(self, datasets: Iterable[Dataset]) -> None:
        """Take objects away."""
        for dataset in datasets:
            self._path(dataset).unlink()


class Orthanc:
    """A real Orthanc, changed by its own REST API."""

    def __init__(self, server: orthanc.Orthanc) -> None:
        self.server = server
        self.location = server.root
        self.variables = {"SAMSYN_ARCHIVE_MAIN_AUTH": server.auth}

    def put(self, datasets: Iterable[Dataset]) -> None:
        """Add objects; one with the same UID is removed first."""
        for dataset in datasets:
            file = io.BytesIO()
            dataset.save_as(file, enforce_file_format=True)
            self.remove([dataset])
            self.server.rest("instances", method="POST", body=file.getvalue())

    def remove(self, datasets: Iterable[Dataset]) -> None:
        """Take objects away."""
        for dataset in datasets:
            found = self.server.rest("tools/lookup", method="POST", body=str(dataset.SOPInstanceUID).encode())
            for each in found:
                self.server.rest(f"instances/{each['ID']}", method="DELETE")


Changing = Folder | Orthanc


@contextlib.contextmanager
def changing(kind: str, folder: Path, datasets: Iterable[Dataset]) -> Iterator[tuple[Reader, Changing]]:
    """Serve an archive of a kind ("folder" or "orthanc") that holds `datasets`, log in, and hand over both."""
    with contextlib.ExitStack() as stack:
        archive: Changing = (
            Folder(folder / "files")
            if kind == "folder"
            else Orthanc(stack.enter_context(orthanc.running(folder / "orthanc")))
        )
        archive.put(datasets)
        served = stack.enter_context(serving(archive.location, **archive.variables))
        page, watched = stack.enter_context(chromium(1280, 800))
        reader = Reader(page, watched, served)
        reader.log_in()
        yield reader, archive
        assert watched.faults == []
