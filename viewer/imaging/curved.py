"""Curved planes along a path: the smooth path through points, its frames, the straightened and the stretched form."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache

import numpy as np

from viewer.imaging import reformat
from viewer.imaging.kernels import kernel
from viewer.imaging.reformat import AVERAGE, LINEAR, MAXIMUM, Overtaken, View
from viewer.imaging.volume import Volume

STRAIGHTENED, STRETCHED = "straightened", "stretched"
FORMS = (STRAIGHTENED, STRETCHED)
SAME_POINT_MM = 1e-3
LEAST_SINE = 1e-3  # of the angle between a path and its up
SAMPLES = 4096  # of a path, shared by its pieces:
PER_PIECE = (16, 256)
STEEP = 0.9  # cosine: a path nearer to the head's direction than this takes the front for its top
HEAD, FRONT = np.array([0.0, 0.0, 1.0]), np.array([0.0, -1.0, 0.0])
BAND_POINTS = 100_000  # pixels that are sampled in one go
KNOTS = 65  # columns of a curved picture whose place is told


class NoPath(ValueError):
    """The points make no path; `where` is "points" or "up"."""

    def __init__(self, where: str) -> None:
        super().__init__(where)
        self.where = where


@dataclass(frozen=True)
class Path:
    """A smooth path in LPS mm, sampled densely: `points`, unit `tangents` and unit `ups` (n, 3) at `along` (n,) mm.

    The ups are at right angles to the path and turn about it as little as they can. `top` is the direction that the
    first was made from.
    """

    points: np.ndarray
    along: np.ndarray
    tangents: np.ndarray
    ups: np.ndarray
    top: np.ndarray

    @property
    def length(self) -> float:
        """Length in mm."""
        return float(self.along[-1])

    def at(self, mm: np.ndarray | float) -> np.ndarray:
        """Return the LPS mm (…, 3) of places along the path, held at its ends."""
        return self._between(self.points, mm)

    def frames(self, mm: np.ndarray | float, degrees: float = 0.0) -> tuple[np.ndarray, np.ndarray]:
        """Return unit tangents and ups (…, 3) at places along the path, the ups turned about it by `degrees`."""
        tangents = _unit(self._between(self.tangents, mm))
        ups = self._between(self.ups, mm)
        ups = _unit(ups - (ups * tangents).sum(-1, keepdims=True) * tangents)
        angle = np.radians(degrees)
        return tangents, np.cos(angle) * ups + np.sin(angle) * np.cross(tangents, ups)

    def view(self, mm: float, degrees: float = 0.0) -> View:
        """Return the view across the path at a place: it looks along the path."""
        tangent, up = self.frames(mm, degrees)
        return View.of(self.at(mm), tangent.tolist(), up.tolist())

    def height(self, degrees: float = 0.0) -> np.ndarray:
        """Return the unit vector (3,) that is up everywhere in the stretched form: at right angles to the path's ends.

        A closed path has no ends to be at right angles to, and takes its top. Raises NoPath.
        """
        chord = self.points[-1] - self.points[0]
        apart = float(np.linalg.norm(chord))
        if apart < SAME_POINT_MM:
            return _unit(self.top)
        across = chord / apart
        up = self.top - (self.top @ across) * across
        if float(np.linalg.norm(up)) < LEAST_SINE:
            raise NoPath("up")
        up, angle = _unit(up), np.radians(degrees)
        return np.cos(angle) * up + np.sin(angle) * np.cross(across, up)

    def _between(self, values: np.ndarray, mm: np.ndarray | float) -> np.ndarray:
        return np.stack([np.interp(mm, self.along, values[:, axis]) for axis in range(3)], -1)


Points = tuple[tuple[float, float, float], ...]


@lru_cache(64)
def path(points: Points, up: tuple[float, float, float] | None = None) -> Path:
    """Return the smooth path through two or more LPS points: a centripetal Catmull-Rom curve.

    `up` is the direction of the top at its beginning; without it the head's is, or the front's where the path runs
    along the head's. Raises NoPath for points that are all one, and for an up along the path.
    """
    given = np.asarray(points, float).reshape(-1, 3)
    kept = [given[0]] if len(given) else []
    for point in given[1:]:
        if float(np.linalg.norm(point - kept[-1])) > SAME_POINT_MM:
            kept.append(point)
    if len(kept) < 2:
        raise NoPath("points")
    dense = smooth(np.array(kept))
    along = np.concatenate([[0.0], np.cumsum(np.linalg.norm(np.diff(dense, axis=0), axis=1))])
    tangents = _unit(np.gradient(dense, along, axis=0, edge_order=2))
    first = tangents[0]
    top = _top(first) if up is None else np.asarray(up, float)
    length = float(np.linalg.norm(top))
    if length < 1e-9:
        raise NoPath("up")
    top = top / length
    across = top - (top @ first) * first
    if float(np.linalg.norm(across)) < LEAST_SINE:
        raise NoPath("up")
    ups = np.empty_like(dense)
    carried(dense, tangents, _unit(across), ups)
    return Path(dense, along, tangents, ups, top)


def smooth(points: np.ndarray) -> np.ndarray:
    """Return the centripetal Catmull-Rom curve through points (n, 3), n ≥ 2, as a dense polyline (m, 3).

    The curve goes on beyond its ends as its mirror image in the middle of the first and of the last piece, so that an
    arc stays one.
    """
    first, last = _mirrored(points[:3]), _mirrored(points[::-1][:3])
    whole = np.vstack([first, points, last])
    knots = np.concatenate([[0.0], np.cumsum(np.sqrt(np.linalg.norm(np.diff(whole, axis=0), axis=1)))])
    count = int(np.clip(SAMPLES // (len(points) - 1), *PER_PIECE))
    pieces = []
    for at in range(len(points) - 1):
        t0, t1, t2, t3 = knots[at : at + 4]
        p0, p1, p2, p3 = whole[at : at + 4]
        t = np.linspace(t1, t2, count, endpoint=False)[:, None]
        a1 = ((t1 - t) * p0 + (t - t0) * p1) / (t1 - t0)
        a2 = ((t2 - t) * p1 + (t - t1) * p2) / (t2 - t1)
        a3 = ((t3 - t) * p2 + (t - t2) * p3) / (t3 - t2)
        b1 = ((t2 - t) * a1 + (t - t0) * a2) / (t2 - t0)
        b2 = ((t3 - t) * a2 + (t - t1) * a3) / (t3 - t1)
        pieces.append(((t2 - t) * b1 + (t - t1) * b2) / (t2 - t1))
    return np.vstack([*pieces, points[-1:]])


def _mirrored(points: np.ndarray) -> np.ndarray:
    """Return the third of three points, mirrored in the plane half-way between the first two."""
    if len(points) < 3:
        return 2 * points[0] - points[1]
    along = points[1] - points[0]
    middle = (points[0] + points[1]) / 2
    return points[2] - 2 * ((points[2] - middle) @ along) / (along @ along) * along


@kernel
def carried(points: np.ndarray, tangents: np.ndarray, first: np.ndarray, ups: np.ndarray) -> None:
    """Fill `ups` (n, 3) with `first`, carried along a path with the least turn.

    This is the double reflection of Wang et al. (2008).
    """
    for axis in range(3):
        ups[0, axis] = first[axis]
    for at in range(len(points) - 1):
        size, along_up, along_tangent = 0.0, 0.0, 0.0
        for axis in range(3):
            step = points[at + 1, axis] - points[at, axis]
            size += step * step
            along_up += step * ups[at, axis]
            along_tangent += step * tangents[at, axis]
        second, between_up = 0.0, 0.0
        for axis in range(3):
            step = points[at + 1, axis] - points[at, axis]
            between = tangents[at + 1, axis] - tangents[at, axis] + 2.0 / size * along_tangent * step
            second += between * between
            between_up += between * (ups[at, axis] - 2.0 / size * along_up * step)
        for axis in range(3):
            step = points[at + 1, axis] - points[at, axis]
            between = tangents[at + 1, axis] - tangents[at, axis] + 2.0 / size * along_tangent * step
            up = ups[at, axis] - 2.0 / size * along_up * step
            ups[at + 1, axis] = up - 2.0 / second * between_up * between if second > 1e-24 else up


def warm() -> None:
    """Have the kernel compiled, or read from the cache, before a reader waits for it."""
    path(((0.0, 0.0, 0.0), (1.0, 0.0, 0.0)))


def _top(tangent: np.ndarray) -> np.ndarray:
    return HEAD if abs(float(tangent @ HEAD)) < STEEP else FRONT


def _unit(vectors: np.ndarray) -> np.ndarray:
    return vectors / np.maximum(np.linalg.norm(vectors, axis=-1, keepdims=True), 1e-300)


@dataclass(frozen=True)
class Surface:
    """A ruled surface as a picture of `rows`: each column is a straight line of pixels, `spacing` mm apart.

    `origins` (columns, 3) are LPS mm of the first pixels, `downs` unit vectors to the next row, `throughs` those at
    right angles to the surface, away from the eye; `along` (columns,) are mm along the path, NaN before and after it.
    """

    origins: np.ndarray
    downs: np.ndarray
    throughs: np.ndarray
    along: np.ndarray
    spacing: float
    rows: int

    @property
    def columns(self) -> int:
        """Number of columns."""
        return len(self.along)

    def points(self, pixels: np.ndarray) -> np.ndarray:
        """Return LPS mm (…, 3) of whole pixels (…, 2) as (column, row)."""
        column, row = np.moveaxis(np.asarray(pixels), -1, 0)
        return self.origins[column] + (row * self.spacing)[..., None] * self.downs[column]

    def knots(self) -> list[dict[str, object]]:
        """Return the place of some columns, the first and last on the path among them, for whoever links places.

        Each has `column`, mm `along`, LPS mm `point` of its first pixel and `down`.
        """
        inside = np.flatnonzero(np.isfinite(self.along))
        if not len(inside):
            return []
        chosen = np.unique(np.rint(np.linspace(inside[0], inside[-1], KNOTS)).astype(int))
        return [
            {
                "column": int(at),
                "along": round(float(self.along[at]), 3),
                "point": np.round(self.origins[at], 3).tolist(),
                "down": np.round(self.downs[at], 4).tolist(),
            }
            for at in chosen
        ]


def extent(of: Path, form: str, degrees: float = 0.0) -> tuple[float, float]:
    """Return how long the path is in a picture of a form, and how high it rises there, in mm. Raises NoPath."""
    if form == STRAIGHTENED:
        return of.length, 0.0
    up = of.height(degrees)
    heights = of.points @ up
    return float(_spread(of, up)[-1]), float(heights.max() - heights.min())


def surface(of: Path, form: str, size: tuple[int, int], spacing: float, degrees: float = 0.0) -> Surface:
    """Return a form of a path as a picture of `size` (width, height) pixels of `spacing` mm. Raises NoPath.

    Straightened, the path is the middle row, each column at right angles to it. Stretched, all columns are parallel
    and the path keeps its rise: the surface unrolls without distortion. The path goes to the right, its middle in the
    picture's middle; `degrees` turn the up about it.
    """
    width, height = size
    x = (np.arange(width) - (width - 1) / 2) * spacing
    if form == STRAIGHTENED:
        mm = x + of.length / 2
        tangents, ups = of.frames(mm, degrees)
        origins = of.at(mm)
    else:
        up = of.height(degrees)
        spread = _spread(of, up)
        mm = np.interp(x + spread[-1] / 2, spread, of.along)
        tangents, _ups = of.frames(mm)
        ups = np.broadcast_to(up, (width, 3))
        level = tangents - (tangents @ up)[:, None] * up
        steep = np.linalg.norm(level, axis=1) < LEAST_SINE
        tangents = np.where(steep[:, None], _any_across(up), _unit(level))
        heights = of.points @ up
        points = of.at(mm)
        origins = points - (points @ up - (heights.max() + heights.min()) / 2)[:, None] * up
        inside = (x >= -spread[-1] / 2 - 1e-9) & (x <= spread[-1] / 2 + 1e-9)
        mm = np.where(inside, mm, np.nan)
    if form == STRAIGHTENED:
        mm = np.where((mm >= -1e-9) & (mm <= of.length + 1e-9), mm, np.nan)
    downs = 0.0 - ups
    return Surface(origins - downs * spacing * (height - 1) / 2, downs, np.cross(ups, tangents), mm, spacing, height)


def _spread(of: Path, up: np.ndarray) -> np.ndarray:
    """Return how far (n,) the path has come at right angles to `up`. Raises NoPath where it never does."""
    steps = np.diff(of.points, axis=0)
    level = steps - (steps @ up)[:, None] * up
    found = np.concatenate([[0.0], np.cumsum(np.linalg.norm(level, axis=1))])
    if found[-1] < LEAST_SINE * of.length:
        raise NoPath("up")
    return found


def _any_across(up: np.ndarray) -> np.ndarray:
    other = HEAD if abs(float(up @ HEAD)) < STEEP else FRONT
    return _unit(np.cross(up, other))


def offsets(volume: Volume, thickness: float, method: str) -> np.ndarray:
    """Return the mm through a surface at which a slab is sampled: at most half a voxel apart, whichever way it lies.

    As of a plane, maximum and minimum take both faces, and each sample of an average the middle of its share.
    """
    if thickness <= 0:
        return np.zeros(1)
    count = max(1, int(np.ceil(thickness * 2 * float(np.linalg.norm(volume.inverse, 2)) - 1e-9)))
    if method == AVERAGE:
        return np.asarray(((np.arange(count) + 0.5) / count - 0.5) * thickness)
    return np.asarray((np.arange(count + 1) / count - 0.5) * thickness)


def cut(
    volume: Volume,
    stored: np.ndarray,
    slots: np.ndarray,
    over: Surface,
    *,
    thickness: float = 0.0,
    method: str = AVERAGE,
    interpolation: str = LINEAR,
    overtaken: Callable[[], bool] | None = None,
) -> np.ndarray:
    """Return float64 modality values (rows, columns) over a surface, or of a slab of `thickness` mm about it.

    What `reformat.cut` says of values, slots, slabs and what has no value holds here; before and after the path there
    is none (NaN).
    """
    values = np.full((over.rows, over.columns), np.nan)
    inside = np.flatnonzero(np.isfinite(over.along))
    rows = np.arange(over.rows)[:, None, None] * over.spacing
    for columns in np.array_split(inside, max(1, len(inside) * over.rows // BAND_POINTS)):
        points = over.origins[columns] + rows * over.downs[columns]
        found, counts = np.full(points.shape[:2], np.nan), np.zeros(points.shape[:2], np.int64)
        for mm in offsets(volume, thickness, method):
            if overtaken is not None and overtaken():
                raise Overtaken
            indices = volume.indices(points + mm * over.throughs[columns])
            layer = reformat.values_at(volume, stored, slots, indices, interpolation=interpolation)
            if method == AVERAGE:
                known = np.isfinite(layer)
                counts += known
                found = np.where(known, np.where(counts > 1, found, 0.0) + layer, found)
            else:
                found = (np.fmax if method == MAXIMUM else np.fmin)(found, layer)
        values[:, columns] = found / np.maximum(counts, 1) if method == AVERAGE else found
    return values
