"""An archive in memory that can be made to fail, lie, cut short and wait."""

import json
import threading
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from io import BytesIO

from pydicom.dataset import Dataset
from pydicom.encaps import generate_frames

from viewer.archive import ArchiveError, NotThere, Unstreamed
from viewer.archive.delivered import delivered
from viewer.archive.leave import current
from viewer.archive.port import Attributes, Delivered, Frame, StoreResult


def part10(data: Dataset) -> bytes:
    """Return the whole file."""
    file = BytesIO()
    data.save_as(file, enforce_file_format=True)
    return file.getvalue()


@dataclass
class PretendArchive:
    """Serves `datasets` (single frames); `answers` replaces the frame of a UID, `failure` whatever is asked.

    When `streaming`, whole series come too, as far as `flow` lets instances through; `sent` replaces one of them.
    """

    datasets: list[Dataset]
    name: str = "main"
    root: str = "pretend:"
    near: bool = True
    answers: dict[str, bytes | ArchiveError] = field(default_factory=dict)
    failure: ArchiveError | None = None
    listed: int | None = None
    asked: list[str] = field(default_factory=list)
    bulk: bytes = b""
    revised: dict[str, str] = field(default_factory=dict)
    gate: threading.Event = field(default_factory=threading.Event)
    streaming: bool = False
    flow: threading.Semaphore | None = None
    sent: dict[str, Dataset | ArchiveError] = field(default_factory=dict)
    streams: int = 0

    def __post_init__(self) -> None:
        self.gate.set()

    def answer(self) -> None:
        """Wait for the gate, then fail if so wished."""
        self.gate.wait(20)
        if self.failure is not None:
            raise self.failure

    def series_metadata(self, study: str, series: str) -> bytes:
        self.answer()
        objects = []
        for data in self.datasets:
            each = data.to_json_dict(bulk_data_threshold=100, bulk_data_element_handler=lambda element: "pretend:bulk")
            each["00083002"] = {"vr": "UI", "Value": [str(data.file_meta.TransferSyntaxUID)]}
            objects.append(each)
        return json.dumps(objects).encode()

    def search_series(self, study: str) -> list[Attributes]:
        uids = sorted({data.SeriesInstanceUID for data in self.datasets})
        count = len(self.datasets) if self.listed is None else self.listed
        return [{"0020000E": {"vr": "UI", "Value": [uid]}, "00201209": {"vr": "IS", "Value": [count]}} for uid in uids]

    def search_instances(self, study: str, series: str) -> list[Attributes]:
        return [{} for _ in self.datasets]

    def revisions(self, study: str, series: str) -> dict[str, str]:
        return dict(self.revised)

    def frames(
        self, study: str, series: str, instance: str, numbers: Iterable[int], *, revision: str = ""
    ) -> Iterator[Frame]:
        self.asked.append(instance)
        self.answer()
        for data in self.datasets:
            if data.SOPInstanceUID == instance:
                given = self.answers.get(instance)
                if isinstance(given, ArchiveError):
                    raise given
                syntax = data.file_meta.TransferSyntaxUID
                whole = (
                    next(generate_frames(data.PixelData, number_of_frames=1))
                    if syntax.is_encapsulated
                    else data.PixelData
                )
                for number in numbers:
                    yield Frame(number, whole if given is None else given, str(syntax))
                return
        raise NotThere("There is no such instance.")

    def stream(self, study: str, series: str) -> Iterator[Delivered]:
        self.streams += 1
        if not self.streaming:
            raise Unstreamed("Frame by frame.")
        for data in list(self.datasets):
            while self.flow is not None and not self.flow.acquire(timeout=0.01):
                current().rest(0)
            sent = self.sent.get(data.SOPInstanceUID, data)
            if isinstance(sent, ArchiveError):
                raise sent
            revision = self.revised.get(sent.SOPInstanceUID, "")
            yield delivered(memoryview(part10(sent)), revision=revision)

    def search_studies(self, **match: object) -> list[Attributes]:
        return []

    def instance_metadata(self, study: str, series: str, instance: str) -> bytes:
        raise NotThere("There is no such instance.")

    def instance(self, study: str, series: str, instance: str) -> bytes:
        raise NotThere("There is no such instance.")

    def bulkdata(self, uri: str) -> bytes:
        self.answer()
        return self.bulk

    def store(self, instances: Iterable[bytes]) -> list[StoreResult]:
        return []
