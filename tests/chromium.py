"""A real browser for tests of pages: Debian's Chromium, without its talk to the network."""

import contextlib
import os
import shutil
from collections.abc import Iterator
from typing import Any

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Dialog, Page, expect, sync_playwright

PATH = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)
ARGUMENTS = [
    "--headless", "--no-sandbox", "--disable-gpu", "--disable-background-networking", "--disable-dev-shm-usage",
]  # fmt: skip
SERIOUS = ("serious", "critical")
expect.set_options(timeout=20_000)  # ms; a crowded machine is slow, and what never comes fails all the same

needs_chromium = pytest.mark.skipif(PATH is None, reason="Chromium is not installed: sudo apt install chromium")


class Watched:
    """What a page did that it must not: scripts that failed, policy that was broken, and every address it asked for."""

    def __init__(self, page: Page) -> None:
        self.faults: list[str] = []
        self.addresses: list[str] = []
        page.on("pageerror", lambda error: self.faults.append(str(error)))
        page.on("console", self._said)
        self.warned = 0  # how often the page asked whether to leave it
        page.on("dialog", self._asked)
        page.on("request", lambda request: self.addresses.append(request.url))

    def _asked(self, dialog: Dialog) -> None:
        if dialog.type == "beforeunload":
            self.warned += 1
            dialog.accept()
        else:
            self.faults.append("a dialog")
            dialog.dismiss()

    def _said(self, message: Any) -> None:
        if "Content Security Policy" in message.text:
            self.faults.append(message.text)


@contextlib.contextmanager
def chromium(width: int = 1920, height: int = 1080) -> Iterator[tuple[Page, Watched]]:
    """Open a page of a new browser. The database is asked by other threads: playwright's loop sits in this one."""
    unsafe = os.environ.get("DJANGO_ALLOW_ASYNC_UNSAFE")
    os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"] = "1"
    try:
        with sync_playwright() as playwright:
            browser = playwright.chromium.launch(executable_path=PATH, args=ARGUMENTS)
            page = browser.new_context(viewport={"width": width, "height": height}).new_page()
            watched = Watched(page)
            yield page, watched
            browser.close()
    finally:
        if unsafe is None:
            del os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"]


def barriers(page: Page) -> list[str]:
    """Return what axe finds that keeps people out, in words."""
    found = Axe().run(page).response["violations"]
    return [
        f"{violation['id']}: {node['target']} {node['failureSummary']}"
        for violation in found
        for node in violation["nodes"]
        if violation["impact"] in SERIOUS or "wcag2a" in violation["tags"] or "wcag2aa" in violation["tags"]
    ]
