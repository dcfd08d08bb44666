"""Case after case of spoilt files: the same number under the same seed gives the same file."""

import random
import struct
from dataclasses import dataclass

from tests.fuzz import bytewise, surgery, tagwise, tiffs
from tests.fuzz.elements import deflated, inflated, taken_apart
from tests.fuzz.originals import INSTANCE, SERIES, STUDY, image, originals, written

TOGETHER = 8  # spoilt files of one series; a good one stands among them
SLIDE_EVERY = 50
COMPRESSED = (
    "jpeg 2000", "htj2k", "jpeg-ls", "jpeg lossless", "jpeg 12 bits", "rle", "jpeg clip", "extended table", "glass",
    "JPEG2000.dcm", "JPEG-lossy.dcm", "MR_small_RLE.dcm", "MR_small_jp2klossless.dcm", "SC_rgb_small_odd_jpeg.dcm",
    "SC_rgb_dcmtk_+eb+cy+s2.dcm", "SC_rgb_rle.dcm", "JPEGLSNearLossless_08.dcm",
)  # fmt: skip


@dataclass(frozen=True)
class Case:
    """A spoilt file: its number, its name in the folder, its bytes, and how it came to be."""

    number: int
    name: str
    data: bytes
    how: str


def study_of(group: int) -> str:
    """Return the Study Instance UID of the files that were given one."""
    return f"2.25.71{group + 1:016}"


def case(seed: int, number: int) -> Case:
    """Return one case."""
    dice = random.Random(f"{seed}:{number}")
    if number % SLIDE_EVERY == SLIDE_EVERY - 1:
        data, how = tiffs.spoilt(dice)
        return Case(number, f"{number:07}.svs", data, f"slide, {how}")
    kind = dice.choice("bbbtttttccc")
    name = dice.choice(COMPRESSED if kind == "c" else tuple(originals()))
    whole = named(inflated(originals()[name]), number)
    made: tuple[bytes, str] | None = None
    try:
        if kind == "t":
            made = tagwise.spoilt(taken_apart(whole), dice)
        elif kind == "c":
            made = surgery.spoilt(taken_apart(whole), dice)
    except (ValueError, struct.error):
        made = None  # an original that isn't taken apart here
    if made is not None:
        data = deflated_again(made[0])
    elif dice.random() < 0.5:
        made = bytewise.spoilt(whole, dice)
        data = deflated_again(made[0])
    else:
        made = bytewise.spoilt(deflated(whole), dice)
        data = made[0]
    return Case(number, f"{number:07}.dcm", data, f"{name}, {made[1]}")


def good(group: int) -> bytes:
    """Return the good file of a group."""
    data = named(_GOOD, group * TOGETHER)
    return data.replace(f"2.25.73{group * TOGETHER + 1:016}".encode(), f"2.25.74{group + 1:016}".encode())


def named(data: bytes, number: int) -> bytes:
    """Return the file under the UIDs of its number."""
    group = number // TOGETHER
    for old, new in (
        (STUDY, study_of(group)), (SERIES, f"2.25.72{group + 1:016}"), (INSTANCE, f"2.25.73{number + 1:016}")
    ):  # fmt: skip
        data = data.replace(old.encode(), new.encode())
    return data


def deflated_again(data: bytes) -> bytes:
    """Return the file deflated if it says so; what isn't to be taken apart any more, as it is."""
    try:
        return deflated(data)
    except (ValueError, struct.error, IndexError):
        return data


_GOOD = written(image())
