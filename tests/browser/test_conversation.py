"""Two readers talk about a study: words, views that come along, lost lines, and words that must not act."""

import contextlib
import json
from collections.abc import Iterator
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from tests.browser.reading import Reader, lay
from tests.chromium import Watched, barriers, chromium, needs_chromium
from tests.messaging.made import CLINICAL, HOSTILE, PRINTABLE
from tests.phantoms import speaking_phantom
from tests.serving import serving

pytestmark = [pytest.mark.browser, needs_chromium]

WITHIN_A_SECOND = 1000


@pytest.fixture(scope="module")
def readers(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Reader, Reader, str]]:
    """Serve one study, with Alice and Bob (two radiologists) in browsers of their own before it."""
    folder = tmp_path_factory.mktemp("images")
    study = lay(folder, speaking_phantom(patient=1, series=1))
    with serving(folder) as served, chromium(1440, 900) as (page, watched):
        alice = Reader(page, watched, served)
        browser = page.context.browser
        assert browser is not None
        second = browser.new_context(viewport={"width": 1440, "height": 900}).new_page()
        bob = Reader(second, Watched(second), served)
        for reader, role in ((alice, "radiologist"), (bob, "radiologist2")):
            reader.log_in(role)
            reader.open(study)
            reader.until(lambda moment: moment.spoken is not None)
        yield alice, bob, study
        assert alice.watched.faults == [] and bob.watched.faults == []


def write(page: Page, text: str) -> None:
    """Type a message and send it."""
    page.locator(".composer textarea").fill(text)
    page.locator(".composer textarea").press("Enter")


def texts(page: Page) -> list[str]:
    """Return what the messages say, as they stand in the page."""
    found: list[str] = page.locator(".talk .message .words").evaluate_all("all => all.map(each => each.textContent)")
    return found


def kept(reader: Reader, study: str, **query: int) -> dict[str, Any]:
    """Return the conversation as the server tells it."""
    words = "&".join(f"{name}={value}" for name, value in query.items())
    answer: dict[str, Any] = reader.page.request.get(
        f"{reader.served.url}/api/studies/main/{study}/messages/?{words}"
    ).json()
    return answer


def test_a_message_is_there_within_a_second_and_read_when_it_is_seen(readers: tuple[Reader, Reader, str]) -> None:
    alice, bob, study = readers
    write(alice.page, "Nodule in the left lower lobe?")
    said = bob.page.locator(".talk .others .words", has_text="Nodule in the left lower lobe?")
    expect(said).to_be_visible(timeout=WITHIN_A_SECOND)
    expect(alice.page.locator(".talk .own:not(.pending) .words")).to_have_text(["Nodule in the left lower lobe?"])
    expect(bob.page.locator("#side-conversation .badge")).to_have_text("1")
    expect(bob.page.locator("#side-conversation .badge")).to_be_hidden(timeout=20_000)
    for _ in range(30):  # the badge goes first, the marker is on its way
        if kept(bob, study)["read_seq"] == 1:
            break
        bob.page.wait_for_timeout(100)
    assert kept(bob, study)["read_seq"] == 1
    assert kept(alice, study)["unread"] == 0


def test_a_view_goes_along_and_is_restored_exactly(readers: tuple[Reader, Reader, str]) -> None:
    alice, bob, study = readers
    alice.focus()
    alice.press("2", "r", "h")
    for _ in range(3):
        alice.press("ArrowDown")
    sent = alice.until(lambda moment: moment.spoken is not None and "Image 4/" in moment.image)
    before = bob.moment()
    alice.page.click("text=With this view")
    expect(alice.page.locator(".composer .along canvas")).to_be_visible()
    write(alice.page, "")
    view = bob.page.locator(".talk .others .view").last
    expect(view.locator("img")).to_be_visible(timeout=20_000)
    assert view.locator("img").evaluate("image => image.decode().then(() => image.naturalWidth)") > 50
    view.click()
    bob.until(lambda moment: moment.letters == sent.letters and moment.image == sent.image)
    # Each may have painted a lossy picture of a hurried line first.
    shown = bob.until(lambda moment: bool((moment.grey == alice.moment().grey).all()))
    assert (shown.letters, shown.image, shown.window) == (sent.letters, sent.image, sent.window)
    message = kept(bob, study)["messages"][-1]
    saved = bob.page.request.get(f"{bob.served.url}/api/states/{message['state']}/").json()
    alice.page.wait_for_timeout(1500)  # what she shows herself is kept a moment after each change
    assert saved == alice.page.request.get(f"{alice.served.url}/api/studies/main/{study}/state/").json()
    assert bob.page.request.get(f"{bob.served.url}/api/studies/main/{study}/state/").json() == saved
    bob.page.click("text=Back to my view")
    bob.until(lambda moment: moment.image == before.image and moment.letters == before.letters)
    bob.until(lambda moment: bool((moment.grey == before.grey).all()))


