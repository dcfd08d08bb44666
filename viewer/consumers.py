"""The one socket of a page: pictures while a hand moves, values, progress, and topics of the live wire."""

import asyncio
import contextlib
import json
import logging
import struct
import time
from collections.abc import Awaitable, Callable, Coroutine
from typing import Any
from urllib.parse import parse_qs

import msgspec
from channels.generic.websocket import AsyncWebsocketConsumer
from django.utils.translation import gettext as _

from viewer import access, dicomweb, epochs, live, rendering, sessions
from viewer.doors import description, media, messages, mpr, mpr_parameters, mpr_value, parameters
from viewer.doors.doing import Doer
from viewer.doors.language import speak
from viewer.doors.looking import Looker
from viewer.doors.messages import Looking, Probe, Want
from viewer.doors.pace import Pace
from viewer.doors.parameters import BadParameter
from viewer.doors.refusal import Refusal
from viewer.doors.values import value_at
from viewer.doors.wishes import Wish, Wishes
from viewer.live import Topic, UnknownTopic
from viewer.trouble import Gone, reading, words_of_trouble, writing

logger = logging.getLogger(__name__)

GUARD_EVERY = 0.5  # seconds between two looks at whether the person may still be here
ASK_AGAIN_EVERY = 30.0  # seconds after which rights are asked anew even if nothing is known to have changed
TOUCH_EVERY = 30.0
MOST_TOPICS = 64
NOBODY, NOT_YOURS, TOO_LARGE, TOO_FAST, LATER = 4401, 4404, 1009, 4429, 1013


class Wire:
    """Both ends of a socket. What is said after its end, ours or the page's, is lost: nobody is there to hear it."""

    def __init__(
        self, receive: Callable[[], Awaitable[dict[str, Any]]], send: Callable[[dict[str, Any]], Awaitable[None]]
    ) -> None:
        self._receive, self._send = receive, send
        self.ended = False

    async def receive(self) -> dict[str, Any]:
        """Return the next message, which may be the end."""
        message = await self._receive()
        self.ended = self.ended or message["type"] == "websocket.disconnect"
        return message

    async def send(self, message: dict[str, Any]) -> None:
        """Send a message unless the socket has ended."""
        if self.ended:
            return
        self.ended = message["type"] == "websocket.close"
        try:
            await self._send(message)
        except OSError:
            self.ended = True


class PageConsumer(AsyncWebsocketConsumer):
    """What every socket has: topics, rights asked again whenever they change, and a pace."""

    pace_of_talk = (20.0, 40.0)

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        """Serve one socket, over a wire that may end at any time."""
        wire = Wire(receive, send)
        try:
            await super().__call__(scope, wire.receive, wire.send)
        finally:
            await self.leave()

    async def connect(self) -> None:
        """Let a person in. A refusal is told after the handshake: a browser can't read the reason of a failed one."""
        self.topics: dict[str, Topic] = {}
        live.pages.add(self)
        self.talk = Pace(*self.pace_of_talk)
        self.work: set[asyncio.Task[Any]] = set()
        self.doer = Doer(self.tell, self.scope)
        speak(self.scope)
        await self.accept()
        try:
            if not await self.may_stay():
                await self.refuse()
                return
        except Gone:  # the epochs' rounds say it in the log
            await self.close(LATER)
            return
        await self.begin()
        self.start(self.guard())

    async def begin(self) -> None:
        """Start what this kind of socket does."""

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
        await self.close(NOBODY if await access.unauthenticated(self.scope) else NOT_YOURS)

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
                await self.channel_layer.group_discard(topic.group, self.channel_name)
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
        await self.send(text_data=json.dumps(message, ensure_ascii=False))

    async def dispatch(self, message: dict[str, Any]) -> None:
        """Read a page's message at once: tidying up database connections belongs to those who opened them."""
        if message["type"] == "websocket.receive":
            try:
                await self.websocket_receive(message)
            except Gone:  # a page whose line ends comes back and says it all again
                await self.close(LATER)
        else:
            await super().dispatch(message)

    async def receive(self, text_data: str | None = None, bytes_data: bytes | None = None) -> None:
        """Read one message; what isn't one closes the socket, since our own page sends none such."""
        if text_data is None or len(text_data) > messages.LONGEST:
            await self.close(TOO_LARGE)
            return
        try:
            message = messages.decode(text_data)
        except (msgspec.MsgspecError, UnicodeEncodeError, RecursionError) as error:
            if self.talk.take():
                await self.tell({"refused": _("This message can't be read: %(reason)s") % {"reason": str(error)[:200]}})
            else:
                await self.close(TOO_FAST)
            return
        if message.want is None and message.probe is None and message.looking is None and not self.talk.take():
            await self.close(TOO_FAST)
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
        await self.channel_layer.group_add(topic.group, self.channel_name)
        self.topics[name] = topic
        await self.tell({"listening": name})

    async def live_event(self, message: dict[str, Any]) -> None:
        """Pass on what a room published, as long as the person still listens."""
        if message["topic"] in self.topics:
            await self.tell({"topic": message["topic"], **message["event"]})

    async def live_again(self, message: dict[str, Any]) -> None:
        """Say anew what the page listens to: something may have been missed, and is to be fetched."""
        for name in list(self.topics):
            await self.tell({"listening": name})

    async def leave(self) -> None:
        """Hear of nothing any more."""
        for topic in getattr(self, "topics", {}).values():
            await self.channel_layer.group_discard(topic.group, self.channel_name)

    async def disconnect(self, code: int) -> None:
        """Stop all work: the client has gone."""
        live.pages.discard(self)
        for task in list(getattr(self, "work", ())):
            task.cancel()
        await self.leave()


