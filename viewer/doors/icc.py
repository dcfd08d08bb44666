"""The colour profile of a picture, put where PNG and JPEG keep it."""

import struct
import zlib
from functools import cache

from PIL import ImageCms

from viewer.doors.media import PNG

PNG_HEADER = 33  # signature and IHDR: the profile comes right after
JPEG_SEGMENT = 65519  # bytes of profile in one APP2 segment


@cache
def srgb() -> bytes:
    """Return the sRGB profile."""
    return ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()


def with_profile(picture: bytes, media_type: str) -> bytes:
    """Return a colour PNG or JPEG that says its colours are sRGB, which is what DICOM colours without a profile are."""
    profile = srgb()
    if media_type == PNG:
        body = b"iCCPsRGB\0\0" + zlib.compress(profile)
        chunk = struct.pack(">I", len(body) - 4) + body + struct.pack(">I", zlib.crc32(body))
        return picture[:PNG_HEADER] + chunk + picture[PNG_HEADER:]
    if len(profile) > JPEG_SEGMENT:
        raise ValueError("the profile doesn't fit into one segment")
    segment = b"ICC_PROFILE\0\x01\x01" + profile
    return picture[:2] + b"\xff\xe2" + struct.pack(">H", len(segment) + 2) + segment + picture[2:]
