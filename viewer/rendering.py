"""Where a picture is made: stored values of one frame to bytes and the description that goes with them."""

import asyncio
import contextlib
import os
from collections.abc import Callable, Coroutine
from dataclasses import asdict
from functools import partial
from pathlib import Path
from typing import Any, TypeVar

import msgspec
import numpy as np
from channels.layers import get_channel_layer
from django.conf import settings
from django.utils.translation import gettext as _
from msgspec import structs

from viewer.doors import annotate, breast, description, embedded, glimpses, graphics, icc, tiles
from viewer.doors.media import JPEG, LOSSLESS
from viewer.doors.opened import Opened, Place, Shelf, build
from viewer.doors.parameters import BadParameter, Parameters, Viewport
from viewer.doors.refusal import Refusal
from viewer.doors.words import translated
from viewer.imaging import colormap, colour, colourspace, encode, mammography, pixels, resample, windowing
from viewer.imaging.mammography import Hang
from viewer.imaging.pixels import Padding, PixelError
from viewer.imaging.windowing import VOI, Window
from viewer.models import Series
from viewer.store.client import FrameFailed, SeriesStore, StoreClient, StoreError
from viewer.threads import Threads

Result = TypeVar("Result")

QUALITY = 90  # of a JPEG when none is asked for
THUMBNAIL = Viewport(128, 128)
THUMBNAIL_QUALITY = 80


class Picture(msgspec.Struct, frozen=True):
    """One rendered frame: encoded bytes, their media type and what they show."""

    data: bytes
    media_type: str
    description: dict[str, Any]


class Studio:
    """One per web process: the store's client, the threads that render, and the series that are open."""

    def __init__(self, client: StoreClient) -> None:
        self.client = client
        self.loop = asyncio.get_running_loop()
        # One thread more than cores, so that a core has work while a thread waits for a page of the frame file.
        self.threads = Threads((os.cpu_count() or 1) + 1, self.loop, "render")
        self.shelf = Shelf()
        self.glimpses = glimpses.Glimpses(self)
        self.watchers: set[Callable[[str], None]] = set()
        client.on_progress(self._progressed)
        client.on_changed(self._changed)
        self.telling: set[asyncio.Task[None]] = set()

    async def run(self, work: Callable[[], Result]) -> Result:
        """Return what `work` makes in one of the threads, in the reader's language."""
        return await self.threads.run(work)

    async def series(self, archive: str, study: str, uid: str) -> Opened:
        """Return an opened series. Raises Refusal in the store's words. Doors ask `listed` first."""
        try:
            series = await self.client.series(archive, study, uid)
        except StoreError as error:
            raise Refusal(502, translated(error)) from error
        found = self.shelf.get(archive, study, uid, series.digest)
        if found is not None:
            return found
        if any(each.StudyInstanceUID not in {None, study} for each in series.instances):
            # An archive that ignores the study in the address must not lend one study's rights to another.
            raise Refusal(404, _("No such series in this study"))
        opened = await self.run(partial(build, archive, study, uid, series))
        # Of several who opened it at the same time all go on with one.
        found = self.shelf.get(archive, study, uid, series.digest)
        if found is not None:
            return found
        self.shelf.put(opened)
        self.glimpses.forget((archive, study, uid))
        return opened

    def glimpsed(self, archive: str, study: str, uid: str, instance: str) -> Opened | None:
        """Return what is known of a series that isn't open yet, if that shows the whole picture; asks nobody."""
        key = (archive, study, uid)
        found = None if key in self.shelf.opened else self.glimpses.find(key, instance)
        return None if found is None or embedded.has(found.place(instance, 1)) else found

    async def frame(self, opened: Opened, uid: str, number: int, direction: int = 0) -> np.ndarray:
        """Return the stored values of a frame, read-only. Raises Refusal with the reason that the pane shows."""
        try:
            seen = glimpses.stored(opened, uid, number)
            return await self.client.frame(opened.series, uid, number, direction) if seen is None else seen
        except FrameFailed as error:
            raise Refusal(502, translated(error)) from error

    async def picture(
        self,
        opened: Opened,
        place: Place,
        wanted: Parameters,
        media_type: str,
        *,
        direction: int = 0,
        arrived: Callable[[], None] | None = None,
        hang: Hang | None = None,
    ) -> Picture:
        """Return the picture of one frame, hung if it is said how.

        `arrived` is called when its stored values are there. Raises Refusal.
        """
        if place.slide is not None and tiles.may_pass(place, wanted, media_type):
            passed = await tiles.passed(self, opened, place)
            if passed is not None:
                return Picture(passed[0], JPEG, passed[1])
        media_type = breast.faithful(media_type, place.instance)
        said: dict[str, Any] = {}
        if place.whole:
            stored, wanted, place, said = await tiles.composed(self, opened, place, wanted)
        else:
            stored = await self.frame(opened, place.uid, place.frame.number, direction)
            if embedded.has(place):
                place = await embedded.with_planes(self.client, opened, place)
        if arrived is not None:
            arrived()
        voi = None if opened.colour(place.instance) else await self.voi(opened, place, wanted)
        made = await self.run(partial(draw, stored, opened, place, voi, wanted, media_type, hang))
        return structs.replace(made, description={**made.description, **said}) if said else made

    async def thumbnail(self, opened: Opened, place: Place, wanted: Parameters, media_type: str) -> Picture:
        """Return a small picture of one frame, of a breast as it hangs. Raises Refusal."""
        viewport, hang = wanted.viewport or THUMBNAIL, breast.hang(place.instance, place.frame)
        if hang is not None and hang.rotation % 180:
            viewport = structs.replace(viewport, width=viewport.height, height=viewport.width)
        small = structs.replace(wanted, viewport=viewport, quality=THUMBNAIL_QUALITY)
        return await self.picture(opened, place, small, media_type, hang=hang)

    def compare(self, archive: str, study: str, listed: set[str]) -> None:
        """Have the store compare what is open of a study, and let go what the study's index doesn't list any more."""
        for key in list(self.client.kept):
            if key[:2] == (archive, study) and key[2] in listed:
                self.client.reopen(key)
            elif key[:2] == (archive, study):
                self.shelf.opened.pop(key, None)
                self.client.let_go(key)

    def _progressed(self, series_uid: str, states: bytes) -> None:
        for watcher in list(self.watchers):
            watcher(series_uid)

    def _changed(self, series: SeriesStore) -> None:
        """Tell every page that listens to the series: what it shows is of yesterday."""
        topic = f"series.{series.series}"
        message = {"type": "live.event", "topic": topic, "event": {"changed": True}}
        task = self.loop.create_task(get_channel_layer().group_send(topic, message))
        self.telling.add(task)
        task.add_done_callback(self.telling.discard)

    async def voi(self, opened: Opened, place: Place, wanted: Parameters) -> VOI:
        """Return the window or table that a grey picture is shown by. Raises Refusal."""
        if wanted.window is not None:
            return Window(wanted.window.center, wanted.window.width, wanted.window.function)
        if wanted.voi == "auto":
            return await opened.measured(partial(self.frame, opened))
        if wanted.voi is not None:
            choices = opened.choices(place)
            if wanted.voi >= len(choices):
                words = _("voi=%(place)d: the file has %(count)d choices")
                raise Refusal(400, words % {"place": wanted.voi, "count": len(choices)}, "voi")
            return choices[wanted.voi]
        return await opened.default_voi(place, partial(self.frame, opened))


