"""The PS3.18 doors: rendered pictures and thumbnails of studies, series, instances and frames, before Django."""

import asyncio
import logging
import re
import secrets
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache, partial
from typing import Any

from django.utils.translation import gettext as _

from viewer import access, layered, rendering
from viewer.access import Admission
from viewer.doors import (
    fused,
    media,
    mpr,
    mpr_parameters,
    multipart,
    parameters,
    space,
    space_parameters,
    volume_metadata,
    volumes,
)
from viewer.doors.addresses import LEVELS, Resource
from viewer.doors.answers import Answer, problem, warning
from viewer.doors.description import header
from viewer.doors.fused_parameters import FusedParameters
from viewer.doors.language import speak
from viewer.doors.mpr_parameters import PlaneParameters
from viewer.doors.opened import Opened, Place
from viewer.doors.parameters import BadParameter, Parameters
from viewer.doors.refusal import Refusal
from viewer.doors.volume_parameters import Choice
from viewer.imaging.stack import Shown
from viewer.models import Series
from viewer.rendering import Picture, Studio
from viewer.trouble import Gone, reading, words_of_trouble

logger = logging.getLogger(__name__)

WATCHED_AFTER = 0.1  # seconds: what is answered sooner isn't worth asking whether the client has gone
LONGEST_PATH = 512  # characters; the longest address of ours has 350


@dataclass(frozen=True)
class Request:
    """A request that was let in: by whom, for what, and with which parameters."""

    scope: dict[str, Any]
    admission: Admission
    resource: Resource
    query: str

    @property
    def accept(self) -> str:
        """The Accept header, empty when there is none."""
        return b", ".join(value for name, value in self.scope["headers"] if name == b"accept").decode("latin-1")


Handler = Callable[[Request], Awaitable[Answer]]


@dataclass(frozen=True)
class Route:
    """One line of the table: a name, the addresses it answers, and the function that does."""

    name: str
    address: re.Pattern[str]
    handler: Handler

    def match(self, path: str) -> Resource | None:
        """Return the resource that `path` names, or None."""
        found = self.address.fullmatch(path)
        if found is None:
            return None
        parts = found.groupdict()
        frame = parts.pop("frame", None)
        return Resource(**parts, frame=int(frame) if frame else None)


async def rendered(request: Request) -> Answer:
    """Answer `…/rendered`: one picture of a frame or an instance, all pictures of a study or a series.

    A study and a series come as multipart/related only (PS3.18 10.4.4), an instance with several frames as its
    middle frame, or as all of them for a client that names multipart/related.
    """
    wanted = parameters.parse(request.query)
    resource = request.resource
    studio = await rendering.studio()
    if resource.instance is None or (resource.frame is None and media.takes_several(request.accept)):
        kind = media.several(wanted.accept, request.accept)
        places = [each async for each in _places(studio, request)]
        if not places:
            raise Refusal(406, _("Nothing in here can be shown yet"))
        boundary = secrets.token_hex(16)
        body = _parts(studio, request, wanted, kind, places, boundary)
        return multipart.related(body, kind, boundary, wanted.unknown)
    kind = media.single(wanted.accept, request.accept)
    opened, place = await locate(studio, resource, early=wanted.early)
    return _picture(await studio.picture(opened, place, wanted, kind), opened, place, wanted)


async def thumbnail(request: Request) -> Answer:
    """Answer `…/thumbnail`: one small picture that stands for the resource."""
    wanted = parameters.parse(request.query, parameters.THUMBNAIL)
    kind = media.single(wanted.accept, request.accept)
    studio = await rendering.studio()
    resource = request.resource
    opened, place = await (locate(studio, resource) if resource.series else _of_study(studio, request))
    return _picture(await studio.thumbnail(opened, place, wanted, kind), opened, place, wanted)


async def renderedmpr(request: Request) -> Answer:
    """Answer `…/renderedmpr`: one plane through the volume that a study, a series or an instance makes.

    Of a motion it is one frame, or all of them for a client that names multipart/related; where they alone are asked
    for, the parameters that were applied (PS3.18 annex K).
    """
    wanted = mpr_parameters.parse(request.query)
    kind, several = _kind(wanted, request.accept)
    studio = await rendering.studio()
    resource = request.resource
    listed = [resource.series] if resource.series else await reading(_series_of)(request.admission.study_pk)
    source = await volume_of(studio, resource, listed, wanted.choice)
    over = await layer_of(studio, request.scope, source, wanted.fused)
    address = f"{replace(resource, series=source.opened.uid).path}/renderedmpr"
    if several:
        frames = [
            partial(mpr.picture, studio, source, each, kind, over=over) for each in mpr.frames(source.volume, wanted)
        ]
        shown = [source.opened] if over is None else [source.opened, over.source.opened]
        return _moving(request, shown, frames, kind, address, wanted.picture)
    return _answered(await mpr.picture(studio, source, wanted, kind, over=over), address, wanted.picture)


