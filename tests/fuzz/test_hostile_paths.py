"""Eighty names that want to lead elsewhere, put into every kind of address of a real server: nothing comes through."""

import ctypes
import os
import re
import socket
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urljoin, urlsplit

import pytest

from tests.fuzz.ward import Ward, ward

CANARY = "CANARY-nobody-reads-this"
IN_OPEN, IN_ACCESS, IN_NONBLOCK = 0x20, 0x1, 0o4000

NAMES: list[bytes] = [
    # Up and out
    b"..", b"../", b"../secret.txt", b"../../secret.txt", b"../" * 12 + b"etc/passwd", b"....//....//etc/passwd",
    b"..\\..\\secret.txt", b"..;/secret.txt", b"./../secret.txt", b".../secret.txt", b"a/../../secret.txt", b"..%00/",
    # The same, written otherwise
    b"%2e%2e", b"%2e%2e/secret.txt", b"%2e%2e%2fsecret.txt", b"..%2fsecret.txt", b"..%2f..%2f..%2fetc%2fpasswd",
    b"..%5csecret.txt", b"%252e%252e%252fsecret.txt", b"%25252e%25252e/", b"%c0%ae%c0%ae/secret.txt",
    b"%c0%ae%c0%ae%c0%afsecret.txt", b"%e0%80%ae%e0%80%ae/secret.txt", b"%u002e%u002e/secret.txt", b".%2e/secret.txt",
    b"%2e./secret.txt", b"%ef%bc%8e%ef%bc%8e/secret.txt", b"%e2%80%a5/secret.txt", b"..%c1%9csecret.txt",
    # Absolute, and other roots
    b"/etc/passwd", b"//etc/passwd", b"%2fetc%2fpasswd", b"/proc/self/environ", b"%2fproc%2fself%2fenviron",
    b"file:///etc/passwd", b"file:%2f%2f%2fetc%2fpasswd", b"C:\\Windows\\win.ini", b"C:%5cboot.ini",
    b"\\\\host\\share\\x",
    b"%5c%5chost%5cshare", b"~", b"~root/.ssh/id_rsa", b"http://evil.example/x", b"//evil.example/x",
    # NUL and other letters that nobody types
    b"%00", b"1.2%00.3", b"1.2%00../../secret.txt", b"secret.txt%00.dcm", b"%0a", b"1.2%0d%0aSet-Cookie:%20a=b",
    b"1.2%0aX: y", b"%7f", b"%1b[31m", b"%ff%fe", b"%80", b"%ed%a0%80", b"%f4%90%80%80", b"\xff\xfe", b"\xc3\x28", b"%",
    b"%zz", b"%2",
    # No UID
    b"0", b".", b".1", b"1.", b"1..2", b"-1", b"1.2.3 ", b"1.2.3%20", b"1,2", b"1.2.x", b"*", b"?", b"1" * 65,
    b"9" * 300, b"1." * 2500 + b"1", b"A" * 5120,
    b"%d9%a1.%d9%a2", b"1%ef%bc%8e2", b"%e2%91%a0", b"1.2%c2%a0", b"%ef%bb%bf1.2",
    # Other languages
    b"' OR 1=1--", b"%27%20OR%201=1--", b"<script>alert(1)</script>", b"%3cscript%3ealert(1)%3c/script%3e", b"{{7*7}}",
    b"${jndi:ldap://evil.example/x}", b"$(id)", b"`id`", b"|id", b"; cat /etc/passwd", b"%s%s%s%n", b"CON", b"aux.dcm",
]  # fmt: skip
PLACES: list[bytes] = [
    b"/static/%s", b"/static/js/%s", b"/dicomweb/%s/studies/1.2/rendered", b"/dicomweb/main/studies/%s/rendered",
    b"/dicomweb/main/studies/1.2/series/%s/thumbnail", b"/dicomweb/main/studies/1.2/series/1.3/instances/%s/rendered",
    b"/dicomweb/main/studies/1.2/series/1.3/instances/1.4/frames/%s/rendered", b"/dicomweb/main/studies/1.2/%s",
    b"/studies/%s/", b"/studies/1.2/?archive=%s", b"/patients/%s/", b"/exams/main/%s/",
    b"/api/studies/main/%s/series/1.3/stacks/", b"/api/studies/%s/1.2/",
    b"/api/studies/main/1.2/series/1.3/instances/%s/frames/1/tags/", b"/api/states/%s/", b"/archives/%s/try/",
    b"/login/?next=%s", b"/%s",
]  # fmt: skip
# What a name may be answered by: it isn't there, isn't understood, or isn't theirs to ask.
REFUSED = {301, 302, 400, 403, 404, 405, 406, 414, 431}


