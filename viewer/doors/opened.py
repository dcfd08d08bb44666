"""An opened series: its stacks, where each frame stands in them, and the window that belongs to it."""

import asyncio
from bisect import bisect_right
from collections import OrderedDict
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field, replace
from functools import cached_property
from itertools import accumulate
from typing import Any

import numpy as np
from django.utils.translation import gettext as _

from viewer.doors.refusal import Refusal
from viewer.doors.standing import Standing
from viewer.doors.words import translated
from viewer.imaging import colour, overlays, pixels, shutter, spacing, stack, suv, windowing
from viewer.imaging.entries import Run, parts
from viewer.imaging.overlays import OverlayPlane
from viewer.imaging.pixels import Padding, PixelError
from viewer.imaging.record import FrameAttributes, FrameNumberError, Instance
from viewer.imaging.slide import Slide, slides
from viewer.imaging.spacing import Spacing
from viewer.imaging.stack import Shown, Stack
from viewer.imaging.suv import SUV
from viewer.imaging.tiling import Tiling
from viewer.imaging.volume import NoVolume, Volume, volume
from viewer.imaging.windowing import VOI, Window
from viewer.imaging.words import Words
from viewer.store.client import SeriesStore
from viewer.store.glimpsed import Glimpsed

SAMPLED_FRAMES = 5
MOST_OPENED = 64
OPENING_SUV = 5.0  # PET opens from 0 to this, by body weight

FetchFrame = Callable[[str, int], Awaitable[np.ndarray]]


