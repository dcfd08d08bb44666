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
