"""A volume in three dimensions at work: turned, clipped, cut, undone, turning by itself, a point picked, and back."""

import re
from collections.abc import Callable, Iterator

import numpy as np
import pytest
from playwright.sync_api import expect

from tests.browser.reading import Moment, Reader, lay, reading
from tests.browser.test_planes import location
from tests.chromium import barriers, needs_chromium
from tests.phantoms import ball_phantom

pytestmark = [pytest.mark.browser, needs_chromium]

AXIAL, CORONAL, SAGITTAL, SPACE = range(4)
CENTRE, RADIUS = (5.0, 3.0, -4.0), 10.0
VOXEL = {AXIAL: 1.0, CORONAL: 1.0, SAGITTAL: 0.5}  # mm; into the surface, as far as it is seen through
SHOWS = 40  # grey
SEGMENT = 0.436  # of a circle of 10 mm, beyond a line 1 mm from its middle


@pytest.fixture(scope="module")
def reader(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Reader, str]]:
    folder = tmp_path_factory.mktemp("space")
    study = lay(folder, ball_phantom(diameter=2 * RADIUS, value=1500, surroundings=-1000, centre=CENTRE))
    with reading(folder, width=1500, height=900) as found:
        found.indexed(study)
        yield found, study


def opened(page: Reader, study: str) -> Moment:
    """Open the study in three planes, with its volume beside them."""
    page.alone(study, {"fit": 1.0})
    page.open(study)
    page.focus()
    page.press("Shift+3")
    for pane in (AXIAL, CORONAL, SAGITTAL):
        page.until(lambda moment: bool(moment.grey.any()), pane, within=90)
    page.focus(SPACE)
    page.press("Shift+D")
    page.until(lambda moment: "3D Bone" in moment.image and bool(moment.grey.any()), SPACE, within=90)
    return rested(page)


def rested(page: Reader, found: Callable[[Moment], bool] = lambda moment: True) -> Moment:
    """Wait until the volume is shown without loss, twice the same, and as it is looked for."""
    last: Moment | None = None

    def still(moment: Moment) -> bool:
        nonlocal last
        sign = page.page.locator(f".pane[data-pane='{SPACE}'] .fidelity").get_attribute("data-sign")
        same = last is not None and np.array_equal(last.grey, moment.grey) and last.image == moment.image
        last = moment
        page.page.wait_for_timeout(150)
        return same and sign == "scaled" and found(moment)

    return page.until(still, SPACE, within=60)


def area(moment: Moment) -> int:
    return int((moment.grey > SHOWS).sum())


def middle(moment: Moment) -> tuple[float, float]:
    """Return the middle of what shows, in CSS pixels of the area."""
    rows, columns = np.nonzero(moment.grey > SHOWS)
    return float(columns.mean()) + 0.5, float(rows.mean()) + 0.5


def drag(page: Reader, *spots: tuple[float, float]) -> None:
    """Draw with the left button through places of the volume's area."""
    box = page.page.locator(f".pane[data-pane='{SPACE}'] .area").bounding_box()
    assert box
    for number, (x, y) in enumerate(spots):
        page.page.mouse.move(box["x"] + x, box["y"] + y, steps=1 if number == 0 else 5)
        if number == 0:
            page.page.mouse.down()
    page.page.mouse.up()
    page.focus(SPACE)


