"""Earlier scans differ from the later one by the lesion's size, and by nothing far from it."""

import numpy as np
import pytest

from worklist.demo.lesion import REACH, measured, scaled
from worklist.demo.volumes import Volume

AFFINE = np.diag([1.0, 1.0, 2.0, 1.0])


@pytest.fixture(scope="module")
def scan() -> tuple[Volume, Volume]:
    """A ball of 24 mm and 40 HU in lung of −850 HU with some texture, and its label."""
    k, j, i = np.indices((50, 100, 100))
    distance = np.sqrt((i - 50) ** 2 + (j - 50) ** 2 + ((k - 25) * 2) ** 2)
    values = np.random.default_rng(1).normal(-850, 20, distance.shape)
    values[distance < 12] = 40
    return Volume(values.astype(np.int16), AFFINE), Volume((distance < 12).astype(np.int16), AFFINE)


@pytest.mark.parametrize("factor", [0.7, 0.85])
def test_the_lesion_shrinks_by_the_factor(scan: tuple[Volume, Volume], factor: float) -> None:
    later, label = scan
    earlier = scaled(later, label, factor)
    before = measured(Volume((earlier.values > -400).astype(int), AFFINE))
    now = measured(label)
    assert before.volume == pytest.approx(now.volume * factor**3, rel=0.05)
    np.testing.assert_allclose(before.centre, now.centre, atol=0.3)


def test_nothing_moves_beyond_its_reach(scan: tuple[Volume, Volume]) -> None:
    later, label = scan
    earlier = scaled(later, label, 0.7)
    k, j, i = np.indices(later.values.shape)
    far = np.sqrt((i - 50) ** 2 + (j - 50) ** 2 + ((k - 25) * 2) ** 2) > 12 * 0.7 + REACH + 3
    np.testing.assert_array_equal(earlier.values[far], later.values[far])


def test_factor_one_changes_nothing(scan: tuple[Volume, Volume]) -> None:
    np.testing.assert_array_equal(scaled(*scan, 1.0).values, scan[0].values)


@pytest.mark.parametrize("factor", [0.2, 1.5])
def test_factors_that_would_fold_the_tissue_are_refused(scan: tuple[Volume, Volume], factor: float) -> None:
    with pytest.raises(ValueError, match="factor"):
        scaled(*scan, factor)


def test_an_empty_label_is_refused() -> None:
    with pytest.raises(ValueError, match="empty"):
        measured(Volume(np.zeros((2, 2, 2)), AFFINE))
