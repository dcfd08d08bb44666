"""The text over the pixels is the text of these pixels, however late and in whatever order the answers come."""

import base64
import re
from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest

from tests.browser.reading import Reader, lay, reading
from tests.browser.test_orientation import edges
from tests.chromium import needs_chromium
from tests.phantoms import read, speaking_phantom

pytestmark = [pytest.mark.browser, needs_chromium]

# Between page and server: every message of the socket, every HTTP answer and every decoding is late by chance.
DELAYS = """(() => {
  const late = () => new Promise(go => setTimeout(go, Math.random() < 0.2 ? 0 : Math.random() * window.__latest));
  window.__latest = 0;
  const listen = WebSocket.prototype.addEventListener;
  WebSocket.prototype.addEventListener = function (type, heard, ...rest) {
    const wrapped = type === 'message' ? async event => { await late(); heard(event); } : heard;
    return listen.call(this, type, wrapped, ...rest);
  };
  const decode = window.createImageBitmap;
  window.createImageBitmap = async (...given) => { const made = await decode(...given); await late(); return made; };
  const ask = window.fetch;
  window.fetch = async (...given) => { const answer = await ask(...given); await late(); return answer; };
})()"""

# Looks at every frame of the screen; keeps what differs from the frame before.
WATCH = """() => {
  const area = document.querySelector('.pane .area');
  const canvas = area.querySelector('canvas');
  const brush = canvas.getContext('2d');
  window.__seen = [];
  let before = '';
  const look = () => {
    const [width, height] = [canvas.width >> 1, canvas.height >> 1];
    const pixels = brush.getImageData(0, 0, canvas.width, canvas.height).data;
    const grey = new Uint8Array(width * height);
    for (let row = 0; row < height; row++)
      for (let column = 0; column < width; column++)
        grey[row * width + column] = pixels[8 * (row * canvas.width + column)];
    const text = name => area.querySelector(name).innerText;
    const letters = Object.fromEntries(['left', 'right', 'top', 'bottom'].map(edge => [edge, text('.letter.' + edge)]));
    const found = {image: text('.bottom-right'), patient: text('.top-left'), letters};
    let sum = 0;
    for (const value of grey) sum = (sum * 31 + value) | 0;
    const now = JSON.stringify(found) + sum;
    if (now !== before && area.querySelector('.notice').hidden) {
      let words = '';
      for (let at = 0; at < grey.length; at += 4096) words += String.fromCharCode(...grey.subarray(at, at + 4096));
      window.__seen.push({...found, width, height, grey: btoa(words)});
    }
    before = now;
    requestAnimationFrame(look);
  };
  look();
}"""

# A hasty hand: mostly along the stack, at times to another series or turned.
HAND = """() => {
  const area = document.querySelector('.pane .area');
  area.focus();
  const press = (key, shiftKey = false) =>
    area.dispatchEvent(new KeyboardEvent('keydown', {key, code: key, shiftKey, bubbles: true, cancelable: true}));
  const step = () => {
    const chance = Math.random();
    if (chance < 0.7) press(Math.random() < 0.6 ? 'ArrowDown' : 'ArrowUp', Math.random() < 0.15);
    else if (chance < 0.8) press(Math.random() < 0.5 ? 'Home' : 'End');
    else if (chance < 0.84) press('r');
    else if (chance < 0.88) press('h');
    else if (chance < 0.91) press(Math.random() < 0.5 ? 'PageDown' : 'PageUp');
    window.__hand = setTimeout(step, Math.random() * 40);
  };
  step();
}"""


@pytest.fixture(scope="module")
def reader(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Reader]:
    folder = tmp_path_factory.mktemp("speaking")
    lay(folder, speaking_phantom(series=1, slices=60))
    study = lay(folder, speaking_phantom(series=2, slices=40, orientation=(0, 1, 0, 0, 0, -1)))
    with reading(folder, width=940, height=440) as found:
        found.page.add_init_script(DELAYS)
        found.indexed(study, 2)
        found.open(study)
        yield found


def disagreement(seen: dict[str, Any]) -> str:
    """Return where text and pixels of one frame differ; empty if nowhere."""
    grey = np.frombuffer(base64.b64decode(seen["grey"]), np.uint8).reshape(seen["height"], seen["width"])
    spoken = read(grey)
    place = re.search(r"Image (\d+)/\d+(?: \(no\. (\d+)\))?", seen["image"])
    series = re.search(r"^(\d+)\. ", seen["image"], re.MULTILINE)
    if place is None or series is None:
        return f"no place in {seen['image']!r}"
    told = (int(series[1]), int(place[2] or place[1]), "PHANTOM-1" in seen["patient"], seen["letters"])
    return "" if told == (spoken.series, spoken.slice, True, edges(spoken)) else f"{told} over {spoken}"


def paint(reader: Reader, paints: int, latest: int) -> list[str]:
    """Let a hand move until so many paints were seen; return the disagreements."""
    page = reader.page
    reader.focus()
    reader.until(lambda moment: moment.spoken is not None)
    page.evaluate("latest => { window.__latest = latest; }", latest)
    page.evaluate(WATCH)
    page.evaluate(HAND)
    wrong, count = [], 0
    while count < paints:
        page.wait_for_timeout(500)
        seen = page.evaluate("() => window.__seen.splice(0)")
        count += len(seen)
        wrong += [words for words in map(disagreement, seen) if words]
    page.evaluate("() => { clearTimeout(window.__hand); window.__latest = 0; }")
    return wrong


@pytest.mark.parametrize("latest", [30, 250])
def test_a_sample_of_paints(reader: Reader, latest: int) -> None:
    assert paint(reader, 120, latest) == []


@pytest.mark.full
def test_five_thousand_paints(reader: Reader) -> None:
    assert paint(reader, 5000, 120) == []


def test_the_last_wish_is_what_is_shown_in_the_end(reader: Reader) -> None:
    page = reader.page
    page.evaluate("() => { window.__latest = 200; }")
    for _ in range(5):
        reader.press("Home", *["ArrowDown"] * 17, "Shift+ArrowDown", "ArrowUp")
        page.wait_for_timeout(1500)
        moment = reader.moment()
        assert moment.image.splitlines()[-1].startswith("Image 27/")
    page.evaluate("() => { window.__latest = 0; }")
