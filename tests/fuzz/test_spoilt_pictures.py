"""Plain pictures with other bytes in them, and small ones that want to become large: a picture or words, no harm."""

import io
import random
import struct
import zlib
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from tests.fuzz import bytewise
from tests.fuzz.ward import Entry, Reader, ward
from viewer.imaging import colourspace

SEED = 20261124
HEAD = 12  # bytes that stay, so that the file still begins like a picture
ROWS = np.random.default_rng(7).integers(0, 255, (40, 56, 3)).astype(np.uint8)


def originals() -> list[bytes]:
    """Return small pictures of each format, with what their parsers read besides pixels."""
    exif = Image.Exif()
    exif[274], exif[306], exif[271] = 6, "2024:01:02 03:04:05", "ACME"
    more = {"exif": exif, "icc_profile": colourspace.named("ADOBERGB"), "dpi": (204, 98)}
    photo, grey = Image.fromarray(ROWS), Image.fromarray(ROWS[..., 0].astype(np.uint16) * 257)
    ways = [
        (photo, "JPEG", more), (photo, "JPEG", {}), (photo, "JPEG", {"progressive": True}),
        (photo.convert("CMYK"), "JPEG", {}), (photo, "PNG", more), (grey, "PNG", {}), (photo.quantize(9), "PNG", {}),
        (photo, "TIFF", more), (photo, "TIFF", {"compression": "tiff_lzw"}), (grey, "TIFF", {}),
        (photo.convert("1"), "TIFF", {"compression": "group4"}), (photo, "TIFF", {"compression": "jpeg"}),
        (photo, "TIFF", {"save_all": True, "append_images": [photo, photo.convert("L")]}),
    ]  # fmt: skip
    made = []
    for picture, kind, how in ways:
        out = io.BytesIO()
        picture.save(out, kind, **how)  # type: ignore[arg-type]
        made.append(out.getvalue())
    return made


def chunk(name: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))


def bomb(side: int) -> bytes:
    """Return a PNG of black, a thousandth of what it holds."""
    packer = zlib.compressobj(9)
    row = b"\0" * (side * 3 + 1)
    body = b"".join(packer.compress(row) for _ in range(side)) + packer.flush()
    head = struct.pack(">IIBBBBB", side, side, 8, 2, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + chunk(b"IDAT", body) + chunk(b"IEND", b"")


@pytest.mark.parametrize("count", [60, pytest.param(3000, marks=pytest.mark.full)])
def test_every_spoilt_picture_shows_or_says_what_is_wrong(tmp_path: Path, count: int) -> None:
    folder, dice, whole = tmp_path / "spoilt", random.Random(SEED), originals()
    folder.mkdir()
    for number in range(count):
        data = whole[number % len(whole)]
        spoilt, _ = bytewise.spoilt(data, dice)
        (folder / f"{number:04}").write_bytes(data if number < len(whole) else data[:HEAD] + spoilt[HEAD:])
    (folder / "bomb.png").write_bytes(bomb(6000))
    with ward(tmp_path, spoilt=folder) as made:
        entries = [entry for entry in made.indexed("spoilt", count + 1) if entry.shown]

        def look(reader: Reader, entry: Entry) -> None:
            reader.get(f"/studies/{entry.study}/?archive=spoilt")
            where = f"/dicomweb/spoilt/studies/{entry.study}/series/{entry.series}/instances/{entry.instance}"
            made.comes(reader, f"{where}/frames/1/rendered?accept=image/png", entry.path, entry.study, "spoilt")

        made.every(look, entries)
        refused = [entry.reason or "" for entry in made.index("spoilt") if entry.reason]
        made.judge()
    assert made.findings == []
    assert not [reason for reason in refused if reason.startswith("not readable") or str(tmp_path) in reason]
    assert made.counted["words"] + len(refused) >= count // 6, (made.counted, len(refused))
    assert len(entries) - made.counted["words"] >= len(whole)
