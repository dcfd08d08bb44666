"""Colour maps that grey is shown by: the well-known palettes of PS3.6 Annex B, a rainbow, and two greys."""

from functools import cache

import numpy as np

GREY, INVERTED = "GREY", "GREY_INVERTED"
# Red, green and blue by their knots (grey, value); between them a channel runs straight, cut or rounded to whole
# numbers as the standard's tables are.
Knots = tuple[tuple[int, int], ...]
HOT_IRON: tuple[Knots, ...] = (
    ((0, 0), (127, 254), (128, 255), (255, 255)),
    ((0, 0), (128, 0), (255, 255)),
    ((0, 0), (191, 0), (254, 252), (255, 255)),
)
PET: tuple[Knots, ...] = (
    ((0, 0), (64, 1), (106, 85), (192, 255), (255, 255)),
    ((0, 0), (63, 128), (128, 0), (255, 255)),
    ((0, 0), (128, 255), (129, 252), (192, 0), (255, 255)),
)
HOT_METAL_BLUE: tuple[Knots, ...] = (
    ((0, 0), (85, 0), (102, 50), (119, 90), (153, 190), (170, 255), (255, 255)),
    ((0, 0), (119, 0), (238, 224), (255, 255)),
    (
        (0, 0), (17, 33), (42, 83), (43, 84), (76, 149), (93, 183), (94, 184), (102, 200), (119, 150), (136, 50),
        (153, 0), (170, 0), (238, 200), (255, 255),
    ),
)  # fmt: skip
RAINBOW: tuple[Knots, ...] = (
    ((0, 0), (127, 0), (191, 255), (255, 255)),
    ((0, 0), (63, 255), (191, 255), (255, 0)),
    ((0, 255), (63, 255), (127, 0), (255, 0)),
)
# The first grey of each step, and its colour.
PET_20_STEP = (
    (0, 0, 0, 0), (13, 96, 0, 80), (26, 48, 48, 80), (39, 48, 48, 112), (51, 80, 80, 128), (64, 96, 96, 176),
    (77, 112, 112, 192), (90, 128, 128, 224), (102, 48, 96, 48), (115, 48, 144, 48), (128, 80, 192, 80),
    (141, 64, 224, 64), (153, 224, 224, 80), (166, 208, 208, 96), (179, 208, 176, 64), (192, 208, 144, 0),
    (204, 192, 96, 0), (217, 176, 48, 0), (230, 255, 0, 0), (243, 255, 255, 255),
)  # fmt: skip
NAMES = (GREY, INVERTED, "HOT_IRON", "PET", "HOT_METAL_BLUE", "PET_20_STEP", "RAINBOW")


@cache
def table(name: str) -> np.ndarray:
    """Return the uint8 (256, 3) red, green and blue of every grey, read-only. Raises KeyError for an unknown name."""
    if name in (GREY, INVERTED):
        shades = np.arange(256) if name == GREY else np.arange(255, -1, -1)
        found = np.repeat(shades[:, None], 3, axis=1)
    elif name == "PET_20_STEP":
        firsts = np.array([step[0] for step in PET_20_STEP])
        found = np.array([step[1:] for step in PET_20_STEP])[np.searchsorted(firsts, np.arange(256), "right") - 1]
    else:
        channels = {"HOT_IRON": HOT_IRON, "PET": PET, "HOT_METAL_BLUE": HOT_METAL_BLUE, "RAINBOW": RAINBOW}[name]
        half = 0.5 if name == "HOT_METAL_BLUE" else 0.0
        found = np.stack([straight(knots, half) for knots in channels], axis=1)
    made: np.ndarray = found.astype(np.uint8)
    made.setflags(write=False)
    return made


def straight(knots: Knots, half: float) -> np.ndarray:
    """Return a channel at greys 0 to 255, cut (`half` 0) or rounded (0.5) between its knots."""
    at, values = zip(*knots, strict=True)
    return np.floor(np.interp(np.arange(256), at, values) + half + 1e-9)


def is_grey(name: str) -> bool:
    """Whether a map leaves pictures grey."""
    return name in (GREY, INVERTED)


def coloured(grey: np.ndarray, name: str, nothing: np.ndarray | None = None) -> np.ndarray:
    """Return uint8 RGB (rows, columns, 3) of uint8 grey (rows, columns); black where `nothing` is true: no pixel there.

    The grey is what the window made (PS3.3 C.7.6.19: Palette Color after VOI).
    """
    shades: np.ndarray = table(name)[grey]
    if nothing is not None:
        shades[nothing] = 0
    return shades


def said(name: str, *, count: int = 64) -> str:
    """Return `count` colours from the map's lowest to its highest grey, as hexadecimal digits, six for each."""
    return bytes(table(name)[np.linspace(0, 255, count).round().astype(int)].ravel()).hex()


def chosen(modality: str | None, wish: str | None) -> str:
    """Return the map that grey pictures are shown by: the one that is asked for, else PET dark on white, else grey."""
    return wish or (INVERTED if modality == "PT" else GREY)


__all__ = ["GREY", "INVERTED", "NAMES", "chosen", "coloured", "is_grey", "said", "table"]
