"""Planes that are turned and thickened by hand and by key: what the server cuts then, what the page says of it."""

import json
import math
import re
import struct
from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest
from playwright.sync_api import WebSocket, expect

from tests.browser.reading import Reader, lay, reading
from tests.browser.test_measuring import draw, rows
from tests.browser.test_planes import AXIAL, CORONAL, SAGITTAL, SLOPES, rested, rising, slope_phantom
from tests.chromium import barriers, needs_chromium

pytestmark = [pytest.mark.browser, needs_chromium]

PLANES = (AXIAL, CORONAL, SAGITTAL)
Spot = tuple[float, float]


class Planes:
    """A reader before three planes, and what the server said of the last picture of each pane."""

    def __init__(self, reader: Reader, study: str) -> None:
        self.reader, self.page, self.study = reader, reader.page, study
        self.told: dict[int, dict[str, Any]] = {}
        self.page.on("websocket", self._listen)

    def _listen(self, socket: WebSocket) -> None:
        socket.on("framereceived", self._hear)

    def _hear(self, payload: str | bytes) -> None:
        if isinstance(payload, bytes):
            length = struct.unpack(">I", payload[:4])[0]
            header = json.loads(payload[4 : 4 + length])
            if header.get("picture"):
                self.told[header["pane"]] = header["picture"]

    def plane(self, pane: int) -> dict[str, Any]:
        """Return the plane that the server cut for what a pane shows at rest."""
        rested(self.reader, pane)
        plane: dict[str, Any] = self.told[pane]["plane"]
        return plane

    def angle(self, pane: int, look: tuple[float, float, float]) -> float:
        """Return the degrees between a pane's normal, as the server says it, and a direction."""
        return math.degrees(math.acos(min(1.0, float(np.dot(self.plane(pane)["look"], look)))))

    def grips(self, pane: int, name: str, sign: str) -> list[Spot]:
        """Return where the grips of a line are on the page: circles, or squares."""
        found = []
        for box in self.page.locator(".pane").nth(pane).locator(f".crosshair .{name}.grip").all():
            if ("a" in (box.get_attribute("d") or "")) == (sign == "circle"):
                place = box.bounding_box()
                assert place
                found.append((place["x"] + place["width"] / 2, place["y"] + place["height"] / 2))
        return found

    def point(self, pane: int) -> Spot:
        """Return where the crosshair is: in the middle between two circles of one line, which are alike far out."""
        drawn = [
            [float(part) for part in re.findall(r"-?[\d.]+", path.get_attribute("d") or "")[:4]]
            for path in self.page.locator(".pane").nth(pane).locator(".crosshair path:not(.halo, .grip, .slab)").all()
        ]
        (x1, y1, x2, y2), (x3, y3, x4, y4) = drawn[:2]
        across = (x1 - x2) * (y3 - y4) - (y1 - y2) * (x3 - x4)
        one, other = x1 * y2 - y1 * x2, x3 * y4 - y3 * x4
        box = self.page.locator(".pane .area").nth(pane).bounding_box()
        assert box
        x = (one * (x3 - x4) - (x1 - x2) * other) / across
        y = (one * (y3 - y4) - (y1 - y2) * other) / across
        return box["x"] + x, box["y"] + y

    def turn(self, pane: int, name: str, degrees: float) -> None:
        """Drag a circle about the point, clockwise on the screen."""
        seen: list[list[Spot]] = [[]]
        # They make room for words a moment later.
        while seen[-1] != (now := self.grips(pane, name, "circle")) or not now:
            seen.append(now)
            self.page.wait_for_timeout(250)
        (x, y), start = self.point(pane), now[0]
        self.page.mouse.move(*start)
        self.page.mouse.down()
        for step in range(1, 7):
            angle = math.radians(degrees * step / 6)
            dx, dy = start[0] - x, start[1] - y
            self.page.mouse.move(
                x + dx * math.cos(angle) - dy * math.sin(angle), y + dx * math.sin(angle) + dy * math.cos(angle)
            )
        self.page.mouse.up()


