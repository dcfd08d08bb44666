"""What the fetch and decode threads do: bring frames from the archive, decode them, put them into their files."""

import errno
import logging
from collections.abc import Callable, Collection
from dataclasses import dataclass

import numpy as np

from viewer.archive import ArchiveError, Malformed
from viewer.imaging.pixels import PixelError, PixelFormat
from viewer.imaging.words import gettext_noop
from viewer.store.archives import Archives
from viewer.store.decode import NATIVE, uncompressed
from viewer.store.opened import NoRoom, OpenSeries, Stored
from viewer.store.protocol import Sentence, sentence
from viewer.store.shelf import Shelf
from viewer.store.wishes import Job
from viewer.store.workers import Slot, Undecodable, WorkerDied

log = logging.getLogger(__name__)
NO_ROOM = frozenset((errno.ENOSPC, errno.EDQUOT, errno.EFBIG))
LARGEST_ENCODED = 512 << 20
LEAST_FREED = 64 << 20


@dataclass(frozen=True)
class Encoded:
    """A compressed frame that waits for a decode worker."""

    series: OpenSeries
    place: int
    data: bytes
    syntax: str
    form: PixelFormat


@dataclass(frozen=True)
class Broken:
    """The frame can't be decoded, and another try would give the same."""

    words: Sentence


@dataclass(frozen=True)
class Died:
    """The decode worker ended with this frame."""

    words: Sentence


Outcome = Stored | NoRoom | Broken | Died | Encoded


@dataclass(frozen=True)
class Filler:
    """Thread-side work; `in_use` names the folders of series that may not make room."""

    archives: Archives
    shelf: Shelf
    in_use: Callable[[], Collection[str]]

    def fetch(self, job: Job, tell: Callable[[int, Outcome], None]) -> None:
        """Fetch the frames of a job and `tell` the outcome of each place; raises ArchiveError for those untold."""
        series = job.series
        places = [place for place in job.places if not self.verified(series, place, tell)]
        if not places:
            return
        instance, _ = series.places.frame(places[0])
        numbers = {series.places.frame(place)[1]: place for place in places}
        record, form = series.listed[instance], series.formats[instance]
        if form is None or record.SOPInstanceUID is None:
            raise Malformed(gettext_noop("the instance has no pixels"))
        key = series.key
        archive = self.archives.get(key.archive)
        uid = record.SOPInstanceUID
        revision = series.revisions.get(uid, "")
        for frame in archive.frames(key.study, key.series, uid, list(numbers), revision=revision):
            place = numbers.pop(frame.number, None)
            if place is None:
                raise Malformed(gettext_noop("the archive sent another frame than the one asked for"))
            tell(place, self.taken(series, place, frame.data, frame.transfer_syntax, form))
        if numbers:
            raise Malformed(gettext_noop("the archive didn't send frame {number}", number=min(numbers)))

    def verified(self, series: OpenSeries, place: int, tell: Callable[[int, Outcome], None]) -> bool:
        """Say whether the place holds a whole frame from before a reboot."""
        if not series.files.verify(place):
            return False
        tell(place, Stored())
        return True

    def taken(self, series: OpenSeries, place: int, data: bytes, syntax: str, form: PixelFormat) -> Outcome:
        """Return what becomes of a frame's bytes: native ones are stored, others wait for a decoder."""
        if not data:
            return Broken(sentence(gettext_noop("the archive sent an empty frame")))
        if len(data) > LARGEST_ENCODED:
            return Broken(sentence(gettext_noop("the frame is larger than 512 MiB")))
        if syntax not in NATIVE:
            return Encoded(series, place, data, syntax, form)
        try:
            return self.keep(series, place, uncompressed(data, syntax, form))
        except PixelError as error:
            return Broken(sentence(error))

    def decode(self, slot: Slot, frame: Encoded) -> Outcome:
        """Have a worker decode the frame and store it; raises OSError when no worker can be started."""
        try:
            array = slot.decode(frame.data, frame.syntax, frame.form)
        except Undecodable as error:
            return Broken(error.words)
        except WorkerDied as error:
            return Died(error.words)
        return self.keep(frame.series, frame.place, array)

    def keep(self, series: OpenSeries, place: int, array: np.ndarray) -> Outcome:
        """Write a decoded frame into its file, making room where the budget or the disk asks for it."""
        size = array.nbytes
        if not self.shelf.make_room(size, self.in_use):
            return NoRoom(array)
        for last in (False, True):
            try:
                series.files.write(place, array)
            except OSError as error:
                if error.errno not in NO_ROOM or last:
                    log.error("a frame couldn't be written: %s", error.strerror)
                    return NoRoom(array)
                if not self.shelf.free(max(size, LEAST_FREED), self.in_use):
                    return NoRoom(array)
            else:
                self.shelf.grow(size)
                return Stored()
        return NoRoom(array)


def words_of_error(error: BaseException) -> Sentence:
    """Return words for what went wrong while fetching."""
    if isinstance(error, ArchiveError):
        return sentence(error)
    return sentence(gettext_noop("the frame couldn't be fetched ({error})", error=type(error).__name__))
