"""A slide beside a CT: tiles at their places, millimetres on the screen, the field kept, keys and words."""

import base64
import json
import math
import os
import re
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pydicom
import pytest
from PIL import Image, ImageFilter
from playwright.sync_api import Route, expect
from pydicom.dataset import Dataset

from tests.browser.reading import Reader, lay, reading
from tests.chromium import barriers, needs_chromium
from tests.phantoms import speaking_phantom

DATA = Path(os.environ.get("SAMSYN_TEST_DATA", ""), "wsi", "dicom-cmu-1-small-region")
pytestmark = [
    pytest.mark.browser,
    needs_chromium,
    pytest.mark.skipif(not os.environ.get("SAMSYN_TEST_DATA") or not DATA.is_dir(), reason="needs SAMSYN_TEST_DATA"),
]
PITCH = 0.000499  # mm between pixels of the largest level
SIZE = (2220, 2967)  # columns, rows
SLIDE = ".pane .slide:not([hidden])"
TILE = re.compile(r"/instances/([\d.]+)/frames/(\d+)/rendered$")
# The pixels of the tiles, and the state that the page would keep, read in one task.
PIXELS = """() => {
  const canvas = document.querySelector('.pane .slide:not([hidden]) .tiles canvas');
  const {width, height} = canvas;
  const data = canvas.getContext('2d').getImageData(0, 0, width, height).data;
  let text = '';
  for (let at = 0; at < data.length; at += 30000) text += String.fromCharCode(...data.subarray(at, at + 30000));
  return {width, height, pixels: btoa(text)};
}"""


def levels(ct: Dataset) -> list[Dataset]:
    """Return the levels of the slide, given to the patient of a CT."""
    found: list[Dataset] = [pydicom.dcmread(path) for path in sorted(DATA.glob("level-*.dcm"))]
    for level in found:
        level.StudyDate, level.StudyDescription = "20260701", "Biopsy"
        # This writer gave each level a frame of reference of its own.
        level.ContainerIdentifier, level.FrameOfReferenceUID = "S26-17 A1", found[0].FrameOfReferenceUID
        for name in ("PatientName", "PatientID", "PatientBirthDate", "PatientSex", "IssuerOfPatientID"):
            setattr(level, name, ct.get(name))
    return found


class Studies:
    """A CT, the slide of the same patient, and the CT of another."""

    def __init__(self, folder: Path) -> None:
        ct = list(speaking_phantom(patient=1, series=1))
        self.ct = lay(folder, ct)
        self.slide = lay(folder, levels(ct[0]))
        self.other = lay(folder, speaking_phantom(patient=2, series=3))


@pytest.fixture(scope="module")
def read(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Reader, Studies]]:
    folder = tmp_path_factory.mktemp("slides")
    studies = Studies(folder)
    with reading(folder, width=1700, height=900) as reader:
        for study in (studies.ct, studies.slide, studies.other):
            reader.indexed(study)
        yield reader, studies


@pytest.fixture
def on_slide(read: tuple[Reader, Studies]) -> Iterator[Reader]:
    """A reader before the whole slide, alone in one pane."""
    reader, studies = read
    keep(reader, studies.slide, [pane(reader, studies.slide)])
    yield reader
    reader.page.unroute_all()


def slide_of(reader: Reader, study: str) -> tuple[str, dict[str, Any]]:
    """Return the series and the listing of a study's slide."""
    series = reader.indexed(study)["series"][0]["uid"]
    address = f"{reader.served.url}/api/studies/main/{study}/series/{series}/stacks/"
    for _ in range(80):
        if (answer := reader.page.request.get(address)).ok:
            return series, answer.json()["slides"][0]
        reader.page.wait_for_timeout(250)
    raise AssertionError(answer.text())


def pane(reader: Reader, study: str, **field: Any) -> dict[str, Any]:
    """Return a slide pane of a presentation state."""
    series, slide = slide_of(reader, study)
    return {
        "source": {"kind": "slide", "archive": "main", "study": study, "series": series, "slide": slide["key"]}
    } | field


