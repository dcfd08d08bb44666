"""Lines on a phantom of known size, wherever a hand sets their ends: exact, and never in mm without a basis."""

import math
from fractions import Fraction
from typing import Any

import numpy as np
import pytest

from tests.imaging.datasets import instance, slice_at
from viewer.imaging import measure, spacing

ROWS, COLUMNS = 500, 700
RATIOS = (1.0, 1.25, 1.5, 2.0)


def turned(rng: np.random.Generator) -> np.ndarray:
    """Return a matrix (3, 3) from image pixels to device pixels: zoom, quarter turns, flips, pan."""
    zoom, ratio, quarter = 10 ** rng.uniform(-1, 1.3), rng.choice(RATIOS), rng.integers(4) * math.pi / 2
    cos, sin = round(math.cos(quarter)), round(math.sin(quarter))
    flips = np.diag([rng.choice([-1, 1]), rng.choice([-1, 1]), 1.0])
    matrix = np.diag([zoom * ratio, zoom * ratio, 1.0]) @ np.array([[cos, -sin, 0], [sin, cos, 0], [0, 0, 1.0]]) @ flips
    matrix[:2, 2] = rng.uniform(-3000, 3000, 2)
    return matrix


@pytest.mark.parametrize("count", [400, pytest.param(5000, marks=pytest.mark.full)])
def test_however_it_is_looked_at_a_line_is_as_long_as_it_is(count: int) -> None:
    rng = np.random.default_rng(26)
    for _ in range(count):
        down, across = rng.uniform(0.05, 3.0, 2)
        record = instance(slice_at(0, 1, Modality="DX", PixelSpacing=None, ImagerPixelSpacing=[down, across]))
        matrix = turned(rng)
        stored = rng.uniform((0, 0), (COLUMNS, ROWS), (2, 2))
        screen = matrix @ np.column_stack([stored, np.ones(2)]).T
        (a, b), (c, d) = (np.linalg.inv(matrix) @ screen)[:2].T.tolist()
        truth = math.sqrt(
            ((Fraction(stored[1, 0]) - Fraction(stored[0, 0])) * Fraction(down_of(record)[1])) ** 2
            + ((Fraction(stored[1, 1]) - Fraction(stored[0, 1])) * Fraction(down_of(record)[0])) ** 2
        )
        found = measure.length_in_image([(a, b), (c, d)], record, record.frame(1))
        assert found.quantity.unit == "mm" and found.basis == "detector"
        assert abs(found.quantity.value - truth) <= 1e-9 * truth


def down_of(record: Any) -> tuple[float, float]:
    """Return the steps as the file holds them: a DS has sixteen characters."""
    down, across = record.ImagerPixelSpacing
    return down, across


CHOICES: dict[str, tuple[Any, ...]] = {
    "Modality": ("CT", "MR", "US", "DX", "MG", "XA", "IO", "OT", "XC", "SM", "NM", None),
    "SOPClassUID": tuple(f"1.2.840.10008.5.1.4.1.1.{end}" for end in ("2", "7", "1.1", "12.1.1", "6.1", "13.1.3")),
    "PixelSpacing": (None, [0, 0], [0.5, 0.25], [-1, 1]),
    "ImagerPixelSpacing": (None, [0, 1], [0.6, 0.3]),
    "NominalScannedPixelSpacing": (None, [0.1, 0.1]),
    "PixelAspectRatio": (None, [2, 1]),
    "PixelSpacingCalibrationType": (None, "GEOMETRY", "FIDUCIAL", "ELSE"),
    "EstimatedRadiographicMagnificationFactor": (None, 1.2, 0, 99),
    "DistanceSourceToDetector": (None, 1000),
    "DistanceSourceToPatient": (None, 800, 0),
    "ImageOrientationPatient": (None, [1, 0, 0, 0, 1, 0]),
}
STEPS = ("PixelSpacing", "ImagerPixelSpacing", "NominalScannedPixelSpacing")


@pytest.mark.parametrize("count", [400, pytest.param(5000, marks=pytest.mark.full)])
def test_nothing_without_a_basis_says_millimetres(count: int) -> None:
    rng = np.random.default_rng(27)
    seen = set()
    for _ in range(count):
        chosen = {keyword: values[rng.integers(len(values))] for keyword, values in CHOICES.items()}
        dataset = slice_at(0, 1, PixelSpacing=None, ImageOrientationPatient=None, Modality=None)
        for keyword, value in chosen.items():
            if value is not None:
                setattr(dataset, keyword, value)
        record = instance(dataset)
        step = spacing.spacing(record, record.frame(1))
        found = measure.length_in_image([(0, 0), (3, 4)], record, record.frame(1))
        sound = any(chosen[keyword] and min(chosen[keyword]) > 0 for keyword in STEPS)
        seen.add(step.basis)
        assert (step.basis == "none") == (step.row is None) == (step.column is None)
        assert (step.basis == "none") == ("mm" not in step.words) == (found.quantity.unit == "{pixels}")
        assert sound or step.basis == "none"
        assert (step.basis, step.words) == (found.basis, found.words)
    assert seen == {"none", "patient", "estimated", "detector", "geometry", "calibrated"}