def test_a_volume_is_turned_clipped_cut_undone_picked_and_comes_back(reader: tuple[Reader, str]) -> None:
    page, study = reader
    whole = opened(page, study)
    assert whole.letters == {"left": "R", "right": "L", "top": "H", "bottom": "F"}
    cube = page.page.locator(f".pane[data-pane='{SPACE}'] .cube")
    expect(cube.locator("text")).to_have_text(["A"])

    # Presets, by the row and by key.
    page.page.locator(".space-bar select:visible").select_option(label="Vessels")
    page.until(lambda moment: "3D Vessels" in moment.image, SPACE)
    page.focus(SPACE)
    page.press("1")
    page.until(lambda moment: "3D Bone" in moment.image, SPACE)

    # Turned by keys and by the cube.
    page.press("ArrowLeft", "ArrowLeft")
    rested(page, lambda moment: moment.letters["left"] == "RA" and moment.letters["top"] == "H")
    expect(cube.locator("text")).to_have_text(["L", "A"])
    cube.locator("[data-side='left-side']").focus()
    page.press("Enter")
    rested(page, lambda moment: moment.letters == {"left": "A", "right": "P", "top": "H", "bottom": "F"})
    page.focus(SPACE)
    page.press("a")
    front = rested(page, lambda moment: moment.letters == whole.letters)
    x, y = middle(front)
    across = np.sqrt(area(front) / np.pi)  # CSS pixels of the ball's radius

    # The box, by key and by hand.
    page.press("e")
    left = page.page.get_by_role("slider", name="Clip box: left side")
    left.focus()
    expect(left).to_have_attribute("aria-valuenow", "24.0")
    assert barriers(page.page) == []
    for _ in range(2):
        page.press("Shift+ArrowLeft")
    expect(left).to_have_attribute("aria-valuenow", "4.0")
    half = rested(page, lambda moment: "clip box" in moment.image)
    assert area(half) == pytest.approx(area(front) * SEGMENT, rel=0.05)
    handle = left.bounding_box()
    assert handle
    start = (handle["x"] + handle["width"] / 2, handle["y"] + handle["height"] / 2)
    page.page.mouse.move(*start)
    page.page.mouse.down()
    page.page.mouse.move(start[0] + across, start[1] + 3, steps=4)
    page.page.mouse.up()
    assert float(left.get_attribute("aria-valuenow") or 0) == pytest.approx(4 + RADIUS, abs=0.5)
    page.focus(SPACE)
    page.press("e")
    clipped = rested(page, lambda moment: area(moment) > area(half))

    # The scissors: the upper half is cut away, then all but a part.
    page.press("x")
    drag(
        page,
        (x - 2 * across, y),
        (x - 2 * across, y - 2 * across),
        (x + 2 * across, y - 2 * across),
        (x + 2 * across, y),
    )
    cut = rested(page, lambda moment: "clip box · cut away: 1" in moment.image)
    assert area(cut) == pytest.approx(area(clipped) / 2, rel=0.04)
    assert middle(cut)[1] > y
    page.press("Control+z", "Control+z")
    again = rested(page, lambda moment: "cut away" not in moment.image and "clip box" in moment.image)
    assert area(again) == area(half)
    page.press("Control+z", "Control+z")
    assert "clip box" not in rested(page, lambda moment: area(moment) == area(front)).image
    page.press("Control+y", "Control+y", "Control+y", "Control+y")
    assert area(rested(page, lambda moment: "cut away: 1" in moment.image)) == area(cut)

    # It turns by itself, and stands.
    page.press("7")
    page.until(lambda moment: "3D MIP" in moment.image, SPACE)
    page.press("c")
    for letter in ("P", "L"):
        page.until(lambda moment, letter=letter: moment.letters["left"].startswith(letter), SPACE, within=60)
    page.press("c", "1", "a")
    rested(page, lambda moment: "3D Bone" in moment.image and moment.letters == whole.letters)

    # A click on the surface: the crosshair of all planes is there.
    spot = (x, y + across / 2)
    drag(page, spot)
    depth = CENTRE[1] - np.sqrt(RADIUS**2 - (RADIUS / 2) ** 2)
    for pane, place in ((AXIAL, CENTRE[2] - RADIUS / 2), (SAGITTAL, CENTRE[0]), (CORONAL, depth)):
        page.until(lambda moment, pane=pane, place=place: abs(location(moment) - place) <= VOXEL[pane], pane)

    # Left and opened again, it is the same.
    before = rested(page)
    page.page.goto(page.served.url)
    page.open(study)
    page.focus(SPACE)
    after = rested(page, lambda moment: "3D Bone · clip box · cut away: 1" in moment.image)
    assert np.array_equal(before.grey, after.grey)
    page.press("Shift+Space")
    assert area(rested(page, lambda moment: not re.search("clip box|cut away", moment.image))) == area(front)


def test_a_region_is_drawn_without_a_mouse(reader: tuple[Reader, str]) -> None:
    page, study = reader
    front = opened(page, study)
    page.press("Shift+X", "Enter")
    page.press(*["ArrowUp"] * 10, "Enter", *["ArrowRight"] * 10, "Enter", *["ArrowDown"] * 10, "Enter", "Enter")
    kept = rested(page, lambda moment: "cut away: 1" in moment.image)
    assert 0 < area(kept) < area(front) / 2
    rows, columns = np.nonzero(kept.grey > SHOWS)
    height, width = kept.grey.shape
    assert columns.min() >= width / 2 - 3 and rows.max() <= height / 2 + 3
    page.press("Control+z")
    assert area(rested(page, lambda moment: "cut away" not in moment.image)) == area(front)
