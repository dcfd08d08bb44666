"""Speaking phantoms behind archives: written as files, and read back from stored values."""

import json
from pathlib import Path

import imagecodecs
import numpy as np
from pydicom.dataset import Dataset
from pydicom.encaps import encapsulate
from pydicom.uid import JPEG2000Lossless

from tests.faults.proxy import FaultProxy
from tests.phantoms import read, speaking_phantom
from viewer.store import frames
from viewer.store.client import SeriesStore

SLICES = 24


def phantoms(slices: int = SLICES, *, compressed: bool = False, series: int = 1, patient: int = 1) -> list[Dataset]:
    """Return one series; every other slice is JPEG 2000 if `compressed`."""
    found = speaking_phantom(slices=slices, series=series, patient=patient, rows=64, columns=64)
    for dataset in found[1::2] if compressed else ():
        values = np.frombuffer(dataset.PixelData, np.uint16).reshape(dataset.Rows, dataset.Columns)
        dataset.PixelData = encapsulate(
            [imagecodecs.jpeg2k_encode(values, level=0, codecformat="J2K", reversible=True)]
        )
        dataset["PixelData"].VR = "OB"
        dataset.file_meta.TransferSyntaxUID = JPEG2000Lossless
    return found


def written(datasets: list[Dataset], folder: Path) -> Path:
    """Write the datasets below `folder` and return it."""
    folder.mkdir(parents=True, exist_ok=True)
    for dataset in datasets:
        dataset.save_as(folder / f"{dataset.SOPInstanceUID}.dcm", enforce_file_format=True)
    return folder


def slice_told(values: np.ndarray) -> int:
    """Return the slice number that stored values (rows, columns) tell of themselves; raises Unreadable."""
    grey = np.clip((values.astype(np.int64) - 24) * 255 // 2000, 0, 255).astype(np.uint8)
    return read(grey).slice


def slice_of_bytes(data: bytes, side: int = 64) -> int:
    """Return the slice number that a native frame tells of itself; raises ValueError for anything but a whole one."""
    return slice_told(np.frombuffer(data, "<u2").reshape(side, side))


def numbered(datasets: list[Dataset]) -> dict[str, int]:
    return {dataset.SOPInstanceUID: int(dataset.InstanceNumber) for dataset in datasets}


def right(series: SeriesStore, numbers: dict[str, int]) -> int:
    """Return how many frames are present; each has to be a whole picture of its own slice."""
    present = [place for place, state in enumerate(series.states()) if state == frames.PRESENT]
    for place in present:
        uid = str(series.instances[place].SOPInstanceUID)
        assert slice_told(series.frames.array(place)) == numbers[uid]
    return len(present)


def listed(state: Path, *proxies: FaultProxy) -> None:
    """Tell the store of archives behind proxies: main, other."""
    names = ("main", "other")
    sites = [{"name": name, "location": each.root, "auth": None} for name, each in zip(names, proxies, strict=False)]
    (state / "archives.json").write_text(json.dumps(sites))
