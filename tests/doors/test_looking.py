"""News of a series that come when the page has gone."""

import asyncio
import logging
from types import SimpleNamespace
from typing import Any

import pytest

from viewer.doors import looking


@pytest.mark.parametrize(("error", "told"), [(ConnectionResetError(), False), (ValueError("wrong"), True)])
async def test_only_a_page_that_is_there_can_miss_something(
    error: Exception, told: bool, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    async def tell(message: dict[str, Any]) -> None:
        raise error

    monkeypatch.setattr(looking, "letters", lambda opened, stack: "p")
    looker = looking.Looker(tell)
    nothing: Any = SimpleNamespace()
    looker.watched["1.2", "s"] = (nothing, nothing)
    with caplog.at_level(logging.ERROR):
        looker.changed("1.2")
        (task,) = looker.telling
        await asyncio.wait([task])
        await asyncio.sleep(0)
    assert looker.telling == set()
    assert bool(caplog.records) is told


async def test_a_stack_that_is_no_longer_watched_has_no_news() -> None:
    async def tell(message: dict[str, Any]) -> None:
        raise AssertionError

    await looking.Looker(tell).tell_progress(("1.2", "s"))


async def test_the_store_hears_of_a_hand_only_while_something_is_absent(monkeypatch: pytest.MonkeyPatch) -> None:
    heard: list[int] = []
    stack: Any = SimpleNamespace(key="s", entries=[])

    async def tell(message: dict[str, Any]) -> None:
        pass

    async def hear(series: Any, order: Any, here: int, direction: int) -> None:
        heard.append(direction)

    async def series(archive: str, study: str, uid: str) -> Any:
        return opened

    opened: Any = SimpleNamespace(stacks=[stack], series=None)
    studio = SimpleNamespace(series=series, watchers=set(), client=SimpleNamespace(looking=hear))

    async def current() -> Any:
        return studio

    monkeypatch.setattr(looking.rendering, "studio", current)
    looker = looking.Looker(tell)
    for direction, states in enumerate(("pp.", "p.p", "ppp", "pfm", "p.p")):
        monkeypatch.setattr(looking, "letters", lambda opened, stack, states=states: states)
        await looker.look(looking.Looking("main", "1.1", "1.2", "s", 0, direction))
    assert heard == [0, 1, 4]
    opened = SimpleNamespace(stacks=[stack], series=None)
    monkeypatch.setattr(looking, "letters", lambda opened, stack: "ppp")
    await looker.look(looking.Looking("main", "1.1", "1.2", "s", 0, 5))
    assert heard == [0, 1, 4, 5], "another version of the series is told of"
