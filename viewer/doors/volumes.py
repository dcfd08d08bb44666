"""The volume that pictures are made of: which of several is meant, its frames, and what a reader has to know of it."""

import asyncio
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

import numpy as np
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from viewer.doors import matching, supplement
from viewer.doors.opened import Opened, Place
from viewer.doors.refusal import Refusal
from viewer.doors.volume_parameters import Choice
from viewer.doors.words import translated
from viewer.imaging import colour
from viewer.imaging.record import Instance
from viewer.imaging.stack import Stack
from viewer.imaging.volume import Volume
from viewer.rendering import Studio
from viewer.store.client import FrameFailed
from viewer.store.frames import PRESENT, NotPresent
from viewer.store.gathering import gathered

ASK_AGAIN_SECONDS = 10.0  # before a slice that failed is asked for once more


@dataclass(frozen=True)
class Source:
    """The volume that a picture is made of; the entries of `stack` are its slices, one by one."""

    opened: Opened
    stack: Stack
    volume: Volume

    @property
    def place(self) -> Place:
        """The middle slice, which speaks for all in what they share."""
        shown = self.stack.shown
        entry = shown[len(shown) // 2]
        return replace(self.opened.place(entry.SOPInstanceUID, entry.frame), stack=self.stack)

    def shows_colours(self, thickness: float) -> bool:
        """Say whether planes so thick (mm) show the colours that its images have above their greys."""
        if not colour.is_supplemented(self.place.instance):
            return False
        return supplement.in_planes((self.opened.instances[uid] for uid in self.stack.images), thickness)

    def stored(self) -> tuple[np.ndarray, np.ndarray]:
        """Return stored values (slots, rows, columns) and the slot of each slice. Raises Refusal, of colours too."""
        if self.volume.colour:
            raise Refusal(406, _("A volume of colours has no values"))
        return self._frames()

    def channels(self) -> list[tuple[np.ndarray, np.ndarray]]:
        """Return what `stored` does of grey volumes; of those in colour the same for red, green and blue."""
        stored, slots = self._frames()
        if not self.volume.colour:
            return [(stored, slots)]
        if stored.ndim == 4:
            return [(stored[..., channel], slots) for channel in range(3)]
        return _looked_up(stored, slots, self.place.instance)

    def _frames(self) -> tuple[np.ndarray, np.ndarray]:
        try:
            return self.opened.series.frames.volume(self.opened.order(self.stack).tolist())
        except NotPresent as error:
            raise Refusal(502, _("No slice of the volume can be read")) from error


def _looked_up(stored: np.ndarray, slots: np.ndarray, instance: Instance) -> list[tuple[np.ndarray, np.ndarray]]:
    """Return the channels of a palette's volume: between indices there is nothing, between their colours there is."""
    colours, first = colour.looked_up_from(instance)
    here = slots >= 0
    index = np.clip(stored[slots[here]].astype(np.int32) - first, 0, len(colours) - 1)
    compact = np.where(here, np.cumsum(here) - 1, -1)
    return [(colours[index, channel], compact) for channel in range(3)]


def choose(openeds: Sequence[Opened], instance: str | None, wanted: Choice) -> Source:
    """Return the one volume that is meant among the stacks of series, of one instance if it is given. Raises Refusal.

    Several volumes and nothing that tells which one are a 400 that lists them; none at all is a 406 that says why.
    """
    stacks = [(opened, each) for opened in openeds for each in _stacks(opened, instance)]
    if wanted.stack is not None:
        stacks = [(opened, each) for opened, each in stacks if each.key == wanted.stack]
        if not stacks:
            raise Refusal(400, _("stack=%(key)s: there is no such stack") % {"key": wanted.stack[:40]}, "stack")
    stacks = _referred(stacks, instance, wanted.references)
    made = [(opened, each, opened.volume(each)) for opened, each in _matching(stacks, wanted)]
    found = [Source(opened, volume.of(each), volume) for opened, each, volume in made if isinstance(volume, Volume)]
    if not found:
        reasons = dict.fromkeys(translated(volume) for _opened, _each, volume in made if not isinstance(volume, Volume))
        if not reasons:
            raise Refusal(406, openeds[0].words_of_nothing() if openeds else _("The study holds no images"))
        raise Refusal(406, _("No plane can be cut: %(reasons)s") % {"reasons": "; ".join(reasons)})
    if len(found) > 1:
        listed = ", ".join(_named(source, several=len(openeds) > 1) for source in found)
        raise Refusal(400, _("stack: choose one of these volumes: %(listed)s") % {"listed": listed}, "stack")
    return found[0]


def _referred(
    stacks: list[tuple[Opened, Stack]], instance: str | None, references: Sequence[str]
) -> list[tuple[Opened, Stack]]:
    """Return the stacks that hold all the images, frames or series that are referred to. Raises Refusal."""
    if not references:
        return stacks
    found = [
        (opened, each)
        for opened, each in stacks
        if set(references) <= _names(opened, each, frames=instance is not None)
    ]
    if not found:
        words = _("volumeinputreference: no volume here is made of what it names")
        raise Refusal(400, words, "volumeinputreference")
    return found


def _names(opened: Opened, of: Stack, *, frames: bool) -> set[str]:
    """Return what a stack can be referred to by; numbers of `frames` only where one instance is asked."""
    shown = of.shown
    numbers = {str(entry.frame) for entry in shown} if frames else set()
    return {opened.uid, *(entry.SOPInstanceUID for entry in shown), *numbers}


def _matching(stacks: list[tuple[Opened, Stack]], wanted: Choice) -> list[tuple[Opened, Stack]]:
    """Return the stacks all of whose images match. Raises Refusal for none."""
    if not wanted.match:
        return stacks
    found, parted = [], False
    for opened, each in stacks:
        fits = {_matches(opened, entry.SOPInstanceUID, entry.frame, wanted) for entry in each.shown}
        if fits == {True}:
            found.append((opened, each))
        parted = parted or fits == {True, False}
    if found:
        return found
    name = wanted.match[0][0]
    words = _("%(name)s: only a part of a volume matches") if parted else _("%(name)s: no volume here matches")
    raise Refusal(400, words % {"name": name}, name)


def _matches(opened: Opened, uid: str, frame: int, wanted: Choice) -> bool:
    instance = opened.instances[uid]
    return matching.matches(wanted.match, instance, instance.frame(frame))


def _named(source: Source, *, several: bool) -> str:
    """Return the key of a stack with what tells it from the others."""
    series = f"series {source.opened.uid}" if several else ""
    told = ", ".join(filter(None, (series, source.stack.title)))
    return f"{source.stack.key} ({told})" if told else source.stack.key


def _stacks(opened: Opened, instance: str | None) -> Iterator[Stack]:
    """Yield the stacks of a series; of an instance, the part of each that it holds."""
    if instance is not None:
        opened.place(instance, 1)
    for each in opened.stacks:
        own = [entry for entry in each.shown if instance in (None, entry.SOPInstanceUID)]
        if len(own) == len(each.shown):
            yield each
        elif own:
            yield replace(each, key=f"{each.key}.{own[0].instance_index}", entries=list(own))


async def gather(studio: Studio, source: Source) -> None:
    """Wait for the frames of a volume, together with all who wait for the same. Raises Refusal."""
    opened, stack = source.opened, source.stack
    states = np.frombuffer(opened.series.states(), np.uint8)
    places = opened.order(stack)
    if (states[places[places >= 0]] == PRESENT).all():
        return
    task = opened.gathering.get(stack.key)
    if task is not None and task.done() and (task.cancelled() or task.exception() or _old(opened, stack)):
        task = None
    if task is None:
        frames = [(entry.SOPInstanceUID, entry.frame) for entry in stack.shown]
        task = asyncio.ensure_future(gathered(studio.client, opened.series, frames))
        task.add_done_callback(lambda done: done.cancelled() or done.exception())
        opened.gathering[stack.key] = task
        opened.gathered_at[stack.key] = time.monotonic()
    try:
        await asyncio.shield(task)
    except FrameFailed as error:
        raise Refusal(502, translated(error)) from error


def _old(opened: Opened, stack: Stack) -> bool:
    """Say whether what failed is worth another try."""
    return time.monotonic() - opened.gathered_at[stack.key] > ASK_AGAIN_SECONDS


def said(source: Source, slots: np.ndarray, *, coloured: bool = False) -> list[str]:
    """Return what a reader has to know about a volume. Raises Refusal when most slices can't be read.

    `coloured`: its images' own colours above their greys are shown.
    """
    volume, series = source.volume, source.opened.series
    words = [translated(each) for each in volume.words]
    if colour.is_supplemented(source.place.instance):
        # Between a grey and a colour's value lies no value that stands for anything.
        nearest, grey = _("each colour is the nearest voxel's"), _("the file's own colours aren't shown here")
        words.append(nearest if coloured else grey)
    failed = [entry for entry, slot in zip(volume.entries, slots, strict=True) if entry is not None and slot < 0]
    if failed:
        reason = series.reason(failed[0].SOPInstanceUID, failed[0].frame)
        because = {"count": len(failed), "reason": translated(reason) if reason else _("not there")}
        unread = ngettext(
            "%(count)d slice can't be read: %(reason)s", "%(count)d slices can't be read: %(reason)s", len(failed)
        )
        if 2 * len(failed) > len(source.stack.shown):
            raise Refusal(502, unread % because)
        words.insert(0, unread % because)
    return words
