"""How long a page is without its socket and its pictures once the server, killed or ended, is there again.

    python -m bench.back [--runs 3] [--away 2 20]

A real Chromium has a study open while the server ends and is away for so many seconds. Time counts from the moment when
the new server's port is open to the first message on the page's new socket; and from a key then to the paint of the
slice that it asks for. The goal is 5 s for the socket.
"""

import argparse
import json
import os
import signal
import socket
import statistics
import tempfile
import threading
import time
from pathlib import Path

from playwright.sync_api import Page

from bench.hand import WATCH, ct, viewer
from tests.serving import free_port, serving

SOCKETS = """(() => {
  window.__heard = [];
  const Given = WebSocket;
  window.WebSocket = class extends Given {
    constructor(...given) {
      super(...given);
      this.addEventListener('message', () => window.__heard.push(Date.now()), {once: true});
    }
  };
})()"""
PAINTED = """() => {
  const last = window.__watch.paints.at(-1);
  return last ? performance.timeOrigin + last.at : 0;
}"""
LONGEST = 60.0


def first_open(port: int, found: list[float]) -> None:
    """Keep the time when a port takes its first connection, in seconds since 1970."""
    ended = time.monotonic() + LONGEST
    while not found and time.monotonic() < ended:
        with socket.socket() as line:
            if line.connect_ex(("127.0.0.1", port)) == 0:
                found.append(time.time())
        time.sleep(0.01)


def came(page: Page, script: str, after: float) -> float:
    """Wait until the page tells a time after `after`; return it, in seconds since 1970. Raises TimeoutError."""
    ended = time.monotonic() + LONGEST
    while time.monotonic() < ended:
        told = float(page.evaluate(script)) / 1000
        if told > after:
            return told
        page.wait_for_timeout(20)
    raise TimeoutError("the page doesn't come back")


def away(folder: Path, study: str, seconds: float, how: int) -> tuple[float, float]:
    """Return the seconds from the server's open port to the page's socket, and from a key then to its picture."""
    port = free_port()
    with tempfile.TemporaryDirectory(prefix="samsyn-bench-") as scratch:
        state, up = Path(scratch), list[float]()
        with serving(folder, state=state, port=port, own_group=True) as served:
            leaving = viewer(served.url, served, study, (1280, 900), WATCH + ";" + SOCKETS)
            page, _browser = leaving.__enter__()
            page.wait_for_timeout(2000)
            served.process.send_signal(how) if how == signal.SIGTERM else os.killpg(served.process.pid, how)
            served.process.wait(30)
        try:
            ended = time.time()
            page.wait_for_timeout(1000 * seconds)
            watching = threading.Thread(target=first_open, args=(port, up), daemon=True)
            watching.start()
            with serving(folder, state=state, port=port, own_group=True):
                heard = came(page, "() => window.__heard.at(-1) ?? 0", ended)
                page.locator(".pane .area").first.focus()
                pressed = time.time()
                page.keyboard.press("ArrowDown")
                painted = came(page, PAINTED, pressed)
                watching.join()
                return heard - up[0], painted - pressed
        finally:
            leaving.__exit__(None, None, None)


def main() -> None:
    """Measure each absence in turn."""
    arguments = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    arguments.add_argument("--runs", type=int, default=3)
    arguments.add_argument("--away", type=float, nargs="+", default=[2.0, 20.0])
    options = arguments.parse_args()
    with tempfile.TemporaryDirectory(prefix="samsyn-bench-") as scratch:
        folder = Path(scratch)
        study = ct(folder, 40)
        for seconds in options.away:
            for name, how in (("ended", signal.SIGTERM), ("killed", signal.SIGKILL)):
                found = [away(folder, study, seconds, how) for _ in range(options.runs)]
                sockets, pictures = zip(*found, strict=True)
                row = {
                    "server": f"{name}, away for {seconds:g} s",
                    "socket s": round(statistics.median(sockets), 2),
                    "slowest socket s": round(max(sockets), 2),
                    "key to picture s": round(statistics.median(pictures), 2),
                }
                print(json.dumps(row), flush=True)


if __name__ == "__main__":
    main()
