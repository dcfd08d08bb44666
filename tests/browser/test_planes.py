"""Three planes of a volume: letters proved by the pixels, one crosshair for all, each pane its own window."""

import re
from collections.abc import Iterator

import numpy as np
import pytest
from playwright.sync_api import expect
from pydicom.dataset import Dataset

from tests.browser.reading import Moment, Reader, lay, reading
from tests.browser.test_orientation import LETTERS, OPPOSITE, turns
from tests.chromium import needs_chromium
from tests.phantoms import TRANSFORMS, ball_phantom, speaking_phantom

pytestmark = [pytest.mark.browser, needs_chromium]

# HU for a millimetre toward left, posterior and head: no two axes rise alike, and trilinear keeps a slope as it is.
SLOPES = {"L": 1.0, "P": 0.5, "S": 1.5}
AXIAL, CORONAL, SAGITTAL, ACQUIRED = range(4)
AXES = {AXIAL: "LP", CORONAL: "LS", SAGITTAL: "PS"}
# Every message of the socket and every HTTP answer is late by so much.
LATE = """(() => {
  window.__late = 0;
  const listen = WebSocket.prototype.addEventListener;
  WebSocket.prototype.addEventListener = function (type, heard, ...rest) {
    const wrapped = type === 'message' ? event => setTimeout(() => heard(event), window.__late) : heard;
    return listen.call(this, type, wrapped, ...rest);
  };
})()"""


def slope_phantom(series: int, frame: str) -> list[Dataset]:
    """Return axial CT slices whose HU rise by SLOPES about (0, 0, 0), in a frame of reference of the given end."""
    datasets = ball_phantom(rows=40, columns=48, slices=24, spacing=(2.0, 2.0), thickness=3.0, series=series)
    for dataset in datasets:
        x, y, z = (float(value) for value in dataset.ImagePositionPatient)
        rows, columns = np.mgrid[: dataset.Rows, : dataset.Columns]
        places = {"L": x + 2.0 * columns, "P": y + 2.0 * rows, "S": z}
        values = sum(SLOPES[axis] * place for axis, place in places.items())
        stored = np.rint((values - float(dataset.RescaleIntercept)) / float(dataset.RescaleSlope))
        dataset.PixelData = stored.astype(np.uint16 if dataset.PixelRepresentation == 0 else np.int16).tobytes()
        dataset.WindowCenter, dataset.WindowWidth = 0, 256
        dataset.FrameOfReferenceUID = f"{dataset.FrameOfReferenceUID}.{frame}"
    return datasets


@pytest.fixture(scope="module")
def reader(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Reader, str, str]]:
    folder = tmp_path_factory.mktemp("planes")
    flat = lay(folder, speaking_phantom(patient=3, orientation=None, modality="CR", slices=1))
    lay(folder, slope_phantom(1, "1"))
    study = lay(folder, slope_phantom(2, "2"))
    with reading(folder, width=1500, height=900) as found:
        found.page.add_init_script(LATE)
        found.indexed(study, 2)
        yield found, study, flat


def three_planes(reader: Reader, study: str) -> None:
    """Open the study afresh: its first series in three planes beside the stack."""
    reader.open(study)
    reader.focus()
    reader.page.keyboard.press("Shift+1")
    reader.page.locator("#thumbnails button.thumb").first.click()
    reader.focus()
    reader.press("Space", "Shift+3")
    for pane in AXES:
        reader.press("Space")
        # A server's first plane waits until its kernels are compiled.
        reader.until(lambda moment: bool(moment.grey.any()) and "MPR" in moment.image, pane, within=90)
        reader.press("ArrowRight")
    reader.focus(AXIAL)


def rested(reader: Reader, pane: int, within: float = 30) -> Moment:
    """Return what a pane shows once its picture is lossless and stays."""
    sign = reader.page.locator(".pane").nth(pane).locator("canvas ~ .fidelity")
    before = reader.moment(pane)
    for _turn in range(int(within / 0.3)):
        reader.page.wait_for_timeout(300)
        now = reader.moment(pane)
        same = now.image == before.image and np.array_equal(now.grey, before.grey)
        if same and sign.get_attribute("data-sign") != "moving":
            return now
        before = now
    raise AssertionError(f"pane {pane} doesn't come to rest: {before}")


def rising(moment: Moment) -> tuple[float, float]:
    """Return how grey rises to the right and downward, per device pixel, where the volume is."""
    row, column = np.nonzero(moment.grey)
    grey = moment.grey[row, column].astype(float)
    slopes, *_ = np.linalg.lstsq(np.stack([column, row, np.ones_like(row)], -1).astype(float), grey, rcond=None)
    return float(slopes[0]), float(slopes[1])


