"""The line that is slow by design carries bytes unharmed, waits for its round trip and keeps to its rate."""

import socket
import threading
from collections.abc import Iterator

import pytest

from tests.line import Quality, Way, line


@pytest.fixture
def echo() -> Iterator[int]:
    """A server that sends back what it gets, on a port of its own."""
    with socket.create_server(("127.0.0.1", 0)) as server:

        def serve() -> None:
            while True:
                try:
                    connection, _address = server.accept()
                except OSError:
                    return
                with connection:
                    while chunk := connection.recv(65536):
                        connection.sendall(chunk)

        threading.Thread(target=serve, daemon=True).start()
        yield int(server.getsockname()[1])


def test_bytes_arrive_as_they_were_sent(echo: int) -> None:
    sent = bytes(range(256)) * 1000
    with line(echo, Quality.of(2, 400)) as slow, socket.create_connection(("127.0.0.1", slow.port), 10) as end:
        threading.Thread(target=lambda: (end.sendall(sent), end.shutdown(socket.SHUT_WR)), daemon=True).start()
        found = b""
        while chunk := end.recv(65536):
            found += chunk
    assert found == sent
    assert slow.up.carried == slow.down.carried == len(sent)


def test_what_is_sent_together_arrives_one_after_the_other() -> None:
    way = Way(Quality.of(100, 8))  # 1000 bytes a millisecond, 50 ms away
    assert way.take(1000, now=0) == pytest.approx(0.051)
    assert way.take(1000, now=0) == pytest.approx(0.052)
    assert way.take(1000, now=1) == pytest.approx(1.051), "an idle line saves nothing up"


def test_a_full_line_holds_the_sender_back() -> None:
    way = Way(Quality.of(100, 8))
    way.take(60_000, now=0)
    assert way.room_in(now=0) == pytest.approx(0.010)
    assert way.room_in(now=0.02) == 0
