"""Lengths by hand: drawn between landmarks of known place, however the picture is turned; seen by others at once."""

import math
import re
import time
from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from playwright.sync_api import Page, Route, expect

from tests.browser.measuring import (
    BRIGHT,
    COLUMN,
    DARK,
    HALF_A_PIXEL,
    NUMBER,
    ROW,
    SLIDE,
    TRUTH,
    Measured,
    change,
    clean,
    draw,
    is_exact,
    measured,
    measuring,
    middles,
    reader,
    rows,
)
from tests.browser.reading import Reader
from tests.chromium import Watched, barriers, needs_chromium
from worklist.demo.dataset import uid

__all__ = ["measuring", "reader"]  # the fixtures
pytestmark = [pytest.mark.browser, needs_chromium]

LOOKS = [(), ("r",), ("r", "r", "h"), ("v",), ("Shift+R", "h"), ("+", "+"), ("r", "h", "+")]


@pytest.mark.parametrize("keys", LOOKS, ids=" ".join)
def test_a_line_between_landmarks_is_right_however_the_picture_is_turned(reader: Reader, keys: tuple[str, ...]) -> None:
    study = str(uid("measuring"))
    reader.focus()
    reader.press(*keys, "l")
    reader.page.wait_for_timeout(300)
    draw(reader.page, *middles(reader))
    row = measured(reader, study)
    assert is_exact(row) and abs(row["value"] - TRUTH) <= 2 * HALF_A_PIXEL
    for point, (column, line) in zip(row["points"], (BRIGHT, DARK), strict=True):
        off = (point[0] + 30 - COLUMN * column, point[1] + 40 - ROW * line)
        assert abs(off[0]) <= COLUMN / 2 and abs(off[1]) <= ROW / 2, off
    assert f"{row['value']:.1f} mm" in reader.page.locator(".mark-label").inner_text()
    assert f"{row['value']:.1f} mm" in reader.page.locator("#side-findings").inner_text()


def test_click_and_click_is_a_line_too_and_escape_lets_go(reader: Reader) -> None:
    study, page = str(uid("measuring")), reader.page
    one, other = middles(reader)
    reader.focus()
    reader.press("l")
    page.mouse.click(*one)
    page.mouse.move(*other)
    expect(page.locator(".mark-label")).to_contain_text("≈")
    reader.press("Escape")
    expect(page.locator(".mark-label")).to_have_count(0)
    page.mouse.click(*one)
    page.mouse.move((one[0] + other[0]) / 2, other[1])
    page.mouse.click(other[0] + 1, other[1])
    row = measured(reader, study)
    assert abs(row["value"] - TRUTH) <= 2 * HALF_A_PIXEL and len(rows(reader, study)) == 1


def test_on_a_plane_it_lies_in_the_patient_and_is_seen_where_it_belongs(reader: Reader) -> None:
    study, page = str(uid("measuring")), reader.page
    reader.focus()
    reader.press("Shift+3", "l")
    page.wait_for_timeout(800)
    draw(page, *middles(reader, 0))
    row = measured(reader, study)
    assert row["plane"] and row["instance"] is None and is_exact(row)
    assert abs(row["value"] - TRUTH) <= 2 * HALF_A_PIXEL
    lines = page.locator(".pane .mark")
    assert [page.locator(".pane").nth(pane).locator(".mark").count() for pane in range(4)] == [1, 0, 0, 1]
    page.locator(".pane .area").nth(0).hover()
    for _ in range(3):
        page.mouse.wheel(0, 120)
        page.wait_for_timeout(150)
    expect(lines).to_have_count(0)
    page.locator("#side-findings .go").click()
    expect(page.locator(".pane").nth(0).locator(".mark.selected")).to_have_count(1)


def test_it_is_drawn_only_on_its_own_slice(reader: Reader) -> None:
    page = reader.page
    reader.focus()
    reader.press("l")
    draw(page, *middles(reader))
    expect(page.locator(NUMBER)).to_have_count(1)
    page.mouse.wheel(0, 120)
    expect(page.locator(".mark")).to_have_count(0)
    page.mouse.wheel(0, -120)
    expect(page.locator(".mark")).to_have_count(1)


