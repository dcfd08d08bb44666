"""Rigid registration of two volumes: by pairs of landmarks, and by mutual information.

A matrix (4, 4) takes LPS mm of the moving Frame of Reference to those of the fixed one, as the Spatial Registration
object says it (PS3.3 C.20.2).
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from multiprocessing.connection import Connection

import numpy as np

from viewer.imaging import reformat
from viewer.imaging.volume import Volume
from viewer.imaging.words import Words, gettext_noop

FEWEST_PAIRS = 3
FLATTEST_MM = 1.0  # landmarks nearer to one line than this leave the turn about it open
RIGID = 1e-6
MOST_SAMPLES = 2_000_000
FINEST_MM = 1.0
BINS, SHARE, SEED = 50, 0.2, 20240301
LEVELS = ((4, 4.0), (2, 2.0), (1, 0.0))  # shrink factor, smoothing in samples
ITERATIONS = 150
STEP, LEAST_STEP = 2.0, 1e-4


class NotRegistered(ValueError):
    """The registration can't be made; the text says why, without names."""

    @property
    def words(self) -> Words | str:
        """Why, in words for the reader."""
        said: Words | str = self.args[0]
        return said


@dataclass(frozen=True)
class Landmarks:
    """What landmarks give: `residuals` (pairs,) are mm from each moving landmark, moved, to its fixed one."""

    matrix: np.ndarray
    residuals: np.ndarray

    @property
    def rms(self) -> float:
        """Root mean square of the residuals in mm."""
        return float(np.sqrt((self.residuals**2).mean()))


@dataclass(frozen=True)
class Grid:
    """Values (slices, rows, columns), float32, on a grid along LPS: `origin` of the first one and `spacing` in mm."""

    values: np.ndarray
    inside: np.ndarray
    origin: tuple[float, float, float]
    spacing: float


def by_landmarks(fixed: Sequence[Sequence[float]], moving: Sequence[Sequence[float]]) -> Landmarks:
    """Return the rigid matrix with the least squares between pairs of LPS points (Kabsch). Raises NotRegistered."""
    here, there = np.asarray(fixed, float), np.asarray(moving, float)
    if here.shape != there.shape or here.ndim != 2 or here.shape[1] != 3 or len(here) < FEWEST_PAIRS:
        raise NotRegistered(gettext_noop("at least three pairs of points are needed"))
    if not (np.isfinite(here).all() and np.isfinite(there).all()):
        raise NotRegistered(gettext_noop("a point isn't three numbers"))
    own, far = here - here.mean(axis=0), there - there.mean(axis=0)
    for cloud in (own, far):
        if np.linalg.svd(cloud, compute_uv=False)[1] / np.sqrt(len(cloud)) < FLATTEST_MM:
            raise NotRegistered(gettext_noop("the points lie on one line"))
    left, _sizes, right = np.linalg.svd(far.T @ own)
    mirrored = np.sign(np.linalg.det(right.T @ left.T))
    turn = right.T @ np.diag((1.0, 1.0, mirrored)) @ left.T
    matrix = np.eye(4)
    matrix[:3, :3], matrix[:3, 3] = turn, here.mean(axis=0) - turn @ there.mean(axis=0)
    return Landmarks(matrix, np.linalg.norm(there @ turn.T + matrix[:3, 3] - here, axis=1))


def check_rigid(matrix: np.ndarray, tolerance: float = RIGID) -> None:
    """Raise NotRegistered unless a matrix (4, 4) turns and moves, and neither mirrors nor stretches."""
    if matrix.shape != (4, 4) or not np.isfinite(matrix).all() or np.abs(matrix[3] - (0, 0, 0, 1)).max() > tolerance:
        raise NotRegistered(gettext_noop("the matrix is no transformation of points"))
    turn = matrix[:3, :3]
    if np.abs(turn @ turn.T - np.eye(3)).max() > tolerance or np.linalg.det(turn) < 0:
        raise NotRegistered(gettext_noop("the matrix isn't rigid"))


def gridded(volume: Volume, stored: np.ndarray, slots: np.ndarray, *, most: int = MOST_SAMPLES) -> Grid:
    """Return a volume sampled along LPS, as finely as `most` samples allow; outside it the lowest of its values.

    A shear and uneven slices are gone afterwards: what registers knows neither.
    """
    low, high = volume.corners.min(axis=0), volume.corners.max(axis=0)
    spacing = max(volume.spacing_mm, FINEST_MM, float((np.prod(high - low) / most) ** (1 / 3)))
    columns, rows, slices = (max(4, int(np.ceil(length / spacing))) for length in high - low)
    first = (low + high) / 2 - spacing * (np.array((columns, rows, slices)) - 1) / 2
    values = np.empty((slices, rows, columns), np.float32)
    for number in range(slices):
        middle = ((low + high) / 2)[:2].tolist()
        view = reformat.View.of((*middle, first[2] + number * spacing), *reformat.ORIENTATIONS["f"])
        plane = reformat.picture(view, (0.0, 0.0), (columns, rows), spacing)
        values[number] = reformat.cut(volume, stored, slots, plane)
    inside = np.isfinite(values)
    if not inside.any():
        raise NotRegistered(gettext_noop("the volume has no values"))
    values[~inside] = values[inside].min()
    x, y, z = first.tolist()
    return Grid(values, inside, (x, y, z), spacing)


