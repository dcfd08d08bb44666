"""Where a picture of a volume shows nothing because slices are missing or can't be read, and the hatch that says so."""

import numpy as np

from viewer.imaging.geometry import Plane
from viewer.imaging.volume import Volume

SHADE = (230, 150, 30)  # sRGB: an amber that no grey picture has
PERIOD, WIDTH = 8, 2  # pixels: a line of this width every so many
LINE, BETWEEN = 0.75, 0.18  # how strong the shade is


def zones(volume: Volume, slots: np.ndarray) -> np.ndarray:
    """Return (zones, 2): from which to which z there is no value, as slices without a slot leave it."""
    absent = np.concatenate(([False], slots < 0, [False]))
    first, behind = np.flatnonzero(absent[1:] & ~absent[:-1]), np.flatnonzero(~absent[1:] & absent[:-1])
    middles = (volume.places[1:] + volume.places[:-1]) / 2
    ends = np.concatenate(([volume.places[0] - 0.5], middles, [volume.places[-1] + 0.5]))
    return np.stack((ends[first], ends[behind]), axis=1)


def on_plane(volume: Volume, slots: np.ndarray, plane: Plane, thickness: float = 0.0) -> np.ndarray | None:
    """Return True (rows, columns) where a plane, or part of a slab about it, lies in lost slices; None: nowhere."""
    if (slots >= 0).all():
        return None
    rows, columns = np.mgrid[: plane.rows, : plane.columns]
    deep = abs(float((volume.inverse @ plane.normal)[2])) * thickness / 2
    return at(volume, slots, plane.lps(np.stack((columns, rows), -1)), deep)


def at(volume: Volume, slots: np.ndarray, points: np.ndarray, deep: float = 0.0) -> np.ndarray | None:
    """Return True (…) where LPS mm (…, 3), or what is within `deep` slices of it, lie in lost slices; None: nowhere."""
    if (slots >= 0).all():
        return None
    index = volume.indices(points)
    x, y, z = np.moveaxis(index, -1, 0)
    inside = (x >= -0.5) & (x <= volume.columns - 0.5) & (y >= -0.5) & (y <= volume.rows - 0.5)
    found = np.zeros(inside.shape, bool)
    for begin, end in zones(volume, slots):
        found |= (z > begin - deep) & (z < end + deep)
    found &= inside
    return found if found.any() else None


def hatched(shades: np.ndarray, where: np.ndarray) -> np.ndarray:
    """Return uint8 RGB of shades (rows, columns) or (rows, columns, 3) with oblique lines where it says so."""
    picture = np.repeat(shades[..., None], 3, axis=2) if shades.ndim == 2 else shades.copy()
    rows, columns = np.nonzero(where)
    strength = np.where((rows + columns) % PERIOD < WIDTH, LINE, BETWEEN)[:, None]
    mixed = picture[rows, columns] * (1 - strength) + np.array(SHADE) * strength
    picture[rows, columns] = np.rint(mixed).astype(np.uint8)
    return picture
