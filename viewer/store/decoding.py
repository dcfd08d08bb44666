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
from viewer.store.workers import Slot, Undecodable, WorkerDied

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
            if first:
                self.frames.appendleft(frame)
            else:
                self.frames.append(frame)
            self.changed.notify()

    def next(self, *, wait: bool) -> Encoded | Aside | None:
        """Take the first frame that somebody waits for, else the first; None at the end, or where none is there."""
        with self.changed:
            while wait and not self.frames and not self.ended:
                self.changed.wait()
            if self.ended or not self.frames:
                return None
            for number, frame in enumerate(self.frames):
                if frame.waited_for:
                    del self.frames[number]
                    return frame
            return self.frames.popleft()

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
        with Together(self.loop, self.taken, self.then) as together:
            while not self.queue.ended:
                frame = self.queue.next(wait=False)
                if frame is None:
                    together.hand_over()
                    frame = self.queue.next(wait=True)
                if isinstance(frame, Aside):
                    self.aside(slot, frame)
                elif frame is not None and (outcome := self.outcome(slot, frame)) is not None:
                    together.tell(frame.series, frame.place, outcome)

    def taken(self, series: OpenSeries, place: int, outcome: Outcome) -> None:
        """On the loop: a frame is through."""
        series.decoding.discard(place)
        self.take(series, place, outcome)

    def outcome(self, slot: Slot, frame: Encoded) -> Outcome | None:
        """Return what became of a frame; None for one that is tried again, by whichever worker is next."""
        if frame.run is not None:
            frame.run.taken_up(len(frame.frame.data))
        try:
            return self.decode(slot, frame)
        except Exception as error:
            log.error("decoding failed", exc_info=error)
            return Undone(error)

    def decode(self, slot: Slot, frame: Encoded) -> Outcome | None:
        """Decode and store a frame. One that ended a second worker is put in quarantine."""
        known = self.deaths.of(frame.frame)
        if known is not None and known.count >= TO_QUARANTINE:
            return Broken(quarantine(known.words), quarantined=True)
        if (words := frame.series.poisoned.get(frame.series.places.frame(frame.place)[0])) is not None:
            return Broken(words, quarantined=True)
        try:
            array = slot.decode_in_place(frame.frame.data, frame.frame.syntax, frame.frame.form)
        except Undecodable as error:
            return Broken(error.words)
        except WorkerDied as error:
            if self.queue.ended:  # on purpose
                return None
            if self.died(frame.frame, error) >= TO_QUARANTINE:
                return Broken(quarantine(error.words), quarantined=True)
            self.queue.put(replace(frame, run=None), first=True)
            return None
        self.deaths.lived(frame.frame)
        outcome = self.filler.keep(frame.series, frame.place, array)
        return NoRoom(array.copy()) if isinstance(outcome, NoRoom) else outcome

    def aside(self, slot: Slot, aside: Aside) -> None:
        """Decode a frame of no open series."""
        try:
            if self.deaths.of(aside.frame) is not None:
                raise Undecodable(sentence(SUSPECT))
            aside.values.set_result(slot.decode_in_place(aside.frame.data, aside.frame.syntax, aside.frame.form).copy())
        except WorkerDied as error:
            if not self.queue.ended:
                self.died(aside.frame, error)
            aside.values.set_exception(error)
        except Exception as error:  # its own thread says what
            aside.values.set_exception(error)

    def died(self, frame: Compressed, error: WorkerDied) -> int:
        """Count a death; return how many there are. Who ends all processes of a machine says nothing of a frame."""
        return self.deaths.died(frame, error.words, lasting=error.code != -signal.SIGTERM).count


def quarantine(words: Sentence) -> Sentence:
    """Return why a frame isn't tried any more, from how the last worker ended with it."""
    template, values = words
    return f"in quarantine, two decoders ended with it: {template}", values
