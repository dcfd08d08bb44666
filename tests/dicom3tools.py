"""What a program of others (dicom3tools' dciodvfy) finds wrong with an object, where it is installed."""

import shutil
import subprocess
from pathlib import Path

from pydicom.dataset import Dataset


def errors(dataset: Dataset, folder: Path) -> set[str]:
    """Return its errors; none where it isn't installed. A file is left in `folder`."""
    if shutil.which("dciodvfy") is None:
        return set()
    path = folder / "checked.dcm"
    dataset.save_as(path, enforce_file_format=True)
    told = subprocess.run(["dciodvfy", "-new", path], capture_output=True, text=True, check=False)
    return {line for line in told.stderr.splitlines() if line.startswith("Error")}