@pytest.fixture(scope="module")
def opened(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Planes]:
    folder = tmp_path_factory.mktemp("oblique")
    study = lay(folder, slope_phantom(1, "1"))
    with reading(folder, width=1500, height=900) as found:
        found.indexed(study)
        yield Planes(found, study)


@pytest.fixture
def planes(opened: Planes) -> Planes:
    """Three straight planes, the crosshair in the hand."""
    reader = opened.reader
    reader.open(opened.study)
    reader.focus()
    reader.press("Shift+1", "Space", "Shift+3", "Shift+X", "x")
    for pane in PLANES:
        reader.until(lambda moment: bool(moment.grey.any()) and "MPR" in moment.image, pane, within=90)
    assert all(opened.angle(pane, tuple(opened.plane(pane)["look"])) < 0.1 for pane in PLANES)
    return opened


def test_a_line_that_is_turned_turns_what_the_server_cuts_and_its_letters(planes: Planes) -> None:
    before = {pane: rising(rested(planes.reader, pane)) for pane in PLANES}
    planes.turn(AXIAL, "coronal", 30)
    for pane, look in ((CORONAL, (0, 1, 0)), (SAGITTAL, (-1, 0, 0))):
        assert planes.angle(pane, look) == pytest.approx(30, abs=1), "both turn and stay square to each other"
    assert planes.angle(AXIAL, (0, 0, 1)) == 0
    cut = {pane: planes.plane(pane) for pane in PLANES}
    assert abs(np.dot(cut[CORONAL]["look"], cut[SAGITTAL]["look"])) < 1e-9
    # Clockwise as seen from the feet: to the right of the coronal plane it goes to the back.
    turned = math.radians(planes.angle(CORONAL, (0, 1, 0)))
    steeper = (SLOPES["L"] * math.cos(turned) + SLOPES["P"] * math.sin(turned)) / SLOPES["L"]
    moment = rested(planes.reader, CORONAL)
    assert rising(moment)[0] / before[CORONAL][0] == pytest.approx(steeper, rel=0.03)
    assert rising(moment)[1] == pytest.approx(before[CORONAL][1], rel=0.03)
    assert moment.letters == {"left": "RA", "right": "LP", "top": "H", "bottom": "F"}
    assert re.search(r"MPR oblique, (29|30|31)° from coronal", moment.image)
    assert "MPR axial" in planes.reader.moment(AXIAL).image


def test_with_alt_one_plane_turns_alone_and_a_second_turn_is_doubly_oblique(planes: Planes) -> None:
    planes.page.keyboard.down("Alt")
    planes.turn(AXIAL, "sagittal", -20)
    planes.page.keyboard.up("Alt")
    assert planes.angle(CORONAL, (0, 1, 0)) == 0
    assert planes.angle(SAGITTAL, (-1, 0, 0)) == pytest.approx(20, abs=1)
    planes.turn(CORONAL, "axial", 15)
    assert planes.angle(AXIAL, (0, 0, 1)) == pytest.approx(15, abs=1)
    look = planes.plane(SAGITTAL)["look"]
    assert min(abs(part) for part in look) > 0.05, "oblique about two axes"


def test_a_line_is_moved_alone(planes: Planes) -> None:
    before = {pane: planes.plane(pane)["point"] for pane in PLANES}
    x, y = planes.point(AXIAL)
    planes.page.mouse.move(x + 45, y + 1)
    planes.page.mouse.down()
    planes.page.mouse.move(x + 70, y + 21)
    planes.page.mouse.move(x + 70, y + 41)
    planes.page.mouse.up()
    after = {pane: planes.plane(pane)["point"] for pane in PLANES}
    assert after[CORONAL][1] > before[CORONAL][1] + 5
    assert after[SAGITTAL][0] == before[SAGITTAL][0] and after[AXIAL][2] == before[AXIAL][2]


