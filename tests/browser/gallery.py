"""Every study of an archive opened as a reader opens it, and what each pane showed: rows of a contact sheet.

Nothing here knows a class of objects: what stands in the panel is clicked, what a listing names is counted.
"""

import io
import json
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import quote

from PIL import Image, ImageDraw, ImageFont
from playwright.sync_api import ConsoleMessage, Locator, Page

FONT = ImageFont.load_default(12)
CELL, CAPTION, COLUMNS, ROWS = (330, 370), 62, 6, 3
# What refuses with a reason: the words are read where they are told.
REFUSABLE = ("/thumbnail", "/rendered", "/renderedmpr")
LISTEN = """
  window.__paints = [];
  new PerformanceObserver((list) => {
    for (const {name, detail} of list.getEntries()) if (name === "painted") window.__paints.push(detail);
  }).observe({ type: "mark" });
"""
# Whether the first pane shows, since `from` paints, a picture at rest or words in its place.
SETTLED = """(from) => {
  const area = document.querySelector('.pane .area');
  const told = area?.querySelector('.notice.failed:not([hidden]), .notice.gap:not([hidden])');
  return Boolean(told) || window.__paints.slice(from).some(({pane, lossless}) => pane === 0 && lossless);
}"""
THUMBS = """() => [...document.querySelectorAll('#thumbnails button.thumb')]
  .map(({dataset}) => [dataset.series, dataset.stack])"""
TOLD = """(series) => [...document.querySelectorAll('#thumbnails .thumb')]
  .every(({dataset}) => dataset.series !== series || dataset.stack !== '')"""
# In one task: the series may be told at any moment, and then another button stands there.
CLICK = """(series) => document.querySelector(
  `#thumbnails button.thumb[data-series="${series}"][data-stack=""][aria-pressed="false"]`)?.click()"""
WORDS = """() => [...document.querySelectorAll('.pane')].find((pane) => !pane.hidden)?.innerText ?? ''"""
# Words of the pane that lie over each other, two by two.
OVER_EACH_OTHER = """() => {
  const pane = [...document.querySelectorAll('.pane')].find((pane) => !pane.hidden);
  const words = '.corner p bdi, .identity span, .letter, .unknown-orientation, .fidelity .words, .scale-words';
  const found = [...pane?.querySelectorAll(words) ?? []];
  const shown = found.filter((each) => each.checkVisibility() && each.innerText.trim());
  const boxes = shown.map((each) => {
    const own = each.getBoundingClientRect(), line = (each.closest('p') ?? each).getBoundingClientRect();
    const [left, right] = [Math.max(own.left, line.left), Math.min(own.right, line.right)];
    return {left, right, top: own.top, bottom: own.bottom};
  });
  return shown.flatMap((each, at) => shown.slice(at + 1).flatMap((other, more) => {
    const a = boxes[at], b = boxes[at + 1 + more];
    const across = Math.min(a.right, b.right) - Math.max(a.left, b.left);
    const down = Math.min(a.bottom, b.bottom) - Math.max(a.top, b.top);
    return across > 2 && down > 4 ? [`"${each.innerText}" over "${other.innerText}"`] : [];
  }));
}"""
# One painting thread can't be asked twice at once, and a browser waits for what it doesn't see.
EACH = """async (addresses) => {
  const answers = {};
  const left = Object.entries(addresses);
  await Promise.all(Array.from({length: 4}, async () => {
    for (let next = left.pop(); next; next = left.pop()) {
      const [instance, address] = next;
      const answer = await fetch(address);
      const body = answer.ok ? await answer.blob() : await answer.text();
      answers[instance] = answer.ok ? (body.size > 60 ? '' : 'an empty picture') : `${answer.status}: ${body}`;
    }
  }));
  return answers;
}"""


@dataclass
class Sight:
    """What one pane showed."""

    picture: Image.Image
    series: str
    words: str
    place: str
    instance: str


@dataclass
class Gallery:
    """What came of the objects of an archive, by SOP Instance UID, and the pictures."""

    shown: set[str] = field(default_factory=set)
    refused: dict[str, str] = field(default_factory=dict)
    not_yet: dict[str, str] = field(default_factory=dict)
    sights: list[Sight] = field(default_factory=list)
    errors: list[str] = field(default_factory=list)

    @property
    def told(self) -> set[str]:
        """Return all objects of which something is known."""
        return self.shown | set(self.refused) | set(self.not_yet)


