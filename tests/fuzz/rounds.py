"""One round: a folder of spoilt files behind one server, each asked for as its readers would."""

import contextlib
import shutil
import tempfile
import time
import zlib
from collections import Counter, defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from tests.fuzz.cases import TOGETHER, Case, case, good
from tests.fuzz.originals import values
from tests.fuzz.ward import Entry, Reader, Ward, ward

ARCHIVE = "spoilt"
A_FOLDER = 200


@dataclass
class Outcome:
    """What a round found. `findings` name the file, or what else suffered."""

    findings: list[tuple[str, str]] = field(default_factory=list)
    counted: Counter[str] = field(default_factory=Counter)
    said: Counter[str] = field(default_factory=Counter)
    seconds: float = 0.0
    beside: str = ""
    slowest: tuple[float, str] = (0.0, "")


def run(seed: int, numbers: Iterable[int], kept: Path | None = None) -> Outcome:
    """Try the cases of these numbers. Files with findings, and the server's log then, are copied to `kept`."""
    began = time.monotonic()
    with contextlib.ExitStack() as stack:
        place = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="samsyn-fuzz-")))
        cases = [case(seed, number) for number in numbers]
        written = write(place / ARCHIVE, cases)
        made = stack.enter_context(ward(place, **{ARCHIVE: place / ARCHIVE}))
        entries = made.indexed(ARCHIVE, len(written))
        tried(made, entries, {path: each for path, each in written.items() if each is not None})
        made.judge()
        made.findings = list(dict.fromkeys(made.findings))
        if kept is not None and made.findings:
            keep(kept, made, place / ARCHIVE, seed, written)
        beside = f"{made.beside.pictures} good pictures beside, the slowest {made.beside.slowest:.2f} s"
        return Outcome(made.findings, made.counted, made.said, time.monotonic() - began, beside, made.slowest)


def write(folder: Path, cases: list[Case]) -> dict[str, Case | None]:
    """Write the cases, and a good file for each group of them; return them by path (None for a good one)."""
    written: dict[str, Case | None] = {}
    for each in cases:
        path = f"{each.number // A_FOLDER:05}/{each.name}"
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        (folder / path).write_bytes(each.data)
        written[path] = each
    for group in sorted({each.number // TOGETHER for each in cases}):
        path = f"good/{group:07}.dcm"
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        (folder / path).write_bytes(good(group))
        written[path] = None
    return written


def tried(made: Ward, entries: list[Entry], cases: dict[str, Case]) -> None:
    """Ask for everything that the index lists, study by study, and judge what it refuses."""
    studies: dict[str, list[Entry]] = defaultdict(list)
    for entry in entries:
        if entry.study:
            studies[entry.study].append(entry)
            made.counted["listed"] += 1
            continue
        made.counted["refused"] += 1
        reason = entry.reason or ""
        made.said[reason] += 1
        if not reason or reason.startswith("not readable: "):
            made.found(entry.path, f"refused without a reason that names the fault: {reason!r}")
    expected = good_picture()
    made.every(lambda reader, study: try_study(made, reader, study, studies[study], expected), sorted(studies))


def is_good(entry: Entry) -> bool:
    return entry.path.startswith("good/")


def try_study(made: Ward, reader: Reader, study: str, entries: list[Entry], expected: np.ndarray) -> None:
    """Open one study as a page does, and look at each of its images."""
    whose = entries[0].path
    for series in sorted({entry.series for entry in entries}):
        root = f"{ARCHIVE}/studies/{study}/series/{series}"
        if not made.comes(reader, f"/api/studies/{ARCHIVE}/{study}/series/{series}/stacks/", whose, study, ARCHIVE):
            return
        if chosen(series, 4):
            made.ask(reader, f"/api/studies/{ARCHIVE}/{study}/series/{series}/glimpse/", whose, pictures=False)
        made.ask(reader, f"/dicomweb/{root}/thumbnail", whose)
        made.ask(reader, f"/dicomweb/{root}/renderedmpr?accept=image/png", whose)
    for entry in entries:
        where = f"studies/{entry.study}/series/{entry.series}/instances/{entry.instance}"
        if is_good(entry):
            answer = made.ask(reader, f"/dicomweb/{ARCHIVE}/{where}/frames/1/rendered?{GOOD_WINDOW}", whose)
            if answer is None or answer.status != 200 or not np.array_equal(answer.pixels, expected):
                made.found(entry.path, f"the good image beside shows something else ({answer and answer.words})")
            continue
        made.ask(reader, f"/dicomweb/{ARCHIVE}/{where}/frames/1/rendered?accept=image/png", entry.path)
        if chosen(entry.instance, 3):
            made.ask(reader, f"/dicomweb/{ARCHIVE}/{where}/rendered?accept=image/jpeg&viewport=300,300", entry.path)
        if chosen(entry.instance, 8):
            tags = f"/api/studies/{ARCHIVE}/{where.removeprefix('studies/')}/frames/1/tags/"
            made.ask(reader, tags, entry.path, pictures=False)


def chosen(uid: str, of: int) -> bool:
    """Say whether this is one of every `of`, the same ones each time: some doors cost more than what they try."""
    return zlib.crc32(uid.encode()) % of == 0


GOOD_WINDOW = "accept=image/png&window=1000,4000,linear"


def good_picture() -> np.ndarray:
    """Return what every good file has to show, by the formula (PS3.3 C.11.2.1.2) and not by asking."""
    x = values()[0].astype(np.float64) - 1024
    low, high, width, center = 1000 - 0.5 - 3999 / 2, 1000 - 0.5 + 3999 / 2, 4000, 1000
    grey = np.select([x <= low, x > high], [0, 255], ((x - (center - 0.5)) / (width - 1) + 0.5) * 255)
    return np.asarray(np.rint(grey), np.uint8)


def keep(kept: Path, made: Ward, folder: Path, seed: int, written: dict[str, Case | None]) -> None:
    """Copy the files that findings name into `kept`, with the log and a list of what was found."""
    kept.mkdir(parents=True, exist_ok=True)
    lines = []
    for whose, what in made.findings:
        found = written.get(whose.partition("\0")[0])
        how = f" ({found.how}; seed {seed}, number {found.number})" if found else ""
        lines.append(f"{whose}{how}: {what}")
        source = folder / whose.partition("\0")[0]
        if whose and source.is_file():
            shutil.copyfile(source, kept / f"{seed}-{source.name}")
    with (kept / "findings.txt").open("a") as out:
        out.write("\n".join(lines) + "\n")
    shutil.copyfile(made.served.log, kept / f"{seed}-serve.log")
