"""A real server between spoilt archives and readers: what each file shows or says, and that nobody else notices."""

import contextlib
import http.client
import json
import os
import re
import sqlite3
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import quote, urlsplit

import cv2
import numpy as np

from tests.fuzz.originals import CANARY
from tests.phantoms import Unreadable, read, speaking_phantom
from tests.serving import Served, serving

GOOD_SLICES = 6
ASKERS = 2
PATIENCE = 60.0  # seconds for one answer: a machine under load is no fault of a file's
REST = 0.2  # seconds between two pictures of the reader beside
MOST_GROWTH_MIB = 50
# Words that say that something failed, and not what.
NOTHING_SAID = ("The picture couldn't be made", "Something went wrong", "not readable: ")
# A line of a traceback as PlainFormatter writes it.
TRACE = re.compile(r'^  (?:File ")?/.*(?::\d+ in |", line \d+)')


@dataclass(frozen=True)
class Answer:
    """What came back: `kind` is the media type, `words` those of a refusal."""

    status: int
    kind: str
    body: bytes
    took: float
    picture: dict[str, Any] = field(default_factory=dict)

    @property
    def words(self) -> str:
        """Return what a refusal says to a person, empty for a body without words; REST calls them `detail`."""
        with contextlib.suppress(ValueError, TypeError, AttributeError):
            said = json.loads(self.body)
            return str(said.get("words") or said.get("detail") or "")
        return ""

    @property
    def pixels(self) -> np.ndarray:
        """Return the picture; raises ValueError for what no picture is."""
        found = cv2.imdecode(np.frombuffer(self.body, np.uint8), cv2.IMREAD_UNCHANGED)
        if found is None:
            raise ValueError("no picture")
        return found


class Reader:
    """A person's connection: one session, kept alive, one request at a time."""

    def __init__(self, served: Served, cookie: str) -> None:
        self.cookie = cookie
        self.place = urlsplit(served.url).netloc
        self.line = http.client.HTTPConnection(self.place, timeout=PATIENCE)

    def get(self, path: str, **headers: str) -> Answer:
        """Ask for `path` as it stands; on a new line if the kept one was found closed, as a browser does."""
        began = time.monotonic()
        try:
            try:
                response = self.asked(path, headers)
            except (http.client.RemoteDisconnected, ConnectionResetError, BrokenPipeError):
                self.line.close()
                response = self.asked(path, headers)
            body = response.read()
        except (http.client.HTTPException, OSError):
            self.line.close()
            raise
        described = json.loads(response.headers.get("Samsyn-Picture") or "{}")
        kind = response.headers.get_content_type()
        return Answer(response.status, kind, body, time.monotonic() - began, described)

    def asked(self, path: str, headers: dict[str, str]) -> http.client.HTTPResponse:
        """Send the request and return the head of its answer."""
        self.line.request("GET", path, headers={"Cookie": self.cookie, "Accept": "*/*"} | headers)
        return self.line.getresponse()


@dataclass
class Beside:
    """Somebody who reads a good study all the time: how often, how slowly at worst, and what went wrong."""

    pictures: int = 0
    slowest: float = 0.0
    wrong: list[str] = field(default_factory=list)


@dataclass(frozen=True)
class Entry:
    """One row of a folder's index."""

    path: str
    reason: str | None
    study: str
    series: str
    instance: str
    shown: bool