def instances_in(told: Any) -> Iterator[str]:
    """Yield the value of every `instance` of a listing, however deep."""
    if isinstance(told, dict):
        if isinstance(told.get("instance"), str):
            yield told["instance"]
        for each in told.values():
            yield from instances_in(each)
    elif isinstance(told, list):
        for each in told:
            yield from instances_in(each)


class Walk:
    """One page that goes from study to study, from stack to stack."""

    def __init__(self, page: Page, url: str) -> None:
        self.page, self.url, self.gallery = page, url, Gallery()
        page.add_init_script(LISTEN)
        page.on("console", self._said)
        page.on("pageerror", lambda error: self.gallery.errors.append(f"{page.url}: {error}"))

    def _said(self, message: ConsoleMessage) -> None:
        address = (message.location or {}).get("url", "").partition("?")[0]
        # The browser's words and the slide library's for a picture that was refused; why, is counted elsewhere.
        refused = (
            address.endswith(REFUSABLE) if "Failed to load resource" in message.text else "Tile %s" in message.text
        )
        if message.type == "error" and not refused:
            self.gallery.errors.append(f"{self.page.url}: {message.text} {address}")

    def study(self, uid: str, *, ends: bool = True) -> None:
        """Open a study in one pane, show each thing in its panel, and ask for the pictures that weren't painted."""
        listings = self._listings(uid)
        self.page.goto(f"{self.url}/studies/{uid}/?archive=main")
        self.page.wait_for_selector("#thumbnails .thumb", timeout=30_000)
        self.page.keyboard.press("Shift+1")
        done: set[tuple[str, str]] = set()
        while left := [thumb for thumb in self._thumbs() if thumb not in done]:
            series, stack = left[0]
            done.add((series, stack))
            if not stack:
                # What a series holds is told once it is in a pane: then its first stack is shown.
                self.page.evaluate(CLICK, series)
                self.page.wait_for_function(TOLD, arg=series, timeout=30_000)
                stack = next((stack for each, stack in self._thumbs() if each == series), "")
                done.add((series, stack))
            if stack:
                self._show(series, stack, ends=ends)
        self._ask_for_the_rest(uid, listings)

    def _listings(self, uid: str) -> dict[str, Any]:
        """Return what each series of a study lists."""
        address = f"{self.url}/api/studies/main/{uid}/"
        found: dict[str, Any] = {}
        for series in self.page.request.get(address).json()["series"]:
            answer = self.page.request.get(f"{address}series/{quote(series['uid'])}/stacks/", timeout=60_000)
            assert answer.ok, f"{series['uid']}: {answer.status} {answer.text()[:200]}"
            found[series["uid"]] = answer.json()
        return found

    def _thumbs(self) -> list[tuple[str, str]]:
        return [(series, stack) for series, stack in self.page.evaluate(THUMBS)]

    def _thumb(self, series: str, stack: str) -> Locator:
        stack = stack.replace("\\", "\\\\").replace('"', '\\"')
        return self.page.locator(f'#thumbnails button.thumb[data-series="{series}"][data-stack="{stack}"]')

    def _show(self, series: str, stack: str, *, ends: bool) -> None:
        button = self._thumb(series, stack)
        kind = button.get_attribute("data-kind")
        pressed = button.get_attribute("aria-pressed") == "true"
        before = 0 if pressed else self.page.evaluate("() => window.__paints.length")
        if not pressed:
            button.click()
        self._settle(kind, before)
        self._keep(series, "as it opens", kind)
        bar = self.page.locator(".pane:visible .bar:visible:not(.idle)")
        if not ends or not bar.count():
            return
        # A stack opens somewhere in its middle, others at their first picture: the other of the two is looked at too.
        at_first = bar.first.get_attribute("aria-valuenow") == "1"
        before = self.page.evaluate("() => window.__paints.length")
        if at_first and (box := bar.first.bounding_box()):
            bar.first.click(position={"x": box["width"] / 2, "y": box["height"] / 2})
        else:
            self.page.locator(".pane .area").first.focus()
            self.page.keyboard.press("Home")
        self._settle(kind, before)
        self._keep(series, "middle" if at_first else "first", kind)

    def _settle(self, kind: str | None, before: int) -> None:
        if kind == "stack":
            self.page.wait_for_function(SETTLED, arg=before, timeout=30_000)
        else:
            self.page.wait_for_load_state("networkidle")
            self.page.wait_for_timeout(500)
            self.page.wait_for_function("() => !document.querySelector('.pane .slide .late:not([hidden])')")

    def _keep(self, series: str, place: str, kind: str | None) -> None:
        last = "() => window.__paints.findLast(({pane}) => pane === 0)?.instance ?? ''"
        painted = self.page.evaluate(last) if kind == "stack" else ""
        pane = self.page.locator(".pane:visible").first
        picture = Image.open(io.BytesIO(pane.screenshot(timeout=20_000))).convert("RGB")
        picture.thumbnail(CELL, Image.Resampling.LANCZOS)
        words = " ".join(self.page.evaluate(WORDS).split())
        over = self.page.evaluate(OVER_EACH_OTHER)
        self.gallery.errors += [f"{self.page.url} {series}: {each}" for each in over]
        self.gallery.sights.append(Sight(picture, series, words, place, painted))

    def _ask_for_the_rest(self, study: str, listings: dict[str, Any]) -> None:
        """Ask for one picture of each object, as the page asks: what is refused says why."""
        for series, listing in listings.items():
            not_yet = {row["instance"]: row["words"] for row in listing["not_viewable"]}
            self.gallery.not_yet |= not_yet
            base = f"/dicomweb/main/studies/{study}/series/{series}/instances"
            frames = {uid: 1 for uid in instances_in({**listing, "not_viewable": []}) if uid not in not_yet}
            for level in (each for slide in listing["slides"] for each in slide["levels"]):
                if level["frames"] is not None:
                    frames[level["instance"]] = next(filter(None, level["frames"]), 1)
            addresses = {
                uid: f"{base}/{uid}/frames/{frame}/rendered?viewport=64,64&accept=image/png"
                if not listing["slides"] else f"{base}/{uid}/frames/{frame}/rendered"
                for uid, frame in frames.items()
            }  # fmt: skip
            answers: dict[str, str] = self.page.evaluate(EACH, addresses)
            assert all(words.strip() for words in answers.values() if words)
            self.gallery.shown |= {uid for uid, words in answers.items() if not words}
            self.gallery.refused |= {uid: words for uid, words in answers.items() if words}


