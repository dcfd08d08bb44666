"""The display check in a browser: exact greys of the canvas, the ruler by keys and by hand, a result that is kept."""

from collections.abc import Iterator
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from tests.chromium import Watched, barriers, chromium, needs_chromium
from tests.serving import Served, serving

pytestmark = [pytest.mark.browser, needs_chromium]

READ = """async () => {
  const main = document.querySelector('script[src*="/display/main.js"]').src;
  const { pattern } = await import(main.replace("main.js", "pattern.js"));
  const canvas = document.querySelector("#pattern");
  const parts = pattern(canvas.width, canvas.height);
  const pixels = canvas.getContext("2d").getImageData(0, 0, canvas.width, canvas.height).data;
  const at = (x, y) => [...pixels.slice(4 * (y * canvas.width + x), 4 * (y * canvas.width + x) + 4)];
  const middle = (name) => {
    const part = parts.find((each) => each.name === name);
    return at(part.x + part.width / 2, part.y + part.height / 2);
  };
  const corner = (name, along = 0) => {
    const part = parts.find((each) => each.name === name);
    return at(part.x + along, part.y);
  };
  return {
    size: [canvas.width, canvas.height],
    dark: [corner("dark"), middle("dark")], light: [corner("light"), middle("light")],
    steps: Array.from({ length: 18 }, (_, index) => middle(`step ${index}`)[0]),
    pairs: [0, 1, 2, 3].map((along) => corner("pairs across, Nyquist", along)[0]),
  };
}"""

ZOOM = """ratio => {
  Object.defineProperty(window, "devicePixelRatio", { value: ratio, configurable: true });
  dispatchEvent(new Event("resize"));
}"""


@pytest.fixture(scope="module")
def opened(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Page, Watched, Served]]:
    with serving(tmp_path_factory.mktemp("images")) as served, chromium(1280, 900) as (page, watched):
        yield page, watched, served
        assert watched.faults == []


def grey(value: int) -> list[int]:
    return [value, value, value, 255]


def right(found: dict[str, Any]) -> None:
    assert found["dark"] == [grey(0), grey(13)]
    assert found["light"] == [grey(255), grey(242)]
    assert found["steps"] == list(range(0, 256, 15))
    assert found["pairs"] == [0, 255, 0, 255]


def test_from_the_menu_to_a_kept_result(opened: tuple[Page, Watched, Served]) -> None:
    page, _watched, served = opened
    page.goto(f"{served.url}/login/")
    page.click('form:has(input[value="radiologist"]) button')
    page.click(".account summary")
    page.click('.account a:has-text("Display check")')
    expect(page.get_by_text("This workstation has never been checked.")).to_be_visible()
    expect(page.locator("#scale")).to_contain_text("Not set yet")
    right(page.evaluate(READ))
    assert barriers(page) == []

    # One key fills the screen, the pattern is drawn anew pixel by pixel, and the same key leads back.
    page.keyboard.press("f")
    page.wait_for_function("document.fullscreenElement && document.querySelector('#pattern').width === innerWidth")
    found = page.evaluate(READ)
    assert found["size"] == page.evaluate("[innerWidth, innerHeight]")
    right(found)
    page.keyboard.press("f")
    page.wait_for_function("!document.fullscreenElement")

    # The ruler by hand, then by keys.
    page.locator("#edge").scroll_into_view_if_needed()
    box = page.locator("#edge").bounding_box()
    assert box
    x, y = box["x"] + box["width"] / 2, box["y"] + box["height"] / 2
    page.mouse.move(x, y)
    page.mouse.down()
    page.mouse.move(x + 40, y)
    page.mouse.up()
    page.locator("#edge").press("ArrowRight")
    width = page.evaluate("document.querySelector('#card').getBoundingClientRect().width")
    assert width == pytest.approx(85.6 / 25.4 * 96 + 41, abs=0.05)
    expect(page.locator("#scale")).to_have_text(f"{85.6 / width:.4f} mm per pixel of the page")

    # At another zoom, what was fitted says nothing; back again, it begins anew.
    page.evaluate(ZOOM, 1.25)
    expect(page.locator("#scale")).to_contain_text("Not set yet")
    assert page.input_value('[name="mm_per_px"]') == ""
    page.evaluate(ZOOM, 1)
    page.locator("#edge").press("Shift+ArrowRight")
    width = page.evaluate("document.querySelector('#card').getBoundingClientRect().width")
    assert width == pytest.approx(85.6 / 25.4 * 96 + 10, abs=0.05)

    for row in page.locator(".question").all():
        row.get_by_label("Yes").check()
    page.locator(".question").nth(0).get_by_label("No").check()
    page.fill("textarea", "dusty")
    page.get_by_role("button", name="Keep the result").click()
    expect(page.locator(".last")).to_contain_text("failed: 5 % square")
    expect(page.locator("#other")).to_be_hidden()
    kept = page.evaluate("document.querySelector('#card').getBoundingClientRect().width")
    assert kept == pytest.approx(width, abs=0.05)
    assert barriers(page) == []

    for ratio in (1.5, 2):
        on_another_screen(page, served, ratio)


def on_another_screen(page: Page, served: Served, ratio: float) -> None:
    """The same workstation with more device pixels: greys as exact, and the page says that the check was of another."""
    assert page.context.browser
    other = page.context.browser.new_context(
        viewport={"width": 1280, "height": 900},
        device_scale_factor=ratio,
        storage_state=page.context.storage_state(),
    )
    there = other.new_page()
    there.goto(f"{served.url}/display/")
    expect(there.locator("#other")).to_contain_text("another screen, scaling or zoom")
    there.wait_for_function(
        "r => { const c = document.querySelector('#pattern'); return Math.abs(c.width - r * c.clientWidth) < 2; }",
        arg=ratio,
    )
    right(there.evaluate(READ))
    expect(there.locator("#scale")).to_contain_text("Not set yet")
    other.close()
