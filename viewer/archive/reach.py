"""Which machines an archive's name may lead to: asked at each connection, for names change."""

import socket
from typing import Any

from viewer.archive.port import Refused
from viewer.imaging.words import gettext_noop
from viewer.sources import is_kept_out

KEPT_OUT = gettext_noop(
    "The archive's address leads to where no archive may be (link-local, or a cloud's own services)."
)


class Vetted:
    """Beside a connection of urllib3: it is made to no address that is kept out, and speaks to none."""

    host: str
    port: int

    def _new_conn(self) -> socket.socket:
        """Return a new connection; raises Refused before a byte is sent, and whatever urllib3 raises."""
        vet(self.host, self.port)
        made: socket.socket = super()._new_conn()  # type: ignore[misc]
        # The name may have been answered otherwise the second time.
        if is_kept_out(str(made.getpeername()[0])):
            made.close()
            raise Refused(KEPT_OUT)
        return made


def vet(host: str, port: int) -> None:
    """Raise Refused where a name or an address leads to a machine that is kept out; what isn't known now may pass."""
    try:
        found: list[Any] = socket.getaddrinfo(host.strip("[]"), port, type=socket.SOCK_STREAM)
    except (OSError, UnicodeError):
        return
    if any(is_kept_out(str(address[0])) for *_, address in found):
        raise Refused(KEPT_OUT)
