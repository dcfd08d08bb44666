"""When a study was made, in words for those who read it."""

from datetime import date

from django.utils import timezone

from viewer.doors.words import translated
from viewer.imaging.when import When, doubts, offset_words


def doubt(of: When, born: date | None) -> str:
    """Return what can't be true of a study's date, or an empty text."""
    return "; ".join(translated(words) for words in doubts(of, born, timezone.localtime()))


def foreign_offset(of: When) -> str:
    """Return a study's offset where the site's clock showed another time at that moment, else an empty text."""
    if of.instant is None or of.offset is None:
        return offset_words(of.offset)
    here = timezone.localtime(of.instant).utcoffset()
    return "" if here is not None and here.total_seconds() == of.offset * 60 else offset_words(of.offset)
