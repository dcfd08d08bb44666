"""An archive that goes and comes back is told on its row, with the time and the cause, and nobody is logged out."""

import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.faults.proxy import NONE, Fault, FaultProxy, spoiling
from tests.slow_archive import SlowArchive
from viewer import live, sync
from viewer.models import Archive, Study
from viewer.sources import Source

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def watched(
    speaking_archive: SlowArchive, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, settings: Any
) -> Iterator[tuple[FaultProxy, Path]]:
    """Follow an archive behind a proxy in a thread, as the server does; return the proxy and the credentials' file."""
    secret = tmp_path / "secret"
    secret.write_text("bearer:first-token")
    with spoiling(speaking_archive.address) as proxy:
        settings.ARCHIVES = {"main": Source(proxy.root, f"file:{secret}")}
        monkeypatch.setattr(live, "publish", lambda topic, event: None)
        Archive.objects.get_or_create(name="main")
        following = sync.Sync("main")
        thread = threading.Thread(target=following.run, daemon=True)
        thread.start()
        yield proxy, secret
        following.stopping.set()
        thread.join(10)


def row() -> Any:
    return Archive.objects.get(name="main")


def seconds_until(holds: Callable[[], bool], most: float = 20) -> float:
    began = time.monotonic()
    while not holds():
        assert time.monotonic() - began < most, row().words
        time.sleep(0.05)
    return time.monotonic() - began


@pytest.mark.parametrize(
    "how", ["refused", *(pytest.param(each, marks=pytest.mark.full) for each in ("reset", "bad gateway"))]
)
def test_gone_is_told_within_three_seconds_and_back_within_ten(watched: tuple[FaultProxy, Path], how: str) -> None:
    proxy, _ = watched
    seconds_until(lambda: row().state == "ready" and Study.objects.filter(series_read_at__isnull=False).exists())
    if how == "refused":
        proxy.refuse()
    elif how == "reset":
        proxy.up = False
    else:
        proxy.choose = lambda path, dice: Fault(status=502)
    gone = seconds_until(lambda: row().state == "unreachable")
    said = row()
    assert said.unreachable_since is not None
    words = {"refused": "takes no connections", "reset": "breaks off", "bad gateway": "out of order (502)"}
    assert words[how] in said.words
    assert Study.objects.filter(gone_at__isnull=True).exists(), "what is known stays in the list"
    time.sleep(3)
    proxy.choose, proxy.up = lambda path, dice: NONE, True
    if how == "refused":
        proxy.start()
    back = seconds_until(lambda: row().state == "ready")
    print(f"\n{how}: told after {gone:.1f} s, back after {back:.1f} s")
    assert gone <= 3 and back <= 10
    assert row().unreachable_since is None


def test_credentials_that_have_expired_are_told_and_new_ones_taken_from_their_file(
    watched: tuple[FaultProxy, Path],
) -> None:
    proxy, secret = watched
    seconds_until(lambda: row().state == "ready")

    def choose(path: str, dice: object) -> Fault:
        return NONE if proxy.seen[-1].headers.get("authorization") == "Bearer second-token" else Fault(status=401)

    proxy.choose = choose
    seconds_until(lambda: row().state == "unreachable")
    assert "credentials have to be checked" in row().words and "token" not in row().words
    secret.write_text("bearer:second-token")
    seconds_until(lambda: row().state == "ready")