def read_edges(moment: Moment, axes: str) -> dict[str, str]:
    """Return the letter of each edge by the pixels alone; `axes` are the two that the plane spans."""
    right, down = rising(moment)
    one, other = axes[0], axes[1]
    swapped = abs(np.log(abs(right / down) * SLOPES[other] / SLOPES[one])) > 0.2
    across, along = (other, one) if swapped else (one, other)
    assert abs(right / down) == pytest.approx(SLOPES[across] / SLOPES[along], rel=0.03), (right, down)
    letters = {
        "right": LETTERS[across][0 if right > 0 else 1],
        "bottom": LETTERS[along][0 if down > 0 else 1],
    }
    return letters | {"left": OPPOSITE[letters["right"]], "top": OPPOSITE[letters["bottom"]]}


def location(moment: Moment) -> float:
    """Return the place in mm that a pane's text tells."""
    found = re.search(r"Loc (−?[\d.]+) mm", moment.image)
    assert found, moment.image
    return float(found[1].replace("−", "-"))


def middle_value(moment: Moment) -> float:
    """Return the HU in the middle of the shown part: of a plane through the volume, what its place alone decides."""
    row, column = np.nonzero(moment.grey)
    return float(moment.grey[row, column].mean()) - 127.5


def lines(reader: Reader, pane: int) -> dict[str, float]:
    """Return where the straight lines of a pane cross it, in CSS pixels, by the name of their plane."""
    found = {}
    for path in reader.page.locator(".pane").nth(pane).locator(".crosshair path:not(.halo, .grip, .slab)").all():
        (x1, y1), (x2, _y2) = (
            (float(x), float(y)) for x, y in re.findall(r"([-\d.]+) ([-\d.]+)", path.get_attribute("d") or "")[:2]
        )
        found[path.get_attribute("class") or ""] = x1 if abs(x1 - x2) < 1 else y1
    return found


def test_letters_of_every_plane_are_where_the_pixels_say(reader: tuple[Reader, str, str]) -> None:
    page, study, _flat = reader
    three_planes(page, study)
    seen = set()
    for pane, axes in AXES.items():
        page.focus(pane)
        for transform in TRANSFORMS:
            page.press("Space", *turns(transform))

            def is_new(moment: Moment, pane: int = pane) -> bool:
                return bool(moment.grey.any()) and (pane, *moment.letters.values()) not in seen

            moment = page.until(is_new, pane, within=30)
            assert moment.letters == read_edges(moment, axes), (pane, transform)
            seen.add((pane, *moment.letters.values()))
        page.press("Space")
    assert len(seen) == 3 * 8


def test_the_planes_are_where_their_text_says(reader: tuple[Reader, str, str]) -> None:
    page, study, _flat = reader
    three_planes(page, study)
    for pane, axis in ((AXIAL, "S"), (CORONAL, "P"), (SAGITTAL, "L")):
        page.focus(pane)
        for key in ("Home", "End", "ArrowUp", "PageUp", "ArrowDown"):
            before = page.moment(pane).image
            page.press(key)
            page.until(lambda now, before=before: now.image != before, pane, within=30)
            moment = rested(page, pane)
            assert middle_value(moment) == pytest.approx(SLOPES[axis] * location(moment), abs=1.5), (pane, key)


def test_the_crosshair_moves_every_plane_and_the_stack_of_its_space(reader: tuple[Reader, str, str]) -> None:
    page, study, _flat = reader
    three_planes(page, study)
    area = page.page.locator(".pane .area").nth(CORONAL)
    box = area.bounding_box()
    assert box
    page.page.keyboard.press("x")
    x, y = box["width"] * 0.6, box["height"] * 0.3
    before = {pane: location(page.moment(pane)) for pane in AXES}
    page.page.mouse.move(box["x"] + x, box["y"] + y)
    page.page.mouse.down()
    page.page.mouse.up()
    page.until(lambda moment: location(moment) > before[AXIAL], AXIAL, within=30)
    page.until(lambda moment: location(moment) > before[SAGITTAL], SAGITTAL, within=30)
    now = {pane: rested(page, pane) for pane in AXES}
    assert location(now[CORONAL]) == before[CORONAL], "a plane doesn't move along itself"
    for pane, axis in ((AXIAL, "S"), (SAGITTAL, "L")):
        assert middle_value(now[pane]) == pytest.approx(SLOPES[axis] * location(now[pane]), abs=1.5)
    assert lines(page, CORONAL) == pytest.approx({"axial": y, "sagittal": x}, abs=1)
    assert set(lines(page, AXIAL)) == {"coronal", "sagittal"}
    assert set(lines(page, SAGITTAL)) == {"axial", "coronal"}
    # The nearest slice of 3 mm.
    page.until(lambda moment: abs(location(moment) - location(now[AXIAL])) <= 1.5, ACQUIRED, within=30)
    expect(page.page.locator(".pane").nth(ACQUIRED).locator(".crosshair .reference")).to_have_count(1)


