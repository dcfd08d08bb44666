"""What the speaking phantom's pixels say: the drawing's layout, its words, and how to read them back."""

import zlib
from dataclasses import dataclass

import numpy as np

DARK, BRIGHT = -1000, 1000
RAMP = 570.0  # below 1000 / sqrt(3), so that the ramp of an oblique plane never clips

# The drawing, in units of 1/128 of the picture's side.
UNITS = 128
FRAME = 4
CELL = 8
STRIP_LEFT, STRIP_TOP, STRIP_COLUMNS, STRIP_ROWS = 24, 20, 10, 6
PANEL_TOP, PANEL_SIDE = 76, 28
PANEL_LEFT = {"L": 18, "P": 50, "S": 82}
AXES = {"L": (1.0, 0.0, 0.0), "P": (0.0, 1.0, 0.0), "S": (0.0, 0.0, 1.0)}

# The strip: a word that no other display transform can show, three numbers, a checksum over them.
SYNC, SYNC_BITS = 0b1101000110, 10
NUMBER_BITS = {"patient": 10, "series": 10, "slice": 14}
CHECKSUM_BITS = 16
SHORTEST_FRAME = 40  # pixels side by side; letters and lines of a page are shorter
LEAST_CONTRAST = 8


class Unreadable(ValueError):
    """The picture doesn't show a whole speaking phantom, or its checksum is wrong."""