@dataclass
class Ward:
    """The running server, its archives' folders, and what was found wrong (`findings`: whose fault, what)."""

    served: Served
    cookie: str
    beside: Beside = field(default_factory=Beside)
    findings: list[tuple[str, str]] = field(default_factory=list)
    counted: Counter[str] = field(default_factory=Counter)
    said: Counter[str] = field(default_factory=Counter)
    slowest: tuple[float, str] = (0.0, "")
    store: int = 0
    own: int = 0
    lock: threading.Lock = field(default_factory=threading.Lock)

    def reader(self) -> Reader:
        """Return a new connection."""
        return Reader(self.served, self.cookie)

    def found(self, whose: str, what: str) -> None:
        """Note a finding."""
        with self.lock:
            self.findings.append((whose, what))

    def index(self, archive: str) -> list[Entry]:
        """Return the rows of a folder archive's index, one for each file or level."""
        place = self.served.state / "index" / f"{archive}.sqlite"
        with contextlib.closing(sqlite3.connect(f"file:{place}?mode=ro", uri=True, timeout=20)) as connection:
            rows = connection.execute("SELECT path, reason, study, series, instance, shown FROM file ORDER BY path")
            return [
                Entry(path.decode("utf-8", "replace"), reason, study or "", series or "", instance or "", bool(shown))
                for path, reason, study, series, instance, shown in rows.fetchall()
            ]

    def indexed(self, archive: str, files: int, within: float = 300) -> list[Entry]:
        """Return the index when it knows this many files; raises TimeoutError."""
        until = time.monotonic() + within
        while time.monotonic() < until:
            rows = self.index(archive)
            if len({row.path.partition("\0")[0] for row in rows}) >= files:
                return rows
            time.sleep(0.2)
        raise TimeoutError(f"{len(rows)} of {files} files are in the index of {archive}")

    def ask(self, reader: Reader, path: str, whose: str, *, pictures: bool = True) -> Answer | None:
        """Ask for something spoilt: a picture or words that say what is wrong; anything else is a finding."""
        try:
            answer = reader.get(path)
        except (http.client.HTTPException, OSError) as error:
            self.found(whose, f"no answer at all ({type(error).__name__}) to {path}")
            return None
        return self.judged(answer, path, whose, pictures=pictures)

    def judged(self, answer: Answer, path: str, whose: str, *, pictures: bool) -> Answer | None:
        """Return the answer, None where it promises a picture that isn't one; note what is wrong with it."""
        with self.lock:
            self.slowest = max(self.slowest, (answer.took, f"{whose} {path}"))
        if CANARY.encode() in answer.body and b'"words"' in answer.body[:200]:
            self.found(whose, f"a patient's name in a refusal: {path}")
        if answer.status == 200 and not pictures:
            return answer
        if answer.status == 200:
            with self.lock:
                self.counted["pictures"] += 1
            try:
                shape = answer.pixels.shape
            except ValueError:
                self.found(whose, f"200 without a picture: {path}")
                return None
            if list(shape[1::-1]) != answer.picture.get("size", list(shape[1::-1])):
                self.found(whose, f"a picture of {shape} described as {answer.picture.get('size')}: {path}")
            return answer
        words = answer.words
        with self.lock:
            self.counted["words"] += 1
            self.said[re.sub(r"\d+", "N", words)] += 1
        if answer.status == 500 or not words or any(each in words for each in NOTHING_SAID):
            self.found(whose, f"{answer.status} {words!r} ({answer.body[:80]!r}): {path}")
        elif str(self.served.state) in words or "/tmp" in words:
            self.found(whose, f"a path in words: {words}")
        return answer

    def comes(self, reader: Reader, path: str, whose: str, study: str, archive: str) -> bool:
        """Wait until a series that the archive lists is there; say so, and judge what is then answered.

        It waits as a person does, by opening the study's page.
        """
        until = time.monotonic() + 4 * PATIENCE
        while True:
            try:
                answer = reader.get(path)
                if answer.status == 404:
                    reader.get(page(study, archive))
                    answer = reader.get(path)
            except (http.client.HTTPException, OSError) as error:
                self.found(whose, f"no answer at all ({type(error).__name__}) to {path}")
                return False
            if answer.status != 404:
                self.judged(answer, path, whose, pictures=False)
                return True
            if time.monotonic() > until:
                self.found(whose, f"listed by the archive, but it never appeared: {path}")
                return False
            time.sleep(0.2)

    def every(self, work: Callable[[Reader, Any], None], items: list[Any]) -> None:
        """Do `work` on every item with a few readers at once."""
        local = threading.local()

        def one(item: Any) -> None:
            if not hasattr(local, "reader"):
                local.reader = self.reader()
            work(local.reader, item)

        with ThreadPoolExecutor(ASKERS) as pool:
            list(pool.map(one, items))

    def spent(self) -> dict[str, float]:
        """Return the seconds of CPU that the web process, the store and its children have used."""
        ticks = os.sysconf("SC_CLK_TCK")
        found = {"web": 0.0, "store": 0.0}
        for name, pid in (("web", self.served.process.pid), ("store", self.store)):
            with contextlib.suppress(OSError, ValueError):
                values = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
                found[name] = sum(map(int, values[11:15])) / ticks
        return found

    def judge(self) -> None:
        """Find what the server itself suffered: its processes, its memory, its log, the reader beside."""
        if self.served.process.poll() is not None:
            self.found("server", f"the web process ended with {self.served.process.returncode}")
        elif (grown := (own(self.served.process.pid) - self.own) / 2**20) > MOST_GROWTH_MIB:
            self.counted["grown MiB"] = round(grown)
        if self.store and store_of(self.served) != self.store:
            self.found("server", "the store process is another than before")
        for told, count in Counter(map(trouble, entries_of(self.served.words()))).items():
            if told:
                self.found("log", f"{count} × {told}")
        self.findings += [("reader beside", each) for each in self.beside.wrong[:10]]
        if not self.beside.pictures:
            self.found("reader beside", "saw no picture")


