"""Credentials that expire, archives that ask for peace, a breaker that keeps its word, answers that are left."""

import logging
import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from email.utils import formatdate
from itertools import pairwise
from pathlib import Path

import pytest

from tests.archive.answering import JSON, MULTIPART, Reply, Server, frames_body
from tests.faults.proxy import Fault, spoiling
from tests.slow_archive import SlowArchive
from viewer.archive import NotThere, Refused, Unreachable, WebArchive, origin
from viewer.archive.breaker import FAILURES, Breaker
from viewer.archive.leave import Leave, Left, under

ADDRESS = ("1.2", "1.2.3", "1.2.3.4")
GOOD: Reply = (200, JSON, b"[]")


def test_credentials_that_expire_are_read_again_once_by_however_many_wait(
    serve: Callable[..., Server], tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    secret = tmp_path / "secret"
    secret.write_text("bearer:old-token")
    server = serve(lambda path: GOOD)
    answers = threading.Barrier(8, timeout=10)

    def reply(path: str) -> Reply:
        mine = server.seen[-1][1].get("authorization")
        if "n=old" in path:
            return (401, {}, b"")
        return GOOD if mine == "Bearer new-token" else (401, {}, b"")

    server.reply = reply
    archive = WebArchive("pacs", server.root, auth=f"file:{secret}")
    secret.write_text("bearer:new-token")

    def ask(_: int) -> object:
        answers.wait()
        return archive.search_studies()

    with caplog.at_level(logging.DEBUG), ThreadPoolExecutor(8) as pool:
        assert list(pool.map(ask, range(8))) == [[]] * 8
    assert len(server.seen) <= 16
    assert "token" not in caplog.text


def test_what_stays_refused_is_told_and_not_tried_on_and_on(
    serve: Callable[..., Server], tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    secret = tmp_path / "secret"
    secret.write_text("basic:reader:pass-word")
    server = serve(lambda path: (401, {}, b""))
    archive = WebArchive("pacs", server.root, auth=f"file:{secret}")
    with caplog.at_level(logging.DEBUG):
        for _ in range(20):
            with pytest.raises(Refused, match=r"refuses us \(401\); its credentials have to be checked"):
                archive.search_studies()
        secret.unlink()
        with pytest.raises(Refused):
            archive.search_studies()
    assert len(server.seen) <= FAILURES + 1, "a password that is wrong isn't tried until the account is locked"
    assert not any(word in caplog.text for word in ("pass-word", "cmVhZGVy"))


def test_a_study_that_is_forbidden_says_nothing_of_the_others(serve: Callable[..., Server]) -> None:
    server = serve(lambda path: (403, {}, b"") if "/1.9/" in path else (200, MULTIPART, frames_body(b"pixels")))
    archive = WebArchive("pacs", server.root)
    for _ in range(5):
        with pytest.raises(Refused, match="403"):
            list(archive.frames("1.9", "1.2.3", "1.2.3.4", [1]))
    assert [frame.data for frame in archive.frames(*ADDRESS, [1])] == [b"pixels"]


@pytest.mark.parametrize("status", [429, 503])
@pytest.mark.parametrize("dated", [False, True], ids=["seconds", "date"])
def test_an_archive_that_asks_for_peace_has_it(serve: Callable[..., Server], status: int, dated: bool) -> None:
    since = time.time()

    def reply(path: str) -> Reply:
        times.append(time.time() - since)
        if len(times) > 1:
            return GOOD
        return status, {"Retry-After": formatdate(since + 2, usegmt=True) if dated else "1"}, b""

    times: list[float] = []
    server = serve(reply)
    archive = WebArchive("pacs", server.root)
    with ThreadPoolExecutor(4) as pool:
        first = pool.submit(archive.search_studies)
        while not times:
            time.sleep(0.01)
        time.sleep(0.05)
        others = [pool.submit(archive.search_studies) for _ in range(3)]
        assert first.result() == [] and [each.result() for each in others] == [[]] * 3
    assert min(times[1:]) >= 0.95, "nobody asks before the time is over"
    assert len(times) == 5


def test_a_long_peace_is_told_at_once(serve: Callable[..., Server]) -> None:
    server = serve(lambda path: (429, {"Retry-After": "120"}, b""))
    archive = WebArchive("pacs", server.root)
    with pytest.raises(Unreachable, match="asked too often"):
        archive.search_studies()
    started = time.monotonic()
    for _ in range(50):
        with pytest.raises(Unreachable, match=r"not to be asked for 1[12]"):
            archive.search_studies()
    assert time.monotonic() - started < 1
    assert len(server.seen) == 1


def test_only_what_changes_nothing_is_asked_again(serve: Callable[..., Server]) -> None:
    server = serve(lambda path: (503, {}, b""))
    with pytest.raises(Unreachable):
        WebArchive("pacs", server.root).search_studies()
    assert len(server.seen) == origin.TRIES
    again = serve(lambda path: (503, {}, b""))
    with pytest.raises(Unreachable):
        WebArchive("pacs", again.root)._origin.post("studies", "application/dicom+json", "text/plain", b"x")
    assert len(again.seen) == 1


def test_an_object_that_is_out_of_order_does_not_close_the_archive(serve: Callable[..., Server]) -> None:
    server = serve(lambda path: (500, {}, b"") if "frames" in path or "instances" in path else GOOD)
    archive = WebArchive("pacs", server.root)
    for _ in range(6):
        with pytest.raises(Unreachable, match="500"):
            list(archive.frames(*ADDRESS, [1]))
    assert archive.search_studies() == []


def test_the_breaker_lets_one_try_after_each_pause_and_all_once_it_worked(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("viewer.archive.breaker.VERDICT_SECONDS", 0)
    now = [0.0]
    breaker = Breaker(clock=lambda: now[0], dice=lambda: 1.0)
    gone = Unreachable("gone")

    def passes() -> bool:
        try:
            return breaker.enter() == 0
        except Unreachable as error:
            assert error.words == "gone"
            return False

    for _ in range(FAILURES):
        assert passes()
        breaker.failed(gone)
    tries = []
    for tenth in range(300):
        now[0] = tenth / 10
        if passes():
            assert not passes(), "one at a time"
            tries.append(now[0])
            breaker.failed(gone)
    pauses = [later - earlier for earlier, later in pairwise(tries)]
    assert len(tries) <= 12 and max(pauses) <= 4.2, "seldom, and seen within ten seconds"
    now[0] = 40.0
    assert passes()
    breaker.left()
    assert passes(), "one that was left says nothing"
    breaker.worked()
    assert all(passes() for _ in range(9))


@pytest.mark.parametrize("body", [False, True], ids=["before", "within"])
def test_an_answer_can_be_left_at_any_time(serve: Callable[..., Server], body: bool) -> None:
    hold = threading.Event()

    def reply(path: str) -> Reply:
        if not body:
            hold.wait(20)
        return 200, MULTIPART | {"Content-Length": "10000", "X-Wait": "1"}, b"--b\r\n"

    server = serve(reply)
    archive = WebArchive("pacs", server.root)
    leave, ended = Leave(), []

    def wait() -> None:
        with under(leave):
            try:
                list(archive.frames(*ADDRESS, [1]))
            except Left:
                ended.append(time.monotonic())

    thread = threading.Thread(target=wait)
    thread.start()
    time.sleep(0.3)
    left = time.monotonic()
    leave.now()
    thread.join(5)
    assert ended and ended[0] - left < 0.25
    hold.set()
    server.reply = lambda path: (404, {}, b"")
    with pytest.raises(NotThere):
        archive.instance(*ADDRESS)


def test_who_left_asks_no_more(serve: Callable[..., Server]) -> None:
    server = serve(lambda path: GOOD)
    leave = Leave()
    leave.now()
    with under(leave), pytest.raises(Left):
        WebArchive("pacs", server.root).search_studies()
    assert WebArchive("pacs", server.root).search_studies() == []


@pytest.mark.parametrize(
    ("limits", "words"),
    [
        ({"FIRST_BYTE_SECONDS": 0.2, "SILENT_SECONDS": 0.2}, "stops in the middle"),
        ({"TOTAL_SECONDS": 0.3}, "too slowly"),
    ],
    ids=["silent", "slow"],
)
def test_what_takes_too_long_ends_in_words(
    speaking_archive: SlowArchive, monkeypatch: pytest.MonkeyPatch, limits: dict[str, float], words: str
) -> None:
    for name, value in limits.items():
        monkeypatch.setattr(origin, name, value)
    fault = Fault(stall_after=0.5) if "SILENT_SECONDS" in limits else Fault(bandwidth=1000)
    with (
        spoiling(speaking_archive.address, choose=lambda path, dice: fault) as proxy,
        pytest.raises(Unreachable, match=words),
    ):
        WebArchive("pacs", proxy.root).search_studies()


def test_who_never_says_a_word_is_given_up(serve: Callable[..., Server], monkeypatch: pytest.MonkeyPatch) -> None:
    hold = threading.Event()
    server = serve(lambda path: (hold.wait(10), GOOD)[1])
    archive = WebArchive("pacs", server.root)
    started = time.monotonic()
    with pytest.raises(Unreachable, match="stays silent"):
        archive._origin.get("studies", "application/dicom+json", patience=0.3)
    assert time.monotonic() - started < 2
    hold.set()
    assert len(server.seen) == 1, "what took its time already isn't asked again"
