"""Pages of plain pictures, decoded by Pillow inside a decode worker."""

import io
import os
from pathlib import Path

import msgspec
import numpy as np
from PIL import Image, ImageCms

from viewer.archive.picture import BY_PILLOW, Job
from viewer.archive.picture_probe import FORMATS
from viewer.archive.port import ArchiveError
from viewer.archive.rooted import Rooted
from viewer.archive.scan import stamp
from viewer.imaging.pixels import PixelError, PixelFormat
from viewer.imaging.words import gettext_noop

__all__ = ["BY_PILLOW", "page"]
WAYS = {
    2: Image.Transpose.FLIP_LEFT_RIGHT, 3: Image.Transpose.ROTATE_180, 4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE, 6: Image.Transpose.ROTATE_270, 7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_90,
}  # fmt: skip
TRANSPARENT = frozenset(("LA", "La", "PA", "RGBA", "RGBa"))
WHITE = (255, 255, 255, 255)


def page(data: bytes, form: PixelFormat) -> np.ndarray:
    """Return a page as `form` keeps it, white where it is transparent; raises PixelError."""
    Image.MAX_IMAGE_PIXELS = None  # the index has judged the size, and `form` holds it
    try:
        job = msgspec.msgpack.decode(data, type=Job)
        with Rooted(Path(os.fsdecode(job.folder))).open(job.path) as source:
            if stamp(os.fstat(source.fileno())) != job.stamp:
                raise PixelError(gettext_noop("the picture has changed since it was indexed"))
            with Image.open(source, formats=FORMATS) as image:
                if job.page:
                    image.seek(job.page)
                sides = image.size[::-1] if job.turned in (5, 6, 7, 8) else image.size
                if sides != (form.columns, form.rows):
                    raise PixelError(gettext_noop("the picture isn't what was indexed"))
                image.load()
                return pixels(image, job.turned, form)
    except (ArchiveError, OSError, SyntaxError, ValueError, EOFError, msgspec.MsgspecError) as error:
        if isinstance(error, PixelError):
            raise
        raise PixelError(gettext_noop("the picture is damaged or cut short")) from error


def pixels(image: Image.Image, turned: int, form: PixelFormat) -> np.ndarray:
    """Return the pixels of a loaded page."""
    if turned in WAYS:
        image = image.transpose(WAYS[turned])
    if not form.colour and form.bits_allocated == 16:
        values = np.asarray(image)
        return values.astype(form.stored_dtype)
    if image.mode in TRANSPARENT or "transparency" in image.info:
        paper = Image.new("RGBA", image.size, WHITE)
        image = Image.alpha_composite(paper, image.convert("RGBA"))
    elif image.mode == "CMYK":
        image = from_inks(image)
    return np.asarray(image.convert("RGB" if form.colour else "L"))


def from_inks(image: Image.Image) -> Image.Image:
    """Return sRGB of cyan, magenta, yellow and black: by the profile that says how its inks look, if there is one."""
    own = image.info.get("icc_profile")
    if own:
        try:
            source = ImageCms.ImageCmsProfile(io.BytesIO(own))
            found = ImageCms.profileToProfile(image, source, ImageCms.createProfile("sRGB"), outputMode="RGB")
            if found is not None:
                return found
        except (ImageCms.PyCMSError, OSError, ValueError, TypeError):
            pass
    return image.convert("RGB")