def test_an_end_is_moved_undone_done_again_and_the_line_taken_away(reader: Reader) -> None:
    study, page = str(uid("measuring")), reader.page
    one, other = middles(reader)
    reader.focus()
    reader.press("l")
    draw(page, one, (other[0], one[1]))
    first = measured(reader, study)
    reader.press("w")
    draw(page, (other[0] + 3, one[1] + 2), (other[0] + 3, other[1] + 2))  # the grip is held beside its middle
    page.wait_for_timeout(400)
    moved = rows(reader, study)[0]
    assert moved["version"] == 2 and abs(moved["value"] - TRUTH) <= 2 * HALF_A_PIXEL and is_exact(moved)
    for keys, value in (("Control+z", first["value"]), ("Control+Shift+z", moved["value"])):
        reader.press(keys)
        page.wait_for_timeout(400)
        assert rows(reader, study)[0]["value"] == value
    reader.press("Delete")
    expect(page.locator(".mark")).to_have_count(0)
    page.wait_for_timeout(300)
    assert rows(reader, study) == []
    reader.press("Control+z")
    expect(page.locator(NUMBER)).to_have_count(1)
    page.wait_for_timeout(300)
    assert rows(reader, study)[0]["value"] == moved["value"]


def test_without_a_mouse(reader: Reader) -> None:
    study, page = str(uid("measuring")), reader.page
    area = page.locator(".pane .area").first
    reader.focus()
    reader.press("l")
    expect(area).to_have_attribute("aria-description", re.compile("Enter sets the first end"))
    expect(page.locator(".pane:not([hidden]) .cursor:not([hidden])")).to_have_count(1)
    reader.press("Enter", *["Shift+ArrowRight"] * 5, *["Alt+ArrowDown"] * 30, "Enter")
    row = measured(reader, study)
    assert is_exact(row)
    ends = [page.locator(".mark .end").nth(index).bounding_box() or {} for index in (0, 1)]
    assert abs(ends[1]["x"] - ends[0]["x"] - 50) < 2 and abs(ends[1]["y"] - ends[0]["y"] - 30) < 2, ends
    expect(page.locator("#announced")).to_contain_text("mm")
    reader.press("?")
    expect(page.locator("dialog.help")).to_contain_text("Enter, arrows, Enter")
    reader.press("Escape", "w")
    expect(area).not_to_have_attribute("aria-description", re.compile("."))
    reader.press("ArrowDown")
    expect(page.locator(".mark")).to_have_count(0)


def test_what_cannot_be_saved_stays_over_a_reload_and_is_sent_again_by_itself(reader: Reader) -> None:
    study, page = str(uid("measuring")), reader.page
    down = [True]

    def answer(route: Route) -> None:
        if down[0] and route.request.method == "POST":
            route.abort()
        else:
            route.continue_()

    page.route("**/measurements/", answer)
    reader.focus()
    reader.press("l")
    draw(page, *middles(reader))
    expect(page.locator(".mark.unsaved")).to_have_count(1)
    expect(page.locator(".mark-label .trouble")).to_contain_text("does not answer")
    drawn = page.locator(".mark.unsaved").get_attribute("data-mark")
    warned = reader.watched.warned
    reader.open(study)  # the page is loaded again
    assert reader.watched.warned == warned + 1
    expect(page.locator(".mark.unsaved")).to_have_attribute("data-mark", drawn or "")
    down[0] = False
    expect(page.locator(".mark.unsaved")).to_have_count(0, timeout=10_000)  # nobody has clicked
    assert [row["id"] for row in rows(reader, study)] == [drawn]
    assert abs(measured(reader, study)["value"] - TRUTH) <= 2 * HALF_A_PIXEL


def test_each_number_stands_beside_its_own_line(reader: Reader) -> None:
    """Two lines beside each other, one with a long name, at the left edge: the numbers keep to their lines."""
    study, page = str(uid("measuring")), reader.page
    box = page.locator(".pane .area").first.bounding_box()
    assert box is not None
    left, top = box["x"] + box["width"] / 2 - 160, box["y"] + box["height"] / 2
    reader.focus()
    reader.press("l")
    for shift in (0, 90):
        draw(page, (left + shift, top), (left + shift + 60, top + 30))
        measured(reader, study)
    expect(page.locator(NUMBER)).to_have_count(2)
    name = "Left hilar node, short axis, compared with the prior of May and rather bigger"
    page.locator("#side-findings input.label").first.fill(name)
    page.locator("#side-findings input.label").first.press("Enter")
    label = page.locator(".mark-label .name", has_text="Left hilar node")
    expect(label).to_have_attribute("title", name)
    page.wait_for_timeout(300)
    shown = page.evaluate(
        """() => [...document.querySelectorAll(".pane:not([hidden]) .mark-label:not(.nowhere)")].map(label => {
          const { x, y, width, height } = label.getBoundingClientRect();
          const far = line => Math.min(...[...line.querySelectorAll(".end")].map(end => {
            const at = end.getBoundingClientRect(), [cx, cy] = [at.x + at.width / 2, at.y + at.height / 2];
            return Math.hypot(cx - Math.max(x, Math.min(cx, x + width)), cy - Math.max(y, Math.min(cy, y + height)));
          }));
          const own = document.querySelector(`.mark[data-mark="${label.dataset.mark}"]`);
          const others = [...document.querySelectorAll(".mark")].filter(each => each !== own);
          return { box: [x, y, x + width, y + height], own: far(own), others: Math.min(...others.map(far)) };
        })"""
    )
    assert len(shown) == 2 and all(each["own"] < each["others"] for each in shown), shown
    one, other = (each["box"] for each in shown)
    assert one[2] <= other[0] or other[2] <= one[0] or one[3] <= other[1] or other[3] <= one[1], shown