def entries_of(log: str) -> list[str]:
    """Return the entries of a log; a traceback belongs to the line before it."""
    return re.split(r"\n(?=\d{4}-\d\d-\d\d )", log)


def trouble(entry: str) -> str:
    """Return an entry that nobody may provoke, without its time: an error, or anything with a traceback.

    That an archive's answer was bad is no error of ours, though Django's log calls it one.
    """
    lines = entry.strip().splitlines() or [""]
    traced = any(TRACE.match(line) for line in lines)
    if not traced and (" ERROR " not in lines[0] or " django.request: Bad Gateway: " in lines[0]):
        return ""
    places = [line.strip() for line in lines if TRACE.match(line)]
    return " | ".join([lines[0][24:], *places[-2:], *([lines[-1].strip()] if traced else [])])


def own(pid: int) -> int:
    """Return the bytes of memory that a process has for itself; mapped frames are the page cache's, to be had back."""
    lines = Path(f"/proc/{pid}/status").read_text().splitlines()
    return next(1024 * int(line.split()[1]) for line in lines if line.startswith("RssAnon:"))


def store_of(served: Served) -> int:
    """Return the process id of the server's store, 0 for none."""
    for child in Path(f"/proc/{served.process.pid}/task").glob("*/children"):
        for pid in child.read_text().split():
            with contextlib.suppress(OSError):
                if b"viewer.store" in Path(f"/proc/{pid}/cmdline").read_bytes().split(b"\0"):
                    return int(pid)
    return 0


def good_study(folder: Path) -> list[Any]:
    """Write a series whose every picture tells its slice; return the data sets."""
    folder.mkdir(parents=True, exist_ok=True)
    slices = speaking_phantom(patient=1, series=1, slices=GOOD_SLICES, rows=128, columns=128)
    for dataset in slices:
        dataset.save_as(folder / f"{dataset.SOPInstanceUID}.dcm", enforce_file_format=True)
    return slices


def picture_of(dataset: Any) -> str:
    """Return the address of a good picture."""
    return (
        f"/dicomweb/main/studies/{dataset.StudyInstanceUID}/series/{dataset.SeriesInstanceUID}"
        f"/instances/{dataset.SOPInstanceUID}/frames/1/rendered?accept=image/png"
    )


def read_beside(ward: Ward, slices: list[Any], ended: threading.Event) -> None:
    """Read the good study until `ended`; every picture has to be the one that was asked for."""
    reader = ward.reader()
    while not ended.is_set():
        for dataset in slices:
            try:
                answer = reader.get(picture_of(dataset))
                told = read(answer.pixels) if answer.status == 200 else None
            except (http.client.HTTPException, OSError, ValueError, Unreadable) as error:
                ward.beside.wrong.append(f"{type(error).__name__}: {error}")
                continue
            if told is None or told.slice != dataset.InstanceNumber:
                ward.beside.wrong.append(f"{answer.status} {answer.words} instead of slice {dataset.InstanceNumber}")
            ward.beside.pictures += 1
            ward.beside.slowest = max(ward.beside.slowest, answer.took)
            if ended.wait(REST):
                return


@contextlib.contextmanager
def ward(place: Path, **archives: Path | str) -> Iterator[Ward]:
    """Serve a good study as `main` beside other archives; somebody reads it until the block ends."""
    slices = good_study(place / "good")
    written = ",".join(f"{name}={where}" for name, where in ({"main": place / "good"} | archives).items())
    with serving(written, within=120) as served:
        made = Ward(served, served.cookie("radiologist"))
        made.indexed("main", len(slices))
        first = made.reader()
        wait_for(lambda: first.get(picture_of(slices[0])).status == 200)
        made.store, made.own = store_of(served), own(served.process.pid)
        ended = threading.Event()
        beside = threading.Thread(target=read_beside, args=(made, slices, ended), daemon=True)
        beside.start()
        try:
            yield made
        finally:
            ended.set()
            beside.join(PATIENCE)
        made.judge()


def wait_for(true: Callable[[], bool], within: float = 60) -> None:
    """Wait until something is so; raises TimeoutError."""
    until = time.monotonic() + within
    while not true():
        if time.monotonic() > until:
            raise TimeoutError("it never came about")
        time.sleep(0.1)


def page(study: str, archive: str) -> str:
    """Return the address of a study's page."""
    return f"/studies/{quote(study, safe='')}/?archive={archive}"