def by_information(
    fixed: Grid, moving: Grid, told: Callable[[int, int], bool] = lambda _done, _total: True
) -> tuple[np.ndarray, float]:
    """Return the rigid matrix with the highest mutual information (Mattes), and that in nats. Raises NotRegistered.

    Coarse to fine, from the middles of both grids laid upon each other, with the same random samples at every call.
    `told(done, total)` hears of each step; what it answers says whether to go on.
    """
    import SimpleITK as sitk  # noqa: N813, PLC0415 (takes a second, and only a registration needs it)

    here, there = _image(sitk, fixed), _image(sitk, moving)
    method = sitk.ImageRegistrationMethod()
    method.SetNumberOfThreads(1)
    method.SetMetricAsMattesMutualInformation(numberOfHistogramBins=BINS)
    method.SetMetricSamplingStrategy(method.RANDOM)
    method.SetMetricSamplingPercentagePerLevel([min(1.0, SHARE * factor) for factor, _sigma in LEVELS], SEED)
    method.SetMetricFixedMask(_image(sitk, fixed, mask=True))
    method.SetInterpolator(sitk.sitkLinear)
    method.SetOptimizerAsRegularStepGradientDescent(
        learningRate=STEP, minStep=LEAST_STEP, numberOfIterations=ITERATIONS, gradientMagnitudeTolerance=1e-8
    )
    method.SetOptimizerScalesFromPhysicalShift()
    method.SetShrinkFactorsPerLevel([factor for factor, _sigma in LEVELS])
    method.SetSmoothingSigmasPerLevel([sigma for _factor, sigma in LEVELS])
    method.SetInitialTransform(
        sitk.CenteredTransformInitializer(
            here, there, sitk.Euler3DTransform(), sitk.CenteredTransformInitializerFilter.GEOMETRY
        ),
        inPlace=False,
    )
    steps, stopped = [0], []

    def step() -> None:
        steps[0] += 1
        if not told(min(steps[0], len(LEVELS) * ITERATIONS), len(LEVELS) * ITERATIONS):
            stopped.append(True)
            method.StopRegistration()

    method.AddCommand(sitk.sitkIterationEvent, step)
    try:
        found = method.Execute(here, there)
    except RuntimeError as error:
        raise NotRegistered(gettext_noop("the volumes don't overlap enough")) from error
    if stopped:
        raise NotRegistered(gettext_noop("it was stopped"))
    # ITK maps points of the fixed image to those of the moving one.
    origin = np.array(found.TransformPoint((0.0, 0.0, 0.0)))
    turn = np.stack([np.array(found.TransformPoint(tuple(axis))) - origin for axis in np.eye(3)], axis=1)
    there_from_here = np.eye(4)
    there_from_here[:3, :3], there_from_here[:3, 3] = turn, origin
    matrix = inverse(there_from_here)
    check_rigid(matrix)
    return matrix, -float(method.GetMetricValue())


def answered(line: Connection, fixed: Grid, moving: Grid) -> None:
    """Register in a process of its own: send ("done", steps, of), then ("found", matrix, nats) or ("failed", words)."""

    def told(done: int, total: int) -> bool:
        line.send(("done", done, total))
        return True

    try:
        matrix, information = by_information(fixed, moving, told)
        line.send(("found", matrix.tolist(), information))
    except NotRegistered as error:
        line.send(("failed", error.words))


def _image(sitk: "object", grid: Grid, *, mask: bool = False) -> "object":
    image = sitk.GetImageFromArray(grid.inside.astype(np.uint8) if mask else grid.values)  # type: ignore[attr-defined]
    image.SetOrigin(grid.origin)
    image.SetSpacing((grid.spacing,) * 3)
    return image


def inverse(matrix: np.ndarray) -> np.ndarray:
    """Return the way back of a rigid matrix (4, 4)."""
    found = np.eye(4)
    found[:3, :3] = matrix[:3, :3].T
    found[:3, 3] = -matrix[:3, :3].T @ matrix[:3, 3]
    return found


def moved_by(matrix: np.ndarray) -> tuple[float, float]:
    """Return how far (mm, at the origin) and by how much (degrees) a rigid matrix moves."""
    cosine = (float(np.trace(matrix[:3, :3])) - 1) / 2
    return float(np.linalg.norm(matrix[:3, 3])), float(np.degrees(np.arccos(np.clip(cosine, -1, 1))))


__all__ = [
    "Grid", "Landmarks", "NotRegistered", "answered", "by_information", "by_landmarks", "check_rigid", "gridded",
    "inverse", "moved_by",
]  # fmt: skip
