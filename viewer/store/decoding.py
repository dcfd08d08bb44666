"""Frames on their way through the decode workers: each worker's thread takes the next one itself."""

import asyncio
import logging
import signal
import threading
from collections import deque
from collections.abc import Callable
from concurrent.futures import Future
from dataclasses import dataclass, field, replace
from functools import partial

import numpy as np

from viewer.imaging.words import gettext_noop
from viewer.store import workers
from viewer.store.deaths import TO_QUARANTINE, Compressed, Deaths
from viewer.store.fill import Broken, Encoded, Filler, Outcome, Undone
from viewer.store.opened import NoRoom, OpenSeries
from viewer.store.protocol import Sentence, sentence
from viewer.store.together import Together
from viewer.store.workers import Slot, Undecodable, WorkerBusy, WorkerDied

log = logging.getLogger(__name__)
SUSPECT = gettext_noop("a decoder ended with this frame")


@dataclass(frozen=True)
class Aside:
    """A frame of no open series, whose values a thread waits for."""

    frame: Compressed
    values: "Future[np.ndarray]" = field(default_factory=Future)

    @property
    def waited_for(self) -> bool:
        return True


class Queue:
    """Frames that wait for a decoder. Used by any thread."""

    def __init__(self) -> None:
        self.frames: deque[Encoded | Aside] = deque()
        self.changed = threading.Condition()
        self.ended = False

    def __len__(self) -> int:
        return len(self.frames)

    def put(self, frame: Encoded | Aside, *, first: bool = False) -> None:
        """Have a frame decoded."""
        with self.changed:
            if self.ended and isinstance(frame, Aside):
                frame.values.cancel()
            if first:
                self.frames.appendleft(frame)
            else:
                self.frames.append(frame)
            self.changed.notify()

    def next(self, *, wait: bool, fits: Callable[[Encoded | Aside], bool] = lambda _: True) -> Encoded | Aside | None:
        """Take the first frame that somebody waits for, else the first; None at the end, or where none is there."""
        with self.changed:
            while wait and not self.frames and not self.ended:
                self.changed.wait()
            if self.ended or not self.frames:
                return None
            number = next((number for number, frame in enumerate(self.frames) if frame.waited_for), 0)
            found = self.frames[number]
            if not fits(found):
                return None
            del self.frames[number]
            return found

    def end(self) -> list[Encoded | Aside]:
        """Give nothing out any more; return what is left."""
        with self.changed:
            self.ended = True
            self.changed.notify_all()
            return list(self.frames)


