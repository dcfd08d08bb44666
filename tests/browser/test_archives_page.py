"""An administrator adds a real Orthanc on the page, mends its password, sees its exams arrive, and disables it."""

import json
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any
from urllib.error import HTTPError

import pytest
from playwright.sync_api import Page, expect

from tests import orthanc
from tests.browser.reading import lay
from tests.chromium import Watched, barriers, chromium, needs_chromium
from tests.phantoms import speaking_phantom
from tests.serving import Served, serving
from viewer.archive import WebArchive

pytestmark = [pytest.mark.browser, needs_chromium]

SOON = 20_000  # milliseconds


@dataclass
class Site:
    """A server that reads a folder, an Orthanc that it doesn't know yet, and an administrator's browser."""

    page: Page
    watched: Watched
    served: Served
    orthanc: orthanc.Orthanc
    study: str
    series: str

    def asked(self, address: str) -> int:
        """Return what a radiologist's request is answered with."""
        try:
            with self.reader.open(self.served.url + address, timeout=30) as answer:
                return int(answer.status)
        except HTTPError as error:
            return int(error.code)

    def __post_init__(self) -> None:
        self.reader = self.served.opener("radiologist")

    def told(self) -> dict[str, Any]:
        """Return what the page of states tells of the Orthanc, as JSON."""
        found = self.page.request.get(f"{self.served.url}/api/status").json()
        return next(each for each in found["archives"] if each["name"] == "second")


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    folder, laid = tmp_path_factory.mktemp("images"), tmp_path_factory.mktemp("second")
    lay(folder, speaking_phantom(patient=1, slices=2))
    objects = speaking_phantom(patient=2, slices=2)
    lay(laid, objects)
    with orthanc.running(tmp_path_factory.mktemp("orthanc")) as server:
        stored = WebArchive("second", server.root, auth=server.auth).store(
            path.read_bytes() for path in sorted(laid.iterdir())
        )
        assert all(each.stored for each in stored)
        with serving(folder) as served, chromium(1280, 900) as (page, watched):
            first = objects[0]
            yield Site(page, watched, served, server, str(first.StudyInstanceUID), str(first.SeriesInstanceUID))
            assert watched.faults == []


def until(found: Callable[[], bool], within: float = 60) -> None:
    deadline = time.monotonic() + within
    while not found():
        assert time.monotonic() < deadline
        time.sleep(0.2)


def wrong_password(site: Site) -> None:
    """A wrong password is explained before anything is kept."""
    page = site.page
    page.fill("#name-new", "second")
    page.fill("#location-new", site.orthanc.root)
    page.locator(".add").get_by_label("user name and password").check()
    page.fill("#user-new", orthanc.USER)
    page.fill("#password-new", "wrong-password")
    page.locator(".add").get_by_role("button", name="Test the connection").click()
    expect(page.locator("#trial-new")).to_contain_text("refuses us (401); its credentials have to be checked")
    expect(page.locator("#trial-new .end")).to_have_text("1 of the trials failed.")
    assert barriers(page) == []


def added(site: Site) -> None:
    """Added all the same: the page says by itself what is wrong, and so does the one of states."""
    page = site.page
    page.get_by_role("button", name="Add and read it").click()
    expect(page.locator("#head-second")).to_contain_text("doesn't answer", timeout=SOON)
    expect(page.locator("#head-second")).to_contain_text("refuses us (401)")
    page.goto(f"{site.served.url}/status/")
    expect(page.locator("#warnings")).to_contain_text("Archive second doesn't answer.")
    assert barriers(page) == []


def mended(site: Site) -> None:
    """Authenticated anew, by the keyboard."""
    page = site.page
    page.goto(f"{site.served.url}/archives/")
    page.get_by_text("New password, token or address").focus()
    page.keyboard.press("Enter")
    page.fill("#user-second", orthanc.USER)
    page.fill("#password-second", orthanc.PASSWORD)
    page.locator("#site-second details").get_by_role("button", name="Test the connection").click()
    expect(page.locator("#trial-second .end")).to_have_text("Everything that could be tried works.", timeout=SOON)
    expect(page.locator("#trial-second .finding.good")).not_to_have_count(0)
    assert barriers(page) == []
    page.focus("#password-second")
    page.keyboard.press("Enter")
    expect(page.locator("#head-second")).to_contain_text("answers", timeout=SOON)


def read(site: Site) -> None:
    """Its exams are on the list, and the store process delivers their pictures."""
    page = site.page
    until(lambda: site.asked(f"/api/studies/second/{site.study}/") == 200)
    assert site.asked(f"/dicomweb/second/studies/{site.study}/series/{site.series}/thumbnail") == 200
    until(lambda: site.told()["studies"] == 1)
    expect(page.locator("#head-second dl")).to_contain_text("1", timeout=SOON)
    page.locator("#site-second .site-do").get_by_role("button", name="Test the connection").click()
    expect(page.locator("#trial-known-second .end")).to_have_text("Everything that could be tried works.", timeout=SOON)


def disabled(site: Site) -> None:
    """Disabled: not asked any more, so nobody notices that it ends; the exam stays."""
    page = site.page
    page.locator("#site-second").get_by_role("button", name="Disable").focus()
    page.keyboard.press("Enter")
    expect(page.locator("#head-second")).to_contain_text("isn't asked")
    time.sleep(2.5)  # the threads have followed by then
    site.orthanc.stop()
    time.sleep(6)
    assert site.told()["state"] == "off"
    page.goto(f"{site.served.url}/status/")
    expect(page.locator("#warnings")).to_contain_text("All is well.")
    assert site.asked(f"/api/studies/second/{site.study}/") == 200
    with site.reader.open(f"{site.served.url}/", timeout=30) as answer:
        assert "Archive second: its exams stay in the list" in answer.read().decode()


def kept_secret(site: Site) -> None:
    """The password is in no file, no log, no answer."""
    page = site.page
    assert orthanc.PASSWORD not in page.content() and orthanc.PASSWORD not in site.served.words()
    for path in site.served.state.rglob("*"):
        if path.is_file() and "frames" not in path.parts:
            assert orthanc.PASSWORD.encode() not in path.read_bytes(), path.name
    assert json.loads((site.served.state / "archives.json").read_text())[1]["sealed"]
    assert site.study not in page.content()


def test_from_the_first_try_to_the_last_exam(site: Site) -> None:
    page = site.page
    page.goto(f"{site.served.url}/login/")
    page.click('form:has(input[value="admin"]) button')
    page.click(".account summary")
    page.click('.account a:has-text("Archives")')
    expect(page.get_by_text("Named in the environment")).to_be_visible()
    assert barriers(page) == []
    for step in (wrong_password, added, mended, read, disabled, kept_secret):
        step(site)
