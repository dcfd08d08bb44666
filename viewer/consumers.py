"""The one socket of a page: pictures while a hand moves, values, progress, and topics of the live wire."""

import asyncio
import contextlib
import json
import logging
import struct
import time
from typing import Any
from urllib.parse import parse_qs

import msgspec
from django.utils.translation import gettext as _

from viewer import access, dicomweb, epochs, rendering, sessions
from viewer.doors import (
    description,
    media,
    messages,
    mpr,
    mpr_geometry,
    mpr_parameters,
    mpr_value,
    parameters,
    regions,
    space,
    space_parameters,
    uptake,
)
from viewer.doors.addresses import Resource
from viewer.doors.doing import Doer
from viewer.doors.looking import Looker
from viewer.doors.messages import Looking, Probe, Want
from viewer.doors.pace import Pace
from viewer.doors.page import ASK_AGAIN_EVERY, GUARD_EVERY, TOO_FAST, PageConsumer
from viewer.doors.parameters import BadParameter
from viewer.doors.refusal import Refusal
from viewer.doors.values import value_at
from viewer.doors.wire import Wire
from viewer.doors.wishes import Wish, Wishes
from viewer.trouble import Gone, words_of_trouble, writing

logger = logging.getLogger(__name__)

TOUCH_EVERY = 30.0  # seconds
PICTURES = (dicomweb.rendered, dicomweb.renderedmpr, dicomweb.rendered3d)


class ListConsumer(PageConsumer):
    """The socket of lists: topics only."""


class ViewerConsumer(PageConsumer):
    """The socket of a viewer page: pictures of every study that the person may see, priors too."""

    def __init__(self, scope: Any, wire: Wire) -> None:
        super().__init__(scope, wire)
        self.doer = Doer(self.tell, scope, self.place)
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
            await self.wire.close(TOO_FAST)
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
        verb, resource = await self.admitted(wish.resource, *PICTURES)
        plane = mpr_parameters.parse(wish.query) if verb is dicomweb.renderedmpr else None
        volume = space_parameters.parse(wish.query) if verb is dicomweb.rendered3d else None
        wanted = plane.picture if plane else volume.plane.picture if volume else parameters.parse(wish.query)
        if wanted.unknown:
            raise Refusal(400, _("%(name)s isn't known") % {"name": wanted.unknown[0][:40]}, wanted.unknown[0][:40])
        kind = media.single(wanted.accept, "")
        studio = await rendering.studio()

        def arrived() -> None:
            wish.waiting = False

        if plane:
            source = await dicomweb.volume_of(studio, resource, [resource.series or ""], plane.choice)
            over = await dicomweb.layer_of(studio, self.scope, source, plane.fused)
            picture = await mpr.picture(studio, source, plane, kind, over=over, arrived=arrived)
        elif volume:
            source = await dicomweb.volume_of(studio, resource, [resource.series or ""], volume.plane.choice)
            picture = await space.picture(studio, source, volume, kind, arrived=arrived)
        else:
            opened, place = await dicomweb.locate(studio, resource, early=wanted.early)
            picture = await studio.picture(opened, place, wanted, kind, arrived=arrived)
        about = {
            "seq": wish.seq,
            "pane": wish.pane,
            "resource": wish.resource,
            "query": wish.query,
            "type": picture.media_type,
        }
        about["took"] = round(1000 * (time.monotonic() - began), 1)
        header = description.encoded(about | {"picture": msgspec.Raw(description.told(picture.description))})
        return b"".join((struct.pack(">I", len(header)), header, picture.data))

    async def admitted(self, path: str, *verbs: dicomweb.Handler) -> tuple[dicomweb.Handler, Resource]:
        """Return which of `verbs` a path asks for, of what, if the person may see the study. Raises Refusal."""
        found = dicomweb.find(path)
        if found is None or found[0].handler not in verbs or found[1].series is None:
            raise Refusal(404, _("No such picture"))
        if await access.admit(self.scope, found[1].archive, found[1].study) is None:
            raise Refusal(404, _("No such study, or not yours to see"))
        return found[0].handler, found[1]

    async def put(self, message: bytes | str) -> None:
        """Send the answer to a wish."""
        await (self.wire.binary(message) if isinstance(message, bytes) else self.wire.text(message))

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
        about |= {} if probe.radius is None else {"radius": probe.radius}
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
        verb, resource = await self.admitted(
            probe.resource, dicomweb.rendered, dicomweb.renderedmpr, dicomweb.rendered3d
        )
        if verb is dicomweb.renderedmpr:
            wanted = mpr_parameters.parse(probe.query)
            source = await dicomweb.volume_of(studio, resource, [resource.series or ""], wanted.choice)
            point = probe.point or mpr_geometry.point_of(source.volume, wanted, probe.x, probe.y)
            wanted = mpr_geometry.still(source.volume, wanted)
            over = await dicomweb.layer_of(studio, self.scope, source, wanted.fused)
            if probe.radius is not None:
                return {"region": await regions.sphere(studio, source, over, point, probe.radius)}
            told = await mpr_value.value(studio, source, wanted, point) | {"point": list(point)}
            return told if over is None else told | {"fused": await over.value(studio, wanted, point)}
        if verb is dicomweb.rendered3d:
            seen = space_parameters.parse(probe.query)
            source = await dicomweb.volume_of(studio, resource, [resource.series or ""], seen.plane.choice)
            return await space.point(studio, source, seen, probe.x, probe.y)
        if probe.point is not None:
            raise Refusal(400, _("A point is of a plane, not of an image"))
        opened, place = await dicomweb.locate(studio, resource)
        told = value_at(await studio.frame(opened, place.uid, place.frame.number), place, probe.x, probe.y)
        return told if opened.colour(place.instance) else told | uptake.of_value(opened, place, told["value"])

    async def leave(self) -> None:
        """Give up every wish: the client has gone."""
        await self.wishes.close()
        await self.looker.close()
        await super().leave()
