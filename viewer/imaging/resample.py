"""A region of a picture at another size: averaged when it shrinks, interpolated when it grows."""

import cv2
import numpy as np

from viewer.imaging.pixels import Padding

INTERPOLATIONS = {"nearest": cv2.INTER_NEAREST, "linear": cv2.INTER_LINEAR, "cubic": cv2.INTER_CUBIC}
WHOLE = 1e-6
KERNEL = np.ones((5, 5), np.uint8)
MARGIN = 8  # pixels around a region: more than any interpolation or the kernel looks at
DIRECT = frozenset(map(np.dtype, (np.uint8, np.uint16, np.int16, np.float32, np.float64)))

Region = tuple[float, float, float, float]


def region(
    picture: np.ndarray,
    source: Region,
    size: tuple[int, int],
    flips: tuple[bool, bool] = (False, False),
    *,
    interpolation: str = "linear",
    padding: Padding | None = None,
) -> np.ndarray:
    """Return the part `source` of `picture` as `size` (width, height), in the same type.

    `picture` is (rows, columns) or (rows, columns, 3). `source` is (x, y, width, height) inside it, counted from the
    corner of the first pixel. `flips` are (left-right, top-bottom). Shrinking averages over the area; growing uses
    `interpolation`: nearest, linear or cubic. Stored values within `padding` never mix with others: a pixel that is
    at least half padding becomes padding, any other is made of the rest alone.
    """
    x, y, width, height = source
    rows, columns = picture.shape[:2]
    inside = x >= -WHOLE and y >= -WHOLE and x + width <= columns + WHOLE and y + height <= rows + WHOLE
    if not inside or width <= 0 or height <= 0 or min(size) < 1:
        raise ValueError(f"no region {source} at {size} of {columns}×{rows} pixels")
    # What lies far from the region costs nothing: a part of a large matrix takes as long as that part alone.
    left, top = max(int(x) - MARGIN, 0), max(int(y) - MARGIN, 0)
    near = picture[top : int(y + height) + MARGIN + 1, left : int(x + width) + MARGIN + 1]
    turned = padded(near, (x - left, y - top, width, height), size, interpolation, padding)
    if flips[0]:
        turned = turned[:, ::-1]
    if flips[1]:
        turned = turned[::-1]
    return np.ascontiguousarray(turned)


def padded(
    picture: np.ndarray, source: Region, size: tuple[int, int], interpolation: str, padding: Padding | None
) -> np.ndarray:
    """Return the scaled region with padding kept apart."""
    if padding is None or interpolation == "nearest" or is_cut(source, size):
        return scaled(picture, source, size, interpolation)
    mask = padding.mask(picture)
    if not mask.any():
        return scaled(picture, source, size, interpolation)
    exact = np.float32 if picture.dtype.itemsize <= 2 else np.float64
    result = scaled(picture, source, size, interpolation)
    # Only where padding is near does the wished interpolation give way to an average over what is no padding.
    touched = scaled(cv2.dilate(mask.view(np.uint8), KERNEL).astype(np.float32), source, size, "linear") > 0
    share = scaled((~mask).astype(np.float32), source, size, "linear")[touched]
    values = scaled(np.where(mask, 0, picture).astype(exact), source, size, "linear")[touched]
    mixed = rounded(values / np.maximum(share, 0.5), picture.dtype)
    mixed[share < 0.5] = padding.low
    result = result.copy()
    result[touched] = mixed
    return result


def is_cut(source: Region, size: tuple[int, int]) -> bool:
    """True if every pixel of the answer is a pixel of the picture."""
    whole = all(abs(edge - round(edge)) < WHOLE for edge in source)
    return whole and (round(source[2]), round(source[3])) == size


def scaled(picture: np.ndarray, source: Region, size: tuple[int, int], interpolation: str) -> np.ndarray:
    """Return the region at its new size, in the type of `picture`."""
    x, y, width, height = source
    left, top = int(np.floor(x + WHOLE)), int(np.floor(y + WHOLE))
    right, bottom = int(np.ceil(x + width - WHOLE)), int(np.ceil(y + height - WHOLE))
    if is_cut(source, size):
        return picture[top:bottom, left:right]
    if picture.dtype not in DIRECT:
        return rounded(scaled(picture.astype(np.float64), source, size, interpolation), picture.dtype)
    kind = INTERPOLATIONS[interpolation]
    steps = width / size[0], height / size[1]
    whole = all(abs(edge - round(edge)) < WHOLE for edge in source)
    shrinks = max(steps) > 1 and interpolation != "nearest"
    if whole:
        part = np.ascontiguousarray(picture[top:bottom, left:right])
        return cv2.resize(part, size, interpolation=cv2.INTER_AREA if shrinks else kind)
    if shrinks:
        # Averaged to about the final size over whole pixels first, then moved by the fraction that is left.
        near = tuple(
            max(int(np.ceil(extent / max(step, 1))), 1)
            for extent, step in zip((right - left, bottom - top), steps, strict=True)
        )
        part = np.ascontiguousarray(picture[top:bottom, left:right])
        smaller = cv2.resize(part, near, interpolation=cv2.INTER_AREA)
        across, down = near[0] / (right - left), near[1] / (bottom - top)
        moved = ((x - left) * across, (y - top) * down, width * across, height * down)
        return warped(smaller, moved, size, cv2.INTER_LINEAR)
    return warped(picture, source, size, kind)


def warped(picture: np.ndarray, source: Region, size: tuple[int, int], kind: int) -> np.ndarray:
    """Return a region with fractional edges, each pixel's centre mapped to its place; edges repeat."""
    x, y, width, height = source
    across, down = width / size[0], height / size[1]
    matrix = np.array([[across, 0, x + 0.5 * across - 0.5], [0, down, y + 0.5 * down - 0.5]])
    flags = kind | cv2.WARP_INVERSE_MAP
    return cv2.warpAffine(picture, matrix, size, flags=flags, borderMode=cv2.BORDER_REPLICATE)


def rounded(values: np.ndarray, dtype: np.dtype) -> np.ndarray:
    """Return values in a whole-numbered type, rounded and held within its limits; other types as they are."""
    if dtype.kind not in "iu":
        return values.astype(dtype)
    limits = np.iinfo(dtype)
    return np.clip(np.rint(values), limits.min, limits.max).astype(dtype)
