"""On a slow line pictures move as JPEG and say so; at rest they are lossless."""

from pathlib import Path

import pytest
from playwright.sync_api import expect

from tests.browser.reading import Reader, lay, reading
from tests.chromium import needs_chromium
from tests.phantoms import speaking_phantom

pytestmark = [pytest.mark.browser, needs_chromium]

# A line that carries so many bytes in a millisecond; words of the server pass at once.
NARROW = """(() => {
  window.__carries = Infinity;
  const listen = WebSocket.prototype.addEventListener;
  WebSocket.prototype.addEventListener = function (type, heard, ...rest) {
    const wrapped = event => setTimeout(() => heard(event), (event.data?.byteLength ?? 0) / window.__carries);
    return listen.call(this, type, type === 'message' ? wrapped : heard, ...rest);
  };
  const ask = window.fetch;
  window.fetch = async (...given) => {
    const answer = await ask(...given);
    const body = await answer.clone().arrayBuffer();
    await new Promise(go => setTimeout(go, body.byteLength / window.__carries));
    return answer;
  };
})()"""


def test_on_a_slow_line_pictures_move_as_jpeg_and_rest_lossless(tmp_path: Path) -> None:
    study = lay(tmp_path, speaking_phantom(slices=30, rows=512, columns=512))
    with reading(tmp_path) as page:
        page.page.add_init_script(NARROW)
        page.open(study)
        moves_and_rests(page)


def moves_and_rests(page: Reader) -> None:
    """Scroll until a lossy picture was seen, then rest."""
    page.until(lambda moment: moment.spoken is not None)
    page.page.evaluate("() => { window.__carries = 10; }")
    page.focus()
    sign = page.page.locator(".fidelity")
    seen = set()
    for _ in range(60):
        page.press("ArrowDown")
        page.page.wait_for_timeout(100)
        seen.add(sign.get_attribute("data-sign"))
        if "moving" in seen:
            break
        if "Image 30/" in page.page.locator(".area .bottom-right").inner_text():
            page.press("2", "Home")
    assert "moving" in seen, "lossy pictures say that they are"
    page.page.evaluate("() => { window.__carries = Infinity; }")
    expect(sign).not_to_have_attribute("data-sign", "moving", timeout=20_000)
    at_rest = page.until(lambda moment: moment.spoken is not None)
    assert f"(no. {at_rest.spoken.slice})" in at_rest.image or f"Image {at_rest.spoken.slice}/" in at_rest.image
