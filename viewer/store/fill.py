"""What the fetch and decode threads do: bring frames from the archive, decode them, put them into their files."""

import errno
import logging
from collections.abc import Callable, Collection
from dataclasses import dataclass, replace

import numpy as np

from viewer.archive import ArchiveError, Changed, Malformed, Unstreamed
from viewer.archive.leave import Left, under
from viewer.archive.port import Delivered, Frame
from viewer.archive.virtual import JOBS
from viewer.imaging.pixels import PixelError, PixelFormat
from viewer.imaging.words import gettext_noop
from viewer.store import frames
from viewer.store.archives import Archives
from viewer.store.deaths import Compressed
from viewer.store.decode import NATIVE, uncompressed
from viewer.store.opened import NoRoom, OpenSeries, Stored
from viewer.store.protocol import Sentence, sentence
from viewer.store.shelf import Shelf
from viewer.store.streams import Run
from viewer.store.wishes import Job

log = logging.getLogger(__name__)
NO_ROOM = frozenset((errno.ENOSPC, errno.EDQUOT, errno.EFBIG))
LARGEST_ENCODED = 512 << 20
LEAST_FREED = 64 << 20


@dataclass(frozen=True)
class Encoded:
    """A compressed frame that waits for a decode worker."""

    series: OpenSeries
    place: int
    frame: Compressed
    run: Run | None = None

    @property
    def waited_for(self) -> bool:
        """Whether somebody waits for it."""
        return self.place in self.series.waiting


@dataclass(frozen=True)
class Broken:
    """The frame can't be decoded, and another try would give the same: nor may one be made, if `quarantined`."""

    words: Sentence
    quarantined: bool = False


@dataclass(frozen=True)
class Undone:
    """Nothing can be said of the frame: something else went wrong."""

    error: BaseException


Outcome = Stored | NoRoom | Broken | Undone | Encoded


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
            check_origin(frame)
            series.syntaxes[instance] = frame.transfer_syntax
            tell(place, self.taken(series, place, frame.data, frame.transfer_syntax, form))
        if numbers:
            raise Malformed(gettext_noop("the archive didn't send frame {number}", number=min(numbers)))

    def bring(self, run: Run, tell: Callable[[int, Outcome], None]) -> None:
        """Fetch a whole series in one answer and `tell` what became of each place; raises ArchiveError at its end.

        A place of which nothing was told is as it was before.
        """
        series, key = run.series, run.series.key
        with under(run.leave):
            for one in self.archives.get(key.archive).stream(key.study, key.series):
                number = series.places.numbers.get(one.instance)
                form = None if number is None else series.formats[number]
                if number is None or form is None:
                    continue  # not listed, or without a picture
                check_delivery(series, number, form, one)
                for place, data in enumerate(one.frames, series.places.starts[number]):
                    run.wait_for_room(len(data))
                    if not series.files.claim(place):
                        run.taken_up(len(data))
                        continue
                    try:
                        outcome = self.delivered(run, place, data, one.transfer_syntax, form, tell)
                    except BaseException:
                        series.files.mark(place, frames.ABSENT)
                        raise
                    if isinstance(outcome, NoRoom):
                        raise Left
                    if not isinstance(outcome, Encoded):
                        run.taken_up(len(data))

    def delivered(
        self, run: Run, place: int, data: bytes | memoryview, syntax: str, form: PixelFormat,
        tell: Callable[[int, Outcome], None],
    ) -> Outcome:  # fmt: skip
        """Tell what becomes of a place that was claimed for a stream, whose buffer nobody may keep."""
        if self.verified(run.series, place, tell):
            return Stored()
        outcome = self.taken(run.series, place, data, syntax, form)
        if isinstance(outcome, Encoded):
            outcome = replace(outcome, run=run)
        elif isinstance(outcome, NoRoom):
            outcome = NoRoom(outcome.array.copy())
        tell(place, outcome)
        return outcome

    def verified(self, series: OpenSeries, place: int, tell: Callable[[int, Outcome], None]) -> bool:
        """Say whether the place holds a whole frame from before a reboot."""
        if not series.files.verify(place):
            return False
        tell(place, Stored())
        return True

    def taken(
        self, series: OpenSeries, place: int, data: bytes | memoryview, syntax: str, form: PixelFormat
    ) -> Outcome:
        """Return what becomes of a frame's bytes: native ones are stored, others wait for a decoder."""
        if not data:
            return Broken(sentence(gettext_noop("the archive sent an empty frame")))
        if len(data) > LARGEST_ENCODED:
            return Broken(sentence(gettext_noop("the frame is larger than 512 MiB")))
        if syntax not in NATIVE:
            return Encoded(series, place, Compressed(bytes(data), syntax, form))
        try:
            return self.keep(series, place, uncompressed(data, syntax, form))
        except PixelError as error:
            return Broken(sentence(error))

    def keep(self, series: OpenSeries, place: int, array: np.ndarray) -> Outcome:
        """Write a decoded frame into its file, making room where the budget or the disk asks for it."""
        size = array.nbytes
        if self.shelf.is_aside(series.directory) or not self.shelf.make_room(size, self.in_use):
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


def check_delivery(series: OpenSeries, number: int, form: PixelFormat, one: Delivered) -> None:
    """Raise ArchiveError unless what a stream brought is the instance that the series lists, stored in the same way.

    Unstreamed when the archive compresses or decompresses on the way: what the header says of the pixels is then the
    way's, and not the image's.
    """
    record = series.listed[number]
    if one.revision != series.revisions.get(one.instance, ""):
        raise Changed(gettext_noop("the instance has changed in the archive"))
    stored_in = series.syntaxes.get(number) or record.TransferSyntaxUID or one.transfer_syntax
    if one.transfer_syntax != stored_in and not {one.transfer_syntax, stored_in} <= NATIVE:
        raise Unstreamed(gettext_noop("the archive sends series in another transfer syntax than they are stored in"))
    if len(one.frames) != record.frame_count or not form.described_by(**vars(one.described)):
        raise Malformed(gettext_noop("the archive describes an instance otherwise than in its metadata"))


def check_origin(frame: Frame) -> None:
    """Raise Malformed for a frame from outside that pretends to be a job of ours: such a job opens files."""
    if frame.transfer_syntax in JOBS and not frame.ours:
        raise Malformed(gettext_noop("the frame names a way to be read that isn't its own"))


def words_of_error(error: BaseException) -> Sentence:
    """Return words for what went wrong while fetching."""
    if isinstance(error, ArchiveError):
        return sentence(error)
    return sentence(gettext_noop("the frame couldn't be fetched ({error})", error=type(error).__name__))
