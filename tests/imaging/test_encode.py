"""PNG without loss, JPEG within it, by an independent reader."""

import io

import numpy as np
import pytest
from PIL import Image

from viewer.imaging import encode

CHANCE = np.random.default_rng(7)


@pytest.mark.parametrize("shape", [(1, 1), (1, 7), (9, 1), (31, 33), (17, 5, 3), (1, 1, 3), (512, 512)])
def test_a_png_holds_exactly_the_picture(shape: tuple[int, ...]) -> None:
    picture = CHANCE.integers(0, 256, shape, np.uint8)
    read = Image.open(io.BytesIO(encode.png(picture)))
    read.verify()
    read = Image.open(io.BytesIO(encode.png(picture)))
    assert read.mode == ("RGB" if len(shape) == 3 else "L")
    assert np.array_equal(np.asarray(read), picture)


@pytest.mark.parametrize("shape", [(1, 1), (1, 7), (9, 1), (31, 33), (17, 5, 3), (1, 1, 3), (512, 512)])
def test_a_webp_holds_exactly_the_picture(shape: tuple[int, ...]) -> None:
    noise = CHANCE.integers(0, 256, shape, np.uint8)
    smooth = np.broadcast_to(np.arange(shape[1], dtype=np.uint8)[None, :, *([None] * (len(shape) - 2))], shape)
    for picture in (noise, smooth):
        read = Image.open(io.BytesIO(encode.encoded(picture, "image/webp", 1)))
        assert read.format == "WEBP" and read.mode == "RGB"
        colours = picture if len(shape) == 3 else np.repeat(picture[..., None], 3, axis=2)
        assert np.array_equal(np.asarray(read), colours)


def test_a_picture_that_lies_otherwise_in_memory_is_encoded_alike() -> None:
    picture = CHANCE.integers(0, 256, (40, 30), np.uint8)
    assert np.array_equal(np.asarray(Image.open(io.BytesIO(encode.png(picture.T)))), picture.T)
    assert np.array_equal(np.asarray(Image.open(io.BytesIO(encode.png(picture[::-2])))), picture[::-2])
    assert encode.jpeg(picture[::2], 90).startswith(b"\xff\xd8")


def test_a_jpeg_is_close_and_colour_keeps_its_edges() -> None:
    picture = np.zeros((32, 32, 3), np.uint8)
    picture[:, :15, 0], picture[:, 15:, 2] = 255, 255
    read = np.asarray(Image.open(io.BytesIO(encode.jpeg(picture, 95))))
    assert np.abs(read.astype(int) - picture).max() <= 40
    grey = np.tile(np.arange(0, 256, 4, dtype=np.uint8), (64, 1))
    read = np.asarray(Image.open(io.BytesIO(encode.jpeg(grey, 90))))
    assert read.shape == grey.shape and np.abs(read.astype(int) - grey).max() <= 6


@pytest.mark.parametrize("quality", [0, 101, -5])
def test_a_quality_outside_the_standard_is_refused(quality: int) -> None:
    with pytest.raises(ValueError, match="1 to 100"):
        encode.jpeg(np.zeros((4, 4), np.uint8), quality)


@pytest.mark.parametrize(
    "array",
    [np.zeros((4, 4)), np.zeros((0, 4), np.uint8), np.zeros((4, 4, 4), np.uint8), np.zeros(4, np.uint8)],
)
def test_what_is_no_eight_bit_picture_is_refused(array: np.ndarray) -> None:
    with pytest.raises(ValueError, match="no picture"):
        encode.png(array)
