"""Credentials of archives at rest: encrypted (Fernet) with a key in the state folder that only we can read."""

import contextlib
import os
import stat
from pathlib import Path

from cryptography.fernet import Fernet, InvalidToken

KEY = "archive-key"


class Locked(ValueError):
    """What was sealed can't be read here; never says what it was given."""


def sealed(state: Path, text: str) -> str:
    """Return `text` encrypted, as ASCII; the key is made at first use. Raises Locked for a key that others can read.

    Raises OSError where the key can't be written.
    """
    return Fernet(_key(state, make=True)).encrypt(text.encode()).decode("ascii")


def unsealed(state: Path, token: str) -> str:
    """Return what was sealed with the key of this state folder; raises Locked."""
    try:
        return Fernet(_key(state)).decrypt(token.encode()).decode()
    except (InvalidToken, ValueError, OSError):
        raise Locked("the credentials can't be read with the key of this state folder") from None


def _key(state: Path, *, make: bool = False) -> bytes:
    path = state / KEY
    if make and not path.exists():
        _make(path)
    with path.open("rb") as file:
        if os.fstat(file.fileno()).st_mode & (stat.S_IRWXG | stat.S_IRWXO):
            raise Locked(f"{path} can be read by others; chmod 600 it")
        return file.read().strip()


def _make(path: Path) -> None:
    """Write a new key, whole or not at all; of several at once, the first one's stays. Raises OSError."""
    draft = path.with_name(f"{KEY}.{os.getpid()}.{os.urandom(4).hex()}")
    try:
        with os.fdopen(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
            file.write(Fernet.generate_key())
            file.flush()
            os.fsync(file.fileno())
        with contextlib.suppress(FileExistsError):
            os.link(draft, path)
    finally:
        draft.unlink(missing_ok=True)