def test_the_lines_follow_the_hand_before_any_picture_comes(reader: tuple[Reader, str, str]) -> None:
    page, study, _flat = reader
    three_planes(page, study)
    page.page.keyboard.press("x")
    box = page.page.locator(".pane .area").nth(AXIAL).bounding_box()
    assert box
    before = location(page.moment(CORONAL))
    page.page.evaluate("() => { window.__late = 6000; }")
    page.page.mouse.move(box["x"] + box["width"] * 0.5, box["y"] + box["height"] * 0.5)
    page.page.mouse.down()
    for step in range(1, 11):
        page.page.mouse.move(
            box["x"] + box["width"] * (0.5 + 0.02 * step), box["y"] + box["height"] * (0.5 + 0.01 * step)
        )
    page.page.wait_for_timeout(100)
    drawn = {"sagittal": box["width"] * 0.7, "coronal": box["height"] * 0.6}
    assert lines(page, AXIAL) == pytest.approx(drawn, abs=1)
    assert location(page.moment(CORONAL)) == before, "text stays with the pixels that are on the screen"
    page.page.mouse.up()
    page.page.evaluate("() => { window.__late = 0; }")
    moment = page.until(lambda moment: location(moment) > before, CORONAL, within=30)
    assert middle_value(moment) == pytest.approx(SLOPES["P"] * location(moment), abs=2)


def test_the_value_under_the_pointer_is_what_the_plane_shows_there(reader: tuple[Reader, str, str]) -> None:
    page, study, _flat = reader
    three_planes(page, study)
    for pane in (CORONAL, SAGITTAL, AXIAL):
        shown = page.page.locator(".pane").nth(pane)
        box = shown.locator(".area").bounding_box()
        assert box
        for across, down in ((0.5, 0.5), (0.62, 0.44), (0.4, 0.55)):
            x, y = round(box["width"] * across), round(box["height"] * down)
            page.page.mouse.move(box["x"] + x + 0.5, box["y"] + y + 0.5)
            value = shown.locator(".value")
            expect(value).to_have_text(re.compile(r"^−?[\d.]+ HU( · interpolated)?$"), timeout=30_000)

            def is_there(moment: Moment, pane: int = pane, x: int = x, y: int = y) -> bool:
                told = page.page.locator(".pane").nth(pane).locator(".value").inner_text()
                number = told.partition(" HU")[0].replace("−", "-")
                return bool(number) and abs(float(number) + 127.5 - moment.grey[y, x]) <= 1.5

            page.until(is_there, pane, within=30)
        page.page.mouse.move(0, 0)
        expect(shown.locator(".value")).to_have_text("")


def test_another_space_stays_where_it_is(reader: tuple[Reader, str, str]) -> None:
    page, study, _flat = reader
    three_planes(page, study)
    page.focus(SAGITTAL)
    page.page.locator("#thumbnails button.thumb").nth(1).click()
    other = page.until(lambda moment: "Image" in moment.image, SAGITTAL, within=30)
    before = location(page.moment(AXIAL))
    box = page.page.locator(".pane .area").nth(CORONAL).bounding_box()
    assert box
    page.page.keyboard.down("Shift")
    page.page.mouse.move(box["x"] + box["width"] * 0.5, box["y"] + box["height"] * 0.5)
    page.page.mouse.move(box["x"] + box["width"] * 0.5, box["y"] + box["height"] * 0.2)
    page.page.keyboard.up("Shift")
    page.until(lambda moment: location(moment) > before + 10, AXIAL, within=30)
    assert rested(page, SAGITTAL).image == other.image
    expect(page.page.locator(".pane").nth(SAGITTAL).locator(".crosshair path")).to_have_count(0)


def test_each_pane_has_its_own_window_and_all_come_back_after_a_reload(reader: tuple[Reader, str, str]) -> None:
    page, study, _flat = reader
    three_planes(page, study)
    page.focus(CORONAL)
    page.press("1", "r", "h")
    page.until(lambda moment: "W 400 L 40" in moment.window, CORONAL, within=30)
    assert "W 256" in page.moment(AXIAL).window
    page.focus(AXIAL)
    page.press("ArrowDown", "ArrowDown", "+")
    page.page.wait_for_timeout(1500)
    before = {pane: rested(page, pane) for pane in range(4)}
    page.open(study)
    for pane, was in before.items():

        def is_as_before(now: Moment, was: Moment = was) -> bool:
            return (now.image, now.window, now.letters) == (was.image, was.window, was.letters)

        page.until(is_as_before, pane, within=60)
        now = rested(page, pane)
        assert np.abs(now.grey.astype(int) - was.grey.astype(int)).max() <= 1, pane


def test_what_makes_no_planes_says_why(reader: tuple[Reader, str, str]) -> None:
    page, _study, flat = reader
    page.open(flat)
    page.focus()
    page.press("Shift+3")
    expect(page.page.locator(".told")).to_have_text(re.compile("These images make no planes: .+"))
    expect(page.page.locator(".pane:visible")).to_have_count(1)