@dataclass(frozen=True)
class Place:
    """One frame, and where it stands; `stack` and `index` are None for a frame outside every stack.

    A tile has its `slide` and `level`; `whole` means all of that level. `overlays` are the file's overlay planes.
    """

    instance: Instance
    frame: FrameAttributes
    stack: Stack | None
    index: int | None
    location: float | None
    slide: Slide | None = None
    level: Tiling | None = None
    whole: bool = False
    planes: tuple[OverlayPlane, ...] | None = None

    @property
    def overlays(self) -> tuple[OverlayPlane, ...]:
        return overlays.planes(self.instance) if self.planes is None else self.planes

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
    orders: dict[tuple[str, int], np.ndarray] = field(default_factory=dict)
    volumes: dict[str, Volume | Words] = field(default_factory=dict)
    uptakes: dict[str, tuple[SUV, dict[str, float]] | None] = field(default_factory=dict)
    gathering: "dict[str, asyncio.Task[dict[tuple[str, int], str]]]" = field(default_factory=dict)
    gathered_at: dict[str, float] = field(default_factory=dict)
    slides: list[Slide] = field(default_factory=list)
    left_out: dict[str, Words] = field(default_factory=dict)
    told: dict[str, dict[str, object]] = field(default_factory=dict)
    said: dict[tuple[str, int, str | None], Any] = field(default_factory=dict)
    found: dict[tuple[str, int], Place] = field(default_factory=dict)
    embedded: dict[tuple[str, int], tuple[OverlayPlane, ...]] = field(default_factory=dict)

    @property
    def is_glimpse(self) -> bool:
        """Whether only a few of its images are known yet: none has its number among all, and no gap is a gap."""
        return isinstance(self.series, Glimpsed)

    @cached_property
    def instances(self) -> dict[str, Instance]:
        """Instances by SOP Instance UID; of two with the same UID the first counts."""
        return {each.SOPInstanceUID: each for each in reversed(self.series.instances) if each.SOPInstanceUID}

    @cached_property
    def standing(self) -> Standing:
        """Where every frame that is shown stands."""
        return Standing(self.stacks)

    @cached_property
    def levels(self) -> dict[str, tuple[Slide, Tiling]]:
        """Slide and level of every instance that is shown in one."""
        return {part.uid: (each, level) for each in self.slides for level in each.levels for part in level.parts}

    def place(self, uid: str, number: int) -> Place:
        """Return the place of a frame. Raises Refusal: 404 for no such frame, 406 for what is no picture yet."""
        known = self.found.get((uid, number))
        if known is not None:
            return known
        instance = self.instances.get(uid)
        if instance is None:
            raise Refusal(404, _("The series holds no such image"))
        if uid in self.levels and 1 <= number <= instance.frame_count:
            # A slide has frames by the hundred thousand, and their groups say nothing that isn't known by now.
            frame = FrameAttributes(number) if self.colour(instance) else instance.frame(number)
            return Place(instance, frame, None, None, None, *self.levels[uid])
        if uid in self.left_out:
            raise Refusal(406, translated(self.left_out[uid]))
        try:
            frame = instance.frame(number)
        except FrameNumberError as error:
            raise Refusal(404, _("The image has no frame %(number)d") % {"number": number}) from error
        kind = stack.kind(instance)
        if not kind.viewable:
            raise Refusal(406, _("%(kind)s: can't be shown yet") % {"kind": translated(kind.words)})
        found = self.found[uid, number] = Place(instance, frame, *self.standing.of(uid, number))
        return found

    def order(self, of: Stack) -> np.ndarray:
        """Return, for each entry of a stack, its frame's place in the store's states; -1 for a missing one."""
        key = (of.key, len(of.entries))  # a volume may leave places of its stack out
        if key not in self.orders:
            order = self.orders[key] = np.full(len(of.entries), -1, np.intp)
            for at, entry in parts(of.entries):
                if isinstance(entry, Run):
                    first = self.series.place(entry.SOPInstanceUID, entry.first)
                    order[at : at + entry.count] = np.arange(first, first + entry.count)
                elif isinstance(entry, Shown):
                    order[at] = self.series.place(entry.SOPInstanceUID, entry.frame)
        return self.orders[key]

    def volume(self, of: Stack) -> Volume | Words:
        """Return the volume that a stack makes, or the words for why it makes none."""
        if of.key not in self.volumes:
            try:
                self.volumes[of.key] = volume(of, self.series.instances)
            except NoVolume as error:
                self.volumes[of.key] = error.words
        return self.volumes[of.key]

    def uptake(self, of: Stack) -> tuple[SUV, dict[str, float]] | None:
        """Return the SUV of a PET stack and the factor of each image that has one; None for what is no PET.

        A glimpse tells none: when the scan began, the whole series says.
        """
        if of.key not in self.uptakes:
            members = [self.instances[uid] for uid in of.images]
            is_pet = bool(members) and not self.is_glimpse and all(map(suv.is_pet, members))
            self.uptakes[of.key] = suv.of_series(members, self.series.instances) if is_pet else None
        return self.uptakes[of.key]

    def suv_window(self, of: Stack) -> Window | None:
        """Return the window that a PET stack opens with, in modality units; None where SUV isn't available."""
        found = self.uptake(of)
        shown = found[0].shown if found else None
        if shown is None or shown.factor is None or shown.name != suv.BODY_WEIGHT:
            return None
        upper = OPENING_SUV / shown.factor
        return Window(upper / 2, upper, windowing.LINEAR_EXACT)

    def representative(self, uid: str | None = None) -> Place:
        """Return the frame that stands for the series, or for one instance: the middle of its longest stack."""
        if uid is not None:
            if uid in self.levels:
                return replace(self.place(uid, 1), whole=True)
            instance = self.instances.get(uid)
            return self.place(uid, (instance.frame_count + 1) // 2 if instance else 1)
        longest = max(self.stacks, key=lambda each: len(each.entries), default=None)
        shown = longest.shown if longest else []
        if not shown and self.slides:
            return replace(self.place(self.slides[0].levels[0].parts[0].uid, 1), whole=True)
        if not shown:
            raise Refusal(406, self.words_of_nothing())
        middle = shown[len(shown) // 2]
        return self.place(middle.SOPInstanceUID, middle.frame)

    def words_of_nothing(self) -> str:
        """Return why the series shows nothing, by the kinds of its objects."""
        if self.left_out and not self.slides:
            return "; ".join(sorted({translated(words) for words in self.left_out.values()}))
        kinds = sorted({translated(stack.kind(each).words) for each in self.series.instances})
        if not kinds:
            return _("The series holds no images")
        return _("%(kind)s: can't be shown yet") % {"kind": ", ".join(kinds)}

    def colour(self, instance: Instance) -> bool:
        """Whether pictures of this instance have colours of their own, and so no window."""
        return colour.is_colour(instance)

    def spacing(self, place: Place) -> Spacing:
        """Return the pixel spacing of a frame and what it is based on."""
        if place.slide is not None and place.level is not None:
            return on_glass(place.slide, place.level)
        key = (place.uid, place.frame.number)
        if key not in self.spacings:
            self.spacings[key] = spacing.spacing(place.instance, place.frame)
        return self.spacings[key]

    def choices(self, place: Place) -> list[VOI]:
        """Return the file's own windows and tables, the default first: one set for all slices of a spatial stack.

        A window belongs to the series: slices that each bring another would flicker (hazard of PS3.3 C.11.2 used
        slice by slice). Projections and cine pictures are images of their own and keep theirs.
        """
        if place.stack is None or not self.is_one_series(place.stack):
            return windowing.voi_choices(place.instance, place.frame)
        return self.stack_choices(place.stack)

    def has_one_window(self, of: Stack) -> bool:
        """Whether all images of a stack share their choices: always in space, else only if the files say so."""
        if self.is_one_series(of):
            return True
        own = [windowing.voi_choices(each, each.frame(1)) for each in (self.instances[uid] for uid in of.images)]
        return all(each == own[0] for each in own)

    def is_one_series(self, of: Stack) -> bool:
        """Whether the images of a stack are parts of one picture: in space, and in PET, whatever its slopes say."""
        return of.spatial or of.modality == "PT"

    def least_choices(self, of: Stack) -> int:
        """Return how many windows and tables every image of a stack offers, for those that each have their own."""
        images = [] if of.colour else [self.instances[uid] for uid in of.images]
        return min((len(windowing.voi_choices(each, each.frame(1))) for each in images), default=0)

    def stack_choices(self, of: Stack) -> list[VOI]:
        """Return the choices of the entry nearest to the middle of a stack that has any."""
        shown = of.shown
        middle = len(shown) // 2
        near = range(max(0, middle - SAMPLED_FRAMES), min(len(shown), middle + SAMPLED_FRAMES))
        for entry in (shown[at] for at in sorted(near, key=lambda at: abs(at - middle))[:SAMPLED_FRAMES]):
            instance = self.instances[entry.SOPInstanceUID]
            choices = windowing.voi_choices(instance, instance.frame(entry.frame))
            if choices:
                return choices
        return []

    def has_settled_window(self, place: Place) -> bool:
        """Whether one image tells the window that its whole series will be shown by."""
        instance = place.instance
        if suv.is_pet(instance):
            return False  # whether it has an SUV, the whole series says
        return (
            self.colour(instance)
            or bool(self.choices(place))
            or (instance.Modality == "CT" and pixels.unit(instance, place.frame) == "HU")
            or ((instance.BitsStored or 16) <= 8 and instance.PixelRepresentation != 1)
        )

    async def default_voi(self, place: Place, fetch: FetchFrame) -> VOI:
        """Return the window of a frame when none is asked for.

        SUV 0 to 5 for PET that has it; else the file's own; else 400/40 for CT in HU, unless all of the series lies
        outside it; else display values as they are for 8 bits; else the 1st to 99th percentile of the series, from at
        most five frames, computed once and kept.
        """
        uptake = self.suv_window(place.stack) if place.stack is not None else None
        if uptake is not None:
            return uptake
        choices = self.choices(place)
        if choices:
            return choices[0]
        instance = place.instance
        if instance.Modality == "CT" and pixels.unit(instance, place.frame) == "HU":
            soft, measured = windowing.PRESETS["soft tissue"], await self.measured(fetch)
            return soft if overlap(soft, measured) else measured
        if (instance.BitsStored or 16) <= 8 and instance.PixelRepresentation != 1:
            return whole(instance.BitsStored or 8)
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
        chosen = self.sampled()
        frames = await asyncio.gather(*(fetch(uid, number) for uid, number in chosen), return_exceptions=True)
        values, why = [], _("No image of the series can be read, so its window isn't known")
        for (uid, number), frame in zip(chosen, frames, strict=True):
            if isinstance(frame, np.ndarray):
                try:
                    values.append(await asyncio.to_thread(sample, self.instances[uid], number, frame))
                except PixelError as error:
                    why = translated(error)
        if not values:
            raise Refusal(502, why)
        return windowing.automatic(np.concatenate(values))

    def sampled(self) -> list[tuple[str, int]]:
        """Return instance and number of a few grey frames, evenly spread over the series."""
        shown = [each.shown for each in self.stacks if not each.colour]
        tiles = [each.levels[-1].locate(int(number)) for each in self.slides for number in some_tiles(each.levels[-1])]
        tiles = [(uid, number) for uid, number in tiles if not self.colour(self.instances[uid])]
        starts = [0, *accumulate(map(len, (*shown, tiles)))]
        count = min(SAMPLED_FRAMES, starts[-1])
        chosen = []
        for at in ((2 * turn + 1) * starts[-1] // (2 * count) for turn in range(count)):
            part = bisect_right(starts, at) - 1
            if part == len(shown):
                chosen.append(tiles[at - starts[part]])
            else:
                entry = shown[part][at - starts[part]]
                chosen.append((entry.SOPInstanceUID, entry.frame))
        return chosen


def whole(bits: int) -> Window:
    """Return the window of values that are made for display already: all of their `bits`, black to white."""
    return Window(2 ** (bits - 1), 2**bits)


def on_glass(slide: Slide, level: Tiling) -> Spacing:
    """Return the spacing of one level of a slide."""
    if slide.spacing is None:
        return Spacing(None, None, slide.basis, slide.basis_words)
    row, column = slide.spacing[0] * slide.rows / level.rows, slide.spacing[1] * slide.columns / level.columns
    return Spacing(row, column, slide.basis, slide.basis_words, slide.spacing[0] / slide.spacing[1])


def some_tiles(level: Tiling) -> list[int]:
    """Return the numbers of a few tiles of a level, from its middle row."""
    numbers = [level.number(column, level.down // 2) for column in range(level.across)]
    return [number for number in numbers if number] or [level.first]


def overlap(one: Window, other: Window) -> bool:
    """Say whether two windows have modality values in common."""
    return abs(one.center - other.center) < (one.width + other.width) / 2


def sample(instance: Instance, number: int, stored: np.ndarray) -> np.ndarray:
    """Return about 65,000 float64 modality values of a frame, evenly spread; padding and what is shuttered left out."""
    step = max(1, int((stored.size / 65536) ** 0.5))
    thinned, frame = stored[::step, ::step], instance.frame(number)
    padding, covering = Padding.of(instance), shutter.shutter(instance, number)
    kept = np.ones(thinned.shape, bool) if padding is None else ~padding.mask(thinned)
    if covering is not None:
        aspect = spacing.spacing(instance, frame).aspect
        hidden = covering.covered(instance, number, overlays.planes(instance), aspect)
        seen = kept if hidden is None else kept & ~hidden[::step, ::step]
        kept = seen if seen.any() else kept  # a shutter over everything is put away, not believed
    return pixels.modality_values(thinned[kept], pixels.transform(instance, frame))


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
    expected = None if isinstance(series, Glimpsed) else series.expected
    opened = Opened(archive, study, uid, series, stack.stacks(series.instances, expected=expected))
    opened.slides, opened.left_out = slides(series.instances)
    opened.standing  # noqa: B018 (built here, not on the loop)
    return opened