def sheets(sights: Iterable[Sight], names: dict[str, str], folder: Path) -> list[Path]:
    """Write contact sheets into a folder; `names` are the files of SOP and Series Instance UIDs. Return their paths."""
    sights = list(sights)
    per_sheet = COLUMNS * ROWS
    paths = []
    for number, begin in enumerate(range(0, len(sights), per_sheet)):
        sheet = Image.new("RGB", (COLUMNS * (CELL[0] + 8), ROWS * (CELL[1] + CAPTION)), (40, 40, 40))
        draw = ImageDraw.Draw(sheet)
        for index, sight in enumerate(sights[begin : begin + per_sheet]):
            x, y = index % COLUMNS * (CELL[0] + 8), index // COLUMNS * (CELL[1] + CAPTION)
            sheet.paste(sight.picture, (x, y))
            name = next((names[uid] for uid in (sight.instance, sight.series) if uid and uid in names), sight.series)
            caption = [f"{name[-38:]} ({sight.place})", *(sight.words[at : at + 52] for at in (0, 52, 104))]
            for line, words in enumerate(caption):
                plain = words.encode("latin-1", "replace").decode("latin-1")
                draw.text((x + 2, y + CELL[1] + 1 + 14 * line), plain, fill=(230, 230, 160), font=FONT)
        paths.append(folder / f"sheet-{number:02}.png")
        sheet.save(paths[-1])
    words = [{name: getattr(each, name) for name in ("series", "instance", "place", "words")} for each in sights]
    folder.joinpath("words.json").write_text(json.dumps(words, indent=1, ensure_ascii=False))
    return paths