def test_squares_make_a_slab_that_is_drawn_told_and_scrolled_by(planes: Planes) -> None:
    square = planes.grips(AXIAL, "coronal", "square")[0]
    planes.page.mouse.move(*square)
    planes.page.mouse.down()
    planes.page.mouse.move(square[0], square[1] + 20)
    planes.page.mouse.move(square[0], square[1] + 30)
    told = planes.page.locator(".pane").nth(AXIAL).locator(".crosshair .told-mm")
    expect(told).to_have_text(re.compile(r"^[\d.]+ mm$"))
    planes.page.mouse.up()
    thick = planes.plane(CORONAL)["thickness"]
    assert thick > 5 and thick % 0.5 == 0
    assert f"average {thick:g} mm" in planes.reader.moment(CORONAL).image
    expect(planes.page.locator(".pane").nth(AXIAL).locator(".crosshair .coronal.slab")).to_have_count(1)
    expect(planes.page.locator(".pane").nth(SAGITTAL).locator(".crosshair .coronal.slab")).to_have_count(1)
    planes.reader.focus(CORONAL)
    before = planes.plane(CORONAL)["point"][1]
    planes.reader.press("PageDown")
    assert planes.plane(CORONAL)["point"][1] - before == pytest.approx(thick, abs=1), "through the whole slab"
    planes.reader.press("y")
    assert planes.plane(CORONAL)["method"] == "maximum_ip"
    planes.reader.press("Shift+X")
    assert planes.plane(CORONAL)["thickness"] == 0


def test_turned_by_keys_alone_maximised_kept_over_a_reload_and_straightened(planes: Planes) -> None:
    reader = planes.reader
    reader.focus(AXIAL)
    reader.press(*["Alt+Shift+ArrowRight"] * 5, *["Alt+Shift+PageDown"] * 5, *["Alt+Shift+ArrowUp"] * 3)
    assert planes.angle(CORONAL, (0, 1, 0)) == pytest.approx(30, abs=1e-6)
    assert planes.plane(AXIAL)["thickness"] == 3
    assert barriers(planes.page) == []
    planes.page.locator(".pane .area").nth(CORONAL).dblclick(position={"x": 90, "y": 160})
    expect(planes.page.locator(".pane:visible")).to_have_count(1)
    planes.page.locator(".pane .area").nth(CORONAL).dblclick(position={"x": 90, "y": 160})
    expect(planes.page.locator(".pane:visible")).to_have_count(4)
    cut = {pane: planes.plane(pane) for pane in PLANES}
    planes.page.wait_for_timeout(1500)
    planes.told.clear()
    reader.open(planes.study)
    for pane in PLANES:
        reader.until(lambda moment: bool(moment.grey.any()) and "MPR" in moment.image, pane, within=60)
        again = planes.plane(pane)
        for part in ("look", "up", "point"):
            assert again[part] == pytest.approx(cut[pane][part], abs=1e-6), (pane, part)
    reader.focus(AXIAL)
    reader.press("Shift+X")
    assert planes.angle(CORONAL, (0, 1, 0)) == 0
    colours = [planes.page.locator(".pane").nth(pane).get_attribute("data-plane") for pane in PLANES]
    assert colours == ["axial", "coronal", "sagittal"]


