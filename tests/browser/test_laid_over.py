"""What a file lays over its image is seen, told, put away by a key and back again, and never hidden silently."""

from collections.abc import Iterator
from pathlib import Path

import cv2
import numpy as np
import pytest
from playwright.sync_api import expect

from tests.browser.reading import Reader, lay, reading
from tests.chromium import needs_chromium
from tests.phantoms import speaking_phantom

pytestmark = [pytest.mark.browser, needs_chromium]

# How many pixels of the canvas have the shade of drawings.
DRAWN = """() => {
  const canvas = document.querySelector('.pane .area canvas');
  const pixels = canvas.getContext('2d').getImageData(0, 0, canvas.width, canvas.height).data;
  let count = 0;
  for (let at = 0; at < pixels.length; at += 4) {
    count += pixels[at] < 80 && pixels[at + 1] > 200 && pixels[at + 2] > 190 && pixels[at + 2] < 225;
  }
  return count;
}"""


@pytest.fixture(scope="module")
def reader(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Reader, str]]:
    folder = tmp_path_factory.mktemp("laid-over")
    datasets = speaking_phantom(slices=3, rows=512, columns=512)
    drawing = np.zeros((512, 512), np.uint8)
    cv2.putText(drawing, "SKIN MARK", (150, 300), cv2.FONT_HERSHEY_SIMPLEX, 1, (1,), 2)
    cv2.circle(drawing, (256, 256), 90, (1,), 1)
    for dataset in datasets:
        for element, vr, value in ((0x10, "US", 512), (0x11, "US", 512), (0x40, "CS", "G"), (0x50, "SS", [1, 1]),
                                   (0x100, "US", 1), (0x102, "US", 0), (0x1500, "LO", "Skin mark")):  # fmt: skip
            dataset.add_new(0x60000000 | element, vr, value)
        dataset.add_new(0x60003000, "OW", np.packbits(drawing.ravel(), bitorder="little").tobytes())
        dataset.ShutterShape, dataset.ShutterPresentationValue = "CIRCULAR", 0x2000
        dataset.CenterOfCircularShutter, dataset.RadiusOfCircularShutter = ["256", "256"], "220"
    study = lay(folder, datasets)
    with reading(folder) as found:
        yield found, study


def test_overlay_and_shutter_are_put_away_and_back(reader: tuple[Reader, str], tmp_path: Path) -> None:
    page, study = reader
    page.open(study)
    page.focus()
    corner = page.page.locator(".pane .bottom-right").first
    expect(corner).to_contain_text("Overlay: Skin mark")
    expect(corner).to_contain_text("Shutter")
    page.page.wait_for_function(f"() => ({DRAWN})() > 300")
    page.page.screenshot(path=tmp_path / "laid-over.png")
    page.press("Shift+O")
    expect(corner).to_contain_text("Overlay: Skin mark: hidden")
    page.page.wait_for_function(f"() => ({DRAWN})() === 0")
    page.press("Shift+H")
    expect(corner).to_contain_text("Shutter: hidden")
    page.page.screenshot(path=tmp_path / "put-away.png")
    page.press("Shift+O")
    page.page.wait_for_function(f"() => ({DRAWN})() > 300")
    expect(corner).not_to_contain_text("Overlay: Skin mark: hidden")
