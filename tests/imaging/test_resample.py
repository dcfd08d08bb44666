"""Regions at other sizes: centres stay where they are, padding keeps to itself."""

import numpy as np
import pytest

from viewer.imaging import resample
from viewer.imaging.pixels import Padding

RAMP = np.tile(np.arange(64, dtype=np.int16) * 40, (48, 1))


def test_a_whole_picture_at_its_own_size_is_the_picture() -> None:
    assert np.array_equal(resample.region(RAMP, (0, 0, 64, 48), (64, 48)), RAMP)


@pytest.mark.parametrize("interpolation", ["linear", "cubic"])
@pytest.mark.parametrize(
    ("source", "size"),
    [
        ((0, 0, 64, 48), (128, 96)), ((8, 4, 16, 16), (160, 40)), ((8.25, 4.5, 20.5, 20.5), (100, 100)),
        ((0, 0, 64, 48), (16, 12)), ((4.3, 4.3, 40.6, 40.6), (20, 20)),
    ],
)  # fmt: skip
def test_a_ramp_stays_at_its_place(
    source: tuple[float, float, float, float], size: tuple[int, int], interpolation: str
) -> None:
    picture = resample.region(RAMP, source, size, interpolation=interpolation)
    step = source[2] / size[0]
    truth = 40 * (source[0] + (np.arange(size[0]) + 0.5) * step - 0.5)
    inner = slice(max(2, int(3 / step)), -max(2, int(3 / step)))
    assert picture.shape == (size[1], size[0]) and picture.dtype == np.int16
    assert np.abs(picture[size[1] // 2, inner] - truth[inner]).max() <= 4


def test_shrinking_averages_and_loses_no_bright_spot() -> None:
    picture = np.zeros((64, 64), np.uint16)
    picture[33, 17] = 1600
    assert resample.region(picture, (0, 0, 64, 64), (16, 16)).max() == 100


def test_flips_turn_the_picture() -> None:
    picture = np.arange(6, dtype=np.uint8).reshape(2, 3)
    flipped = resample.region(picture, (0, 0, 3, 2), (3, 2), (True, False))
    assert flipped.tolist() == [[2, 1, 0], [5, 4, 3]]
    assert resample.region(picture, (0, 0, 3, 2), (3, 2), (False, True)).tolist() == [[3, 4, 5], [0, 1, 2]]


@pytest.mark.parametrize("size", [(150, 150), (20, 20)])
@pytest.mark.parametrize("interpolation", ["nearest", "linear", "cubic"])
def test_padding_never_mixes_with_the_patient(size: tuple[int, int], interpolation: str) -> None:
    picture = np.full((64, 64), 1000, np.int16)
    picture[:, :21] = -2000
    padding = Padding(-2000, -2000)
    scaled = resample.region(picture, (0, 0, 64, 64), size, interpolation=interpolation, padding=padding)
    assert set(np.unique(scaled)) == {-2000, 1000}
    assert abs(int((scaled[0] == -2000).sum()) - 21 / 64 * size[0]) <= 1


@pytest.mark.parametrize("dtype", [np.uint8, np.int8, np.uint16, np.int16, np.uint32, np.int32, np.float32, np.float64])
def test_every_stored_type_keeps_its_type(dtype: type) -> None:
    picture = np.arange(120).reshape(10, 12).astype(dtype)
    for size in ((6, 5), (30, 25)):
        assert resample.region(picture, (0, 0, 12, 10), size).dtype == dtype
    colour = np.zeros((10, 12, 3), np.uint8)
    assert resample.region(colour, (0, 0, 12, 10), (6, 5)).shape == (5, 6, 3)


@pytest.mark.parametrize(
    ("source", "size"),
    [((-1, 0, 4, 4), (4, 4)), ((0, 0, 65, 4), (4, 4)), ((0, 0, 0, 4), (4, 4)), ((0, 0, 4, 4), (0, 4))],
)
def test_a_region_outside_the_picture_is_refused(
    source: tuple[float, float, float, float], size: tuple[int, int]
) -> None:
    with pytest.raises(ValueError, match="no region"):
        resample.region(RAMP, source, size)
