"""What stands in a plain JPEG, PNG or TIFF file, read from its headers: nothing here decodes a pixel."""

import contextlib
import warnings
from dataclasses import dataclass
from typing import Any, BinaryIO

from PIL import ExifTags, Image, JpegImagePlugin, PngImagePlugin, TiffImagePlugin

from viewer.archive.port import Malformed
from viewer.imaging.colourspace import is_of_rgb
from viewer.imaging.words import gettext_noop

# Pillow's warnings quote what stands in a file.
warnings.filterwarnings("ignore", module=r"PIL\.")

FORMATS = ("JPEG", "PNG", "TIFF")
MOST_PIXELS = 80_000_000  # of which a decoder's memory holds the several copies that it takes
LONGEST_SIDE = 65535
MOST_PAGES = 2000
MOST_APART = 0.01  # that two densities may differ in square pixels
COLOURS = frozenset(("P", "PA", "RGB", "RGBA", "RGBa", "RGBX", "CMYK", "YCbCr"))
GREYS = {"1": 8, "L": 8, "LA": 8, "La": 8, "I;16": 16, "I;16B": 16, "I;16L": 16}
TURNED = (5, 6, 7, 8)
REDUCED = 1  # of New Subfile Type: a smaller copy of another page
WHITE_IS_ZERO = 0
SIGNED = 2


@dataclass(frozen=True)
class Page:
    """One picture of a file, its sides as it is shown: `turned` is EXIF's orientation, which a decoder has yet to obey.

    `aspect` is (height, width) of a pixel. `stored_jpeg` is the photometric interpretation of a baseline JPEG that can
    be handed on as it is, else empty.
    """

    number: int
    rows: int
    columns: int
    bits: int
    colour: bool
    signed: bool = False
    white_is_zero: bool = False
    turned: int = 1
    aspect: tuple[int, int] = (1, 1)
    profile: bytes = b""
    stored_jpeg: str = ""
    lossy: bool = False
    taken: str = ""
    camera: tuple[str, str] = ("", "")

    @property
    def kind(self) -> tuple[object, ...]:
        """What pages have in common that can be frames of one image."""
        return (
            self.rows, self.columns, self.bits, self.colour, self.signed, self.white_is_zero, self.aspect, self.profile,
            self.stored_jpeg, self.lossy,
        )  # fmt: skip


def pages(source: BinaryIO) -> list[Page]:
    """Return the pages of a picture file, smaller copies left out; raises Malformed in words."""
    source.seek(0)
    try:
        with unbounded(), Image.open(source, formats=FORMATS) as image:
            if not isinstance(image, TiffImagePlugin.TiffImageFile):
                return [page(image, 0)]
            found = []
            for number in range(MOST_PAGES + 1):
                try:
                    image.seek(number)
                except EOFError:
                    break
                if number == MOST_PAGES:
                    raise Malformed(gettext_noop("picture of more than {count} pages", count=MOST_PAGES))
                if number == 0 or not int(image.tag_v2.get(254, 0)) & REDUCED:
                    found.append(page(image, number))
            return found
    except (Malformed, MemoryError):
        raise
    except Exception as error:  # a parser of pictures raises whatever its author didn't think of
        raise Malformed(gettext_noop("damaged picture, or of a kind that can't be read")) from error


@contextlib.contextmanager
def unbounded() -> Any:
    """Have sizes judged here and not by Pillow, which would warn into the log."""
    before, Image.MAX_IMAGE_PIXELS = Image.MAX_IMAGE_PIXELS, None
    try:
        yield
    finally:
        Image.MAX_IMAGE_PIXELS = before


