"""A second volume laid over a plane: its colours, and how much of them is seen."""

import numpy as np

from viewer.imaging import colormap
from viewer.imaging.geometry import Plane
from viewer.imaging.kernels import kernel

DEFAULT_OPACITY = 0.5
FULL_FROM = 64  # shade of 255 from which a layer has its whole opacity


def blended(base: np.ndarray, shades: np.ndarray, nothing: np.ndarray, name: str, opacity: float) -> np.ndarray:
    """Return uint8 RGB (rows, columns, 3) of a base with a layer over it.

    `base` is uint8 grey (rows, columns) or RGB (rows, columns, 3). `shades` (uint8) are what the layer's own window
    made of its values, 0 at the window's low end; `name` is its colour map. A pixel becomes
    (1 − a) · base + a · colour with a = opacity · min(1, shade / 64): values at the low end of the window cover
    nothing, and those from a quarter of it upwards cover as much as the opacity says. Where `nothing` is true the
    layer has no value, and the base alone is seen.
    """
    if not 0 <= opacity <= 1:
        raise ValueError(f"opacity must be from 0 to 1, not {opacity:g}")
    alphas = opacity * np.minimum(np.arange(256) / FULL_FROM, 1.0)
    colours = colormap.table(name) * alphas[:, None]
    under = np.repeat(base[..., None], 3, axis=2) if base.ndim == 2 else np.ascontiguousarray(base)
    made = np.empty_like(under)
    mix(under, shades, nothing, 1.0 - alphas, colours, made)
    return made


@kernel
def mix(
    under: np.ndarray, shades: np.ndarray, nothing: np.ndarray, kept: np.ndarray, colours: np.ndarray, made: np.ndarray
) -> None:
    """Fill `made` (rows, columns, 3): what is `kept` (256,) of a pixel for its shade, and the `colours` (256, 3)."""
    for row in range(shades.shape[0]):
        for column in range(shades.shape[1]):
            for channel in range(3):
                below = under[row, column, channel]
                if nothing[row, column]:
                    made[row, column, channel] = below
                else:
                    shade = shades[row, column]
                    made[row, column, channel] = np.uint8(below * kept[shade] + colours[shade, channel] + 0.5)


def moved(plane: Plane, matrix: np.ndarray) -> Plane:
    """Return a plane where a rigid `matrix` (4, 4; LPS mm of one Frame of Reference to another's) takes it."""
    turn = matrix[:3, :3]
    x, y, z = (turn @ np.asarray(plane.position) + matrix[:3, 3]).tolist()
    a, b, c = (turn @ plane.along_row).tolist()
    d, e, f = (turn @ plane.along_column).tolist()
    return Plane((x, y, z), (a, b, c, d, e, f), plane.spacing, plane.rows, plane.columns)


def warm() -> None:
    """Have the kernel compiled, or read from the cache, before a reader waits for it."""
    blended(np.zeros((1, 1), np.uint8), np.zeros((1, 1), np.uint8), np.ones((1, 1), bool), "HOT_IRON", 0.5)


__all__ = ["DEFAULT_OPACITY", "blended", "moved", "warm"]