async def rendered3d(request: Request) -> Answer:
    """Answer `…/rendered3d`: the volume that a study, a series or an instance makes, in three dimensions.

    Of a motion it is one frame or all, and what is asked for may be the parameters alone: as for planes.
    """
    wanted = space_parameters.parse(request.query)
    kind, several = _kind(wanted.plane, request.accept)
    studio = await rendering.studio()
    resource = request.resource
    listed = [resource.series] if resource.series else await reading(_series_of)(request.admission.study_pk)
    source = await volume_of(studio, resource, listed, wanted.plane.choice)
    address = f"{replace(resource, series=source.opened.uid).path}/rendered3d"
    if several:
        frames = [partial(space.picture, studio, source, each, kind) for each in space.frames(source, wanted)]
        return _moving(request, [source.opened], frames, kind, address, wanted.plane.picture)
    return _answered(await space.picture(studio, source, wanted, kind), address, wanted.plane.picture)


def _kind(wanted: PlaneParameters, accept: str) -> tuple[str, bool]:
    """Return the media type of a picture of a volume, and whether all frames of its motion come in one answer."""
    if wanted.metadata:
        return volume_metadata.MEDIA_TYPE, False
    several = wanted.motion is not None and media.takes_several(accept)
    return (media.several if several else media.single)(wanted.picture.accept, accept), several


async def volume_of(studio: Studio, resource: Resource, listed: list[str], choice: Choice) -> volumes.Source:
    """Return the volume of one of the series listed, or of the instance that the resource names. Raises Refusal."""
    openeds = []
    for uid in listed:
        await require(resource.archive, resource.study, uid)
        openeds.append(await studio.series(resource.archive, resource.study, uid))
    return await studio.run(partial(volumes.choose, openeds, resource.instance, choice))


async def layer_of(
    studio: Studio, scope: Any, under: volumes.Source, wanted: FusedParameters | None
) -> fused.Layer | None:
    """Return the volume that lies over the planes of another, if one is wanted. Raises Refusal."""
    if wanted is None:
        return None
    series, choice = [wanted.series], Choice(wanted.stack)
    return await layered.layer(
        scope, under, wanted, lambda archive, study: volume_of(studio, Resource(archive, study), series, choice)
    )


async def require(archive: str, study: str, series: str) -> None:
    """Raise Refusal unless the study's index lists the series: no archive is asked for what isn't the study's."""
    if rendering.lying_open(archive, study, series) is None and not await reading(rendering.listed)(
        archive, study, series
    ):
        raise Refusal(404, _("No such series in this study"))


async def locate(studio: Studio, resource: Resource, *, early: bool = False) -> tuple[Opened, Place]:
    """Return the frame that a resource within a series names, or that stands for it. Raises Refusal.

    `early`: by its own header alone, where the series isn't open and a glimpse shows this frame.
    """
    if resource.series is None:
        raise Refusal(404, _("No series is named"))
    await require(resource.archive, resource.study, resource.series)
    if early and resource.instance and resource.frame:
        seen = studio.glimpsed(resource.archive, resource.study, resource.series, resource.instance)
        if seen is not None:
            return seen, seen.place(resource.instance, resource.frame)
    opened = await studio.series(resource.archive, resource.study, resource.series)
    if resource.instance is not None and resource.frame is not None:
        return opened, opened.place(resource.instance, resource.frame)
    return opened, opened.representative(resource.instance)


def _series_of(study_pk: int) -> list[str]:
    return list(Series.objects.filter(study=study_pk).order_by("number", "uid").values_list("uid", flat=True))


async def _of_study(studio: Studio, request: Request) -> tuple[Opened, Place]:
    refused: Refusal | None = None
    for uid in await reading(_series_of)(request.admission.study_pk):
        try:
            return await locate(studio, replace(request.resource, series=uid))
        except Refusal as refusal:
            refused = refusal if refused is None or refusal.status != 406 else refused
    raise refused or Refusal(406, _("The study holds no images"))


async def _places(studio: Studio, request: Request) -> AsyncIterator[tuple[Opened, Place]]:
    """Yield every frame that can be shown, in the order of series and stacks."""
    resource = request.resource
    if resource.series is not None:
        await require(resource.archive, resource.study, resource.series)
    if resource.instance is not None:
        opened = await studio.series(resource.archive, resource.study, resource.series or "")
        first = opened.place(resource.instance, 1)
        if first.slide is not None:
            raise Refusal(406, _("The tiles of a slide are asked for one by one"))
        for number in range(1, first.instance.frame_count + 1):
            yield opened, opened.place(resource.instance, number)
        return
    listed = [resource.series] if resource.series else await reading(_series_of)(request.admission.study_pk)
    for uid in listed:
        opened = await studio.series(resource.archive, resource.study, uid)
        for stack in opened.stacks:
            for entry in stack.entries:
                if isinstance(entry, Shown):
                    yield opened, opened.place(entry.SOPInstanceUID, entry.frame)