def keep(reader: Reader, study: str, panes: list[dict[str, Any]]) -> None:
    """Open a study with panes side by side, and wait for its slide."""
    state = {"version": 2, "layout": {"rows": 1, "columns": len(panes)}, "active": 0, "panes": panes}
    reader.page.goto(reader.served.url)  # a page that is left writes what it showed
    token = reader.page.get_attribute('meta[name="csrf-token"]', "content") or ""
    headers = {"X-CSRFToken": token, "Origin": reader.served.url, "Content-Type": "application/json"}
    address = f"{reader.served.url}/api/studies/main/{study}/state/"
    answer = reader.page.request.put(address, data=json.dumps(state), headers=headers)
    assert answer.ok, answer.text()
    reader.page.goto(f"{reader.served.url}/studies/{study}/")
    seen(reader)


def seen(reader: Reader) -> None:
    """Wait until a slide is drawn and nothing more of it loads."""
    expect(reader.page.locator(f"{SLIDE} .slide-scale p")).to_have_text(re.compile("[0-9] [mµ]m"), timeout=20_000)
    reader.page.wait_for_load_state("networkidle")
    reader.page.wait_for_timeout(400)


def focus(reader: Reader) -> None:
    """Give the slide the keys, without the pointer."""
    reader.page.mouse.move(0, 0)
    reader.page.locator(SLIDE).focus()


def kept(reader: Reader, study: str, unlike: dict[str, Any] | None = None) -> dict[str, Any]:
    """Return the first pane that the server keeps, once it has stood still and is another than before.

    The page writes 0.8 s after the last change, later on a busy machine: without `unlike`, what was there before a
    change can still be found.
    """
    address = f"{reader.served.url}/api/studies/main/{study}/state/"
    deadline = time.monotonic() + 20
    found: list[dict[str, Any]] = []
    while True:
        reader.page.wait_for_timeout(400)
        found.append(reader.page.request.get(address).json()["panes"][0])
        if found[-1] != unlike and found[-4:] == found[-1:] * 4:
            return found[-1]
        assert time.monotonic() < deadline, f"still {found[-1]}"


def tiles(reader: Reader) -> np.ndarray:
    """Return what the tiles look like on the screen, (rows, columns, 3)."""
    found = reader.page.evaluate(PIXELS)
    pixels = np.frombuffer(base64.b64decode(found["pixels"]), np.uint8)
    return pixels.reshape(found["height"], found["width"], 4)[..., :3].astype(int)


def bar(reader: Reader) -> tuple[float, float]:
    """Return the length of the scale bar: CSS pixels between its ends, and millimetres as it says."""
    rule = reader.page.locator(f"{SLIDE} .slide-scale path:not(.halo)")
    width = rule.evaluate("path => path.getBBox().width")
    number, unit = reader.page.locator(f"{SLIDE} .slide-scale p").inner_text().split()
    return width, float(number) * {"mm": 1, "µm": 1e-3}[unit]


