"""A server is ended and started anew while people read and write: nothing is lost, pages come back (hazard F18)."""

import contextlib
import random
import signal
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect
from pydicom.dataset import Dataset

from tests.browser.reading import Reader, lay
from tests.chromium import chromium, needs_chromium
from tests.faults.writing import ROLES, Writer, all_at_once, eventually, managed, missing, tokens
from tests.phantoms import speaking_phantom
from tests.serving import Served, free_port, serving

# Sockets are to be back within five seconds after the server is; the rest is for a busy machine.
BACK_WITHIN = 5 + 10
SOON = 20_000  # milliseconds


@dataclass
class House:
    """One state folder and one port, for one server after the other."""

    images: Path
    state: Path
    port: int
    study: str
    phantom: list[Dataset]

    @contextlib.contextmanager
    def open(self) -> Iterator[Served]:
        """Serve until the block ends."""
        with serving(self.images, state=self.state, port=self.port, own_group=True) as served:
            yield served


@pytest.fixture
def house(tmp_path: Path) -> House:
    images, state = tmp_path / "images", tmp_path / "state"
    images.mkdir()
    state.mkdir()
    phantom = speaking_phantom(patient=1, series=1)
    return House(images, state, free_port(), lay(images, phantom), phantom)


@pytest.mark.full
@pytest.mark.parametrize("rounds", [20])
def test_what_was_acknowledged_outlives_restarts(house: House, rounds: int) -> None:
    dice, writers = random.Random(rounds), list[Writer]()
    slowest, broken = 0.0, 0
    for _ in range(rounds):
        with house.open() as served:
            if not writers:
                given = tokens(house.state, *ROLES)
                writers = [Writer(each, house.study, house.phantom[2], random.Random(dice.random())) for each in given]
                path = f"/api/studies/main/{house.study}/measurements/"
                eventually(lambda: writers[0].ask(served, "GET", path)[0] == 200)  # noqa: B023
                eventually(lambda: writers[0].draw(served))  # noqa: B023
            counted = threading.Semaphore(0)
            threads = all_at_once(writers, served, 1000, counted.release)
            for _number in range(dice.randrange(20, 100)):
                assert counted.acquire(timeout=60)
            began = time.monotonic()
            served.process.send_signal(signal.SIGTERM)
            assert served.process.wait(30) in (0, -signal.SIGTERM)
            slowest = max(slowest, time.monotonic() - began)
            for thread in threads:
                thread.join(60)
            assert "Traceback" not in served.words()
        assert missing(house.state / "samsyn.sqlite3", writers) == []
        told = managed(house.state, "audit", "verify").stdout
        assert "intact" in told and "not sealed" not in told, "what is committed is sealed before the end"
    statuses = {status for writer in writers for status in writer.statuses}
    assert statuses <= {200, 201, 204}, statuses
    print(f"{rounds} restarts, {broken} refused, ended within {slowest:.1f} s at the latest")


class Sockets:
    """When the page's sockets began to be heard."""

    def __init__(self, page: Page) -> None:
        self.opened: list[float] = []
        page.on("websocket", lambda socket: socket.on("framereceived", self._heard(set())))

    def _heard(self, seen: set[int]):  # type: ignore[no-untyped-def]
        def heard(_frame: object) -> None:
            if not seen:
                seen.add(1)
                self.opened.append(time.monotonic())

        return heard


@pytest.mark.browser
@needs_chromium
@pytest.mark.parametrize(
    "down", [pytest.param(2.0, id="at once"), pytest.param(60.0, id="later", marks=pytest.mark.full)]
)
def test_what_people_type_is_there_after_a_restart_and_says_meanwhile_that_it_is_not_saved(
    house: House, down: float
) -> None:
    with chromium(1440, 900) as (page, watched):
        with house.open() as served:
            reader = Reader(page, watched, served)
            sockets = Sockets(page)
            reader.log_in()
            reader.open(house.study)
            draw_a_line(reader)
            page.locator("#request-edit").click()
            page.locator('textarea[name="clinical_question"]').fill("Embolism? åäö")
            page.locator(".composer textarea").fill("Half a sentence")
            served.process.send_signal(signal.SIGTERM)
            assert served.process.wait(30) in (0, -signal.SIGTERM)
        type_while_nobody_answers(page)
        page.wait_for_timeout(1000 * down)
        heard = len(sockets.opened)
        with house.open():
            up = time.monotonic()
            while len(sockets.opened) == heard:
                assert time.monotonic() < up + BACK_WITHIN, "the socket doesn't come back"
                page.wait_for_timeout(50)
            print(f"after {down:.0f} s away the socket was back {sockets.opened[-1] - up:.1f} s after the server")
            everything_is_saved(page)
            a_reload_keeps_what_is_typed(page)
            assert watched.faults == []


def draw_a_line(reader: Reader) -> None:
    page = reader.page
    expect(page.locator("#side-findings")).to_contain_text("Press L", timeout=SOON)
    box = page.locator(".pane:not([hidden]) .area").first.bounding_box()
    assert box is not None
    x, y = box["x"] + box["width"] / 2, box["y"] + box["height"] / 2
    reader.focus()
    reader.press("l")
    page.mouse.move(x - 40, y)
    page.mouse.down()
    page.mouse.move(x, y)
    page.mouse.move(x + 40, y + 10)
    page.mouse.up()
    expect(page.locator(".finding .state")).to_contain_text("you", timeout=SOON)


def type_while_nobody_answers(page: Page) -> None:
    """Send, save and name something: each says that it isn't saved."""
    message = page.locator(".composer textarea")
    expect(message).to_have_value("Half a sentence")
    message.press("Enter")
    expect(page.locator(".talk .pending")).to_contain_text("Not sent yet", timeout=SOON)
    message.fill("And another half")
    page.locator(".request-form button.first").click()
    expect(page.locator(".request-form .said")).to_contain_text("Not saved.", timeout=SOON)
    expect(page.locator('textarea[name="clinical_question"]')).to_have_value("Embolism? åäö")
    label = page.locator(".finding input.label")
    label.fill("largest nodule")
    label.press("Enter")
    expect(page.locator(".finding .state")).to_contain_text("Not saved", timeout=SOON)
    expect(label).to_have_value("largest nodule")


def everything_is_saved(page: Page) -> None:
    """What the page sends again by itself has arrived; a form waits for its button."""
    expect(page.locator(".talk .own:not(.pending) .words")).to_have_text(["Half a sentence"], timeout=SOON)
    expect(page.locator(".finding .state")).to_contain_text("you", timeout=SOON)
    expect(page.locator(".composer textarea")).to_have_value("And another half")


def a_reload_keeps_what_is_typed(page: Page) -> None:
    page.reload()
    question = page.locator('textarea[name="clinical_question"]')
    expect(question).to_have_value("Embolism? åäö", timeout=SOON)
    expect(page.locator(".request-form .said")).to_contain_text("isn't saved yet")
    expect(page.locator(".composer textarea")).to_have_value("And another half", timeout=SOON)
    expect(page.locator(".finding input.label")).to_have_value("largest nodule", timeout=SOON)
    page.locator(".request-form button.first").click()
    expect(page.locator(".request .question, .question").first).to_have_text("Embolism? åäö", timeout=SOON)
    page.reload()
    expect(page.locator("#request-edit")).to_be_visible(timeout=SOON)
    expect(page.locator(".request-form")).to_have_count(0)
