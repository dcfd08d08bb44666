"""PET over CT at the real server, on real data: fused planes, both values, three rows with the MIP."""

from collections.abc import Iterator

import numpy as np
import pydicom
import pytest
from playwright.sync_api import expect

from tests.browser.reading import Reader, reading
from tests.chromium import needs_chromium
from tests.unpacked_data import test_data

pytestmark = [pytest.mark.browser, needs_chromium]

COLOURED = """pane => {
  const canvas = document.querySelectorAll('.pane')[pane].querySelector('canvas');
  const pixels = canvas.getContext('2d').getImageData(0, 0, canvas.width, canvas.height).data;
  let count = 0;
  for (let at = 0; at < pixels.length; at += 4) if (pixels[at] - pixels[at + 2] > 60) count++;
  return count / (pixels.length / 4);
}"""


@pytest.fixture(scope="module")
def reader() -> Iterator[tuple[Reader, str]]:
    folder = test_data() / "petct" / "acrin-nsclc"
    first = next((folder / "002-ct-ct-images").glob("*.dcm"))
    study = str(pydicom.dcmread(first, stop_before_pixels=True).StudyInstanceUID)
    with reading(folder, width=1920, height=1080) as found:
        found.indexed(study, 7)
        yield found, study


def reddish(reader: Reader, pane: int) -> float:
    return float(reader.page.evaluate(COLOURED, pane))


def test_pet_is_laid_over_ct_told_with_both_values_and_stands_in_three_rows(reader: tuple[Reader, str]) -> None:
    found, study = reader
    page = found.page
    found.open(study)
    page.locator("#thumbnails button.thumb", has_text="CT IMAGES").first.click()
    found.until(lambda moment: "Image" in moment.image and "CT IMAGES" in moment.image)
    # What can be laid over it is known by then: the panel tells its stacks.
    found.see("#thumbnails").to_contain_text("PET AC")
    found.focus()
    page.keyboard.press("p")
    for pane in range(3):
        found.until(lambda moment: "+ PT · SUVbw 0–5 g/ml · 50 %" in moment.window, pane, within=90)
        assert reddish(found, pane) > 0.02
    assert "Soft tissue" in found.moment(0).window
    found.press("n", "n")
    strong = found.until(lambda moment: "70 %" in moment.window)
    found.press("a", "4")
    found.until(lambda moment: "+ PT · SUVbw 0–10 g/ml · 70 %" in moment.window)
    assert "Soft tissue" in strong.window and "Soft tissue" in found.moment(2).window
    found.press("a")
    page.locator(".pane .area").nth(0).hover(position={"x": 300, "y": 240})
    told = found.until(lambda moment: "HU · SUVbw" in moment.window)
    assert "g/ml" in told.window

    found.press("q")
    box = page.locator(".pane .area").nth(0).bounding_box()
    assert box
    # Over the lesion at the right hilum.
    page.mouse.move(box["x"] + 0.415 * box["width"], box["y"] + 0.47 * box["height"])
    page.mouse.down()
    page.mouse.move(box["x"] + 0.45 * box["width"], box["y"] + 0.47 * box["height"], steps=4)
    page.mouse.up()
    words = page.locator(".sphere-words:not([hidden])")
    expect(words).to_contain_text("SUVbw: max")
    expect(words).to_contain_text("CT: max")
    expect(words).to_contain_text("not saved")
    found.press("w")
    expect(words).to_have_count(0)

    page.locator(".pane .area").nth(1).locator("input[type=range]").fill("40")
    found.until(lambda moment: "40 %" in moment.window)
    found.focus()
    found.press("Shift+P")
    for pane in (8, 9, 10):
        found.until(lambda moment: bool(moment.grey.any()), pane, within=60)
        assert reddish(found, pane) > 0.0005
    mip = found.until(lambda moment: "whole volume" in moment.image, 3, within=60)
    assert np.ptp(mip.grey) == 255 and "MIP" in mip.image
    found.focus(8)
    before = [found.moment(pane).grey for pane in (0, 4, 8, 1)]
    found.press("ArrowDown", "ArrowDown", "ArrowDown")
    for pane, was in zip((0, 4, 8), before, strict=False):
        found.until(lambda moment, was=was: not np.array_equal(moment.grey, was), pane)
    page.reload()
    page.wait_for_function("() => document.querySelectorAll('.pane').length > 11")
    found.until(lambda moment: "40 %" in moment.image, 8, within=60)
    assert reddish(found, 8) > 0.0005