def mosaic() -> np.ndarray:
    """Return the largest level as another decoder sees it, (rows, columns, 3)."""
    level = pydicom.dcmread(next(DATA.glob("level-0-*.dcm")))
    frames = level.pixel_array
    across = -(-SIZE[0] // 500)
    whole = np.zeros((500 * (len(frames) // across), 500 * across, 3), np.uint8)
    for number, frame in enumerate(frames):
        row, column = divmod(number, across)
        whole[500 * row : 500 * row + 500, 500 * column : 500 * column + 500] = frame
    return whole[: SIZE[1], : SIZE[0]]


def seen_through(whole: np.ndarray, shape: tuple[int, ...], state: dict[str, Any], slide: dict[str, Any]) -> np.ndarray:
    """Return what a field of the slide should look like: millimetres to pixels by the listing, then turn and flip."""
    rows, columns = shape[:2]
    scale = columns * PITCH / state["width"]
    ys, xs = np.mgrid[0:rows, 0:columns] + 0.5
    angle = np.deg2rad(state["rotation"])
    dx, dy = (xs - columns / 2) / scale, (ys - rows / 2) / scale
    u, v = np.cos(angle) * dx + np.sin(angle) * dy, -np.sin(angle) * dx + np.cos(angle) * dy
    if state["flip_horizontal"]:
        u = -u
    # Image Orientation (Slide) 0, -1, 0, -1, 0, 0: right is -y, down is -x.
    u += (slide["origin"][1] - state["center"][1]) / PITCH + 0.5
    v += (slide["origin"][0] - state["center"][0]) / PITCH + 0.5
    inside = (u >= 0) & (v >= 0) & (u < SIZE[0]) & (v < SIZE[1])
    found = whole[np.clip(v.astype(int), 0, SIZE[1] - 1), np.clip(u.astype(int), 0, SIZE[0] - 1)]
    return np.where(inside[..., None], found, 0)


def blurred(picture: np.ndarray) -> np.ndarray:
    """Return a picture without what interpolation decides."""
    return np.asarray(Image.fromarray(picture.astype(np.uint8)).filter(ImageFilter.BoxBlur(4))).astype(int)


def test_a_slide_opens_beside_a_ct_and_both_say_whose_they_are(read: tuple[Reader, Studies]) -> None:
    reader, studies = read
    reader.open(studies.ct)
    reader.page.wait_for_timeout(1500)  # the patient's other studies are asked for once the first picture is there
    reader.focus()
    reader.press("Shift+4")
    seen(reader)
    expect(reader.page.locator(".pane:visible")).to_have_count(2)
    slide = reader.page.locator(SLIDE)
    expect(slide.locator(".top-left")).to_contain_text("PHANTOM-1")
    expect(slide.locator(".top-right")).to_contain_text("Biopsy")
    expect(slide.locator(".bottom-right")).to_contain_text("S26-17 A1")
    expect(slide.locator(".letter")).to_have_count(0)
    assert reader.until(lambda moment: moment.spoken is not None).patient.count("PHANTOM-1")
    assert barriers(reader.page) == []


def test_every_pixel_is_at_its_place_turned_flipped_and_zoomed(on_slide: Reader, read: tuple[Reader, Studies]) -> None:
    reader, studies = on_slide, read[1]
    _, slide = slide_of(reader, studies.slide)
    whole = mosaic()
    x0, y0 = slide["origin"][:2]
    for column, row, width, rotation, flip in (
        (1100, 1400, 1.2, 0, False), (801, 1402, 0.3, 30, True), (801, 1402, 0.3, 30, False),
        (1100, 1400, 0.6, 45, False),        (300, 300, 0.2, 270, True), (2100, 2900, 0.3, 0, False),
    ):  # fmt: skip
        center = [x0 - (row - 0.5) * PITCH, y0 - (column - 0.5) * PITCH]
        state = {"center": center, "width": width, "rotation": rotation, "flip_horizontal": flip}
        keep(reader, studies.slide, [pane(reader, studies.slide, **state)])
        deadline = time.monotonic() + 15
        while True:
            shown = tiles(reader)
            wrong = np.abs(blurred(shown) - blurred(seen_through(whole, shown.shape, state, slide))).max(-1) > 45
            if wrong.mean() < 1e-3:
                break
            assert time.monotonic() < deadline, f"{state}: {wrong.mean():.2%}"
            reader.page.wait_for_timeout(300)


def test_the_scale_bar_is_as_long_as_it_says(on_slide: Reader) -> None:
    reader = on_slide
    shown = tiles(reader)
    bright = np.flatnonzero((shown.sum(-1) > 30).any(0))
    length, says = bar(reader)
    assert length / says == pytest.approx((bright[-1] - bright[0] + 1) / (SIZE[0] * PITCH), rel=0.005)
    for key, times in (("1", 1.25), ("3", 5), ("4", 10), ("5", 20), ("6", 40)):
        focus(reader)
        reader.press(key)
        expect(reader.page.locator(f"{SLIDE} .slide-zoom")).to_have_text(f"{times}× ({10 / times:g} µm per pixel)")
        length, says = bar(reader)
        assert length / says == pytest.approx(times * 100, rel=0.005), key


def test_wheel_and_drag_keep_what_is_under_the_hand_and_the_field_comes_back(
    on_slide: Reader, read: tuple[Reader, Studies]
) -> None:
    reader, studies = on_slide, read[1]
    page = reader.page
    whole = kept(reader, studies.slide)
    box = page.locator(SLIDE).bounding_box()
    assert box
    at = (box["x"] + box["width"] * 0.6, box["y"] + box["height"] * 0.4)
    page.mouse.move(*at)
    for _ in range(6):
        page.mouse.wheel(0, -100)
    page.mouse.down()
    page.mouse.move(at[0] + 60, at[1] + 40, steps=5)
    page.mouse.up()
    page.keyboard.press("r")
    seen(reader)
    before = kept(reader, studies.slide, unlike=whole)
    assert before["rotation"] == 90 and before["width"] < 1
    picture = tiles(reader)
    page.reload()
    seen(reader)
    again = tiles(reader)
    assert kept(reader, studies.slide) == before
    assert np.abs(blurred(picture) - blurred(again)).mean() < 1


def test_a_line_stays_on_its_tissue_and_has_its_length(on_slide: Reader, read: tuple[Reader, Studies]) -> None:
    reader, studies = on_slide, read[1]
    page = reader.page
    _, slide = slide_of(reader, studies.slide)
    x0, y0 = slide["origin"][:2]
    center = [x0 - 1400 * PITCH, y0 - 1100 * PITCH]
    keep(reader, studies.slide, [pane(reader, studies.slide, center=center, width=1.0)])
    box = page.locator(SLIDE).bounding_box()
    assert box
    scale = box["width"] / 1.0
    ends = [(box["width"] / 2 - 150, box["height"] / 2 - 40), (box["width"] / 2 + 130, box["height"] / 2 + 170)]
    focus(reader)
    reader.press("l")
    for x, y in ends:
        page.mouse.click(box["x"] + x, box["y"] + y)
    line = page.locator(f"{SLIDE} .marks .line")
    expect(line).to_have_count(1)
    millimetres = [((x - box["width"] / 2) / scale, (y - box["height"] / 2) / scale) for x, y in ends]
    length = math.dist(*millimetres)
    number = page.locator(f"{SLIDE} .mark-label .number")
    expect(number).to_have_text(re.compile(r"[\d.]+ (mm|µm)"))
    said = re.search(r"([\d.]+) (mm|µm)", number.inner_text())
    assert said
    assert float(said[1]) * {"mm": 1, "µm": 1e-3}[said[2]] == pytest.approx(length, abs=0.006)
    focus(reader)
    reader.press("w")
    state = kept(reader, studies.slide)
    for keys in (["4"], ["r"], ["h"], ["2", "+", "+"], ["ArrowUp", "R"], [" "]):
        focus(reader)
        for key in keys:
            reader.press("Shift+R" if key == "R" else key)
        state = kept(reader, studies.slide, unlike=state)
        now = line.evaluate("line => ['x1', 'y1', 'x2', 'y2'].map(name => Number(line.getAttribute(name)))")
        for (right, down), found in zip(millimetres, (now[:2], now[2:]), strict=True):
            assert math.dist(placed(state, box, slide, center, right, down), found) < 1, keys


def placed(
    state: dict[str, Any], box: Any, slide: dict[str, Any], center: list[float], right: float, down: float
) -> tuple[float, float]:
    """Return where a point, so many mm to the right of and below `center` as stored, is on the screen."""
    if state["center"] is None:
        turned = state["rotation"] % 180 != 0
        across, high = (SIZE[1], SIZE[0]) if turned else SIZE
        scale = min(box["width"] / across, box["height"] / high) / PITCH
        middle = [slide["origin"][0] - (SIZE[1] / 2 - 0.5) * PITCH, slide["origin"][1] - (SIZE[0] / 2 - 0.5) * PITCH]
    else:
        scale, middle = box["width"] / state["width"], state["center"]
    u, v = right + middle[1] - center[1], down + middle[0] - center[0]
    if state["flip_horizontal"]:
        u = -u
    angle = np.deg2rad(state["rotation"])
    x, y = np.cos(angle) * u - np.sin(angle) * v, np.sin(angle) * u + np.cos(angle) * v
    return box["width"] / 2 + x * scale, box["height"] / 2 + y * scale


def test_keys_act_on_the_slide_that_has_the_focus(on_slide: Reader, read: tuple[Reader, Studies]) -> None:
    reader, studies = on_slide, read[1]
    whole = kept(reader, studies.slide)
    focus(reader)
    reader.press("5")
    start = kept(reader, studies.slide, unlike=whole)
    size = reader.page.locator(SLIDE).evaluate("area => [area.clientWidth, area.clientHeight]")
    assert start["width"] == pytest.approx(size[0] * 0.0005)
    reader.press("ArrowRight", "ArrowDown")
    moved = kept(reader, studies.slide, unlike=start)["center"]
    _, slide = slide_of(reader, studies.slide)
    middle = [slide["origin"][0] - (SIZE[1] / 2 - 0.5) * PITCH, slide["origin"][1] - (SIZE[0] / 2 - 0.5) * PITCH]
    assert moved == pytest.approx([middle[0] - size[1] / 2 * 0.0005, middle[1] - size[0] / 2 * 0.0005], abs=1e-9)
    reader.press("h")
    flipped = kept(reader, studies.slide, unlike=start | {"center": moved})
    assert flipped["flip_horizontal"] is True
    overview = reader.page.locator(".overview")
    expect(overview).to_be_visible()
    reader.press("y")
    expect(overview).to_be_hidden()
    reader.press("y", " ")
    assert kept(reader, studies.slide, unlike=flipped) == whole
    assert whole == pane(reader, studies.slide) | {
        "center": None, "width": None, "rotation": 0, "flip_horizontal": False, "text": "all",
    }  # fmt: skip
    reader.press("5")
    start = kept(reader, studies.slide, unlike=whole)
    overview.focus()
    reader.press("ArrowRight")
    center = kept(reader, studies.slide, unlike=start)["center"]
    assert center == pytest.approx([middle[0], middle[1] - 0.05 * SIZE[0] * PITCH], abs=1e-6)


def test_a_tile_that_fails_is_shown_at_its_place_and_said(on_slide: Reader, read: tuple[Reader, Studies]) -> None:
    reader, studies = on_slide, read[1]
    _, slide = slide_of(reader, studies.slide)
    full = slide["levels"][0]["instance"]

    def fail(route: Route) -> None:
        found = TILE.search(route.request.url.partition("?")[0])
        if found and found[1] == full:
            route.fulfill(status=503, content_type="application/json", body='{"detail": "The archive is down."}')
        else:
            route.continue_()

    reader.page.route("**/rendered", fail)
    keep(reader, studies.slide, [pane(reader, studies.slide, center=None, width=0.5)])
    fault = reader.page.locator(f"{SLIDE} .fault")
    expect(fault).to_contain_text("The archive is down.", timeout=15_000)
    assert reader.page.locator(f"{SLIDE} .faults polygon").count() >= 1
    reader.page.wait_for_timeout(7000)  # by then it has been tried for the last time
    reader.page.unroute_all()
    fault.get_by_role("button").click()
    expect(fault).to_be_hidden()
    seen(reader)
    expect(fault).to_be_hidden()


def test_a_slide_and_somebody_else_are_two_patients(read: tuple[Reader, Studies]) -> None:
    reader, studies = read
    series = reader.indexed(studies.other)["series"][0]["uid"]
    address = f"{reader.served.url}/api/studies/main/{studies.other}/series/{series}/stacks/"
    deadline = time.monotonic() + 20
    while not (answer := reader.page.request.get(address)).ok and time.monotonic() < deadline:
        reader.page.wait_for_timeout(250)
    stack = answer.json()["stacks"][0]
    entry = stack["entries"][0]
    source = {"kind": "stack", "archive": "main", "study": studies.other, "series": series, "stack": stack["key"]}
    source |= {"instance": entry["instance"], "frame": entry["frame"]}
    keep(reader, studies.slide, [pane(reader, studies.slide), {"source": source, "scale": {"fit": 1.0}}])
    expect(reader.page.locator(".persons:visible")).to_have_count(2, timeout=15_000)
    for words in reader.page.locator(".persons:visible").all_inner_texts():
        assert "TWO PATIENTS" in words


def test_the_archive_that_is_down_is_said_in_words(on_slide: Reader, read: tuple[Reader, Studies]) -> None:
    reader, studies = on_slide, read[1]
    reader.page.route("**/stacks/", lambda route: route.fulfill(status=503, json={"detail": "The archive is down."}))
    reader.page.goto(f"{reader.served.url}/studies/{studies.slide}/")
    expect(reader.page.locator(".slide .notice.failed, .area .notice.failed").first).to_contain_text(
        "The archive is down."
    )