def test_a_detector_is_named_beside_the_number(measuring: Measured) -> None:
    study = measuring.film
    reader = clean(measuring.reader, study)
    reader.focus()
    reader.press("l")
    box = reader.page.locator(".pane .area").first.bounding_box()
    assert box is not None
    draw(reader.page, (box["x"] + 400, box["y"] + 300), (box["x"] + 500, box["y"] + 300))
    row = measured(reader, study)
    (one, other), unit = row["points"], row["unit"]
    assert unit == "mm" and row["basis"] == "detector" and abs(row["value"] - 0.2 * math.dist(one, other)) < 1e-9
    expect(reader.page.locator(NUMBER)).to_contain_text("mm at detector")


@contextmanager
def beside(reader: Reader, role: str, study: str) -> Iterator[Page]:
    """A second person with the study open, in a browser context of their own."""
    browser = reader.page.context.browser
    assert browser is not None
    context = browser.new_context(viewport={"width": 1400, "height": 900})
    page = context.new_page()
    watched = Watched(page)
    second = Reader(page, watched, reader.served)
    second.log_in(role)
    second.open(study)
    yield page
    assert watched.faults == []
    context.close()


def test_a_known_length_calibrates_the_film_for_everybody_until_it_is_withdrawn(measuring: Measured) -> None:
    study = measuring.film
    reader = clean(measuring.reader, study)
    with beside(reader, "radiologist2", study) as other:
        reader.page.bring_to_front()
        reader.focus()
        reader.press("k")
        expect(reader.page.locator(".told")).to_contain_text("Draw a line along something of known length")
        reader.press("l")
        box = reader.page.locator(".pane .area").first.bounding_box()
        assert box is not None
        draw(reader.page, (box["x"] + 400, box["y"] + 300), (box["x"] + 500, box["y"] + 300))
        before = measured(reader, study)
        reader.press("k")
        reader.page.keyboard.type("none")
        reader.press("Enter")
        expect(reader.page.get_by_role("alert").filter(has_text="Write a length in mm")).to_be_visible()
        reader.page.keyboard.type("50,0")
        reader.press("Enter")
        expect(reader.page.locator("dialog.known-length")).to_have_count(0)
        for page in (reader.page, other):
            expect(page.locator(NUMBER)).to_contain_text("50.0 mm calibrated by")
            expect(page.locator(".pane:not([hidden]) .area > .bottom-left")).to_contain_text("mm calibrated by")
            expect(page.locator("#side-findings .finding")).to_contain_text("computed anew by the calibration, was")
            expect(page.locator("#side-findings .finding .number")).to_contain_text("calibrated by")
        row = rows(reader, study)[-1]
        assert row["basis"] == "user" and abs(row["value"] - 50) <= 1e-9 * 50
        reader.page.get_by_role("button", name="Withdraw the calibration").press("Enter")
        for page in (reader.page, other):
            expect(page.locator(NUMBER)).to_contain_text("mm at detector")
            expect(page.locator(".pane:not([hidden]) .area > .bottom-left")).to_contain_text("at detector")
        row = rows(reader, study)[-1]
        assert row["value"] == before["value"] and row["basis"] == "detector"
        expect(reader.page.locator(".calibrations details")).to_contain_text("withdrawn by")


