"""`native_probe.py` in a process of its own: reads from standard input which slide to look at, and says what is in it.

Nothing here decodes a pixel. Hostile files hurt this process only: its memory and time are limited, and whoever
started it reads what it wrote as data. It imports nothing of the house, so that it starts fast.
"""

import contextlib
import logging
import re
import resource
import sys
from itertools import islice
from typing import Any

import msgspec

NO_SLIDE = "no slide that OpenSlide can open"
MEMORY_BYTES = 2 << 30
CPU_SECONDS = 20
MOST_PAGES = 256
MOST_LEVELS = 32
LONGEST_PROFILE = 4 << 20
LONGEST_TABLES = 1 << 16
LARGEST_SIDE = 1 << 22
LARGEST_TILE = 4096
SMALLEST_TILE = 32
MADE_TILE = 512
ALIGNED = frozenset(("aperio", "generic-tiff"))  # vendors whose levels are their tiled pages, pixel by pixel
SOUND_MICROMETRES = (0.01, 100.0)
JPEG, BASELINE_COLOURS = 7, {2: "RGB", 6: "YBR_FULL_422"}
LOSSY = frozenset((6, 7, 33003, 33005))
WIDTHS = {3: 2, 4: 4, 13: 4, 16: 8, 18: 8}  # TIFF types that may hold offsets


class Level(msgspec.Struct, frozen=True):
    """One level. With `offsets`, its tiles are JPEG streams found by two arrays in the file; else OpenSlide reads it.

    `offsets` and `counts` are (position in the file, bytes of one entry).
    """

    number: int
    columns: int
    rows: int
    tile_columns: int
    tile_rows: int
    lossy: bool
    photometric: str = "RGB"
    offsets: tuple[int, int] | None = None
    counts: tuple[int, int] | None = None
    big_endian: bool = False
    tables: bytes = b""


class Probed(msgspec.Struct, frozen=True):
    """What a slide file holds; `reason` says why it is none. `pitch` is (x, y) in micrometres."""

    reason: str = ""
    vendor: str = ""
    levels: list[Level] = []
    pitch: tuple[float, float] | None = None
    objective: float | None = None
    profile: bytes = b""
    date: str = ""
    time: str = ""
    scanner: str = ""


def probe(path: str) -> Probed:
    """Return what is in the file at `path`."""
    import openslide  # noqa: PLC0415 (8 MB and 40 ms that who only takes this module's types doesn't pay)

    try:
        vendor = openslide.OpenSlide.detect_format(path)
        if vendor is None:
            return Probed(reason=NO_SLIDE)
        slide = openslide.OpenSlide(path)
    except openslide.OpenSlideError:
        return Probed(reason="damaged slide, OpenSlide can't open it", vendor="")
    with slide:
        properties = dict(slide.properties)
        sizes = slide.level_dimensions
        if (
            not sizes
            or len(sizes) > MOST_LEVELS
            or any(not 0 < side <= LARGEST_SIDE for size in sizes for side in size)
        ):
            return Probed(reason="slide whose size can't be true")
        profile = openslide.lowlevel.read_icc_profile(slide._osr) or b""
    pages = tiled(path) if vendor in ALIGNED else {}
    levels = [level(number, size, pages.get(size), properties) for number, size in enumerate(sizes)]
    date, time = taken(properties)
    power = number_of(properties, "openslide.objective-power")
    return Probed(
        vendor=vendor, levels=levels, pitch=pitch(properties), objective=power,
        profile=profile if len(profile) <= LONGEST_PROFILE else b"", date=date, time=time,
        scanner=properties.get("aperio.ScanScope ID", "")[:64],
    )  # fmt: skip


def tiled(path: str) -> dict[tuple[int, int], Any]:
    """Return the tiled pages of a TIFF file by size; none where tifffile finds fault with it."""
    import tifffile  # noqa: PLC0415 (another 3 MB and 20 ms)

    found: dict[tuple[int, int], Any] = {}
    with contextlib.suppress(Exception), tifffile.TiffFile(path, _multifile=False) as file:
        page: Any
        for page in islice(file.pages, MOST_PAGES):
            if getattr(page, "is_tiled", False):
                tags = {code: tag for code in (324, 325, 347) if (tag := page.tags.get(code)) is not None}
                tables = bytes(tags[347].value) if 347 in tags and tags[347].count <= LONGEST_TABLES else b""
                found.setdefault((page.imagewidth, page.imagelength), (page, tags, tables, file.byteorder == ">"))
    return found


