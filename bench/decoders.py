"""Which decoder for which syntax: CPU milliseconds a frame of 512 × 512 × 12 bits, for each that can be had.

    python -m bench.decoders [--frames 20]

`ours` is what viewer/store/decode.py does, its checks of the codestream included; the others are the bare codecs of
pydicom's plug-ins, and those of imagecodecs that we don't take, on the same frames. Every one has to give the same
pixels; where the syntax loses some, within one level. A column is a ratio against `ours`.
"""

import argparse
import statistics
import time
import zlib
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import imagecodecs
import numpy as np
from pydicom.dataset import Dataset, FileMetaDataset
from pydicom.encaps import encapsulate
from pydicom.pixels import get_decoder
from pydicom.uid import UID

from bench.series import j2k, rle
from bench.servers import printed
from viewer.imaging.pixels import PixelFormat
from viewer.store.decode import DEFLATED_FRAMES, JPEG, RLE, decode
from worklist.demo.phantoms import speaking_phantom

FORM = PixelFormat(512, 512, 1, 16, 12, 11, False, "MONOCHROME2")
PLUGINS = ("pydicom", "pylibjpeg", "gdcm", "pyjpegls")

Codec = Callable[[bytes], np.ndarray]


@dataclass(frozen=True)
class Syntax:
    """A way to write a frame, what else than ours reads it, and how far apart decoders may be."""

    uid: str
    encode: Callable[[np.ndarray], bytes]
    others: dict[str, Codec] = field(default_factory=dict)
    apart: int = 0


def jpeg(**how: Any) -> Callable[[np.ndarray], bytes]:
    """Return an encoder of JPEG."""
    return lambda values: imagecodecs.jpeg8_encode(values, **how)


def deflate(values: np.ndarray) -> bytes:
    """Return a frame deflated by itself."""
    packer = zlib.compressobj(wbits=-zlib.MAX_WBITS)
    return packer.compress(values.tobytes()) + packer.flush()


SYNTAXES = {
    "RLE": Syntax(RLE, rle),
    "JPEG 12 bits": Syntax(JPEG + "51", jpeg(level=95, bitspersample=12), apart=1),
    "JPEG lossless": Syntax(
        JPEG + "70",
        jpeg(lossless=True, predictor=1, bitspersample=12),
        {"jpegsof3": imagecodecs.jpegsof3_decode, "ljpeg": imagecodecs.ljpeg_decode},
    ),
    "JPEG-LS": Syntax(JPEG + "80", imagecodecs.jpegls_encode),
    "J2K": Syntax(JPEG + "90", j2k),
    "HTJ2K": Syntax(
        JPEG + "201",
        lambda values: imagecodecs.htj2k_encode(values, reversible=True),
        {"OpenJPH": imagecodecs.htj2k_decode},
    ),
    "JPEG XL": Syntax(JPEG + "110", lambda values: imagecodecs.jpegxl_encode(values, lossless=True, bitspersample=12)),
    "deflated": Syntax(DEFLATED_FRAMES, deflate),
}


def frames(count: int) -> list[np.ndarray]:
    """Return slices of a CT phantom with a scanner's noise."""
    chance = np.random.default_rng(1)
    drawn = speaking_phantom(patient=1, slices=count, rows=512, columns=512)
    noisy = [each.pixel_array.astype(np.int32) + chance.normal(0, 12, (512, 512)).astype(np.int32) for each in drawn]
    return [np.clip(each, 0, 4095).astype(np.uint16) for each in noisy]


def milliseconds(decoder: Codec, streams: list[bytes], expected: list[np.ndarray], apart: int) -> float:
    """Return the median time for a frame; raises ValueError for other pixels than `expected`."""
    waits = []
    for stream, values in zip(streams, expected, strict=True):
        began = time.process_time()
        found = decoder(stream)
        waits.append(time.process_time() - began)
        if found.shape != values.shape or int(np.abs(found.astype(int) - values).max()) > apart:
            raise ValueError("other pixels")
    return 1000 * statistics.median(waits)


def plugin_of(name: str, uid: str) -> Codec:
    """Return a decoder of pydicom's."""
    decoder = get_decoder(UID(uid))
    form = Dataset()
    form.file_meta = FileMetaDataset()
    form.file_meta.TransferSyntaxUID = UID(uid)
    form.Rows, form.Columns, form.SamplesPerPixel, form.PhotometricInterpretation = 512, 512, 1, FORM.photometric
    form.BitsAllocated, form.BitsStored, form.HighBit, form.PixelRepresentation = 16, 12, 11, 0
    form.is_little_endian = True

    def decoded(stream: bytes) -> np.ndarray:
        form.PixelData = encapsulate([stream])
        return decoder.as_array(form, decoding_plugin=name, index=0)[0]

    return decoded


def measure(name: str, syntax: Syntax, values: list[np.ndarray]) -> dict[str, float | str]:
    """Return a row: the time of ours, and the others' as multiples of it."""
    streams = [syntax.encode(each) for each in values]
    expected = [decode(stream, syntax.uid, FORM) for stream in streams]
    ours = milliseconds(lambda stream: decode(stream, syntax.uid, FORM), streams, expected, 0)
    row: dict[str, float | str] = {"syntax": name, "ours ms": round(ours, 2)}
    try:
        available = get_decoder(UID(syntax.uid)).available_plugins
    except NotImplementedError:
        available = ()
    others = {plugin: plugin_of(plugin, syntax.uid) for plugin in PLUGINS if plugin in available} | syntax.others
    for other, codec in others.items():
        try:
            row[f"{other} / ours"] = round(milliseconds(codec, streams, expected, syntax.apart) / ours, 2)
        except (ValueError, RuntimeError) as error:
            row[f"{other} / ours"] = str(error)[:40]
    return row


def main() -> None:
    """Measure each compressed syntax."""
    arguments = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    arguments.add_argument("--frames", type=int, default=20)
    values = frames(arguments.parse_args().frames)
    for name, syntax in SYNTAXES.items():
        printed([measure(name, syntax, values)])


if __name__ == "__main__":
    main()
