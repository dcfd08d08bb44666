"""The findings beside the images: whatever line is on the screen is listed, under its study, and saved with it."""

import re
from typing import Any

import pytest
from playwright.sync_api import expect

from tests.browser.measuring import SLIDE, Measured, draw, measured, measuring, middles, rows, send
from tests.chromium import barriers, needs_chromium
from worklist.demo.dataset import uid

__all__ = ["measuring"]  # the fixture
pytestmark = [
    pytest.mark.browser,
    needs_chromium,
    pytest.mark.skipif(not SLIDE.is_dir(), reason="needs SAMSYN_TEST_DATA"),
]


def listing(of: Measured, study: str) -> tuple[str, dict[str, Any]]:
    """Return the first series of a study and what the server lists of it."""
    series = of.reader.indexed(study)["series"][0]["uid"]
    address = f"{of.reader.served.url}/api/studies/main/{study}/series/{series}/stacks/"
    for _ in range(80):
        if (answer := of.reader.page.request.get(address)).ok:
            return series, answer.json()
        of.reader.page.wait_for_timeout(250)
    raise AssertionError(answer.text())


def test_the_slide_beside_the_ct_has_its_lines_listed_and_saved_too(measuring: Measured) -> None:
    reader, page, ct = measuring.reader, measuring.reader.page, str(uid("measuring"))
    series, told = listing(measuring, ct)
    stack = {"kind": "stack", "archive": "main", "study": ct, "series": series, "stack": told["stacks"][0]["key"]}
    stack |= {"instance": told["stacks"][0]["entries"][0]["instance"], "frame": 1}
    series, told = listing(measuring, measuring.slide)
    slide = {"kind": "slide", "archive": "main", "study": measuring.slide, "series": series}
    slide["slide"] = told["slides"][0]["key"]
    state = {"version": 2, "layout": {"rows": 1, "columns": 2}, "active": 0}
    send(reader, "PUT", f"/api/studies/main/{ct}/state/", state | {"panes": [{"source": stack}, {"source": slide}]})
    reader.open(ct)
    expect(page.locator(".slide:not([hidden]) .corner.bottom-left")).to_contain_text("per pixel", timeout=20_000)
    page.wait_for_timeout(500)
    reader.focus()
    reader.press("l")
    draw(page, *middles(reader))
    measured(reader, ct)
    box = page.locator(".slide:not([hidden])").bounding_box()
    assert box
    middle = (box["x"] + box["width"] / 2, box["y"] + box["height"] / 2)
    draw(page, (middle[0] - 50, middle[1] - 60), (middle[0] + 40, middle[1] + 40))
    findings = page.locator("#side-findings")
    expect(findings.locator(".finding")).to_have_count(2, timeout=20_000)
    expect(findings.locator(".badge")).to_have_text("2")
    expect(findings.locator("h3:visible")).to_have_count(1)
    expect(findings.locator("h3:visible")).to_have_text("Another study")  # it has no date
    expect(findings.locator(".finding .state").first).to_contain_text(re.compile(r"you · [0-2]\d:\d\d( ·|$)"))
    expect(findings.locator(".finding.unsaved")).to_have_count(0)
    expect(page.locator(".mark-label .number:not(.provisional)")).to_have_count(2)
    assert barriers(page) == []
    page.get_by_role("button", name="Save to the archive").click()
    expect(findings.locator(".report")).to_contain_text("all in the archive", timeout=20_000)
    for study in (ct, measuring.slide):
        assert {row["report"]["state"] for row in rows(reader, study)} == {"stored"}
    page.mouse.move(0, 0)
    page.locator(".pane .area:visible").first.focus()
    reader.press("w", "Shift+1")
    expect(findings.locator(".finding")).to_have_count(1)
    expect(findings.locator("h3:visible")).to_have_count(0)
