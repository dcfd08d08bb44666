"""What red, green and blue mean: profiles, the spaces that images name, and the measure of what an eye sees."""

import io

import numpy as np
import pytest
from PIL import Image, ImageCms

from tests.imaging import deltae
from tests.imaging.datasets import instance, slice_at
from viewer.doors import icc
from viewer.imaging import colourspace
from viewer.imaging.bulkdata import bulkdata_uris
from viewer.imaging.record import Instance, instances

# The pairs that Sharma, Wu and Dalal publish to check implementations by: L, a, b of both, and their difference.
PAIRS = """
50 2.6772 -79.7751  50 0 -82.7485  2.0425;  50 3.1571 -77.2803  50 0 -82.7485  2.8615
50 2.8361 -74.0200  50 0 -82.7485  3.4412;  50 -1.3802 -84.2814  50 0 -82.7485  1.0000
50 -1.1848 -84.8006  50 0 -82.7485  1.0000;  50 -0.9009 -85.5211  50 0 -82.7485  1.0000
50 0 0  50 -1 2  2.3669;  50 -1 2  50 0 0  2.3669
50 2.4900 -0.0010  50 -2.4900 0.0009  7.1792;  50 2.4900 -0.0010  50 -2.4900 0.0010  7.1792
50 2.4900 -0.0010  50 -2.4900 0.0011  7.2195;  50 2.4900 -0.0010  50 -2.4900 0.0012  7.2195
50 -0.0010 2.4900  50 0.0009 -2.4900  4.8045;  50 -0.0010 2.4900  50 0.0010 -2.4900  4.8045
50 -0.0010 2.4900  50 0.0011 -2.4900  4.7461;  50 2.5 0  50 0 -2.5  4.3065
50 2.5 0  73 25 -18  27.1492;  50 2.5 0  61 -5 29  22.8977
50 2.5 0  56 -27 -3  31.9030;  50 2.5 0  58 24 15  19.4535
50 2.5 0  50 3.1736 0.5854  1.0000;  50 2.5 0  50 3.2972 0  1.0000
50 2.5 0  50 1.8634 0.5757  1.0000;  50 2.5 0  50 3.2592 0.3350  1.0000
60.2574 -34.0099 36.2677  60.4626 -34.1751 39.4387  1.2644;  63.0109 -31.0961 -5.8663  62.8187 -29.7946 -4.0864  1.2630
61.2901 3.7196 -5.3901  61.4292 2.2480 -4.9620  1.8731;  35.0831 -44.1164 3.7933  35.0232 -40.0716 1.5901  1.8645
22.7233 20.0904 -46.6940  23.0331 14.9730 -42.5619  2.0373;  36.4612 47.8580 18.3852  36.2715 50.5065 21.2231  1.4146
90.8027 -2.0831 1.4410  91.1528 -1.6435 0.0447  1.4441;  90.9257 -0.5406 -0.9208  88.6381 -0.8985 -0.7239  1.5381
6.7747 -0.2908 -2.4247  5.8714 -0.0985 -2.2286  0.6377;  2.0776 0.0795 -1.1350  0.9033 -0.0636 -0.5514  0.9082
"""
EVERY = np.stack(np.meshgrid(*[np.arange(0, 256, 17, dtype=np.uint8)] * 3, indexing="ij"), axis=-1).reshape(64, 64, 3)
# XYZ of D65 for Adobe RGB (1998), as its specification prints it (4.3.5.3).
ADOBE_TO_XYZ = np.array([[0.57667, 0.18556, 0.18823], [0.29734, 0.62736, 0.07529], [0.02703, 0.07069, 0.99134]])


def of_adobe(rgb: np.ndarray) -> np.ndarray:
    """Return float sRGB from 0 to 255 of Adobe RGB (1998) by the specifications' formulas; what sRGB lacks is cut."""
    light = (rgb / 255.0) ** (563 / 256) @ (np.linalg.inv(deltae.TO_XYZ) @ ADOBE_TO_XYZ).T
    light = np.clip(light, 0, 1)
    return 255 * np.where(light <= 0.0031308, 12.92 * light, 1.055 * light ** (1 / 2.4) - 0.055)


def photograph(**attributes: object) -> Instance:
    return instance(slice_at(0, 1, SamplesPerPixel=3, PhotometricInterpretation="RGB", **attributes))


