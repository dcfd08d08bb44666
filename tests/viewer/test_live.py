"""The live wire: after the commit, from any thread, and never instead of the row."""

import asyncio
from typing import Any

import pytest
from asgiref.sync import sync_to_async
from channels.layers import get_channel_layer
from django.db import transaction

from viewer import live

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
async def heard() -> Any:
    """Listen to one topic on a fresh layer; return what was heard so far."""
    layer = get_channel_layer()
    channel = await layer.new_channel()
    await layer.group_add("study.1.2", channel)

    async def messages() -> list[dict[str, Any]]:
        found = []
        while True:
            try:
                found.append((await asyncio.wait_for(layer.receive(channel), 0.3))["event"])
            except TimeoutError:
                return found

    yield messages
    await layer.flush()


async def test_an_event_is_told_after_the_commit(heard: Any) -> None:
    def act() -> None:
        with transaction.atomic():
            live.publish("study.1.2", {"n": 1})
            live.publish("study.1.2", {"n": 2})

    await sync_to_async(act)()
    assert await heard() == [{"n": 1}, {"n": 2}]


async def test_an_event_of_a_transaction_that_failed_is_not_told(heard: Any) -> None:
    def act() -> None:
        with pytest.raises(ZeroDivisionError), transaction.atomic():
            live.publish("study.1.2", {"n": 1})
            1 / 0  # noqa: B018

    await sync_to_async(act)()
    assert await heard() == []


async def test_a_thread_of_its_own_reaches_the_pages_of_the_loop(heard: Any) -> None:
    live.attach(asyncio.get_running_loop())
    try:
        await asyncio.to_thread(live.publish, "study.1.2", {"from": "a thread"})
        assert await heard() == [{"from": "a thread"}]
    finally:
        live.attach(None)


async def test_a_wire_that_is_down_loses_the_hint_and_nothing_else(
    heard: Any, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    async def down(*arguments: object) -> None:
        raise ConnectionError("no Redis")

    monkeypatch.setattr(type(get_channel_layer()), "group_send", down)
    await sync_to_async(live.publish)("study.1.2", {"n": 1})
    assert "a live message was lost" in caplog.text