def draw(
    stored: np.ndarray,
    opened: Opened,
    place: Place,
    voi: VOI | None,
    wanted: Parameters,
    media_type: str,
    hang: Hang | None = None,
) -> Picture:
    """Return the picture of a frame's stored values, (rows, columns) or (rows, columns, 3). Raises Refusal.

    The order is the standard's (PS3.18 8.3.5.1): window, region, viewport, annotation. The region is cut and
    scaled before the window is applied, so that neighbouring values are mixed in modality units and not in grey.
    """
    rows, columns = stored.shape[:2]
    region, size, flips = (0.0, 0.0, float(columns), float(rows)), (columns, rows), (False, False)
    if wanted.viewport is not None:
        try:
            region, *flipped = wanted.viewport.region(columns, rows)
        except BadParameter as error:
            raise Refusal(400, str(error), error.name) from error
        size = wanted.viewport.size(region[2], region[3], opened.spacing(place).aspect)
        flips = (flipped[0], flipped[1])
    try:
        shades = shaded(stored, place, voi, region, size, flips, wanted)
        shades = graphics.dressed(shades, opened, place, region, flips, wanted)
    except PixelError as error:
        raise Refusal(502, translated(error)) from error
    told = description.describe(
        opened, place, voi=voi, inverted=wanted.invert, shown_by=wanted.colormap, region=region, size=size,
        lossless=media_type in LOSSLESS, graphics=graphics.told(place, wanted),
    )  # fmt: skip
    if wanted.annotation:
        shades = annotate.annotated(shades, told, wanted.annotation)
    profile = None
    if shades.ndim == 3:
        # A slide's tiles pass with their own profile: its regions keep it too.
        wish = "yes" if place.slide and place.slide.icc and wanted.iccprofile == "no" else wanted.iccprofile
        own = place.slide.icc if place.slide else colourspace.profile(place.instance)
        shades, profile = icc.shown_as(shades, own, wish)
    if hang is not None:
        shades, told = np.ascontiguousarray(mammography.hung(shades, hang)), told | {"hang": asdict(hang)}
    data = encode.encoded(shades, media_type, wanted.quality or QUALITY)
    if profile is not None:
        data = icc.with_profile(data, media_type, profile)
    return Picture(data, media_type, told)


