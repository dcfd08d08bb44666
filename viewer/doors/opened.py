"""An opened series: its stacks, where each frame stands in them, and the window that belongs to it."""

import asyncio
from collections import OrderedDict
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from functools import cached_property

import numpy as np
from django.utils.translation import gettext as _

from viewer.doors.refusal import Refusal
from viewer.doors.words import translated
from viewer.imaging import colour, pixels, spacing, stack, windowing
from viewer.imaging.pixels import Padding
from viewer.imaging.record import FrameAttributes, FrameNumberError, Instance
from viewer.imaging.spacing import Spacing
from viewer.imaging.stack import Shown, Stack
from viewer.imaging.windowing import VOI, Window
from viewer.store.client import SeriesStore

SAMPLED_FRAMES = 5
MOST_OPENED = 64
WHOLE_BYTE = Window(128, 256)  # 8-bit pictures are display values already: shown as they are

FetchFrame = Callable[[str, int], Awaitable[np.ndarray]]


@dataclass(frozen=True)
class Place:
    """One frame, and where it stands; `stack` and `index` are None for a frame outside every stack."""

    instance: Instance
    frame: FrameAttributes
    stack: Stack | None
    index: int | None
    location: float | None

    @property
    def uid(self) -> str:
        return self.instance.SOPInstanceUID or ""


