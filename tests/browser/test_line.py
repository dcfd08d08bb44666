"""A line that is down, and a session that ends: what is shown stays true, and nothing stays behind."""

from collections.abc import Iterator

import pytest
from playwright.sync_api import WebSocketRoute, expect

from tests.browser.reading import Reader, lay, reading
from tests.chromium import needs_chromium
from tests.phantoms import speaking_phantom

pytestmark = [pytest.mark.browser, needs_chromium]


class Line:
    """The line between page and server, which a test can cut."""

    def __init__(self) -> None:
        self.is_cut = False
        self.routes: list[WebSocketRoute] = []

    def connect(self, route: WebSocketRoute) -> None:
        """Let a socket through, or not."""
        if self.is_cut:
            route.close()
        else:
            route.connect_to_server()
            self.routes.append(route)

    def cut(self) -> None:
        """End every socket, and let none through from now on."""
        self.is_cut = True
        for route in self.routes:
            route.close()
        self.routes.clear()


@pytest.fixture(scope="module")
def reader(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Reader, str, Line]]:
    folder = tmp_path_factory.mktemp("line")
    study = lay(folder, speaking_phantom(slices=30))
    line = Line()
    with reading(folder) as found:
        found.page.route_web_socket("**/ws/**", line.connect)
        found.indexed(study)
        yield found, study, line


def test_while_the_line_is_down_pictures_come_by_the_other_door(reader: tuple[Reader, str, Line]) -> None:
    page, study, line = reader
    page.open(study)
    page.focus()
    page.press("Home")
    page.until(lambda moment: moment.spoken is not None and "Image 1/30" in moment.image)
    line.cut()
    expect(page.page.locator("#banner")).to_be_visible()
    page.press("End")
    page.until(lambda moment: moment.spoken is not None and "Image 30/30" in moment.image)
    line.is_cut = False
    expect(page.page.locator("#banner")).to_be_hidden(timeout=20_000)
    page.press("Home")
    page.until(lambda moment: moment.spoken is not None and "Image 1/30" in moment.image)


def test_a_session_that_ends_elsewhere_takes_the_pictures_with_it(reader: tuple[Reader, str, Line]) -> None:
    page, study, _line = reader
    page.open(study)
    page.until(lambda moment: moment.spoken is not None)
    token = page.page.get_attribute('meta[name="csrf-token"]', "content") or ""
    answer = page.page.request.post(
        f"{page.served.url}/logout/", headers={"X-CSRFToken": token, "Origin": page.served.url}
    )
    assert answer.ok
    page.page.wait_for_url("**/login/**", timeout=10_000)
    assert page.page.locator("canvas").count() == 0