class Watch:
    """Hears when a file is opened or read, whoever does it."""

    def __init__(self, *paths: Path) -> None:
        libc = ctypes.CDLL(None, use_errno=True)
        self.file = libc.inotify_init1(IN_NONBLOCK)
        assert self.file >= 0
        for path in paths:
            assert libc.inotify_add_watch(self.file, os.fsencode(path), IN_OPEN | IN_ACCESS) >= 0

    def heard(self) -> bool:
        """Say whether any was touched since the last time."""
        try:
            return bool(os.read(self.file, 65536))
        except BlockingIOError:
            return False


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Ward, Watch]]:
    place = tmp_path_factory.mktemp("paths")
    secret = place / "secret.txt"
    secret.write_text(CANARY)
    with ward(place) as made:
        kept = made.served.state / "secret.txt"
        kept.write_text(CANARY)
        yield made, Watch(secret, kept, made.served.state / "secret-key")
    assert not made.findings


def asked(line: socket.socket, host: str, cookie: str, address: bytes) -> bytes:
    """Send one request byte by byte as it is written; return the head of the answer and its body."""
    head = f"Host: {host}\r\nCookie: {cookie}\r\nConnection: close\r\n\r\n".encode()
    line.sendall(b"GET " + address + b" HTTP/1.1\r\n" + head)
    answer = b""
    while piece := line.recv(1 << 16):
        answer += piece
    return answer


def test_there_are_enough_names() -> None:
    assert len(set(NAMES)) == len(NAMES) >= 80


@pytest.mark.parametrize("place", PLACES, ids=[place.decode() for place in PLACES])
def test_nothing_comes_through(place: bytes, served: tuple[Ward, Watch]) -> None:
    made, watch = served
    parts = urlsplit(made.served.url)
    assert parts.hostname and parts.port
    through = []
    for name in NAMES:
        with socket.create_connection((parts.hostname, parts.port), 60) as line:
            answer = asked(line, parts.netloc, made.cookie, place.replace(b"%s", name, 1))
        status = int(answer[9:12]) if answer.startswith(b"HTTP/1.1 ") else 0
        head, _, body = answer.partition(b"\r\n\r\n")
        hostile = [CANARY.encode() in answer, b"root:x:0" in answer, b"set-cookie: a=b" in head.lower()]
        hostile += [b"SECRET_KEY" in body, b"Traceback" in body, b"<script>alert(1)</script>" in body]
        hostile += [not is_ours(found, made.served.url) for found in re.findall(rb"(?im)^location: *([^\r]*)", head)]
        page = status == 200 and may_be_a_page(place, name)
        if any(hostile) or not (status in REFUSED or page):
            through.append((name[:80], status, hostile, body[:200]))
    assert not through
    assert not watch.heard()


def is_ours(location: bytes, url: str) -> bool:
    """Say whether a browser that is sent there stays with us: to it, a backslash is a slash."""
    written = location.decode("latin-1").replace("\\", "/").strip()
    return urlsplit(urljoin(f"{url}/login/", written)).netloc == urlsplit(url).netloc


def may_be_a_page(place: bytes, name: bytes) -> bool:
    """Say whether the address is one of our pages after all: what a browser would make of it, or of its query."""
    if place.startswith(b"/login/"):
        return True  # the form, whatever it leads to
    return name.startswith((b"?", b"#")) or (place == b"/%s" and name in (b"?", b".", b"%2e"))


def test_the_watch_hears_a_reader(served: tuple[Ward, Watch]) -> None:
    made, watch = served
    (made.served.state / "secret.txt").read_text()
    assert watch.heard()
