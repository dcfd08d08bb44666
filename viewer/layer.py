"""Who hears a hint: the pages of this process at once, and those of others by Redis, which may come and go."""

import asyncio
import contextlib
import json
import logging
import secrets
import time
from typing import Any

from channels.exceptions import ChannelFull
from channels.layers import InMemoryChannelLayer
from redis.asyncio import Redis
from redis.asyncio.retry import Retry
from redis.backoff import NoBackoff
from redis.exceptions import RedisError

logger = logging.getLogger(__name__)

# What a page is told that may have missed something: fetch again what it shows.
AGAIN = {"type": "live.again"}
BEAT_EVERY = 1.0  # seconds: what a process says on the wire to hear itself
HEARD_WITHIN = 3.0  # seconds without a word after which the wire counts as broken
CONNECT_WITHIN = 2.0  # seconds
RETRY_AFTER = 1.0  # seconds
LOOK_EVERY = 5.0  # seconds: while nobody tells them, pages look for themselves
MOST_WAITING = 1000  # hints on their way to Redis

Failures = (RedisError, OSError, TimeoutError)


class LocalLayer(InMemoryChannelLayer):
    """The pages of this process. One that doesn't read its hints loses them, and is told so when it reads again."""

    def _clean_expired(self) -> None:
        """Keep who listens: a page leaves its groups when its socket ends, however long it stays."""

    async def group_send(self, group: str, message: dict[str, Any]) -> None:
        """Tell the channels of a group."""
        for channel in list(self.groups.get(group, ())):
            await self._put(channel, message)

    async def everybody(self, message: dict[str, Any]) -> None:
        """Tell every channel that is in any group, once."""
        for channel in {each for members in self.groups.values() for each in members}:
            await self._put(channel, message)

    async def _put(self, channel: str, message: dict[str, Any]) -> None:
        try:
            await self.send(channel, message)
        except ChannelFull:
            self.channels.pop(channel)
            # Whoever waits on a full queue is about to read it: what it reads first stands for all of them.
            await self.send(channel, AGAIN)


class RedisLayer(LocalLayer):
    """The pages of this process, and one Redis channel that joins it with others.

    Nothing that a page asks for waits for Redis. While the wire is broken pages look for themselves every few seconds,
    and once more when it is whole again: rows are the truth, a lost hint costs seconds.
    """

    def __init__(self, url: str, name: str) -> None:
        """Take Redis' address, and the name of the channel on it."""
        super().__init__()
        self.url, self.name = url, name
        self.me = secrets.token_hex(8)
        self.is_whole = False
        self._waiting: asyncio.Queue[str] = asyncio.Queue(MOST_WAITING)
        self._task: asyncio.Task[None] | None = None
        self._loop: asyncio.AbstractEventLoop | None = None
        self._down_until = 0.0

    def start(self) -> None:
        """Join the others; called in the loop that carries this process's hints."""
        self._loop = asyncio.get_running_loop()
        self._waiting = asyncio.Queue(MOST_WAITING)
        self._task = self._loop.create_task(self._keep(), name="live wire")

    def stop(self) -> None:
        """Leave the others."""
        if self._task is not None:
            self._task.cancel()
        self._task = self._loop = None

    async def group_send(self, group: str, message: dict[str, Any]) -> None:
        """Tell the channels of a group, here and in other processes."""
        words = json.dumps([self.me, group, message])
        if asyncio.get_running_loop() is not self._loop:
            await self._say_once(words)
            return
        await super().group_send(group, message)
        if not self.is_whole:
            return  # the others look for themselves when it is
        try:
            self._waiting.put_nowait(words)
        except asyncio.QueueFull:
            self._break()

    async def _say_once(self, words: str) -> None:
        """Tell the others from a process or a loop that hears nothing."""
        if time.monotonic() < self._down_until:
            return
        redis = self._redis()
        try:
            await redis.publish(self.name, words)
        except Failures as error:
            self._down_until = time.monotonic() + CONNECT_WITHIN
            logger.warning("a live message was lost: %s", type(error).__name__)
        finally:
            await self._close(redis)

    def _redis(self) -> Redis:
        return Redis.from_url(
            self.url,
            socket_timeout=CONNECT_WITHIN,
            socket_connect_timeout=CONNECT_WITHIN,
            retry=Retry(NoBackoff(), 0),  # a connection that comes back by itself would hide what was missed
        )

    async def _close(self, redis: Redis) -> None:
        with contextlib.suppress(*Failures):
            await redis.aclose()

    async def _keep(self) -> None:
        looked = float("-inf")
        is_known = False
        while True:
            redis = self._redis()
            try:
                await self._talk(redis)
            except Failures as error:
                if self.is_whole or not is_known:
                    logger.warning("the live wire is broken (%s): pages look for themselves", type(error).__name__)
                    is_known, looked = True, float("-inf")
            except Exception:
                logger.exception("the live wire failed")
            finally:
                self.is_whole = False
                await self._close(redis)
            if time.monotonic() - looked >= LOOK_EVERY:
                looked = time.monotonic()
                await self.everybody(AGAIN)
            await asyncio.sleep(RETRY_AFTER)

    async def _talk(self, redis: Redis) -> None:
        """Carry hints until the wire breaks; raises what broke it."""
        pubsub = redis.pubsub()
        async with asyncio.timeout(HEARD_WITHIN):
            await pubsub.subscribe(self.name)
            while (await pubsub.get_message(timeout=CONNECT_WITHIN) or {}).get("type") != "subscribe":
                pass
        self._waiting = asyncio.Queue(MOST_WAITING)
        self.is_whole = True
        logger.info("the live wire is whole")
        await self.everybody(AGAIN)
        await redis.publish(self.name, json.dumps([self.me, "", AGAIN]))
        both = [asyncio.ensure_future(self._hear(pubsub)), asyncio.ensure_future(self._speak(redis))]
        try:
            await asyncio.gather(*both)
        finally:
            for task in both:
                task.cancel()
            await asyncio.gather(*both, return_exceptions=True)
            with contextlib.suppress(*Failures):
                await pubsub.aclose()

    async def _hear(self, pubsub: Any) -> None:
        while True:
            async with asyncio.timeout(HEARD_WITHIN):
                heard = await pubsub.get_message(ignore_subscribe_messages=True, timeout=HEARD_WITHIN)
            if heard is None:
                continue
            sender, group, message = json.loads(heard["data"])
            if sender == self.me or message is None:
                continue
            if group:
                await super().group_send(group, message)
            else:
                await self.everybody(message)

    async def _speak(self, redis: Redis) -> None:
        while True:
            try:
                words = await asyncio.wait_for(self._waiting.get(), BEAT_EVERY)
            except TimeoutError:
                words = json.dumps([self.me, "", None])
            await redis.publish(self.name, words)

    def _break(self) -> None:
        """More hints than the wire takes: begin anew, which has every page look."""
        if self._task is not None:
            self._task.cancel()
            self.start()
