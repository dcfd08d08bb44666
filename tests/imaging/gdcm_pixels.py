"""GDCM's pixels of many files, read in a process of their own: GDCM ends its process on some odd files."""

import subprocess
import sys
from pathlib import Path

READER = """
import sys
import gdcm
out, paths = sys.argv[1], sys.argv[2:]
for at, path in enumerate(paths):
    print(at, flush=True)
    reader = gdcm.ImageReader()
    reader.SetFileName(path)
    if reader.Read():
        buffer = reader.GetImage().GetBuffer().encode("utf-8", errors="surrogateescape")
        open(f"{out}/{path.replace('/', '_')}", "wb").write(buffer)
"""


def gdcm_pixels(paths: list[Path], out: Path) -> dict[Path, bytes]:
    """Return the pixel bytes of all frames of each file that GDCM reads; `out` is a folder to write to."""
    left = [str(path) for path in paths]
    while left:
        done = subprocess.run([sys.executable, "-c", READER, str(out), *left], capture_output=True, text=True)
        if done.returncode == 0:
            break
        left = left[int(done.stdout.split()[-1]) + 1 :]
    found = {path: out / str(path).replace("/", "_") for path in paths}
    return {path: raw.read_bytes() for path, raw in found.items() if raw.exists()}