def test_the_difference_of_colours_is_the_published_one() -> None:
    rows = [[float(each) for each in pair.split()] for pair in PAIRS.replace("\n", ";").split(";") if pair.strip()]
    table = np.array(rows)
    assert len(table) == 34
    assert np.abs(deltae.of_lab(table[:, :3], table[:, 3:6]) - table[:, 6]).max() < 1e-4


def test_adobe_rgb_is_converted_by_its_specification() -> None:
    image = photograph(ColorSpace="ADOBERGB")
    shown, profile = icc.shown_as(EVERY, colourspace.profile(image), "no")
    away = deltae.between(shown, of_adobe(EVERY))
    assert profile is None
    assert np.quantile(away, 0.995) < 2 and away.max() < 3
    assert np.quantile(deltae.between(EVERY, of_adobe(EVERY)), 0.5) > 2  # unconverted it would be seen


def test_the_spaces_that_are_named_are_profiles_that_others_read() -> None:
    for name, gamma in (("ADOBERGB", 563 / 256), ("ROMMRGB", 1.8)):
        found = ImageCms.ImageCmsProfile(io.BytesIO(colourspace.named(name))).profile
        assert (found.xcolor_space.strip(), found.connection_space.strip(), found.version) == ("RGB", "XYZ", 4.3)
        whites = np.array([found.red_colorant[0], found.green_colorant[0], found.blue_colorant[0]]).sum(axis=0)
        assert np.abs(whites - colourspace.D50).max() < 2e-4
        grey = Image.new("RGB", (1, 1), (128, 128, 128))
        lab = ImageCms.profileToProfile(
            grey, ImageCms.ImageCmsProfile(io.BytesIO(colourspace.named(name))), ImageCms.createProfile("LAB"),
            outputMode="LAB",
        )  # fmt: skip
        assert lab is not None
        lightness = 116 * np.cbrt((128 / 255) ** gamma) - 16
        assert abs(float(np.asarray(lab)[0, 0, 0]) * 100 / 255 - lightness) < 0.5
    assert colourspace.named("SRGB") == colourspace.named("") == b""


def test_going_there_and_back_is_the_same_colour() -> None:
    for name in ("adobergb", "rommrgb"):
        there, profile = icc.shown_as(EVERY, b"", name)
        assert profile == colourspace.named(name.upper())
        back, none = icc.shown_as(there, profile, "no")
        assert none is None
        assert np.quantile(deltae.between(back, EVERY), 0.995) < 2


def test_a_profile_in_the_image_counts_before_the_name_of_a_space() -> None:
    own = icc.srgb()
    assert colourspace.profile(photograph(ICCProfile=own, ColorSpace="ADOBERGB")) == own
    assert colourspace.profile(photograph()) == b""
    assert colourspace.profile(photograph(ColorSpace="SRGB")) == b""


def test_the_usual_profile_moves_no_colour() -> None:
    shown, profile = icc.shown_as(EVERY, icc.srgb(), "no")
    assert profile is None and np.array_equal(shown, EVERY)
    assert icc.shown_as(EVERY, icc.srgb(), "yes")[1] == icc.srgb()


@pytest.mark.parametrize("own", [b"no profile", icc.srgb()[:200], icc.srgb().replace(b"RGB ", b"CMYK")])
def test_what_is_no_profile_of_red_green_and_blue_changes_nothing(own: bytes) -> None:
    assert np.array_equal(icc.shown_as(EVERY, colourspace.profile(photograph(ICCProfile=own)), "no")[0], EVERY)


def test_a_profile_that_lies_elsewhere_is_fetched_and_that_of_a_grey_image_is_not() -> None:
    body = (
        b'[{"00280002":{"vr":"US","Value":[%d]},"00280004":{"vr":"CS","Value":["RGB"]},'
        b'"00282000":{"vr":"OB","BulkDataURI":"there"}}]'
    )
    (colour,), (grey,) = instances(body % 3), instances(body % 1)
    assert bulkdata_uris([colour]) == {"there"}
    assert bulkdata_uris([grey]) == set()
    (whole,) = instances(body % 3, {"there": icc.srgb()})
    assert colourspace.profile(whole) == icc.srgb() and bulkdata_uris([whole]) == set()
