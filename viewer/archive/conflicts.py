"""Files of a folder archive that claim the same identity and aren't the same."""

from collections.abc import Iterator

from viewer.archive.index import Index, picked
from viewer.archive.port import Conflict
from viewer.archive.rooted import shown
from viewer.imaging.words import gettext_noop


def conflicts(index: Index) -> Iterator[Conflict]:
    """Yield what claims the same identity and isn't the same."""
    twice = index.rows(
        "SELECT instance, group_concat(DISTINCT hex(digest)) AS digests,"
        " count(DISTINCT study || ' ' || series) AS addresses"
        " FROM file WHERE instance IS NOT NULL GROUP BY instance HAVING count(*) > 1 ORDER BY instance"
    )
    for row in twice:
        if row["addresses"] > 1:
            words = gettext_noop("The same SOP Instance UID stands in several series.")
        elif "," in (row["digests"] or ""):
            words = gettext_noop("Files with the same SOP Instance UID differ; the first is shown.")
        else:
            continue
        paths = index.rows("SELECT path FROM file WHERE instance = ? ORDER BY place, path", (row["instance"],))
        studies = index.rows("SELECT DISTINCT study FROM file WHERE instance = ? ORDER BY 1", (row["instance"],))
        named = tuple(shown(found["path"].partition(b"\0")[0]) for found in paths)
        yield Conflict(row["instance"], named, words, tuple(found["study"] for found in studies))
    mixed = index.rows(
        "SELECT study FROM file WHERE shown GROUP BY study HAVING count(DISTINCT patient_id) > 1 ORDER BY study"
    )
    for row in mixed:
        paths = index.rows(
            "SELECT min(path) AS path, header FROM file WHERE study = ? AND shown GROUP BY patient_id ORDER BY 1",
            (row["study"],),
        )
        words = gettext_noop("One Study Instance UID stands in files of different patients.")
        named = tuple(shown(found["path"].partition(b"\0")[0]) for found in paths)
        people = tuple(picked(found["header"], ("00100010", "00100020")) for found in paths if found["header"])
        yield Conflict(row["study"], named, words, (row["study"],), people)
