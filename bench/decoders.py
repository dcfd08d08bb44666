"""Which decoder for which syntax: CPU milliseconds a frame of 512 × 512 × 12 bits, for each that can be had.

    python -m bench.decoders [--frames 20]

`ours` is what viewer/store/decode.py does, its checks of the codestream included; the others are the bare codecs of
pydicom's plug-ins on the same frames. Every one has to give the same pixels. A column is a ratio against `ours`.
"""

import argparse
import statistics
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
from pydicom import dcmread
from pydicom.encaps import generate_frames
from pydicom.pixels import get_decoder

from bench.series import ENCODERS, Series, ct
from bench.servers import printed
from viewer.imaging.pixels import PixelFormat
from viewer.store.decode import NATIVE, decode

FORM = PixelFormat(512, 512, 1, 16, 12, 11, False, "MONOCHROME2")
PLUGINS = ("pydicom", "pylibjpeg", "gdcm", "pyjpegls")


def milliseconds(decoder: Callable[[Path], np.ndarray], paths: list[Path], expected: list[np.ndarray]) -> float:
    """Return the median time for a frame; raises ValueError for other pixels than `expected`."""
    waits = []
    for path, values in zip(paths, expected, strict=True):
        began = time.process_time()
        found = decoder(path)
        waits.append(time.process_time() - began)
        if not np.array_equal(found, values):
            raise ValueError("other pixels")
    return 1000 * statistics.median(waits)


def measure(series: Series, frames: int) -> dict[str, float | str]:
    """Return a row: the time of ours, and the others' as multiples of it."""
    paths = sorted(series.folder.iterdir())[:frames]
    datasets = {path: dcmread(path) for path in paths}
    streams = {path: next(generate_frames(data.PixelData, number_of_frames=1)) for path, data in datasets.items()}
    expected = [decode(streams[path], series.syntax, FORM) for path in paths]
    ours = milliseconds(lambda path: decode(streams[path], series.syntax, FORM), paths, expected)
    row: dict[str, float | str] = {"syntax": series.name, "ours ms": round(ours, 2)}
    decoder = get_decoder(series.syntax)
    for plugin in PLUGINS:
        if plugin in decoder.available_plugins:

            def other(path: Path, plugin: str = plugin) -> np.ndarray:
                return decoder.as_array(datasets[path], decoding_plugin=plugin, index=0)[0]

            row[f"{plugin} / ours"] = round(milliseconds(other, paths, expected) / ours, 2)
    return row


def main() -> None:
    """Measure each compressed syntax."""
    arguments = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    arguments.add_argument("--frames", type=int, default=20)
    options = arguments.parse_args()
    with tempfile.TemporaryDirectory(prefix="samsyn-bench-") as folder:
        for name, (syntax, _encoder) in ENCODERS.items():
            if syntax not in NATIVE:
                printed([measure(ct(Path(folder) / name, name, options.frames), options.frames)])


if __name__ == "__main__":
    main()
