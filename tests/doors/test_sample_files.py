"""Every grey image of the real data, through the HTTP door, against pydicom's pixels and the standard's formula."""

from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import cv2
import numpy as np
import pydicom
import pytest
from channels.db import database_sync_to_async
from django.contrib.auth import get_user_model
from django.utils import timezone
from pydicom.dataset import FileDataset
from pydicom.pixels import apply_modality_lut, pixel_array
from pydicom.uid import UID

from tests.doors.asking import ask
from tests.serving import storing
from tests.unpacked_data import test_data
from viewer import rendering
from viewer.actions.token import issue
from viewer.archive import FolderArchive
from viewer.archive.port import NotThere
from viewer.models import Archive as ArchiveRow
from viewer.models import Permit, Study
from viewer.sync import Sync

pytestmark = pytest.mark.django_db(transaction=True)

LOSSY = {f"1.2.840.10008.1.2.4.{last}" for last in (50, 51, 81, 91, 203)}
VIEWED = {f"1.2.840.10008.5.1.4.1.1.{last}" for last in ("1", "1.1", "2", "4", "12.1", "6.1", "3.1")}
FUNCTIONS = ("linear", "linear-exact", "sigmoid")
MOST_OF_A_SERIES = 3


@pytest.fixture(scope="module")
def real(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Path, FolderArchive]]:
    """Index the real data and run a store process on it."""
    folder, state = test_data(), tmp_path_factory.mktemp("state")
    archive = FolderArchive("main", folder, state=state)
    archive.scan(settle=0)
    with storing(state, folder, "--decoders", "2"):
        yield state, archive


@pytest.fixture
async def token(real: tuple[Path, FolderArchive], transactional_db: None) -> AsyncIterator[str]:
    """Return the token of somebody who may see everything in the index, which is filled by sync."""

    def fill() -> str:
        ArchiveRow.objects.create(name="main")
        sync = Sync("main")
        sync.sweep(real[1])
        while Study.objects.filter(series_read_at__isnull=True).exists():
            sync.read_series(real[1])
        user = get_user_model().objects.create_user("alice", password="alice")
        Permit.objects.create(user=user, reason=Permit.Reason.ROLE, valid_from=timezone.now())
        return issue(user)

    yield await database_sync_to_async(fill)()


def grey_files(folder: Path) -> Iterator[FileDataset]:
    """Yield the single grey images of a lossless syntax, a few of each series."""
    taken: dict[str, int] = {}
    for path in sorted(folder.rglob("*")):
        if not path.is_file():
            continue
        try:
            dataset = pydicom.dcmread(path, defer_size=4096)
            syntax = dataset.file_meta.TransferSyntaxUID
            series = str(dataset.SeriesInstanceUID)
        except Exception:  # not a DICOM file with an identity: nothing to compare
            continue
        if (
            str(dataset.get("SOPClassUID")) not in VIEWED
            or UID(syntax) in LOSSY
            or dataset.get("PhotometricInterpretation") not in {"MONOCHROME1", "MONOCHROME2"}
            or "PixelData" not in dataset
        ):
            continue
        taken[series] = taken.get(series, 0) + 1
        if taken[series] <= MOST_OF_A_SERIES:
            yield dataset


def expected(stored: np.ndarray, dataset: FileDataset, center: float, width: float, function: str) -> np.ndarray:
    """Return float grey by PS3.3 C.11.2.1 for the first frame."""
    x = apply_modality_lut(stored, dataset).astype(np.float64)
    if function == "sigmoid":
        y = 255 / (1 + np.exp(-4 * (x - center) / width))
    elif function == "linear-exact":
        y = ((x - center) / width + 0.5) * 255
    else:
        y = ((x - (center - 0.5)) / (width - 1) + 0.5) * 255
    y = np.clip(y, 0, 255)
    if dataset.PhotometricInterpretation == "MONOCHROME1" or dataset.get("PresentationLUTShape") == "INVERSE":
        y = 255 - y
    if (padding := dataset.get("PixelPaddingValue")) is not None and isinstance(padding, int):
        ends = sorted((padding, dataset.get("PixelPaddingRangeLimit", padding)))
        y[(stored >= ends[0]) & (stored <= ends[1])] = 0
    return y


async def test_each_grey_image_is_the_standards_formula_to_one_level(
    real: tuple[Path, FolderArchive], token: str
) -> None:
    await rendering.start(real[0])
    compared, wrong, silent = 0, [], []
    known = set(await database_sync_to_async(lambda: list(Study.objects.values_list("uid", flat=True)))())
    for dataset in grey_files(test_data()):
        name = Path(str(dataset.filename)).relative_to(test_data()).as_posix()
        if str(dataset.StudyInstanceUID) not in known:
            continue
        try:
            stored = pixel_array(dataset, index=0)
        except Exception:  # pydicom can't decode it either: no second opinion
            continue
        try:
            listed = real[1].instance_metadata(
                dataset.StudyInstanceUID, dataset.SeriesInstanceUID, dataset.SOPInstanceUID
            )
        except NotThere:
            continue
        assert listed
        values = apply_modality_lut(stored, dataset)
        low, high = np.percentile(values, (2, 98))
        center, width = round(float(low + high) / 2, 1), max(round(float(high - low)), 2)
        path = (
            f"/dicomweb/main/studies/{dataset.StudyInstanceUID}/series/{dataset.SeriesInstanceUID}"
            f"/instances/{dataset.SOPInstanceUID}/frames/1/rendered?accept=image/png&overlay=no&shutter=no"
        )
        for function in FUNCTIONS:
            answer = await ask(f"{path}&window={center},{width},{function}", token=token)
            if answer.status != 200:
                silent.append((name, answer.status, answer.words))
                break
            picture = cv2.imdecode(np.frombuffer(answer.body, np.uint8), cv2.IMREAD_UNCHANGED)
            wanted = expected(stored, dataset, center, width, function)
            if picture.shape != wanted.shape or np.abs(picture - wanted).max() > 1:
                differ = picture.shape if picture.shape != wanted.shape else np.abs(picture - wanted).max()
                wrong.append((name, function, differ))
        compared += 1
    await rendering.stop()
    assert compared > 50
    assert (wrong, silent) == ([], [])
