"""Regions that are cut away from a volume: an outline drawn on a view, driven through along its look."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from viewer.imaging.raycast import NO_CUTS, Cuts
from viewer.imaging.views import View
from viewer.imaging.volume import Volume

FINEST_MM = 0.25
MOST_ACROSS = 2048  # cells of a mask


@dataclass(frozen=True)
class Outline:
    """A closed outline on a view: `corners` (n, 2) are mm to the right and down from the view's point.

    What lies inside is cut away, or with `keep` all that lies outside.
    """

    view: View
    corners: np.ndarray
    keep: bool = False


def cuts(volume: Volume, outlines: Sequence[Outline]) -> Cuts:
    """Return outlines as masks, their cells a quarter of a mm where that fits, and how the grid maps onto them."""
    if not outlines:
        return NO_CUTS
    drawn = [mask(outline) for outline in outlines]
    rows, columns = (max(each[0].shape[axis] for each in drawn) for axis in range(2))
    masks = np.empty((len(drawn), rows, columns), np.uint8)
    maps = np.empty((len(drawn), 2, 4))
    for number, (found, first, cell) in enumerate(drawn):
        masks[number] = outlines[number].keep
        masks[number, : found.shape[0], : found.shape[1]] = found
        view = outlines[number].view
        for axis, direction in enumerate((view.right, -view.up)):
            maps[number, axis, :3] = direction @ volume.steps / cell
            maps[number, axis, 3] = ((volume.position - view.point) @ direction - first[axis]) / cell
    return Cuts(masks, maps)


def mask(outline: Outline) -> tuple[np.ndarray, np.ndarray, float]:
    """Return the uint8 mask (rows, columns) of what is away, mm (right, down) of its first corner, and mm of a cell.

    Its outermost cells lie outside the outline: what is beyond them is as they are.
    """
    least, most = outline.corners.min(axis=0), outline.corners.max(axis=0)
    cell = max(FINEST_MM, float((most - least).max()) / (MOST_ACROSS - 4))
    first = least - 2 * cell
    columns, rows = (int(count) for count in np.ceil((most - least) / cell).astype(int) + 4)
    found = filled((outline.corners - first) / cell - 0.5, rows, columns)
    return (1 - found if outline.keep else found), first, cell


def filled(corners: np.ndarray, rows: int, columns: int) -> np.ndarray:
    """Return uint8 (rows, columns): 1 where a cell's middle lies in a closed outline of corners (column, row).

    What a line from it crosses an odd number of times is inside.
    """
    crossed = np.zeros((rows, columns + 1), np.uint8)
    for (x, y), (u, v) in zip(corners, np.roll(corners, -1, axis=0), strict=True):
        low, high = min(y, v), max(y, v)
        lines = np.arange(max(0, int(np.ceil(low))), min(rows, int(np.ceil(high))))
        if len(lines):
            at = np.ceil(x + (lines - y) * (u - x) / (v - y)).astype(int)
            crossed[lines, np.clip(at, 0, columns)] ^= 1
    found: np.ndarray = np.bitwise_xor.accumulate(crossed, axis=1)[:, :columns]
    return found
