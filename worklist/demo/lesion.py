"""Earlier time points of a scan: the same anatomy with one lesion drawn smaller by a known factor."""

from dataclasses import dataclass

import numpy as np
from scipy import ndimage

from worklist.demo.volumes import Volume

REACH = 25.0  # mm around the lesion within which the tissue gives way


@dataclass(frozen=True)
class Lesion:
    """Where a lesion is and how large: centroid in LPS mm, volume in mm³."""

    centre: tuple[float, float, float]
    volume: float


def measured(label: Volume) -> Lesion:
    """Return centre and volume of what `label` marks with anything but 0."""
    index = np.argwhere(label.values > 0)[:, ::-1]
    if not len(index):
        raise ValueError("the label is empty")
    centre = label.affine[:3, :3] @ index.mean(axis=0) + label.affine[:3, 3]
    x, y, z = (float(value) for value in centre)
    return Lesion((x, y, z), len(index) * abs(float(np.linalg.det(label.affine[:3, :3]))))


def scaled(scan: Volume, label: Volume, factor: float) -> Volume:
    """Return `scan` with the labelled lesion's diameters times `factor` (0.5 to 1) about its centre.

    Within the smaller lesion the picture is the original's, seen `factor` times as large; around it the tissue is
    stretched to fill the room, less and less up to REACH mm. Axes must lie along the patient's (see Volume.facing).
    """
    if not 0.5 <= factor <= 1:
        raise ValueError(f"the factor must be from 0.5 to 1, not {factor}")
    sizes = np.diag(scan.affine[:3, :3])
    index = np.argwhere(label.values > 0)
    margin = np.ceil(REACH / sizes[::-1]).astype(int) + 1
    first = np.maximum(index.min(axis=0) - margin, 0)
    past = np.minimum(index.max(axis=0) + margin + 1, scan.values.shape)
    box = tuple(slice(low, high) for low, high in zip(first, past, strict=True))

    centre = index.mean(axis=0) - first
    grid = np.indices([high - low for low, high in zip(first, past, strict=True)], dtype=np.float32)
    away = grid - centre.reshape(3, 1, 1, 1).astype(np.float32)
    marked = (label.values[box] > 0).astype(np.float32)
    shrunk = ndimage.map_coordinates(marked, centre.reshape(3, 1, 1, 1) + away / factor, order=1) > 0.5
    distance = ndimage.distance_transform_edt(~shrunk, sampling=sizes[::-1])
    pull = np.clip(1 - distance / REACH, 0, 1) * (1 / factor - 1)
    values = scan.values.copy()
    warped = ndimage.map_coordinates(scan.values[box].astype(np.float32), grid + away * pull, order=1, mode="nearest")
    values[box] = np.rint(warped).astype(scan.values.dtype)
    return Volume(values, scan.affine)
