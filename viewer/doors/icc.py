"""The colour profile of a picture, put where PNG, WebP and JPEG keep it."""

import struct
import zlib
from functools import cache, lru_cache
from io import BytesIO

import numpy as np
from PIL import Image, ImageCms

from viewer.doors.media import PNG, WEBP
from viewer.imaging import colourspace, jpegmarkers

WEBP_HAS_PROFILE = 0x20
PNG_HEADER = 33  # signature and IHDR: the profile comes right after


@cache
def srgb() -> bytes:
    """Return the sRGB profile."""
    return ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()


def with_profile(picture: bytes, media_type: str, profile: bytes) -> bytes:
    """Return a colour PNG, WebP or JPEG that carries a profile."""
    if media_type == PNG:
        body = b"iCCPcolours" + b"\0\0" + zlib.compress(profile)
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


def shown_as(rgb: np.ndarray, own: bytes, wanted: str) -> tuple[np.ndarray, bytes | None]:
    """Return the colours of (rows, columns, 3) uint8 as `iccprofile` wants them, and the profile that goes along.

    PS3.18 8.3.5.1.5: `no` carries none, so its colours are sRGB, which is what everybody takes them for; `yes` keeps
    the image's own; a name converts. `own` is empty for sRGB. A profile that can't be read leaves the colours alone.
    """
    if wanted == "yes":
        return rgb, own or srgb()
    target = profile_of(wanted)
    return converted(rgb, own, target), None if wanted == "no" else target


def profile_of(wanted: str) -> bytes:
    """Return the profile that a value of `iccprofile` names."""
    return colourspace.named(wanted.upper()) or srgb()


def converted(rgb: np.ndarray, own: bytes, target: bytes) -> np.ndarray:
    """Return the colours in the target's space, by the rendering intent of their own profile."""
    found = conversion(own or srgb(), target)
    return rgb if found is None else np.asarray(ImageCms.applyTransform(Image.fromarray(rgb), found))


@lru_cache(16)
def conversion(own: bytes, target: bytes) -> ImageCms.ImageCmsTransform | None:
    """Return the way from a profile to another; None where there is none, or where nothing would change.

    A camera's own copy of sRGB is a little other than ours: what moves no colour by more than a step, moves none.
    """
    found = way(own, target)
    if found is None:
        return None
    steps = np.linspace(0, 255, 18).astype(np.uint8)
    samples = np.stack(np.meshgrid(steps, steps, steps), axis=-1).reshape(18, -1, 3)
    moved = np.asarray(ImageCms.applyTransform(Image.fromarray(samples), found))
    return found if np.abs(moved.astype(int) - samples).max() > 1 else None


def way(own: bytes, target: bytes) -> ImageCms.ImageCmsTransform | None:
    """Return the way from a profile to another by its own rendering intent; None where one can't be read."""
    try:
        source, destination = (ImageCms.ImageCmsProfile(BytesIO(each)) for each in (own, target))
        intent = ImageCms.Intent(ImageCms.getDefaultIntent(source))
        return ImageCms.buildTransform(source, destination, "RGB", "RGB", intent)
    except (ImageCms.PyCMSError, OSError, ValueError, TypeError):
        return None


@lru_cache(16)
def is_readable(own: bytes) -> bool:
    """Say whether a profile tells how its colours look."""
    return way(own, srgb()) is not None