def test_every_character_arrives_and_none_of_them_acts(readers: tuple[Reader, Reader, str]) -> None:
    alice, bob, study = readers
    sent = [PRINTABLE, CLINICAL, *(text.replace("\r\n", "\n") for text in HOSTILE)]
    for text in sent:
        write(alice.page, text)
    expect(bob.page.locator(".talk .others .words").last).to_have_text(sent[-1].strip(), timeout=10_000)
    assert texts(bob.page)[-len(sent) :] == sent == texts(alice.page)[-len(sent) :]
    assert [message["text"] for message in kept(bob, study)["messages"]][-len(sent) :] == sent
    for page in (alice.page, bob.page):
        assert page.evaluate("window.__pwned") is None
        assert page.locator(".talk .words *").count() == 0


def test_words_written_without_a_line_are_sent_once_it_is_back(readers: tuple[Reader, Reader, str]) -> None:
    alice, bob, study = readers
    before = kept(bob, study)["last_seq"]
    alice.page.context.set_offline(True)
    with contextlib.suppress(Exception):
        alice.page.evaluate("() => fetch('/health')")
    for number in range(3):
        write(alice.page, f"offline {number}")
    expect(alice.page.locator(".talk .pending")).to_have_count(3)
    write(bob.page, "meanwhile")
    alice.page.context.set_offline(False)
    expect(alice.page.locator(".talk .pending")).to_have_count(0, timeout=20_000)
    expect(alice.page.locator(".talk .others .words").last).to_have_text("meanwhile")
    said = [message["text"] for message in kept(bob, study, after=before)["messages"]]
    assert sorted(said) == ["meanwhile", "offline 0", "offline 1", "offline 2"]
    assert [text for text in said if text != "meanwhile"] == ["offline 0", "offline 1", "offline 2"]
    expect(bob.page.locator(".talk .words")).to_have_count(alice.page.locator(".talk .words").count())
    assert texts(bob.page) == texts(alice.page)


def test_words_that_wait_and_the_draft_outlive_a_reload(readers: tuple[Reader, Reader, str]) -> None:
    alice, bob, study = readers
    before = kept(bob, study)["last_seq"]
    alice.page.route("**/messages/", lambda route: route.abort())
    alice.page.evaluate("() => sessionStorage.length")
    waiting = {
        "client_uuid": "5d0c3f5e-2f43-4c8e-8a3e-6b7b0e6c2d11", "text": "written before the reload", "state": None,
        "created": "2026-01-01T10:00:00Z", "words": "", "stuck": False,
    }  # fmt: skip
    alice.page.locator(".composer textarea").fill("half a sent")
    key = alice.page.evaluate("() => Object.keys(sessionStorage).find(key => key.endsWith('.draft'))")
    alice.page.evaluate(
        "([key, text]) => sessionStorage.setItem(key, text)",
        [key.replace(".draft", ".waiting"), json.dumps([waiting])],
    )
    alice.page.unroute("**/messages/")
    alice.page.reload()
    alice.page.wait_for_selector(".fidelity:not([hidden])")
    expect(alice.page.locator(".composer textarea")).to_have_value("half a sent")
    expect(bob.page.locator(".talk .others .words").last).to_have_text("written before the reload")
    assert len(kept(bob, study, after=before)["messages"]) == 1
    alice.page.locator(".composer textarea").fill("")