def page(image: Image.Image, number: int) -> Page:
    """Return what the page says that an image stands at; raises Malformed."""
    is_tiff = isinstance(image, TiffImagePlugin.TiffImageFile)
    exif = {} if is_tiff else tags_of(image)
    turned = exif.get(ExifTags.Base.Orientation, 1)
    turned = turned if turned in range(2, 9) else 1
    columns, rows = image.size if turned not in TURNED else image.size[::-1]
    if not (0 < rows <= LONGEST_SIDE and 0 < columns <= LONGEST_SIDE) or rows * columns > MOST_PIXELS:
        words = "picture of {columns} × {rows} pixels, more than can be shown"
        raise Malformed(gettext_noop(words, columns=columns, rows=rows))
    tags = getattr(image, "tag_v2", {})
    signed = image.mode == "I" and tags.get(339) == (SIGNED,) and tags.get(258) == (16,)
    if image.mode not in COLOURS and image.mode not in GREYS and not signed:
        raise Malformed(gettext_noop("picture whose kind of pixels ({mode}) can't be shown", mode=image.mode))
    colour, bits = image.mode in COLOURS, GREYS.get(image.mode, 16 if signed else 8)
    stored = stored_jpeg(image) if turned == 1 else ""
    own = image.info.get("icc_profile") or b""
    date = exif.get(ExifTags.Base.DateTimeOriginal) or tags.get(306) or exif.get(ExifTags.Base.DateTime) or ""
    camera = [exif.get(tag) or tags.get(int(tag)) for tag in (ExifTags.Base.Make, ExifTags.Base.Model)]
    aspect = aspect_of(image)
    return Page(
        number=number, rows=rows, columns=columns, bits=bits, colour=colour, signed=signed,
        white_is_zero=bits == 16 and tags.get(262) == WHITE_IS_ZERO, turned=turned,
        aspect=aspect[::-1] if turned in TURNED or tags.get(274) in TURNED else aspect,
        profile=own if colour and image.mode != "CMYK" and is_of_rgb(own) else b"", stored_jpeg=stored,
        lossy=isinstance(image, JpegImagePlugin.JpegImageFile) or tags.get(259) in (6, 7),
        taken=date if isinstance(date, str) else "",
        camera=(plain(camera[0]), plain(camera[1])),
    )  # fmt: skip


def tags_of(image: Image.Image) -> dict[int, Any]:
    """Return the EXIF tags of a JPEG or PNG, as far as they can be read."""
    found: dict[int, Any] = {}
    held = image.info.get("exif")
    if isinstance(held, bytes):
        exif = Image.Exif()
        with contextlib.suppress(Exception):
            exif.load(held)
            found |= dict(exif)
            found |= dict(exif.get_ifd(ExifTags.IFD.Exif))
    return found


def stored_jpeg(image: Image.Image) -> str:
    """Return the photometric interpretation of a baseline JPEG as it is stored; empty for what has to be decoded."""
    if not isinstance(image, JpegImagePlugin.JpegImageFile) or image.mode not in {"L", "RGB"}:
        return ""
    if image.info.get("progressive") or image.bits != 8:
        return ""
    if image.mode == "L":
        return "MONOCHROME2"
    names = bytes(each[0] for each in image.layer)
    unsaid = "adobe_transform" not in image.info and "jfif" not in image.info
    return "RGB" if image.info.get("adobe_transform") == 0 or (unsaid and names == b"RGB") else "YBR_FULL_422"


def aspect_of(image: Image.Image) -> tuple[int, int]:
    """Return (height, width) of a pixel in small numbers, from densities along both axes; (1, 1) where they agree.

    A density is no patient's millimetre: only how one is to the other counts.
    """
    found = image.info.get("jfif_density") or image.info.get("dpi") or (1, 1)
    if isinstance(image, PngImagePlugin.PngImageFile):
        found = image.info.get("dpi") or image.info.get("aspect") or (1, 1)
    with contextlib.suppress(Exception):
        across, down = float(found[0]), float(found[1])
        if across > 0 and down > 0 and 0.1 < across / down < 10 and abs(across / down - 1) > MOST_APART:
            return round(1000 * across / down), 1000
    return 1, 1


def plain(value: Any) -> str:
    """Return a short text of a tag without what isn't printable."""
    return "".join(each for each in str(value or "")[:64] if each.isprintable()).strip()
