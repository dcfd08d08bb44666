"""Transfer functions: which values show in a composited picture, how densely, and in which colour."""

from dataclasses import dataclass

import numpy as np

from viewer.imaging.windowing import Window
from viewer.imaging.words import Words, gettext_noop

ENTRIES = 4096
# Modality value, or part of the window: opacity of one millimetre, then red, green, blue from 0 to 1.
Knot = tuple[float, float, tuple[float, float, float]]


@dataclass(frozen=True)
class Preset:
    """Knots between which opacity and colour run straight.

    With a `window` (centre, width) they are modality values as seen in it, and another window shifts and stretches
    them; without one they are parts of the window that the image is shown in, from 0 to 1. Slopes under `steep`
    values (or parts of the window) a mm are too gentle to be lit like a surface.
    """

    name: str
    words: Words
    modalities: frozenset[str]
    window: tuple[float, float] | None
    knots: tuple[Knot, ...]
    steep: float


CT, MR = frozenset({"CT"}), frozenset({"MR"})
PRESETS: dict[str, Preset] = {
    preset.name: preset
    for preset in (
        Preset(
            "ct-bone", gettext_noop("Bone"), CT, (500, 1000),
            (
                (130, 0.0, (0.55, 0.28, 0.18)), (220, 0.06, (0.78, 0.55, 0.38)), (350, 0.30, (0.93, 0.82, 0.64)),
                (600, 0.75, (0.99, 0.95, 0.86)), (1500, 0.95, (1.0, 1.0, 0.97)),
            ), 25,
        ),
        Preset(
            "ct-skin-and-bone", gettext_noop("Skin and bone"), CT, (500, 1000),
            (
                (-450, 0.0, (0.85, 0.62, 0.50)), (-300, 0.30, (0.90, 0.68, 0.55)), (-150, 0.10, (0.90, 0.66, 0.52)),
                (-60, 0.0, (0.90, 0.60, 0.45)), (150, 0.0, (0.80, 0.50, 0.35)), (250, 0.12, (0.88, 0.68, 0.50)),
                (450, 0.60, (0.98, 0.92, 0.80)), (1500, 0.95, (1.0, 1.0, 0.97)),
            ), 25,
        ),
        Preset(
            "ct-vessels", gettext_noop("Vessels"), CT, (300, 600),
            (
                (110, 0.0, (0.45, 0.05, 0.04)), (170, 0.06, (0.70, 0.10, 0.07)), (260, 0.40, (0.90, 0.30, 0.18)),
                (400, 0.65, (0.98, 0.70, 0.50)), (700, 0.80, (1.0, 0.94, 0.82)), (1500, 0.95, (1.0, 1.0, 0.97)),
            ), 20,
        ),
        Preset(
            "ct-lung", gettext_noop("Lung"), CT, (-600, 1500),
            (
                (-960, 0.0, (0.35, 0.45, 0.62)), (-900, 0.004, (0.46, 0.57, 0.75)), (-800, 0.014, (0.64, 0.73, 0.88)),
                (-700, 0.022, (0.82, 0.85, 0.92)), (-600, 0.020, (0.93, 0.85, 0.84)), (-480, 0.030, (0.96, 0.76, 0.68)),
                (-350, 0.006, (0.95, 0.70, 0.60)), (-250, 0.0, (0.95, 0.70, 0.60)),
            ), 40,
        ),
        Preset(
            "ct-airways", gettext_noop("Airways"), CT, (-600, 1500),
            (
                (-920, 0.0, (0.35, 0.55, 0.65)), (-820, 0.015, (0.45, 0.66, 0.75)), (-650, 0.16, (0.70, 0.84, 0.88)),
                (-520, 0.03, (0.88, 0.84, 0.80)), (-430, 0.0, (0.9, 0.8, 0.75)),
            ), 60,
        ),
        Preset(
            "mr-brain", gettext_noop("Brain"), MR, None,
            (
                (0.22, 0.0, (0.30, 0.18, 0.16)), (0.38, 0.03, (0.60, 0.42, 0.38)), (0.60, 0.22, (0.86, 0.72, 0.66)),
                (1.0, 0.55, (1.0, 0.97, 0.93)),
            ), 0.04,
        ),
        Preset(
            "mr-angiography", gettext_noop("Angiography"), MR, None,
            (
                (0.55, 0.0, (0.45, 0.05, 0.04)), (0.70, 0.12, (0.80, 0.22, 0.12)), (0.85, 0.45, (0.96, 0.58, 0.36)),
                (1.0, 0.75, (1.0, 0.92, 0.78)),
            ), 0.04,
        ),
        Preset(
            "any-window", gettext_noop("By the window"), frozenset(), None,
            ((0.15, 0.0, (0.3, 0.3, 0.3)), (0.5, 0.05, (0.6, 0.6, 0.6)), (1.0, 0.35, (1.0, 1.0, 1.0))), 0.04,
        ),
    )
}  # fmt: skip
USUAL = {"CT": "ct-bone", "MR": "mr-brain"}


@dataclass(frozen=True)
class Transfer:
    """A transfer function over modality values: entry k of `table` (entries, 4) stands for low + k / scale.

    A row is red, green, blue and the opacity of one mm; below `low` nothing shows, above the last entry its holds.
    `steep` is in values a mm.
    """

    table: np.ndarray
    low: float
    scale: float
    steep: float

    def per_step(self, mm: float) -> np.ndarray:
        """Return the float32 table with the opacity of `mm` of a ray in place of one's."""
        found = self.table.copy()
        found[:, 3] = 1.0 - (1.0 - found[:, 3]) ** mm
        return found.astype(np.float32)

    def matters(self, lowest: np.ndarray, highest: np.ndarray) -> np.ndarray:
        """Say of bounds of values whether anything between them shows."""
        shows = np.concatenate(([0], np.cumsum(self.table[:, 3] > 0)))
        last = len(self.table) - 1
        with np.errstate(invalid="ignore"):
            first = np.clip(np.nan_to_num(np.floor((lowest - self.low) * self.scale)), 0, last).astype(np.int64)
            end = np.clip(np.nan_to_num(np.ceil((highest - self.low) * self.scale)), 0, last).astype(np.int64)
        found: np.ndarray = (end >= first) & (shows[np.maximum(end, first) + 1] > shows[first])
        return found


def usual(modality: str) -> str:
    """Return the name of the preset that images of a modality open with."""
    return USUAL.get(modality, "any-window")


def transfer(preset: Preset, window: Window | None, shown: Window) -> Transfer:
    """Return the transfer function of a preset in `window`, None for its own; `shown` is the image's own window."""
    at = np.array([knot[0] for knot in preset.knots])
    steep = preset.steep
    if preset.window is None:
        seen = window or shown
        at = seen.center + (at - 0.5) * seen.width
        steep *= seen.width
    elif window is not None:
        center, width = preset.window
        at = window.center + (at - center) * window.width / width
        steep *= window.width / width
    values = np.linspace(at[0], at[-1], ENTRIES)
    columns = [np.interp(values, at, [knot[2][channel] for knot in preset.knots]) for channel in range(3)]
    opacity = np.interp(values, at, [knot[1] for knot in preset.knots])
    return Transfer(
        np.stack((*columns, opacity), axis=1), float(at[0]), (ENTRIES - 1) / float(at[-1] - at[0]), float(steep)
    )


def window_of(preset: Preset, window: Window | None, shown: Window) -> Window:
    """Return the window that a picture in a preset is told to have."""
    if window is not None:
        return window
    return shown if preset.window is None else Window(*preset.window)