def level(number: int, size: tuple[int, int], found: Any, properties: dict[str, str]) -> Level:
    """Return one level, as JPEG tiles if that is what its page holds."""
    sides = [number_of(properties, f"openslide.level[{number}].tile-{side}") or 0 for side in ("width", "height")]
    wide, high = (int(side) if SMALLEST_TILE <= side <= 1024 else MADE_TILE for side in sides)
    page = found[0] if found else None
    lossy = page is None or int(page.compression) in LOSSY
    made = Level(number, *size, wide, high, lossy)
    if page is None or int(page.compression) != JPEG or int(page.photometric) not in BASELINE_COLOURS:
        return made
    if page.samplesperpixel != 3 or page.bitspersample != 8 or page.planarconfig != 1:
        return made
    if not all(SMALLEST_TILE <= side <= LARGEST_TILE for side in (page.tilewidth, page.tilelength)):
        return made
    _, tags, tables, big_endian = found
    count = -(-size[0] // page.tilewidth) * -(-size[1] // page.tilelength)
    arrays = [tags.get(code) for code in (324, 325)]
    if any(tag is None or tag.count != count or int(tag.dtype) not in WIDTHS for tag in arrays):
        return made
    offsets, counts = ((tag.valueoffset, WIDTHS[int(tag.dtype)]) for tag in arrays)
    colours = BASELINE_COLOURS[int(page.photometric)]
    return Level(number, *size, page.tilewidth, page.tilelength, True, colours, offsets, counts, big_endian, tables)


def pitch(properties: dict[str, str]) -> tuple[float, float] | None:
    """Return micrometres between pixels (x, y), None where the file names none that a microscope could have."""
    x, y = (number_of(properties, f"openslide.mpp-{axis}") for axis in "xy")
    low, high = SOUND_MICROMETRES
    return (x, y) if x and y and low <= x <= high and low <= y <= high else None


def number_of(properties: dict[str, str], name: str) -> float | None:
    """Return a property as a positive finite number."""
    try:
        found = float(properties.get(name, ""))
    except ValueError:
        return None
    return found if 0 < found < 1e9 else None


def taken(properties: dict[str, str]) -> tuple[str, str]:
    """Return date (DA) and time (TM) of the scan; Aperio writes month/day/year."""
    found = re.fullmatch(r"(\d\d)/(\d\d)/(\d\d(?:\d\d)?)", properties.get("aperio.Date", ""))
    clock = re.fullmatch(r"(\d\d):(\d\d):(\d\d)", properties.get("aperio.Time", ""))
    if found is None:
        return "", ""
    month, day, year = found.groups()
    return (f"20{year}" if len(year) == 2 else year) + month + day, "".join(clock.groups()) if clock else ""


def main() -> int:
    """Answer one question in msgpack."""
    for what, most in ((resource.RLIMIT_AS, MEMORY_BYTES), (resource.RLIMIT_CORE, 0), (resource.RLIMIT_FSIZE, 0)):
        _, hard = resource.getrlimit(what)
        allowed = most if hard == resource.RLIM_INFINITY else min(most, hard)  # who asks may live under limits itself
        resource.setrlimit(what, (allowed, allowed))
    resource.setrlimit(resource.RLIMIT_CPU, (CPU_SECONDS, CPU_SECONDS))
    logging.disable(logging.CRITICAL)  # what a library complains of may quote the file
    path = sys.stdin.buffer.read(1 << 16).decode("utf-8", "surrogateescape")
    try:
        found = probe(path)
    except (MemoryError, RecursionError):
        found = Probed(reason="slide that needs more memory than its description may take")
    except Exception as error:
        found = Probed(reason=f"damaged slide ({type(error).__name__})")
    sys.stdout.buffer.write(msgspec.msgpack.encode(found))
    return 0


if __name__ == "__main__":
    sys.exit(main())