def test_somebody_else_sees_it_within_a_second_and_cannot_change_it(reader: Reader) -> None:
    study = str(uid("measuring"))
    with beside(reader, "radiologist2", study) as page:
        page.wait_for_timeout(500)
        reader.page.bring_to_front()
        reader.focus()
        reader.press("l")
        ends = middles(reader)
        draw(reader.page, *ends)
        begun = time.monotonic()
        expect(page.locator(NUMBER)).to_have_count(1, timeout=1000)
        assert time.monotonic() - begun <= 1.0
        row = measured(reader, study)
        expect(page.locator("#side-findings .finding")).to_contain_text(f"{row['value']:.1f} mm")
        expect(page.locator("#side-findings .finding .remove")).to_be_hidden()
        expect(page.locator(".mark .grip:not([hidden])")).to_have_count(0)
        change(reader, row["id"], {"version": 1, "label": "Node <b>2R</b>"})
        expect(page.locator(".mark-label .name")).to_have_text("Node <b>2R</b>", timeout=1000)


def test_the_report_reaches_the_archive_under_the_readers_eyes(reader: Reader) -> None:
    page = reader.page
    reader.focus()
    reader.press("l")
    draw(page, *middles(reader))
    expect(page.locator(NUMBER)).to_have_count(1)
    label = page.locator("#side-findings .finding .label")
    label.fill("Block")
    label.press("Enter")
    expect(page.locator(".mark-label .name")).to_have_text("Block")
    page.wait_for_timeout(300)
    page.get_by_role("button", name="Save to the archive").click()
    expect(page.locator("#side-findings .report")).to_contain_text("all in the archive", timeout=15_000)
    expect(page.locator("#side-findings .finding .state")).to_contain_text("in the archive")
    assert barriers(page) == []


@pytest.mark.skipif(not SLIDE.is_dir(), reason="needs SAMSYN_TEST_DATA")
def test_on_a_slide_it_is_millimetres_of_the_glass(measuring: Measured) -> None:
    reader, page = measuring.reader, measuring.reader.page
    reader.indexed(measuring.slide)
    page.goto(f"{reader.served.url}/studies/{measuring.slide}/")
    corner = page.locator(".slide:not([hidden]) .corner.bottom-left")
    expect(corner).to_contain_text("per pixel", timeout=20_000)
    box = page.locator(".pane .slide").bounding_box()
    assert box is not None
    middle = (box["x"] + box["width"] / 2, box["y"] + box["height"] / 2)
    for keys in ((), ("r", "h", "+", "+")):
        page.mouse.move(0, 0)
        page.locator(".pane .slide").focus()
        reader.press(*keys, "l")
        page.wait_for_timeout(600)
        draw(page, (middle[0] - 100, middle[1] - 60), (middle[0] + 80, middle[1] + 40))
        row = measured(reader, measuring.slide)
        assert (row["space"], row["unit"], row["basis"], is_exact(row)) == ("slide", "mm", "slide", True)
        scale = float(corner.inner_text().split(" µm per pixel")[0].split()[-1].strip("("))
        expected = math.hypot(180, 100) * scale / 1000
        assert abs(row["value"] - expected) <= 0.02 * expected
        change(reader, row["id"], {"version": row["version"], "deleted": True})
        expect(page.locator(".mark")).to_have_count(0)


def test_sections_fold_by_their_headings_and_messages_keep_a_readable_height(measuring: Measured) -> None:
    reader, page = measuring.reader, measuring.reader.page
    clean(reader, measuring.ct)
    page.set_viewport_size({"width": 1280, "height": 900})
    try:
        reader.focus()
        reader.press("l")
        box = page.locator(".pane .area").first.bounding_box()
        assert box is not None
        for shift in (0, 60, 120):
            left, top = box["x"] + box["width"] / 2 - 100, box["y"] + box["height"] / 2 - 80 + shift
            draw(page, (left, top), (left + 80, top))
            measured(reader, measuring.ct)
        expect(page.locator("#side-findings .finding")).to_have_count(3)
        talk = page.locator("#side-conversation .fills")
        height = talk.evaluate("each => each.clientHeight")
        assert height >= 235, height
        heading = page.get_by_role("button", name="Findings", exact=True)
        with page.expect_response("**/api/preferences/side/"):
            heading.click()
        expect(page.locator("#side-findings .finding").first).to_be_hidden()
        assert talk.evaluate("each => each.clientHeight") > height
        reader.open(measuring.ct)
        expect(heading).to_have_attribute("aria-expanded", "false")
        with page.expect_response("**/api/preferences/side/"):
            heading.click()
        expect(page.locator("#side-findings .finding").first).to_be_visible()
    finally:
        page.set_viewport_size({"width": 1400, "height": 900})
