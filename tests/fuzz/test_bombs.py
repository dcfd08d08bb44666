"""Small things that want to become large are refused within limits, and nobody else waits for them."""

import contextlib
import re
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.archive.answering import Reply, Server
from tests.archive.answering import serve as serve
from tests.fuzz import bombs
from tests.fuzz.cases import named
from tests.fuzz.originals import originals
from tests.fuzz.ward import MOST_GROWTH_MIB, Entry, Ward, own, ward

WORDS_WITHIN = 15.0  # seconds: what a worker may take
LATE = 3  # times: the machine that runs tests has other things to do
STUDY, SERIES, INSTANCE = ("2.25.98{0:02}", "2.25.98{0:02}.1", "2.25.98{0:02}.1.1")


class Weighed:
    """The largest memory of its own of a process while this runs."""

    def __init__(self, pid: int) -> None:
        self.pid, self.most, self.ended = pid, own(pid), threading.Event()
        self.began = self.most
        self.thread = threading.Thread(target=self.run, daemon=True)
        self.thread.start()

    def run(self) -> None:
        with contextlib.suppress(OSError):  # it has ended
            while not self.ended.wait(0.05):
                self.most = max(self.most, own(self.pid))

    def stop(self) -> float:
        """Return by how many MiB it grew at most."""
        self.ended.set()
        self.thread.join()
        return (self.most - self.began) / bombs.MEBI


def hostile_server(answers: list[tuple[str, str, Reply]]) -> Callable[[str], Reply]:
    """Return what a server says that has one study for each answer."""

    def reply(path: str) -> Reply:
        found = re.search(r"/studies/2\.25\.98(\d\d)", path)
        number = int(found[1]) if found else -1
        if found is None:
            offset = int((re.search(r"offset=(\d+)", path) or [0, "0"])[1])
            rows = [bombs.listed(*(each.format(n) for each in (STUDY, SERIES, INSTANCE))) for n in range(len(answers))]
            return 200, bombs.JSON, b"[" + b",".join(row[1:-1] for row in rows[offset:]) + b"]"
        _name, what, answer = answers[number]
        uids = [each.format(number) for each in (STUDY, SERIES, INSTANCE)]
        if "/frames/" in path:
            return answer if what == "frames" else (404, {}, b"")
        if path.partition("?")[0].endswith("/metadata"):
            return answer if what == "metadata" else (200, bombs.JSON, bombs.listed(*uids))
        if "/instances/" in path or path.endswith(SERIES.format(number)):
            return 406, {}, b""
        offset = re.search(r"offset=([1-9])", path)
        return 200, bombs.JSON, b"[]" if offset else bombs.listed(*uids)

    return reply


def warmed(made: Ward, folder: Path, entry: Entry) -> None:
    """Have everything in memory that the first pictures, pages and planes bring."""
    reader = made.reader()
    where = f"studies/{entry.study}/series/{entry.series}"
    made.comes(reader, f"/api/studies/bombs/{entry.study}/series/{entry.series}/stacks/", "warm", entry.study, "bombs")
    for path in ("rendered?accept=image/jpeg", "thumbnail", "renderedmpr", f"instances/{entry.instance}/rendered"):
        reader.get(f"/dicomweb/bombs/{where}/{path}")
    reader.get("/")
    assert folder.is_dir()
    steady, before = 0, own(made.served.process.pid)
    while steady < 5:  # kernels are compiled meanwhile, which takes hundreds of MiB for a moment
        time.sleep(1)
        now = own(made.served.process.pid)
        steady, before = (steady + 1 if abs(now - before) < bombs.MEBI else 0), now


@pytest.mark.full
def test_forty_bombs_are_refused_within_limits(tmp_path: Path, serve: Callable[[Any], Server]) -> None:
    answers, files = bombs.answers(), bombs.content()
    assert len(answers) + len(files) >= 40
    folder = tmp_path / "bombs"
    folder.mkdir()
    (folder / "0 good.dcm").write_bytes(named(originals()["explicit"], 999_999))
    server = serve(hostile_server(answers))
    told: dict[str, str] = {}
    with ward(tmp_path, bombs=folder, web=server.root) as made:
        warmed(made, folder, made.indexed("bombs", 1)[0])
        weighed = Weighed(made.served.process.pid)
        for name, data in files:
            (folder / f"{name.replace('/', ' ')}.dcm").write_bytes(data)
        entries = made.indexed("bombs", len(files) + 1, within=600)
        reader = made.reader()

        def asked(name: str, where: str, archive: str) -> None:
            study, series, instance = where.split(" ")
            if not made.comes(reader, f"/api/studies/{archive}/{study}/series/{series}/stacks/", name, study, archive):
                return
            began = time.monotonic()
            path = f"/dicomweb/{archive}/studies/{study}/series/{series}/instances/{instance}/frames/1/rendered"
            answer = made.ask(reader, f"{path}?accept=image/jpeg&viewport=200,200", name)
            if time.monotonic() - began > LATE * WORDS_WITHIN:
                made.found(name, f"answered after {time.monotonic() - began:.0f} s")
            print(
                name,
                round(time.monotonic() - began, 1),
                (own(made.served.process.pid) - weighed.began) >> 20,
                flush=True,
            )
            told[name] = "a picture" if answer and answer.status == 200 else answer.words if answer else "nothing"

        for entry in entries:
            name = entry.path.removesuffix(".dcm")
            if not entry.study:
                told[name] = entry.reason or ""
            elif "\0" not in entry.path:
                asked(name, f"{entry.study} {entry.series} {entry.instance}", "bombs")
        for number, (name, _what, _answer) in enumerate(answers):
            asked(name, " ".join(each.format(number) for each in (STUDY, SERIES, INSTANCE)), "web")
        grown = weighed.stop()
        assert reader.get(picture_of_main(made)).status == 200
    for name, words in told.items():
        print(f"{name}: {words}")
    print(f"the web process grew by {grown:.0f} MiB at most; {made.beside}")
    assert len(told) == len(files) + len(answers) + 1
    assert not made.findings, "\n".join(f"{whose}: {what}" for whose, what in made.findings)
    assert {name for name, words in told.items() if words == "a picture"} <= HARMLESS
    assert all(told.values())
    assert grown < MOST_GROWTH_MIB


# Bombs only for who takes lengths for granted, or builds all that is declared: their first frame is whole.
HARMLESS = {
    "0 good", "120 MiB of private elements", "400,000 empty items", "400,000 frames' groups", "99,999 frames in 4 KiB",
    "RLE runs of 1 GiB", "TIFF in a loop", "a slide of 900,000 tiles", "forged length of the pixels",
}  # fmt: skip


def picture_of_main(made: Ward) -> str:
    """Return the address of a good picture."""
    entry = made.index("main")[0]
    return f"/dicomweb/main/studies/{entry.study}/series/{entry.series}/instances/{entry.instance}/rendered"