async def _parts(
    studio: Studio, request: Request, wanted: Parameters, kind: str, places: list[tuple[Opened, Place]], boundary: str
) -> AsyncIterator[bytes]:
    """Yield the parts of a multipart answer. A picture that fails leaves a part that says so, and the others go on."""
    resource = request.resource
    for opened, place in places:
        if await access.admit(request.scope, resource.archive, resource.study) is None:
            raise ConnectionAbortedError("the right to see the study was withdrawn")
        yield await multipart.part(studio.picture(opened, place, wanted, kind), _address(opened, place), boundary)
    yield multipart.end(boundary)


def _moving(
    request: Request,
    shown: list[Opened],
    frames: Sequence[Callable[[], Awaitable[Picture]]],
    kind: str,
    address: str,
    wanted: Parameters,
) -> Answer:
    """Return the frames of a motion as the parts of a multipart answer, in their order."""
    boundary = secrets.token_hex(16)

    async def parts() -> AsyncIterator[bytes]:
        for number, frame in enumerate(frames, 1):
            for each in shown:
                if await access.admit(request.scope, each.archive, each.study) is None:
                    raise ConnectionAbortedError("the right to see the study was withdrawn")
            yield await multipart.part(frame(), f"{address}?animationframe={number}", boundary)
        yield multipart.end(boundary)

    return multipart.related(parts(), kind, boundary, wanted.unknown)


def _address(opened: Opened, place: Place) -> str:
    frame = None if place.whole else place.frame.number
    return _rendered(Resource(opened.archive, opened.study, opened.uid, place.uid, frame))


@lru_cache(4096)
def _rendered(resource: Resource) -> str:
    return f"{resource.path}/rendered"


def _picture(picture: Picture, opened: Opened, place: Place, wanted: Parameters) -> Answer:
    return _answered(picture, _address(opened, place), wanted)


def _answered(picture: Picture, address: str, wanted: Parameters) -> Answer:
    headers = {
        "Content-Type": picture.media_type.encode(),
        "Content-Location": address.encode(),
        "Samsyn-Picture": header(picture.description),
        **warning(wanted.unknown),
    }
    return Answer(200, picture.data, headers)


table: list[Route] = [
    Route(f"{verb.__name__}-{level}", re.compile(f"{address}/{verb.__name__}"), verb)
    for verb in (rendered, thumbnail)
    for level, address in reversed(LEVELS.items())
]
table += [
    Route(f"{verb.__name__}-{level}", re.compile(f"{address}/{verb.__name__}"), verb)
    for verb in (renderedmpr, rendered3d)
    for level, address in reversed(LEVELS.items())
    if level != "frame"
]


def find(path: str) -> tuple[Route, Resource] | None:
    """Return the route that answers `path` and the resource it names, or None."""
    return _find(path) if len(path) <= LONGEST_PATH else None


@lru_cache(4096)
def _find(path: str) -> tuple[Route, Resource] | None:
    for route in table:
        resource = route.match(path)
        if resource is not None:
            return route, resource
    return None


async def answer(scope: dict[str, Any]) -> Answer:
    """Return the answer to a request: first who asks, then what, then how."""
    try:
        if scope["method"] not in {"GET", "HEAD"}:
            raise Refusal(405, _("Pictures are only read"))
        found = find(scope["path"])
        if found is None:
            raise await _nothing(scope)
        route, resource = found
        admission = await access.admit(scope, resource.archive, resource.study)
        if admission is None:
            raise await _nothing(scope)
        query = scope["query_string"].decode("latin-1")
        return await route.handler(Request(scope, admission, resource, query))
    except BadParameter as error:
        return problem(400, str(error), error.name)
    except media.NotAcceptable as error:
        return problem(406, str(error))
    except Refusal as refusal:
        return problem(refusal.status, refusal.words, refusal.parameter)
    except Gone as error:
        return problem(503, words_of_trouble(error))
    except Exception:
        logger.exception("a picture failed")
        return problem(500, _("The picture couldn't be made"))


async def _nothing(scope: dict[str, Any]) -> Refusal:
    """Return the refusal of what isn't there or isn't theirs: one and the same, except for nobody."""
    if await access.unauthenticated(scope):
        return Refusal(401, _("Log in first"))
    return Refusal(404, _("No such study, or not yours to see"))


async def application(scope: dict[str, Any], receive: Any, send: Any) -> None:
    """Answer one HTTP request; work that takes a while stops when the client has gone."""
    work = asyncio.current_task()
    watching: asyncio.Task[None] | None = None

    def watch() -> None:
        nonlocal watching
        watching = asyncio.ensure_future(_stop_when_gone(receive, work))

    later = asyncio.get_running_loop().call_later(WATCHED_AFTER, watch)
    try:
        await _serve(scope, send)
    except asyncio.CancelledError:
        if watching is None or not watching.done():
            raise  # it isn't the client that ended this
    finally:
        later.cancel()
        if watching is not None:
            watching.cancel()


async def _serve(scope: dict[str, Any], send: Any) -> None:
    speak(scope)
    await (await answer(scope)).send(send, head=scope["method"] == "HEAD")


async def _stop_when_gone(receive: Any, work: "asyncio.Task[Any] | None") -> None:
    while (await receive())["type"] != "http.disconnect":
        pass
    if work is not None:
        work.cancel()