class ListConsumer(PageConsumer):
    """The socket of lists: topics only."""


class ViewerConsumer(PageConsumer):
    """The socket of a viewer page: pictures of every study that the person may see, priors too."""

    async def begin(self) -> None:
        """Get ready for wishes."""
        self.doer = Doer(self.tell, self.scope, self.place)
        self.wishes = Wishes(self.fulfil, self.put, self.drop)
        self.pace_of_wishes = Pace(240.0, 480.0)
        self.looker = Looker(self.tell)
        self.values_asked = asyncio.Semaphore(2)
        self.touched = time.monotonic()

    async def may_stay(self) -> bool:
        """Whether the person may see the study that the page is about."""
        return await access.admit(self.scope, *self.place) is not None

    @property
    def place(self) -> tuple[str, str]:
        """Return the archive and the study UID that the page is about."""
        archive = parse_qs(self.scope["query_string"].decode("latin-1")).get("archive", [""])[0]
        return archive, self.scope["url_route"]["kwargs"]["study"]

    async def guard(self) -> None:
        """Close as soon as the page's own study may no longer be seen; the access cache makes asking cheap."""
        asked = time.monotonic()
        generation = epochs.reader.generation
        while True:
            await asyncio.sleep(GUARD_EVERY)
            with contextlib.suppress(*Gone):  # nobody is admitted meanwhile, and the epochs' rounds say it in the log
                if not await self.may_stay():
                    await self.refuse()
                    return
                if generation != epochs.reader.generation or time.monotonic() - asked > ASK_AGAIN_EVERY:
                    now = epochs.reader.generation, time.monotonic()
                    await self.review_topics()
                    generation, asked = now

    async def hear(self, message: messages.Message) -> None:
        """Take up a wish, a question for a value, or the news of where the reader looks."""
        if not self.pace_of_wishes.take():
            await self.close(TOO_FAST)
        elif message.want is not None:
            await self.want(message.want)
        elif message.looking is not None:
            await self.look(message.looking)
        elif message.probe is not None:
            self.start(self.probe(message.probe))

    async def want(self, want: Want) -> None:
        """Take a wish up; a wish is a hand, and keeps the session alive."""
        if time.monotonic() - self.touched > TOUCH_EVERY:
            self.touched = time.monotonic()
            self.start(self.touch())
        await self.wishes.want(Wish(want.seq, want.pane, want.resource, want.query))

    async def touch(self) -> None:
        """Note that a hand moved."""
        shown = access.credential(self.scope)
        if shown is not None and shown.kind == "session":
            with contextlib.suppress(*Gone):  # the next hand tries again
                await writing(sessions.touch)(shown.secret)

    async def fulfil(self, wish: Wish) -> bytes | str:
        """Return the message that answers a wish: the picture, or why there is none."""
        try:
            return await self.picture(wish)
        except BadParameter as error:
            refusal = Refusal(400, str(error), error.name)
        except media.NotAcceptable as error:
            refusal = Refusal(406, str(error))
        except Refusal as error:
            refusal = error
        except Gone as error:
            refusal = Refusal(503, words_of_trouble(error))
        except Exception:
            logger.exception("a picture failed")
            refusal = Refusal(500, _("The picture couldn't be made"))
        about = {"seq": wish.seq, "pane": wish.pane, "resource": wish.resource}
        return json.dumps({"failed": {**about, "status": refusal.status, "words": refusal.words}}, ensure_ascii=False)

    async def picture(self, wish: Wish) -> bytes:
        """Return a picture as a binary message. Raises Refusal, BadParameter and NotAcceptable.

        `took` is what it cost here in ms: the rest of what the page waits for is the line.
        """
        began = time.monotonic()
        verb, resource = await self.admitted(wish.resource, dicomweb.rendered, dicomweb.renderedmpr)
        plane = mpr_parameters.parse(wish.query) if verb is dicomweb.renderedmpr else None
        wanted = plane.picture if plane else parameters.parse(wish.query)
        if wanted.unknown:
            raise Refusal(400, _("%(name)s isn't known") % {"name": wanted.unknown[0][:40]}, wanted.unknown[0][:40])
        kind = media.single(wanted.accept, "")
        studio = await rendering.studio()

        def arrived() -> None:
            wish.waiting = False

        if plane:
            source = await dicomweb.volume_of(studio, resource, [resource.series or ""], plane.stack)
            picture = await mpr.picture(studio, source, plane, kind, arrived=arrived)
        else:
            opened, place = await dicomweb.locate(studio, resource, early=wanted.early)
            picture = await studio.picture(opened, place, wanted, kind, arrived=arrived)
        about = {"seq": wish.seq, "pane": wish.pane, "resource": wish.resource, "query": wish.query, "type": kind}
        took = round(1000 * (time.monotonic() - began), 1)
        header = description.encoded({**about, "took": took, "picture": picture.description})
        return b"".join((struct.pack(">I", len(header)), header, picture.data))

    async def admitted(self, path: str, *verbs: dicomweb.Handler) -> tuple[dicomweb.Handler, dicomweb.Resource]:
        """Return which of `verbs` a path asks for, of what, if the person may see the study. Raises Refusal."""
        found = dicomweb.find(path)
        if found is None or found[0].handler not in verbs or found[1].series is None:
            raise Refusal(404, _("No such picture"))
        if await access.admit(self.scope, found[1].archive, found[1].study) is None:
            raise Refusal(404, _("No such study, or not yours to see"))
        return found[0].handler, found[1]

    async def put(self, message: bytes | str) -> None:
        """Send the answer to a wish."""
        if isinstance(message, bytes):
            await self.send(bytes_data=message)
        else:
            await self.send(text_data=message)

    async def drop(self, wish: Wish) -> None:
        """Tell that a wish was overtaken."""
        await self.tell({"dropped": wish.seq})

    async def look(self, looking: Looking) -> None:
        """Have the neighbours fetched, and tell how far they are."""
        with contextlib.suppress(Refusal, *Gone):  # the want's to explain
            if await access.admit(self.scope, looking.archive, looking.study) is None:
                return
            await dicomweb.require(looking.archive, looking.study, looking.series)
            self.start(self.looker.look(looking))

    async def probe(self, probe: Probe) -> None:
        """Tell the value under a stored pixel, or at a point of a plane, sampled as its picture is."""
        about: dict[str, Any] = {"seq": probe.seq, "resource": probe.resource}
        about |= {"x": probe.x, "y": probe.y} if probe.point is None else {"point": probe.point}
        async with self.values_asked:
            try:
                about |= await self.value(probe)
            except (Refusal, BadParameter, *Gone) as error:
                words = words_of_trouble(error) if isinstance(error, Gone) else str(error)
                about |= {"value": None, "unit": "", "words": words}
        await self.tell({"probe": about})

    async def value(self, probe: Probe) -> dict[str, Any]:
        """Return value, unit and words of what is asked for. Raises Refusal and BadParameter."""
        studio = await rendering.studio()
        if probe.point is not None:
            _verb, resource = await self.admitted(probe.resource, dicomweb.renderedmpr)
            wanted = mpr_parameters.parse(probe.query)
            source = await dicomweb.volume_of(studio, resource, [resource.series or ""], wanted.stack)
            return await mpr_value.value(studio, source, wanted, probe.point)
        _verb, resource = await self.admitted(probe.resource, dicomweb.rendered)
        opened, place = await dicomweb.locate(studio, resource)
        return value_at(await studio.frame(opened, place.uid, place.frame.number), place, probe.x, probe.y)

    async def disconnect(self, code: int) -> None:
        """Give up every wish: the client has gone."""
        if hasattr(self, "wishes"):
            self.wishes.close()
            self.looker.close()
        await super().disconnect(code)
