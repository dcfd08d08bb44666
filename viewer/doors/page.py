"""What every socket of a page has: topics, rights asked again whenever they change, and a pace."""

import asyncio
import contextlib
import json
import logging
import time
from collections.abc import Coroutine
from typing import Any

import msgspec
from channels.layers import get_channel_layer
from django.utils.translation import gettext as _

from viewer import access, epochs, live
from viewer.doors import messages
from viewer.doors.doing import Doer
from viewer.doors.language import speak
from viewer.doors.pace import Pace
from viewer.doors.wire import Ended, Receive, Send, Wire
from viewer.live import Topic, UnknownTopic
from viewer.trouble import Gone, reading

logger = logging.getLogger(__name__)

GUARD_EVERY = 0.5  # seconds between two looks at whether the person may still be here
ASK_AGAIN_EVERY = 30.0  # seconds after which rights are asked anew even if nothing is known to have changed
MOST_TOPICS = 64
NOBODY, NOT_YOURS, TOO_LARGE, TOO_FAST, LATER = 4401, 4404, 1009, 4429, 1013


class PageConsumer:
    """One socket, which may end at any time. What a page says is read in order; the rest goes on beside."""

    pace_of_talk = (20.0, 40.0)

    def __init__(self, scope: Any, wire: Wire) -> None:
        self.scope, self.wire = scope, wire
        self.topics: dict[str, Topic] = {}
        self.talk = Pace(*self.pace_of_talk)
        self.work: set[asyncio.Task[Any]] = set()
        self.doer = Doer(self.tell, scope)
        # What a room publishes and what a page subscribes to happen one after the other.
        self.turn = asyncio.Lock()

    @classmethod
    def as_asgi(cls) -> Any:
        """Return the ASGI application whose sockets are served by this class, each by an object of its own."""

        async def application(scope: Any, receive: Receive, send: Send) -> None:
            await cls(scope, Wire(receive, send)).serve()

        return application

    async def serve(self) -> None:
        """Serve one socket, which may end at any time; nothing that it started outlives it."""
        self.layer = get_channel_layer()
        self.channel = await self.layer.new_channel()
        try:
            async with asyncio.TaskGroup() as beside:
                await self.converse(beside)
        except* Ended:
            pass
        finally:
            await self.leave()

    async def converse(self, beside: asyncio.TaskGroup) -> None:
        """Let a person in, and read what the page says until it leaves. Raises Ended.

        A refusal is told after the handshake: a browser can't read the reason of a failed one.
        """
        speak(self.scope)
        beside.create_task(self.wire.watch())
        message = await self.wire.receive()
        if not self.wire.ended:
            await self.wire.send({"type": "websocket.accept"})
            if await self.is_let_in():
                live.pages.add(self)
                beside.create_task(self.hints())
                beside.create_task(self.guard())
        while message["type"] != "websocket.disconnect":
            message = await self.wire.receive()
            if not self.wire.ended:
                try:
                    await self.receive(message.get("text"))
                except Gone:  # a page whose line ends comes back and says it all again
                    await self.wire.close(LATER)
        raise Ended

    async def is_let_in(self) -> bool:
        """Whether the person may be here; if not, the page has been told why."""
        try:
            if await self.may_stay():
                return True
            await self.refuse()
        except Gone:  # the epochs' rounds say it in the log
            await self.wire.close(LATER)
        return False

    async def may_stay(self) -> bool:
        """Whether the person is logged in and may see what this socket is about."""
        return await self.person() is not None

    async def person(self) -> Any:
        """Return the user behind the socket's session or token, or None."""
        shown = access.credential(self.scope)
        who = await reading(access.person)(shown) if shown else None
        return who.user if who else None

    async def refuse(self) -> None:
        """Close with the reason: nobody, or nothing that this person may see."""
        await self.wire.close(NOBODY if await access.unauthenticated(self.scope) else NOT_YOURS)

    async def guard(self) -> None:
        """Close the socket, or drop topics, within a second of the right to them."""
        generation, asked = epochs.reader.generation, time.monotonic()
        while True:
            await asyncio.sleep(GUARD_EVERY)
            changed = generation != epochs.reader.generation
            if changed or time.monotonic() - asked > ASK_AGAIN_EVERY or not epochs.reader.is_fresh:
                now = epochs.reader.generation, time.monotonic()
                with contextlib.suppress(*Gone):  # the epochs' rounds say it in the log
                    if not await self.may_stay():
                        await self.refuse()
                        return
                    await self.review_topics()
                    generation, asked = now

    async def review_topics(self) -> None:
        """Ask again for each topic whether the person may listen."""
        user = await self.person()
        for name, topic in list(self.topics.items()):
            if user is None or not await reading(topic.may_listen)(user):
                del self.topics[name]
                await self.layer.group_discard(topic.group, self.channel)
                await self.tell({"refused": name})

    def start(self, work: Coroutine[Any, Any, None]) -> None:
        """Run something beside the reading of messages; it ends with the socket."""
        task = asyncio.ensure_future(work)
        self.work.add(task)
        task.add_done_callback(self._ended)

    def _ended(self, task: "asyncio.Task[Any]") -> None:
        self.work.discard(task)
        if not task.cancelled() and (error := task.exception()) and not isinstance(error, ConnectionError | OSError):
            logger.error("work of a socket failed", exc_info=error)

    async def tell(self, message: dict[str, Any]) -> None:
        """Send a JSON message."""
        await self.wire.text(json.dumps(message, ensure_ascii=False))

    async def receive(self, said: str | None) -> None:
        """Read one message; what isn't one closes the socket, since our own page sends none such."""
        if said is None or len(said) > messages.LONGEST:
            await self.wire.close(TOO_LARGE)
            return
        try:
            message = messages.decode(said)
        except (msgspec.MsgspecError, UnicodeEncodeError, RecursionError) as error:
            if self.talk.take():
                await self.tell({"refused": _("This message can't be read: %(reason)s") % {"reason": str(error)[:200]}})
            else:
                await self.wire.close(TOO_FAST)
            return
        if message.want is None and message.probe is None and message.looking is None and not self.talk.take():
            await self.wire.close(TOO_FAST)
        elif message.ping is not None:
            await self.tell({"pong": message.ping})
        elif message.listen is not None:
            await self.listen(message.listen)
        elif message.do is not None:
            self.start(self.doer.do(message.do))
        else:
            await self.hear(message)

    async def hear(self, message: messages.Message) -> None:
        """Answer what only some sockets understand."""
        await self.tell({"refused": _("This socket has no pictures")})

    async def listen(self, name: str) -> None:
        """Subscribe to a topic, if its room lets this person."""
        try:
            topic = Topic.parse(name)
        except UnknownTopic:
            await self.tell({"refused": name[:100]})
            return
        user = await self.person()
        if len(self.topics) >= MOST_TOPICS or user is None or not await reading(topic.may_listen)(user):
            await self.tell({"refused": name})
            return
        async with self.turn:
            await self.layer.group_add(topic.group, self.channel)
            self.topics[name] = topic
            await self.tell({"listening": name})

    async def hints(self) -> None:
        """Pass on what rooms publish."""
        while True:
            message = await self.layer.receive(self.channel)
            async with self.turn:
                if message["type"] == "live.event":
                    await self.live_event(message)
                else:
                    await self.live_again()

    async def live_event(self, message: dict[str, Any]) -> None:
        """Pass on what a room published, as long as the person still listens."""
        if message["topic"] in self.topics:
            await self.tell({"topic": message["topic"], **message["event"]})

    async def live_again(self) -> None:
        """Say anew what the page listens to: something may have been missed, and is to be fetched."""
        for name in list(self.topics):
            await self.tell({"listening": name})

    async def leave(self) -> None:
        """Hear of nothing any more, and stop all work: the client has gone."""
        self.wire.ended = True
        live.pages.discard(self)
        for task in self.work:
            task.cancel()
        await asyncio.gather(*self.work, return_exceptions=True)
        for topic in self.topics.values():
            await self.layer.group_discard(topic.group, self.channel)