class Decoding:
    """`take` is called on the loop, where this is made, with what became of a frame, `then` after some of them."""

    def __init__(
        self, filler: Filler, deaths: Deaths, count: int, take: Callable[[OpenSeries, int, Outcome], None],
        then: Callable[[], None],
    ) -> None:  # fmt: skip
        self.filler = filler
        self.deaths = deaths
        self.take = take
        self.then = then
        self.slots = workers.slots(count)
        self.queue = Queue()
        self.threads: list[threading.Thread] = []
        self.starting = threading.Lock()
        self.loop = asyncio.get_running_loop()

    def warm(self) -> None:
        """Have the decode workers born before the first frame needs one, and watched."""
        self.start(warm=True)
        self.watch()

    def watch(self) -> None:
        """Once a second, end the workers that are late."""
        for slot in self.slots:
            slot.watch()
        self.loop.call_later(1.0, self.watch)

    def start(self, *, warm: bool = False) -> None:
        """Have the threads, one for each worker."""
        with self.starting:
            if not self.threads:
                work = partial(self.work, warm=warm)
                self.threads = [threading.Thread(target=work, args=(slot,), daemon=True) for slot in self.slots]
                for thread in self.threads:
                    thread.start()

    def stop(self) -> None:
        """End the workers; what waits stays undone."""
        for left in self.queue.end():
            if isinstance(left, Aside):
                left.values.cancel()
        for slot in self.slots:
            slot.kill()

    def put(self, frame: Encoded) -> None:
        """Have a frame decoded and stored; from any thread."""
        frame.series.decoding.add(frame.place)
        self.queue.put(frame)
        self.start()

    def values(self, frame: Compressed) -> np.ndarray:
        """Return the stored values of a frame of no open series; waits. Raises Undecodable, WorkerDied or OSError.

        One that has ended a worker before isn't tried: the series to which it belongs does that.
        """
        aside = Aside(frame)
        self.queue.put(aside)
        self.start()
        return aside.values.result()

    def work(self, slot: Slot, *, warm: bool) -> None:
        """What a worker's thread does."""
        if warm:
            try:
                slot.start()
            except OSError as error:  # the first frame tries again, and says why
                log.error("a decode worker couldn't be started: %s", error.strerror)
        given: deque[Encoded | Aside] = deque()
        with Together(self.loop, self.taken, self.then) as together:
            while not self.queue.ended:
                if not given:
                    self.give(slot, given, together, wait=True)
                    continue
                frame = given.popleft()
                array, outcome = self.decoded(slot, frame, given)
                # The worker has its next frame before this one is stored.
                self.give(slot, given, together, wait=False)
                if isinstance(frame, Encoded) and array is not None:
                    outcome = self.stored(frame, array)
                if isinstance(frame, Encoded) and outcome is not None:
                    together.tell(frame.series, frame.place, outcome)

    def give(self, slot: Slot, given: "deque[Encoded | Aside]", together: Together, *, wait: bool) -> None:
        """Give the worker as many frames as it may have; `wait` for one when it has none."""
        while not self.queue.ended:
            frame = self.queue.next(wait=False, fits=lambda one: slot.has_room(len(one.frame.data), one.frame.form))
            if frame is None and wait and not given:
                together.hand_over()
                frame = self.queue.next(wait=True)
            if frame is None:
                return
            if isinstance(frame, Encoded):
                if frame.run is not None:
                    frame.run.taken_up(len(frame.frame.data))
                    frame = replace(frame, run=None)
                if (known := self.condemned(frame)) is not None:
                    together.tell(frame.series, frame.place, known)
                    continue
            elif self.deaths.of(frame.frame) is not None:
                frame.values.set_exception(Undecodable(sentence(SUSPECT)))
                continue
            try:
                slot.give(frame.frame.data, frame.frame.syntax, frame.frame.form)
            except WorkerBusy:
                self.queue.put(frame, first=True)
                return
            except Exception as error:
                log.error("a frame couldn't be given to a decoder", exc_info=error)
                if isinstance(frame, Encoded):
                    together.tell(frame.series, frame.place, Undone(error))
                else:
                    frame.values.set_exception(error)
                continue
            given.append(frame)

    def taken(self, series: OpenSeries, place: int, outcome: Outcome) -> None:
        """On the loop: a frame is through."""
        series.decoding.discard(place)
        self.take(series, place, outcome)

    def condemned(self, frame: Encoded) -> Broken | None:
        """Return why a frame isn't tried: it has ended two workers, or its instance is full of such."""
        known = self.deaths.of(frame.frame)
        if known is not None and known.count >= TO_QUARANTINE:
            return Broken(quarantine(known.words), quarantined=True)
        words = frame.series.poisoned.get(frame.series.places.frame(frame.place)[0])
        return None if words is None else Broken(words, quarantined=True)

    def decoded(
        self, slot: Slot, frame: Encoded | Aside, behind: "deque[Encoded | Aside]"
    ) -> tuple[np.ndarray | None, Outcome | None]:
        """Return the values of the frame that was given first, or what else became of it; neither where it waits again.

        One that ended a second worker is put in quarantine. Those `behind` it had no part in that: they wait again.
        """
        try:
            array = slot.take()
        except WorkerDied as error:
            while behind:
                self.queue.put(behind.pop(), first=True)
            return None, self.after_death(frame, error)
        except Exception as error:
            if not isinstance(error, Undecodable):
                log.error("decoding failed", exc_info=error)
            if isinstance(frame, Aside):
                frame.values.set_exception(error)  # its own thread says what
                return None, None
            return None, Broken(error.words) if isinstance(error, Undecodable) else Undone(error)
        if isinstance(frame, Aside):
            frame.values.set_result(array.copy())
            return None, None
        self.deaths.lived(frame.frame)
        return array, None

    def after_death(self, frame: Encoded | Aside, error: WorkerDied) -> Outcome | None:
        """Return what becomes of a frame with which a worker has ended."""
        if isinstance(frame, Aside):
            if not self.queue.ended:
                self.died(frame.frame, error)
            frame.values.set_exception(error)
            return None
        if self.queue.ended:  # on purpose
            return None
        if self.died(frame.frame, error) >= TO_QUARANTINE:
            return Broken(quarantine(error.words), quarantined=True)
        self.queue.put(frame, first=True)
        return None

    def stored(self, frame: Encoded, array: np.ndarray) -> Outcome:
        """Store a decoded frame."""
        try:
            outcome = self.filler.keep(frame.series, frame.place, array)
        except Exception as error:
            log.error("a frame couldn't be stored", exc_info=error)
            return Undone(error)
        return NoRoom(array.copy()) if isinstance(outcome, NoRoom) else outcome

    def died(self, frame: Compressed, error: WorkerDied) -> int:
        """Count a death; return how many there are. Who ends all processes of a machine says nothing of a frame."""
        return self.deaths.died(frame, error.words, lasting=error.code != -signal.SIGTERM).count


def quarantine(words: Sentence) -> Sentence:
    """Return why a frame isn't tried any more, from how the last worker ended with it."""
    template, values = words
    return f"in quarantine, two decoders ended with it: {template}", values