def test_what_the_server_refuses_can_be_tried_again_or_taken_back(readers: tuple[Reader, Reader, str]) -> None:
    alice, _bob, _study = readers
    alice.page.locator(".composer textarea").evaluate("field => field.value = 'a\\0b'")
    alice.page.locator(".composer textarea").press("Enter")
    stuck = alice.page.locator(".talk .stuck")
    expect(stuck).to_contain_text("NUL")
    stuck.get_by_text("Try again").click()
    expect(stuck).to_contain_text("NUL")
    stuck.get_by_text("Discard").click()
    expect(stuck).to_have_count(0)
    alice.page.locator(".composer textarea").fill("")


def test_what_came_while_nobody_looked_is_counted_and_marked(readers: tuple[Reader, Reader, str]) -> None:
    alice, bob, study = readers
    bob.page.bring_to_front()  # a window behind others isn't drawn, and nobody reads what isn't drawn
    expect(bob.page.locator("#side-conversation .badge")).to_be_hidden(timeout=20_000)
    bob.page.click("#side-toggle")
    for number in range(2):
        write(alice.page, f"unseen {number}")
    expect(bob.page.locator("#side-conversation .badge")).to_have_text("2")
    bob.page.wait_for_timeout(1500)
    assert kept(bob, study)["unread"] == 2
    assert bob.page.request.get(f"{bob.served.url}/api/unread/").json() == {study: 2}
    bob.page.bring_to_front()
    bob.page.click("#side-toggle")
    expect(bob.page.locator(".talk .new + .message .words")).to_have_text("unseen 0")
    expect(bob.page.locator("#side-conversation .badge")).to_be_hidden(timeout=20_000)
    assert bob.page.request.get(f"{bob.served.url}/api/unread/").json() == {}


def test_who_answers_or_shows_the_view_of_a_message_has_read_it(readers: tuple[Reader, Reader, str]) -> None:
    """In a page that never sees a message come into view, only what hands do counts."""
    alice, bob, study = readers
    address = f"{bob.served.url}/api/unread/"
    page = bob.page.context.new_page()
    page.add_init_script("IntersectionObserver.prototype.observe = () => {}")
    bob.page.goto("about:blank")
    page.goto(f"{bob.served.url}/studies/{study}/")
    badge = page.locator("#side-conversation .badge")
    expect(page.locator(".composer textarea")).to_be_visible()
    write(alice.page, "Is it in the lower lobe?")
    expect(badge).to_have_text("1")
    page.wait_for_timeout(1500)
    assert page.request.get(address).json() == {study: 1}
    write(page, "Yes")
    expect(badge).to_be_hidden()
    page.wait_for_timeout(300)
    assert page.request.get(address).json() == {}
    alice.page.click("text=With this view")
    expect(alice.page.locator(".composer .along canvas")).to_be_visible()
    write(alice.page, "")
    expect(badge).to_have_text("1")
    page.locator(".talk .others .view").last.click()
    expect(badge).to_be_hidden()
    page.wait_for_timeout(300)
    assert page.request.get(address).json() == {}
    page.close()
    bob.open(study)


def test_nothing_keeps_people_out(readers: tuple[Reader, Reader, str]) -> None:
    _alice, bob, _study = readers
    assert [each for each in barriers(bob.page) if "side-conversation" in each or "talk" in each] == []


def test_the_field_is_one_line_high_when_the_panel_is_opened_later(readers: tuple[Reader, Reader, str]) -> None:
    alice, _bob, study = readers
    page, field, side = alice.page, alice.page.locator(".composer textarea"), alice.page.locator("#side-toggle")
    alice.open(study)
    usual = field.bounding_box()
    assert usual and usual["height"] < 50
    side.click()
    expect(field).to_be_hidden()
    page.wait_for_timeout(500)
    alice.open(study)
    expect(field).to_be_hidden()
    page.wait_for_timeout(300)
    side.click()
    expect(field).to_be_visible()
    page.wait_for_timeout(300)
    assert (field.bounding_box() or {})["height"] == usual["height"]
    field.fill("one\ntwo\nthree")
    tall = field.bounding_box()
    assert tall and usual["height"] < tall["height"] <= 160
    # A draft that came back before the panel was opened has the height that it needs.
    side.click()
    page.wait_for_timeout(500)
    alice.open(study)
    side.click()
    expect(field).to_have_value("one\ntwo\nthree")
    page.wait_for_timeout(300)
    assert (field.bounding_box() or {})["height"] == tall["height"]
    field.fill("")
