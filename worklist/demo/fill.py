"""Lays the demo archive: study after study, each appearing whole, the main patient's first."""

import fcntl
import json
import os
import shutil
import time
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path

from pydicom.dataset import Dataset

from worklist.demo import cast, studies
from worklist.demo.dataset import Exam
from worklist.demo.fetch import Package, PackageMissingError, Pantry
from worklist.demo.studies import STUDIES, Study

VERSION = "2"  # another one lays every study anew at the next start
PHANTOMS = "phantoms"
KINDNESS = 10  # of the process, once the first study is there and somebody may be reading it
DOWNLOADS = 2  # at a time
STILL = 2.1  # seconds after which a folder's scan takes a file for finished

FIRST_PATIENCE = 10.0  # seconds that the first study may wait for its package before others go ahead

Say = Callable[[str], None]
OnTheWay = dict[Package, Future[Path]]


class Demo:
    """The demo archive below the state folder: what is there, and laying what isn't."""

    def __init__(self, state: Path, archive: Path) -> None:
        self._archive = archive
        self._desk = state / "demo"
        self._pantry = Pantry(self._desk / "packages")
        self._failed: list[str] = []  # of the last time

    @contextmanager
    def alone(self, say: Say) -> Iterator[None]:
        """Keep others from laying the same archive; waits for one that does."""
        self._desk.mkdir(parents=True, exist_ok=True)
        self._archive.mkdir(parents=True, exist_ok=True)
        with open(self._desk / "lock", "w") as lock:
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                say("another process is laying the demo archive; waiting for it")
                fcntl.flock(lock, fcntl.LOCK_EX)
            shutil.rmtree(self._desk / "writing", ignore_errors=True)
            yield

    def lay(self, now: datetime, say: Say, after_each: Callable[[str], None], *, anew: bool = False) -> list[str]:
        """Make the studies that are missing (all if `anew`) and return what failed, in words.

        `after_each` is called with the key of each study once it is in place, also of those that were there before.
        Call `finish` when the worklist has them, too.
        """
        self._failed = []
        exams = cast.exams(now)
        missing = [study for study in STUDIES if anew or not self._has(study.key)]
        phantoms_missing = anew or not self._has(PHANTOMS)
        total, done = len(STUDIES) + 1, len(STUDIES) - len(missing)
        for study in STUDIES:
            if study not in missing:
                after_each(study.key)
        if not missing and not phantoms_missing:
            return []
        with self._fetching(missing) as on_the_way:
            while missing:
                study = _next(missing, on_the_way)
                missing.remove(study)
                self._progress(done, total, study.words)
                started = time.monotonic()
                if self._one(study, exams[study.key], on_the_way, say):
                    say(f"{done + 1} of {total}: {study.words} ({time.monotonic() - started:.1f} s)")
                    after_each(study.key)
                done += 1
                if study is STUDIES[0]:
                    os.nice(KINDNESS)
        if phantoms_missing:
            self._progress(done, total, "phantoms")
            self._put(PHANTOMS, studies.known_truth())
            say(f"{total} of {total}: phantoms")
        self._progress(total - 1, total, "")
        return self._failed

    def finish(self) -> None:
        """Tell the worklist that everything is there, its requests and reading tasks too."""
        total = len(STUDIES) + 1
        self._progress(total, total, "")

    @contextmanager
    def _fetching(self, missing: list[Study]) -> Iterator[OnTheWay]:
        """Fetch the packages of these studies in their order, a few at a time; leaving early ends the fetches."""
        packages = list(dict.fromkeys(study.package for study in missing if study.package))
        pool = ThreadPoolExecutor(DOWNLOADS)
        try:
            yield {package: pool.submit(self._pantry.path, package) for package in packages}
        finally:
            pool.shutdown(wait=False, cancel_futures=True)
            self._pantry.stop()
            pool.shutdown()

    def _one(self, study: Study, exam: Exam, on_the_way: OnTheWay, say: Say) -> bool:
        """Make one study; a package that can't be had costs this study and no other."""
        try:
            if study.package:
                on_the_way[study.package].result()
            self._put(study.key, study.build(exam, self._pantry))
        except (PackageMissingError, OSError) as error:
            words = error.strerror if isinstance(error, OSError) else error
            self._failed.append(f"{study.words}: {words}")
            say(f"left out: {self._failed[-1]}; tried again at the next start")
            return False
        return True

    def _has(self, key: str) -> bool:
        return (self._archive / f"{key}.{VERSION}").is_dir()

    def _put(self, key: str, datasets: Iterable[Dataset]) -> None:
        """Write a study outside the archive, then move it in, in place of an older one.

        It stands still before it is moved: a scan that finds it finds all of its files finished.
        """
        draft = self._desk / "writing" / key
        draft.mkdir(parents=True)
        for number, dataset in enumerate(datasets, start=1):
            dataset.save_as(draft / f"{number:04}.dcm", enforce_file_format=True)
        time.sleep(STILL)
        gone = self._desk / "writing" / "gone"
        gone.mkdir(exist_ok=True)
        for older in self._archive.glob(f"{key}.*"):
            older.rename(gone / older.name)
        draft.rename(self._archive / f"{key}.{VERSION}")
        shutil.rmtree(gone, ignore_errors=True)

    def _progress(self, done: int, total: int, words: str) -> None:
        """Tell the worklist how far we are."""
        told = {"done": done, "total": total, "words": words, "failed": self._failed}
        draft = self._desk / "progress.json.draft"
        draft.write_text(json.dumps(told), "utf-8")
        draft.replace(self._desk / "progress.json")


def _next(missing: list[Study], on_the_way: OnTheWay) -> Study:
    """Return the first study that needs not wait for its package; the very first is worth a short wait."""
    if missing[0] is STUDIES[0] and missing[0].package:
        wait([on_the_way[missing[0].package]], FIRST_PATIENCE)
    while True:
        for study in missing:
            if not study.package or on_the_way[study.package].done():
                return study
        wait([on_the_way[study.package] for study in missing if study.package], return_when=FIRST_COMPLETED)
