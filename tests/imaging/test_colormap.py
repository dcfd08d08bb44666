"""Colour maps against the standard's own palettes, as pydicom carries them (PS3.6 B.1)."""

from pathlib import Path

import numpy as np
import pydicom
import pytest

from viewer.imaging import colormap

PALETTES = Path(pydicom.__file__).parent / "data" / "palettes"


@pytest.mark.parametrize(
    ("name", "file"),
    [("HOT_IRON", "hotiron"), ("PET", "pet"), ("HOT_METAL_BLUE", "hotmetalblue"), ("PET_20_STEP", "pet20step")],
)
def test_a_well_known_palette_is_the_standards(name: str, file: str) -> None:
    palette = pydicom.dcmread(PALETTES / f"{file}.dcm", force=True)
    channels = [palette[f"{colour}PaletteColorLookupTableData"].value for colour in ("Red", "Green", "Blue")]
    truth = np.stack([np.frombuffer(channel, np.uint8) for channel in channels], axis=1)
    assert palette.ContentLabel == name
    assert np.array_equal(colormap.table(name), truth)


def test_a_rainbow_runs_from_blue_to_red_and_greys_are_grey() -> None:
    rainbow = colormap.table("RAINBOW")
    assert rainbow[[0, 127, 255]].tolist() == [[0, 0, 255], [0, 255, 0], [255, 0, 0]]
    assert np.array_equal(colormap.table("GREY")[:, 1], np.arange(256))
    assert np.array_equal(colormap.table("GREY_INVERTED")[:, 2], np.arange(256)[::-1])


def test_where_no_pixel_is_there_is_black_whatever_the_map() -> None:
    grey = np.array([[0, 255]], np.uint8)
    for name in colormap.NAMES:
        assert colormap.coloured(grey, name, np.array([[True, False]]))[0, 0].tolist() == [0, 0, 0]


def test_a_bar_is_said_from_its_lowest_to_its_highest_colour() -> None:
    said = colormap.said("HOT_IRON", count=3)
    assert said == "000000ff0000ffffff"[:6] + bytes(colormap.table("HOT_IRON")[128]).hex() + "ffffff"
