"""No archive's address leads to where no archive may be, whatever its name says at which moment."""

import socket
from typing import Any

import pytest

from tests.serving import free_port
from viewer.archive import ArchiveError, Refused, WebArchive
from viewer.sources import Source, is_kept_out, is_loopback

LINK_LOCAL = "169.254.169.254"


@pytest.mark.parametrize(
    "address", ["10.0.0.1", "127.0.0.1", "::1", "::ffff:127.0.0.1", "fd12::1", "192.0.2.1", "2001:db8::1"]
)
def test_where_archives_lie(address: str) -> None:
    assert not is_kept_out(address)


@pytest.mark.parametrize(
    "address",
    [
        LINK_LOCAL, f"::ffff:{LINK_LOCAL}", "fe80::1%eth0", "64:ff9b::a9fe:a9fe", "2002:a9fe:a9fe::", "::169.254.1.1",
        "0.0.0.0", "::", "fd00:ec2::254", "100.100.100.200", "224.0.0.1", "ff02::1", "255.255.255.255", "fec0::1",
    ],
)  # fmt: skip
def test_where_none_does(address: str) -> None:
    assert is_kept_out(address)


def test_a_source_shows_no_credentials() -> None:
    source = Source("https://pacs.example.org/dicom-web", "basic:reader:secret")
    assert "secret" not in repr(source)
    assert not source.is_near and not source.tells_credentials
    assert Source("http://10.0.0.1/x", "bearer:t").tells_credentials
    assert not is_loopback("127.1")


def answering(monkeypatch: pytest.MonkeyPatch, *answers: str) -> list[str]:
    """Have every name answered with the next of these addresses, the last one for ever; return what was asked."""
    asked: list[str] = []
    left = list(answers)

    def getaddrinfo(host: str, port: Any, *arguments: Any, **more: Any) -> list[Any]:
        asked.append(str(host))
        address = left.pop(0) if len(left) > 1 else left[0]
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (address, int(port)))]

    monkeypatch.setattr(socket, "getaddrinfo", getaddrinfo)
    return asked


@pytest.mark.parametrize("location", [f"http://{LINK_LOCAL}/x", "http://[::ffff:a9fe:a9fe]/x", "http://0.0.0.0/x"])
def test_an_address_is_refused_before_anything_is_connected(location: str, monkeypatch: pytest.MonkeyPatch) -> None:
    connected: list[Any] = []
    monkeypatch.setattr(socket.socket, "connect", lambda self, address: connected.append(address))
    with pytest.raises(Refused, match="no archive may be"):
        WebArchive("main", location).search_studies(limit=1)
    assert connected == []


def test_a_name_that_leads_there_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    connected: list[Any] = []
    answering(monkeypatch, LINK_LOCAL)
    monkeypatch.setattr(socket.socket, "connect", lambda self, address: connected.append(address))
    with pytest.raises(Refused):
        WebArchive("main", "http://pacs.example.org/x", auth="basic:reader:secret").search_studies(limit=1)
    assert connected == []


def test_a_name_that_changes_between_the_questions_gets_not_a_byte(monkeypatch: pytest.MonkeyPatch) -> None:
    port = free_port()
    with socket.create_server(("127.0.0.1", port)) as listener:
        listener.settimeout(5)
        answering(monkeypatch, "192.0.2.1", "127.0.0.1")
        monkeypatch.setattr("viewer.archive.reach.is_kept_out", lambda address: address == "127.0.0.1")
        with pytest.raises(ArchiveError):
            WebArchive("main", f"http://pacs.example.org:{port}/x", auth="basic:reader:secret").search_studies(limit=1)
        heard, _ = listener.accept()
        with heard:
            heard.settimeout(5)
            assert heard.recv(1) == b""
