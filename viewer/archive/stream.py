"""A whole series in one answer of a DICOMweb server, read instance by instance while it arrives."""

import contextlib
from collections.abc import Iterator

from viewer.archive.delivered import delivered, of_series
from viewer.archive.multipart import MediaType, drawn, streamed
from viewer.archive.origin import CHUNK_OF_MANY, TOTAL_SECONDS, Origin
from viewer.archive.port import ArchiveError, Delivered, NotThere, Unstreamed
from viewer.imaging.words import gettext_noop

LARGEST_INSTANCE = 128 << 20
# What a server says that can't, or won't, deliver a series in one answer as it is stored.
NEVER = frozenset((400, 405, 406, 415, 501))
IN_ANOTHER_FORM = gettext_noop("The archive delivers whole series in a form that isn't read here.")


def instances(origin: Origin, path: str, accept: str, study: str, series: str) -> Iterator[Delivered]:
    """Yield the instances with pixels of the series at `path` as each becomes whole; raises ArchiveError.

    Unstreamed when the server never does it. `origin` keeps connections for nothing else: this answer takes long, and
    nobody who waits for a frame may wait for it.
    """
    try:
        # A server may look at the whole series before it sends the first byte.
        answer = origin.get(path, accept, patience=TOTAL_SECONDS)
    except ArchiveError as error:
        if error.status in NEVER:
            words = gettext_noop("The archive delivers no whole series ({status}).", status=error.status)
            raise Unstreamed(words, error.status) from None
        raise
    with contextlib.closing(answer):
        if not answer.media_type.name.startswith("multipart/"):
            raise Unstreamed(IN_ANOTHER_FORM)
        arriving = drawn(answer.chunks(CHUNK_OF_MANY))
        for headers, body in streamed(answer.media_type, arriving, LARGEST_INSTANCE):
            if MediaType.parse(headers.get("content-type", "application/dicom")).name != "application/dicom":
                raise Unstreamed(IN_ANOTHER_FORM)
            with contextlib.suppress(NotThere):
                yield of_series(delivered(body), study, series)