def shaded(
    stored: np.ndarray,
    place: Place,
    voi: VOI | None,
    region: tuple[float, float, float, float],
    size: tuple[int, int],
    flips: tuple[bool, bool],
    wanted: Parameters,
) -> np.ndarray:
    """Return uint8 grey (rows, columns) or RGB (rows, columns, 3) of a region, scaled to `size` (width, height)."""
    if voi is None:
        rgb = resample.region(
            colour.rgb(stored, place.instance), region, size, flips, interpolation=wanted.interpolation
        )
        return 255 - rgb if wanted.invert else rgb
    instance, padding = place.instance, Padding.of(place.instance)
    name = colormap.chosen(instance.Modality, wanted.colormap)
    inverted = (windowing.shown_inverted(instance) != wanted.invert) != (name == colormap.INVERTED)
    transform = pixels.transform(instance, place.frame)
    if colour.is_supplemented(instance):
        # Greys and colours are different things: what lies between them is mixed as colours, not as stored values.
        shades = windowing.grey(stored, transform, voi, inverted=inverted, padding=padding)
        mixed = colour.supplemented(stored, shades, instance, padding)
        return resample.region(mixed, region, size, flips, interpolation=wanted.interpolation)
    if wanted.invert:
        # White air would blind whoever looks for specks beside it.
        padding = padding or mammography.air(stored, instance)
    values = resample.region(stored, region, size, flips, interpolation=wanted.interpolation, padding=padding)
    shades = windowing.grey(values, transform, voi, inverted=inverted, padding=padding)
    if colormap.is_grey(name):
        return shades
    return colormap.coloured(shades, name, None if padding is None else padding.mask(values))


class _Current:
    studio: Studio | None = None


async def start(state: Path | None = None) -> Studio:
    """Return this process' studio, made on the running loop at first use (in the ASGI lifespan)."""
    current = _Current.studio
    if current is None or current.loop is not asyncio.get_running_loop():
        current = _Current.studio = Studio(StoreClient(state or settings.STATE))
    return current


async def stop() -> None:
    """Close the studio: threads and the line to the store."""
    current, _Current.studio = _Current.studio, None
    if current is not None:
        await current.client.close()
        current.threads.stop()


async def studio() -> Studio:
    """Return this process' studio."""
    return _Current.studio or await start()


def hurry(archive: str, study: str, uid: str, count: int | None, instance: str) -> None:
    """Begin to read a series that a page on its way will open with; what fails, the page is told when it asks."""
    current = _Current.studio
    if current is not None and current.loop.is_running():
        asyncio.run_coroutine_threadsafe(_hurry(current, (archive, study, uid), count, instance), current.loop)


async def _hurry(studio: Studio, key: tuple[str, str, str], count: int | None, instance: str) -> None:
    with contextlib.suppress(Refusal):
        if key not in studio.shelf.opened:
            with contextlib.suppress(Refusal):
                await studio.glimpses.ask(key, count, instance)
        await studio.series(*key)


def compare(archive: str, study: str, listed: set[str]) -> None:
    """Have the store compare the open series of a study with the archive; those that aren't listed any more are let go.

    May be called from any thread.
    """
    current = _Current.studio
    if current is not None and current.loop.is_running():
        current.loop.call_soon_threadsafe(current.compare, archive, study, listed)


def lying_open(archive: str, study: str, uid: str) -> Opened | None:
    """Return a series if it was opened lately; asks nobody."""
    current = _Current.studio
    return current.shelf.opened.get((archive, study, uid)) if current else None


def listed(archive: str, study: str, uid: str) -> bool:
    """Say whether the index lists the series in this study; a new one is there after the next look at its study."""
    return (
        lying_open(archive, study, uid) is not None
        or Series.objects.filter(study__archive__name=archive, study__uid=study, uid=uid).exists()
    )


def from_thread(ask: Callable[[Studio], Coroutine[Any, Any, Result]], seconds: float = 60) -> Result:
    """Return what `ask` finds out on the studio's loop; for views that run in a thread. Raises Refusal."""
    current = _Current.studio
    if current is None or not current.loop.is_running():
        raise Refusal(503, _("The image service is starting"))
    future = asyncio.run_coroutine_threadsafe(ask(current), current.loop)
    try:
        return future.result(seconds)
    except TimeoutError as error:
        future.cancel()
        raise Refusal(503, _("The archive takes too long to answer")) from error
