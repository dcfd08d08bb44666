"""The live wire: topics that pages listen to, and the one way to tell them something."""

import asyncio
import logging
import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any, Self

from asgiref.sync import async_to_sync
from channels.layers import get_channel_layer
from django.db import transaction

from viewer.layer import RedisLayer

logger = logging.getLogger(__name__)

TOPIC = re.compile(r"([a-z]{1,16})(?:\.([A-Za-z0-9._-]{1,80}))?")
MayListen = Callable[[Any, str], bool]


class UnknownTopic(ValueError):
    """A topic that no room has registered, or that isn't written as one."""


@dataclass(frozen=True)
class Topic:
    """What a page listens to: a kind, and the id of one of that kind (empty for the only one)."""

    kind: str
    id: str

    @classmethod
    def parse(cls, text: str) -> Self:
        """Read `kind` or `kind.id`; raises UnknownTopic."""
        match = TOPIC.fullmatch(text)
        if match is None or match[1] not in registry:
            raise UnknownTopic(text[:100])
        return cls(match[1], match[2] or "")

    @property
    def group(self) -> str:
        """Return the name of the channel layer's group."""
        return f"{self.kind}.{self.id}" if self.id else self.kind

    def may_listen(self, user: Any) -> bool:
        """Ask the room that registered this kind; nobody listens who isn't logged in."""
        return bool(user.is_authenticated and user.is_active and registry[self.kind](user, self.id))


# Kinds of topics, each with the function that says who may listen.
registry: dict[str, MayListen] = {}
# The pages whose sockets this process serves, each with its `topics`: {name: Topic}.
pages: set[Any] = set()
# What may be said to those who listen without a right to one study: {"changed": one of these words}, and nothing else.
words_of: dict[str, frozenset[str]] = {}


@dataclass
class _Wire:
    """The loop that carries the messages of this process: the in-memory layer's queues belong to it."""

    loop: asyncio.AbstractEventLoop | None = None


_wire = _Wire()


def register(kind: str, may_listen: MayListen) -> None:
    """Make `kind` a topic; `may_listen(user, id)` is asked at each subscription and whenever rights change."""
    registry[kind] = may_listen


def allow(kind: str, words: Iterable[str]) -> None:
    """Let nothing be said on topics of `kind` but {"changed": one of `words`}; of several calls all words count."""
    words_of[kind] = words_of.get(kind, frozenset()) | frozenset(words)


def attach(loop: asyncio.AbstractEventLoop | None) -> None:
    """Say which loop carries the messages of this process; None when it ends."""
    before, _wire.loop = _wire.loop, loop
    layer = get_channel_layer()
    if isinstance(layer, RedisLayer):
        if before is not None and before.is_running():
            before.call_soon_threadsafe(layer.stop)
        if loop is not None:
            loop.call_soon_threadsafe(layer.start)


def listened() -> list[Topic]:
    """Return the topics that pages of this process listen to, some more than once; may be called from any thread."""
    return [topic for page in list(pages) for topic in list(page.topics.values())]


def publish(topic: str, event: dict[str, Any]) -> None:
    """Tell every page listening to `topic`, once the transaction is safely committed.

    The event is a hint that there is something to fetch: no names, and nothing that isn't in the database. Raises
    ValueError for what that topic's listeners may not be told.
    """
    words = words_of.get(topic.partition(".")[0])
    if words is not None and not (event.keys() == {"changed"} and event["changed"] in words):
        raise ValueError(f"the topic {topic} carries only {sorted(words)}")
    transaction.on_commit(lambda: _send(topic, {"type": "live.event", "topic": topic, "event": event}))


def _send(topic: str, message: dict[str, Any]) -> None:
    if _wire.loop is not None and _wire.loop.is_running():
        asyncio.run_coroutine_threadsafe(_deliver(topic, message), _wire.loop)
    else:
        async_to_sync(_deliver)(topic, message)


async def _deliver(topic: str, message: dict[str, Any]) -> None:
    try:
        await get_channel_layer().group_send(topic, message)
    except Exception:  # a lost hint is made good by the next fetch: the row is saved, and the caller has gone
        logger.exception("a live message was lost")