def test_a_line_on_an_oblique_slab_lies_on_it_and_has_its_length(planes: Planes) -> None:
    reader = planes.reader
    reader.focus(AXIAL)
    reader.press(*["Alt+Shift+ArrowRight"] * 6)
    reader.focus(CORONAL)
    reader.press(*["Alt+Shift+ArrowUp"] * 4, "l")
    cut = planes.plane(CORONAL)
    pane = planes.page.locator(".pane").nth(CORONAL)
    box = pane.locator(".area").bounding_box()
    bar = float(pane.locator(".scale").get_attribute("height") or 0) - 2
    words = pane.locator(".scale-words").inner_text().split()
    per_pixel = float(words[0]) * {"cm": 10, "mm": 1}[words[1]] / bar
    assert box
    one = (box["x"] + box["width"] * 0.45, box["y"] + box["height"] * 0.45)
    other = (one[0] + 60, one[1] + 50)
    draw(planes.page, one, other)
    expect(planes.page.locator(".mark-label").first).to_contain_text("mm")
    planes.page.wait_for_timeout(800)
    row = rows(reader, planes.study)[-1]
    first, second = (np.array(point) for point in row["points"])
    for point in (first, second):
        assert abs(np.dot(point - cut["point"], cut["look"])) < 1e-3
    assert row["value"] == pytest.approx(float(np.linalg.norm(second - first)), rel=1e-9)
    assert row["value"] == pytest.approx(math.hypot(60, 50) * per_pixel, rel=0.02)


def test_planes_are_saved_as_a_series_with_their_lines_shown_before(planes: Planes) -> None:
    reader = planes.reader
    reader.focus(SAGITTAL)
    reader.press("Alt+p")
    dialog = planes.page.locator("dialog.planes-saving")
    expect(dialog).to_be_visible()
    for name, value in (("from", "-20"), ("to", "20"), ("step", "10"), ("thickness", "4")):
        dialog.locator(f"input[name={name}]").fill(value)
    expect(dialog.get_by_role("status")).to_contain_text("5 images")
    drawn = planes.page.locator(".pane").nth(AXIAL).locator(".crosshair .planned:not(.halo)").get_attribute("d") or ""
    assert len({round(float(x)) for x in re.findall(r"M([-\d.]+) ", drawn)}) == 5
    assert barriers(planes.page) == []
    dialog.get_by_role("button", name="Save as series").click()
    expect(dialog.get_by_role("status")).to_contain_text("on their way to the archive", timeout=60_000)
    dialog.get_by_role("button", name="Close").click()
    expect(planes.page.locator(".crosshair .planned")).to_have_count(0)


def test_a_path_opens_a_curved_plane_that_the_crosshair_follows(planes: Planes) -> None:
    reader, page = planes.reader, planes.page
    reader.press("Shift+V")
    box = page.locator(".pane .area").nth(AXIAL).bounding_box()
    assert box
    spots = [(0.35, 0.5), (0.5, 0.4), (0.65, 0.5)]
    for across, down in spots:
        page.mouse.click(box["x"] + across * box["width"], box["y"] + down * box["height"])
    expect(page.locator(".pane").nth(AXIAL).locator(".path .near:not(.halo)")).to_have_count(1)
    planes.told.pop(3, None)
    reader.press("Enter")
    moment = reader.until(lambda now: bool(now.grey.any()) and "MPR curved · straightened" in now.image, 3)
    assert moment.letters == {"left": "", "right": "", "top": "", "bottom": ""}, "no letter rather than a guess"
    curve = planes.told[3]["curve"]
    knots = [
        np.array(knot["point"]) + np.array(knot["down"]) * curve["pixel_mm"] * planes.told[3]["rows"] / 2
        for knot in curve["knots"]
    ]
    picture = page.locator(".pane .area").nth(3).bounding_box()
    assert picture
    page.mouse.click(picture["x"] + picture["width"] / 2, picture["y"] + picture["height"] / 2)
    point = np.array([planes.plane(SAGITTAL)["point"][0], planes.plane(CORONAL)["point"][1]])
    assert min(float(np.linalg.norm(knot[:2] - point)) for knot in knots) < 2, "the crosshair is on the path"
    reader.focus(3)
    reader.press("Alt+f", "Alt+q")
    reader.until(lambda now: "stretched" in now.image and "turned 15°" in now.image, 3)
    page.wait_for_timeout(1500)
    reader.open(planes.study)
    reader.until(
        lambda now: bool(now.grey.any()) and "stretched" in now.image and "turned 15°" in now.image, 3, within=60
    )
    assert barriers(page) == []