@dataclass(frozen=True)
class Transform:
    """How a picture is shown: mirrored left to right first, then turned clockwise by `rotation` degrees."""

    flip_horizontal: bool = False
    rotation: int = 0

    def applied(self, picture: np.ndarray) -> np.ndarray:
        """Return `picture` (rows, columns) as it looks after this transform."""
        mirrored = picture[:, ::-1] if self.flip_horizontal else picture
        return np.rot90(mirrored, -self.rotation // 90)

    def undone(self, picture: np.ndarray) -> np.ndarray:
        """Return the picture that this transform would turn into `picture`."""
        turned = np.rot90(picture, self.rotation // 90)
        return turned[:, ::-1] if self.flip_horizontal else turned


TRANSFORMS = tuple(Transform(flip, rotation) for flip in (False, True) for rotation in (0, 90, 180, 270))


@dataclass(frozen=True)
class Spoken:
    """What a picture of the speaking phantom says about itself.

    `slice` is the Instance Number. `rising` tells for the patient's L, P and S where on the picture grey rises,
    as (to the right, downwards): (0, 0) for an axis through the picture; its length is the share of the axis
    that lies in the picture as long as the window clips nothing.
    """

    patient: int
    series: int
    slice: int
    transform: Transform
    rising: dict[str, tuple[float, float]]
    inverted: bool = False


def read(picture: np.ndarray) -> Spoken:
    """Return what `picture` (uint8, rows × columns, dark margins allowed) says.

    Raises Unreadable if the phantom isn't whole, or says something that its checksum contradicts.
    """
    if picture.ndim != 2:
        raise Unreadable(f"a grey picture has two dimensions, not {picture.ndim}")
    top, bottom, left, right = _bright_box(picture)
    found = []
    for inverted in (False, True):
        # Inverted, the frame melts into the dark around it, and the ring inside it is what shines.
        share = FRAME / (UNITS - 2 * FRAME) if inverted else 0.0
        y, x = share * (bottom - top), share * (right - left)
        upright = 255 - picture if inverted else picture
        for transform in TRANSFORMS:
            view = _View.of(upright, (top - y, bottom + y, left - x, right + x), transform)
            numbers = _numbers(view) if view.whole else None
            if numbers is not None:
                found.append(Spoken(*numbers, transform, _rising(view, transform), inverted))
    if len(found) != 1:
        raise Unreadable("no phantom is readable" if not found else "two readings fit this picture")
    return found[0]


def bits(patient: int, series: int, number: int) -> list[int]:
    """Return the cells of the strip, row by row, 1 for bright. Raises ValueError for a number that doesn't fit."""
    message = 0
    for value, width in zip((patient, series, number), NUMBER_BITS.values(), strict=True):
        if not 0 <= value < 1 << width:
            raise ValueError(f"{value} doesn't fit in {width} bits")
        message = message << width | value
    length = sum(NUMBER_BITS.values())
    word = (SYNC << length | message) << CHECKSUM_BITS | _checksum(message)
    count = STRIP_ROWS * STRIP_COLUMNS
    return [word >> bit & 1 for bit in reversed(range(count))]


def _checksum(message: int) -> int:
    return zlib.crc32(message.to_bytes(8, "big")) & ((1 << CHECKSUM_BITS) - 1)


@dataclass(frozen=True)
class _View:
    """A found phantom: samples the picture at drawing units as if no transform had been applied."""

    picture: np.ndarray
    box: tuple[float, float, float, float]

    @classmethod
    def of(cls, picture: np.ndarray, box: tuple[float, float, float, float], transform: Transform) -> "_View":
        top, bottom, left, right = box
        height, width = picture.shape
        steps = transform.rotation // 90
        for _ in range(steps):
            top, bottom, left, right, height, width = width - right, width - left, top, bottom, width, height
        if transform.flip_horizontal:
            left, right = width - right, width - left
        return cls(transform.undone(picture), (top, bottom, left, right))

    def mean(self, x: float, y: float, side: float) -> float:
        """Return the mean of the middle half of the square of `side` units whose first corner is at (x, y)."""
        return float(self.patch(x + side / 4, y + side / 4, side / 2).mean())

    @property
    def whole(self) -> bool:
        """Tell whether the drawing lies within the picture."""
        top, bottom, left, right = (round(edge) for edge in self.box)
        return top >= 0 and left >= 0 and bottom <= self.picture.shape[0] and right <= self.picture.shape[1]

    def patch(self, x: float, y: float, side: float) -> np.ndarray:
        """Return the pixels of the square of `side` units whose first corner is at (x, y), at least one."""
        top, bottom, left, right = self.box
        down, across = (bottom - top) / UNITS, (right - left) / UNITS
        first_row, first_column = round(top + y * down), round(left + x * across)
        past_row, past_column = round(top + (y + side) * down), round(left + (x + side) * across)
        return self.picture[first_row : max(past_row, first_row + 1), first_column : max(past_column, first_column + 1)]


def _bright_box(picture: np.ndarray) -> tuple[int, int, int, int]:
    """Return top, bottom, left, right of what is framed by long bright lines."""
    bright = picture > (int(picture.max()) + int(picture.min())) / 2
    rows, columns = np.flatnonzero(_has_run(bright)), np.flatnonzero(_has_run(bright.T))
    if not len(rows) or not len(columns):
        raise Unreadable("no frame is visible")
    return int(rows[0]), int(rows[-1]) + 1, int(columns[0]), int(columns[-1]) + 1


def _has_run(bright: np.ndarray) -> np.ndarray:
    """Tell for each row whether it has SHORTEST_FRAME bright pixels side by side."""
    if bright.shape[1] < SHORTEST_FRAME:
        return np.zeros(bright.shape[0], bool)
    total = np.cumsum(np.pad(bright, ((0, 0), (1, 0))), axis=1, dtype=np.int32)
    longest: np.ndarray = (total[:, SHORTEST_FRAME:] - total[:, :-SHORTEST_FRAME]).max(axis=1)
    return longest == SHORTEST_FRAME


def _levels(view: _View) -> tuple[float, float]:
    """Return the grey of dark and bright, from the frame and the ring inside it."""
    bright = view.mean(UNITS / 4, 0, FRAME)
    dark = view.mean(UNITS / 4, FRAME + 1, FRAME)
    return dark, bright


def _numbers(view: _View) -> tuple[int, int, int] | None:
    """Return patient, series and slice, or None where word or checksum don't fit."""
    dark, bright = _levels(view)
    if bright - dark < LEAST_CONTRAST:
        return None
    middle = (dark + bright) / 2
    if _word(view, middle, range(SYNC_BITS)) != SYNC:
        return None
    length = sum(NUMBER_BITS.values())
    word = _word(view, middle, range(SYNC_BITS, SYNC_BITS + length + CHECKSUM_BITS))
    message, checksum = word >> CHECKSUM_BITS, word & ((1 << CHECKSUM_BITS) - 1)
    if checksum != _checksum(message):
        return None
    values = []
    for width in reversed(NUMBER_BITS.values()):
        values.append(message & ((1 << width) - 1))
        message >>= width
    number, series, patient = values
    return patient, series, number


def _word(view: _View, middle: float, cells: range) -> int:
    word = 0
    for cell in cells:
        row, column = divmod(cell, STRIP_COLUMNS)
        level = view.mean(STRIP_LEFT + column * CELL, STRIP_TOP + row * CELL, CELL)
        word = word << 1 | int(level > middle)
    return word


def _rising(view: _View, transform: Transform) -> dict[str, tuple[float, float]]:
    dark, bright = _levels(view)
    swing = (bright - dark) * RAMP / (BRIGHT - DARK)
    rising = {}
    for axis, left in PANEL_LEFT.items():
        panel = view.patch(left + 2, PANEL_TOP + 2, PANEL_SIDE - 4).astype(float)
        shrink = PANEL_SIDE / (PANEL_SIDE - 4)
        right, down = (_slope(panel.mean(axis=other)) / swing * shrink for other in (0, 1))
        if transform.flip_horizontal:
            right = -right
        for _ in range(transform.rotation // 90):
            right, down = -down, right
        length = float(np.hypot(right, down))
        rising[axis] = (right, down) if length > 0.05 else (0.0, 0.0)
    return rising


def _slope(profile: np.ndarray) -> float:
    """Return the rise over half the profile's length, by least squares."""
    across = (np.arange(len(profile)) + 0.5) * 2 / len(profile) - 1
    return float(across @ (profile - profile.mean()) / (across @ across))
