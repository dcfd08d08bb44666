"""Arrays to PNG, WebP and JPEG bytes, without holding the interpreter's lock."""

import struct

import cv2
import imagecodecs
import numpy as np
from isal import isal_zlib

SIGNATURE = b"\x89PNG\r\n\x1a\n"
UP = 2


def encoded(picture: np.ndarray, media_type: str, quality: int) -> bytes:
    """Return image/png or image/webp without loss, or image/jpeg of `quality`; another type raises KeyError."""
    if media_type == "image/jpeg":
        return jpeg(picture, quality)
    return {"image/png": png, "image/webp": webp}[media_type](picture)


def webp(picture: np.ndarray) -> bytes:
    """Return a lossless WebP of uint8 grey or RGB: a sixth smaller than `png`, and forty times the work.

    WebP knows no grey: a grey picture becomes RGB of three equal samples.
    """
    samples = checked(picture)[2]
    rgb = np.ascontiguousarray(picture) if samples == 3 else cv2.cvtColor(picture, cv2.COLOR_GRAY2RGB)
    return bytes(imagecodecs.webp_encode(rgb, level=0, lossless=True, method=2))


def png(picture: np.ndarray) -> bytes:
    """Return a PNG of uint8 (rows, columns) grey or (rows, columns, 3) RGB, each row as its difference from above."""
    rows, columns, samples = checked(picture)
    lines = np.empty((rows, 1 + columns * samples), np.uint8)
    lines[:, 0] = UP
    flat = picture.reshape(rows, columns * samples)
    lines[0, 1:] = flat[0]
    np.subtract(flat[1:], flat[:-1], out=lines[1:, 1:])
    header = struct.pack(">IIBBBBB", columns, rows, 8, 2 if samples == 3 else 0, 0, 0, 0)
    data = isal_zlib.compress(lines, 1)
    return b"".join((SIGNATURE, chunk(b"IHDR", header), chunk(b"IDAT", data), chunk(b"IEND", b"")))


def jpeg(picture: np.ndarray, quality: int) -> bytes:
    """Return a baseline JPEG of uint8 grey or RGB, colour without subsampling; `quality` from 1 to 100."""
    samples = checked(picture)[2]
    if not 1 <= quality <= 100:
        raise ValueError(f"JPEG quality must be 1 to 100, not {quality}")
    if samples == 3:
        data = imagecodecs.jpeg8_encode(
            np.ascontiguousarray(picture), level=quality, colorspace="RGB", subsampling="444"
        )
    else:
        data = imagecodecs.jpeg8_encode(np.ascontiguousarray(picture), level=quality)
    return bytes(data)


def checked(picture: np.ndarray) -> tuple[int, int, int]:
    """Return rows, columns and samples of a picture that can be encoded."""
    if picture.dtype != np.uint8 or picture.size == 0 or picture.ndim not in (2, 3):
        raise ValueError(f"no picture of {picture.shape} {picture.dtype}")
    if picture.ndim == 3 and picture.shape[2] != 3:
        raise ValueError(f"no picture of {picture.shape[2]} samples a pixel")
    return picture.shape[0], picture.shape[1], picture.shape[2] if picture.ndim == 3 else 1


def chunk(name: bytes, data: bytes) -> bytes:
    """Return one PNG chunk: length, name, data, checksum."""
    return struct.pack(">I", len(data)) + name + data + struct.pack(">I", isal_zlib.crc32(data, isal_zlib.crc32(name)))
