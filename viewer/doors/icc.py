"""The colour profile of a picture, put where PNG, WebP and JPEG keep it."""

import struct
import zlib
from functools import cache, lru_cache
from io import BytesIO

import numpy as np
from PIL import Image, ImageCms

from viewer.doors.media import PNG, WEBP
from viewer.imaging import jpegmarkers

WEBP_HAS_PROFILE = 0x20
PNG_HEADER = 33  # signature and IHDR: the profile comes right after


@cache
def srgb() -> bytes:
    """Return the sRGB profile."""
    return ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()


def with_profile(picture: bytes, media_type: str, own: bytes = b"") -> bytes:
    """Return a colour PNG, WebP or JPEG that says what its colours are: by its own profile, else sRGB.

    sRGB is what DICOM colours without a profile are.
    """
    profile = own or srgb()
    if media_type == PNG:
        name = b"own" if own else b"sRGB"
        body = b"iCCP" + name + b"\0\0" + zlib.compress(profile)
        chunk = struct.pack(">I", len(body) - 4) + body + struct.pack(">I", zlib.crc32(body))
        return picture[:PNG_HEADER] + chunk + picture[PNG_HEADER:]
    if media_type == WEBP:
        return webp_with_profile(picture, profile)
    return jpegmarkers.inserted(picture, jpegmarkers.profile(profile))


def webp_with_profile(picture: bytes, profile: bytes) -> bytes:
    """Return a plain lossless WebP (one VP8L chunk without alpha) in the extended form that holds a profile."""
    # Behind the chunk's head and a signature byte: 14 bits of width and 14 of height, each less one.
    sides = int.from_bytes(picture[21:25], "little")
    width, height = sides & 0x3FFF, sides >> 14 & 0x3FFF
    canvas = bytes((WEBP_HAS_PROFILE, 0, 0, 0)) + width.to_bytes(3, "little") + height.to_bytes(3, "little")
    padded = profile + b"\0" * (len(profile) % 2)
    chunks = b"WEBPVP8X" + struct.pack("<I", len(canvas)) + canvas
    chunks += b"ICCP" + struct.pack("<I", len(profile)) + padded + picture[12:]
    return b"RIFF" + struct.pack("<I", len(chunks)) + chunks


def to_srgb(rgb: np.ndarray, own: bytes) -> np.ndarray:
    """Return the colours of (rows, columns, 3) uint8 in sRGB, by the rendering intent of their own profile.

    A profile that can't be read leaves them as they are.
    """
    try:
        converted = ImageCms.applyTransform(Image.fromarray(rgb), conversion(own))
    except (ImageCms.PyCMSError, OSError, ValueError, TypeError):
        return rgb
    return np.asarray(converted)


@lru_cache(8)
def conversion(own: bytes) -> ImageCms.ImageCmsTransform:
    """Return the way from a profile to sRGB; raises ImageCms.PyCMSError or OSError."""
    source = ImageCms.ImageCmsProfile(BytesIO(own))
    intent = ImageCms.Intent(ImageCms.getDefaultIntent(source))
    return ImageCms.buildTransform(source, ImageCms.createProfile("sRGB"), "RGB", "RGB", intent)