@dataclass
class Opened:
    """One version of one series, parsed once: replaced as a whole when the archive's metadata changes."""

    archive: str
    study: str
    uid: str
    series: SeriesStore
    stacks: list[Stack]
    automatic: "asyncio.Task[Window] | None" = None
    spacings: dict[tuple[str, int], Spacing] = field(default_factory=dict)
    orders: dict[str, np.ndarray] = field(default_factory=dict)

    @cached_property
    def instances(self) -> dict[str, Instance]:
        """Instances by SOP Instance UID; of two with the same UID the first counts."""
        return {each.SOPInstanceUID: each for each in reversed(self.series.instances) if each.SOPInstanceUID}

    @cached_property
    def places(self) -> dict[tuple[str, int], tuple[Stack, int, float | None]]:
        """Stack, index and location of every frame that is shown."""
        return {
            (entry.SOPInstanceUID, entry.frame): (each, index, entry.location)
            for each in self.stacks
            for index, entry in enumerate(each.entries)
            if isinstance(entry, Shown)
        }

    def place(self, uid: str, number: int) -> Place:
        """Return the place of a frame. Raises Refusal: 404 for no such frame, 406 for what is no picture yet."""
        instance = self.instances.get(uid)
        if instance is None:
            raise Refusal(404, _("The series holds no such image"))
        try:
            frame = instance.frame(number)
        except FrameNumberError as error:
            raise Refusal(404, _("The image has no frame %(number)d") % {"number": number}) from error
        kind = stack.kind(instance)
        if not kind.viewable:
            raise Refusal(406, _("%(kind)s: can't be shown yet") % {"kind": translated(kind.words)})
        found = self.places.get((uid, number))
        return Place(instance, frame, *found) if found else Place(instance, frame, None, None, None)

    def order(self, of: Stack) -> np.ndarray:
        """Return, for each entry of a stack, its frame's place in the store's states; -1 for a missing one."""
        if of.key not in self.orders:
            self.orders[of.key] = np.array(
                [
                    self.series.place(entry.SOPInstanceUID, entry.frame) if isinstance(entry, Shown) else -1
                    for entry in of.entries
                ],
                np.intp,
            )
        return self.orders[of.key]

    def representative(self, uid: str | None = None) -> Place:
        """Return the frame that stands for the series, or for one instance: the middle of its longest stack."""
        if uid is not None:
            instance = self.instances.get(uid)
            return self.place(uid, (instance.frame_count + 1) // 2 if instance else 1)
        longest = max(self.stacks, key=lambda each: len(each.entries), default=None)
        shown = [entry for entry in longest.entries if isinstance(entry, Shown)] if longest else []
        if not shown:
            raise Refusal(406, self.words_of_nothing())
        middle = shown[len(shown) // 2]
        return self.place(middle.SOPInstanceUID, middle.frame)

    def words_of_nothing(self) -> str:
        """Return why the series shows nothing, by the kinds of its objects."""
        kinds = sorted({translated(stack.kind(each).words) for each in self.series.instances})
        if not kinds:
            return _("The series holds no images")
        return _("%(kind)s: can't be shown yet") % {"kind": ", ".join(kinds)}

    def colour(self, instance: Instance) -> bool:
        """Whether pictures of this instance have colours of their own, and so no window."""
        return colour.is_colour(instance)

    def spacing(self, place: Place) -> Spacing:
        """Return the pixel spacing of a frame and what it is based on."""
        key = (place.uid, place.frame.number)
        if key not in self.spacings:
            self.spacings[key] = spacing.spacing(place.instance, place.frame)
        return self.spacings[key]

    def choices(self, place: Place) -> list[VOI]:
        """Return the file's own windows and tables, the default first: one set for all slices of a spatial stack.

        A window belongs to the series: slices that each bring another would flicker (hazard of PS3.3 C.11.2 used
        slice by slice). Projections and cine pictures are images of their own and keep theirs.
        """
        if place.stack is None or not place.stack.spatial:
            return windowing.voi_choices(place.instance, place.frame)
        return self.stack_choices(place.stack)

    def has_one_window(self, of: Stack) -> bool:
        """Whether all images of a stack share their choices: always in space, else only if the files say so."""
        if of.spatial:
            return True
        seen = {entry.SOPInstanceUID: entry for entry in of.entries if isinstance(entry, Shown)}
        own = [windowing.voi_choices(each, each.frame(1)) for each in (self.instances[uid] for uid in seen)]
        return all(each == own[0] for each in own)

    def stack_choices(self, of: Stack) -> list[VOI]:
        """Return the choices of the entry nearest to the middle of a stack that has any."""
        shown = [entry for entry in of.entries if isinstance(entry, Shown)]
        middle = len(shown) // 2
        outward = sorted(range(len(shown)), key=lambda at: abs(at - middle))
        for entry in (shown[at] for at in outward[:SAMPLED_FRAMES]):
            instance = self.instances[entry.SOPInstanceUID]
            choices = windowing.voi_choices(instance, instance.frame(entry.frame))
            if choices:
                return choices
        return []

    async def default_voi(self, place: Place, fetch: FetchFrame) -> VOI:
        """Return the window of a frame when none is asked for.

        The file's own; else 400/40 for CT in HU, unless all of the series lies outside it; else display values as
        they are for 8 bits; else the 1st to 99th percentile of the series, from at most five frames, computed once
        and kept.
        """
        choices = self.choices(place)
        if choices:
            return choices[0]
        instance = place.instance
        if instance.Modality == "CT" and pixels.unit(instance, place.frame) == "HU":
            soft, measured = windowing.PRESETS["soft tissue"], await self.measured(fetch)
            return soft if overlap(soft, measured) else measured
        if (instance.BitsStored or 16) <= 8 and instance.PixelRepresentation != 1:
            return WHOLE_BYTE
        return await self.measured(fetch)

    async def measured(self, fetch: FetchFrame) -> Window:
        """Return the automatic window of the series, computed at the first call."""
        if self.automatic is None or (
            self.automatic.done() and (self.automatic.cancelled() or self.automatic.exception())
        ):
            self.automatic = asyncio.get_running_loop().create_task(self._automatic(fetch))
        # Whoever gives up waiting must not take the window away from the others.
        return await asyncio.shield(self.automatic)

    async def _automatic(self, fetch: FetchFrame) -> Window:
        grey = [
            (entry.SOPInstanceUID, entry.frame)
            for each in self.stacks
            for entry in each.entries
            if isinstance(entry, Shown)
        ]
        grey = [(uid, number) for uid, number in grey if not self.colour(self.instances[uid])]
        count = min(SAMPLED_FRAMES, len(grey))
        chosen = [grey[(2 * turn + 1) * len(grey) // (2 * count)] for turn in range(count)]
        frames = await asyncio.gather(*(fetch(uid, number) for uid, number in chosen), return_exceptions=True)
        values = [
            sample(self.instances[uid], number, frame)
            for (uid, number), frame in zip(chosen, frames, strict=True)
            if isinstance(frame, np.ndarray)
        ]
        if not values:
            raise Refusal(502, _("No image of the series can be read, so its window isn't known"))
        return windowing.automatic(np.concatenate(values))


def overlap(one: Window, other: Window) -> bool:
    """Say whether two windows have modality values in common."""
    return abs(one.center - other.center) < (one.width + other.width) / 2


def sample(instance: Instance, number: int, stored: np.ndarray) -> np.ndarray:
    """Return about 65,000 float64 modality values of a frame, evenly spread, padding left out."""
    step = max(1, int((stored.size / 65536) ** 0.5))
    thinned = stored[::step, ::step]
    padding = Padding.of(instance)
    kept = thinned[~padding.mask(thinned)] if padding else thinned.ravel()
    return pixels.modality_values(kept, pixels.transform(instance, instance.frame(number)))


@dataclass
class Shelf:
    """The series that were opened last, each in the version that the store holds."""

    opened: "OrderedDict[tuple[str, str, str], Opened]" = field(default_factory=OrderedDict)

    def get(self, archive: str, study: str, uid: str, digest: str) -> Opened | None:
        """Return the series if it lies here in this version."""
        found = self.opened.get((archive, study, uid))
        if found is None or found.series.digest != digest:
            return None
        self.opened.move_to_end((archive, study, uid))
        return found

    def put(self, opened: Opened) -> None:
        """Keep a series, and let the one go that was used longest ago."""
        self.opened[(opened.archive, opened.study, opened.uid)] = opened
        while len(self.opened) > MOST_OPENED:
            self.opened.popitem(last=False)


def build(archive: str, study: str, uid: str, series: SeriesStore) -> Opened:
    """Return the opened series; runs in a thread, since sorting a long series takes milliseconds."""
    opened = Opened(archive, study, uid, series, stack.stacks(series.instances, expected=series.expected))
    opened.places  # noqa: B018 (built here, not on the loop)
    return opened
