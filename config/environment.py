"""What the environment says about this installation, read once and refused when it is unsafe."""

import contextlib
import hashlib
import os
import re
import secrets
from collections.abc import Iterable, Iterator, Mapping
from ipaddress import ip_address
from pathlib import Path
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import django
from django.core.exceptions import ImproperlyConfigured

from viewer.sources import Source, is_loopback

DEMO_HOSTS = ["localhost", "127.0.0.1", "[::1]"]
DEMO_ARCHIVE = "demo-archive"
DEFAULT_PORTS = {"http": 80, "https": 443}
BROKERS = ("amqp://", "amqps://", "redis://", "rediss://")
HOST_LABEL = re.compile(r"[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?")


def flag(environment: Mapping[str, str], name: str) -> bool:
    """Read a switch; anything but 0, 1, true, false, yes, no is refused."""
    value = environment.get(name, "").strip().lower()
    if value in ("", "0", "false", "no"):
        return False
    if value in ("1", "true", "yes"):
        return True
    raise ImproperlyConfigured(f"{name} must be 1 or 0")


def port(environment: Mapping[str, str]) -> int:
    """Read SAMSYN_PORT."""
    value = environment.get("SAMSYN_PORT", "8000")
    if not value.isdecimal() or not 0 < int(value) < 65536:
        raise ImproperlyConfigured("SAMSYN_PORT must be a number from 1 to 65535")
    return int(value)


def time_zone(environment: Mapping[str, str]) -> str:
    """Return the name of the time zone in which dates are shown: TZ, else the machine's own, else UTC."""
    place = Path("/etc/localtime").resolve().as_posix().partition("/zoneinfo/")[2]
    for name in (environment.get("TZ", "").lstrip(":"), place):
        with contextlib.suppress(ValueError, ZoneInfoNotFoundError, OSError):
            return ZoneInfo(name).key
    return "UTC"


def state_folder(environment: Mapping[str, str], base: Path) -> Path:
    """Make and return the folder for database, frames and secrets, closed to other users when we make it."""
    folder = Path(environment.get("SAMSYN_STATE") or base / "var").expanduser().absolute()
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    except OSError as error:
        raise ImproperlyConfigured(f"SAMSYN_STATE can't be used: {error.strerror}") from error
    if not os.access(folder, os.W_OK | os.X_OK):
        raise ImproperlyConfigured("SAMSYN_STATE can't be written")
    return folder


def secret_key(environment: Mapping[str, str], state: Path) -> str:
    """Return SAMSYN_SECRET_KEY, or the one kept in the state folder (made at first use, mode 600)."""
    given = environment.get("SAMSYN_SECRET_KEY", "")
    if given:
        if len(given) < 50 or len(set(given)) < 10:
            raise ImproperlyConfigured("SAMSYN_SECRET_KEY must have 50 characters or more that nobody can guess")
        return given
    path = state / "secret-key"
    try:
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError:
        if path.stat().st_mode & 0o077:
            raise ImproperlyConfigured(f"{path} can be read by others; chmod 600 it, or delete it") from None
        return path.read_text("ascii")
    made = secrets.token_urlsafe(64)
    with os.fdopen(descriptor, "w", encoding="ascii") as file:
        file.write(made)
    return made


def derived(secret: str, purpose: str) -> str:
    """Return a name that only installations with the same secret key share."""
    return f"samsyn-{purpose}-{hashlib.sha256(f'{purpose} {secret}'.encode()).hexdigest()[:12]}"


def private_folder(path: Path) -> Path:
    """Make `path` a folder that only this account can open, unless it is there; return it."""
    path.mkdir(mode=0o700, exist_ok=True)
    return path


def private_file(path: Path) -> Path:
    """Make `path` an empty file that only this account can read, unless it is there; return it."""
    with contextlib.suppress(FileExistsError):
        os.close(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600))
    return path


def _auth(environment: Mapping[str, str], name: str) -> str | None:
    value = environment.get(f"SAMSYN_ARCHIVE_{name.upper().replace('-', '_')}_AUTH")
    if value and value.startswith("file:"):
        try:
            value = Path(value.removeprefix("file:")).read_text("utf-8").strip()
        except OSError as error:
            raise ImproperlyConfigured(f"the credentials of archive {name} can't be read: {error.strerror}") from error
    if value and not value.startswith(("basic:", "bearer:")):
        raise ImproperlyConfigured(f"the credentials of archive {name} must begin with basic:, bearer: or file:")
    return value or None


def archives(environment: Mapping[str, str], state: Path, *, demo: bool) -> dict[str, Source]:
    """Read SAMSYN_ARCHIVE: `name=location` separated by commas; an unnamed one is `main`."""
    written = environment.get("SAMSYN_ARCHIVE", "").strip()
    if not written and demo:
        return {"main": Source(str(state / DEMO_ARCHIVE))}
    found: dict[str, Source] = {}
    for part in filter(None, (part.strip() for part in written.split(","))):
        named = re.fullmatch(r"([A-Za-z][A-Za-z0-9-]{0,31})=(.+)", part)
        name, location = (named[1].lower(), named[2]) if named else ("main", part)
        if name in found:
            raise ImproperlyConfigured(f"SAMSYN_ARCHIVE names {name} twice")
        if location.startswith(("http://", "https://")):
            if urlsplit(location).username or urlsplit(location).password:
                raise ImproperlyConfigured(f"archive {name}: credentials belong in SAMSYN_ARCHIVE_{name.upper()}_AUTH")
            if not urlsplit(location).hostname:
                raise ImproperlyConfigured(f"archive {name} has an address without a host")
        elif "://" in location:
            raise ImproperlyConfigured(f"archive {name} must be a folder or an http(s) address")
        else:
            location = str(Path(location).expanduser().absolute())
        found[name] = Source(location, _auth(environment, name))
    return found


def prefetched(environment: Mapping[str, str]) -> int:
    """Read SAMSYN_PREFETCH: how many exams are fetched before they are opened."""
    value = environment.get("SAMSYN_PREFETCH", "5")
    if not value.isdecimal() or int(value) > 50:
        raise ImproperlyConfigured("SAMSYN_PREFETCH must be a number from 0 to 50")
    return int(value)


def broker(environment: Mapping[str, str]) -> str | None:
    """Read BROKER_URL: where jobs wait for their runners."""
    written = environment.get("BROKER_URL", "").strip()
    if written and not written.startswith(BROKERS):
        raise ImproperlyConfigured("BROKER_URL must begin with amqp://, amqps://, redis:// or rediss://")
    return written or None


def origin(environment: Mapping[str, str]) -> str | None:
    """Read SAMSYN_URL as browsers write an origin: lower case, no default port, nothing after it."""
    written = environment.get("SAMSYN_URL", "").strip()
    if not written:
        return None
    refusal = ImproperlyConfigured("SAMSYN_URL must be an origin such as https://samsyn.example.org")
    try:
        parts = urlsplit(written)
        number, host = parts.port, parts.hostname or ""
    except ValueError as error:
        raise refusal from error
    if "@" in parts.netloc:
        raise ImproperlyConfigured("SAMSYN_URL must not hold credentials")
    scheme = parts.scheme.lower()
    if scheme not in DEFAULT_PORTS or parts.path.strip("/") or not _is_host(host) or not written.isprintable():
        raise refusal
    if (
        ("[" in parts.netloc) != (":" in host)
        or number == 0
        or any(sign in written for sign in "?# \\")
        or parts.netloc.endswith(":")
    ):
        raise refusal
    return f"{scheme}://{host_of(f'//{parts.netloc}')}" + (
        f":{number}" if number and number != DEFAULT_PORTS[scheme] else ""
    )


def host_of(url: str) -> str:
    """Return the host of an address as it stands in a Host header, without the port."""
    host = urlsplit(url).hostname or ""
    return f"[{ip_address(host).compressed}]" if ":" in host else host


def _is_host(name: str) -> bool:
    if ":" in name:
        with contextlib.suppress(ValueError):
            return "%" not in name and ip_address(name).version == 6
        return False
    if name.rpartition(".")[2].isdecimal():  # browsers read it as an address, and write 127.1 as 127.0.0.1
        with contextlib.suppress(ValueError):
            return ip_address(name).version == 4
        return False
    return len(name) <= 253 and all(HOST_LABEL.fullmatch(label) for label in name.split("."))


def refuse_unsafe(host: str, origin: str | None, sources: Mapping[str, Source], *, demo: bool) -> None:
    """Raise ImproperlyConfigured for what nobody should serve; `origin` is SAMSYN_URL."""
    _refuse_credentials_in_the_clear(sources)
    _refuse_unsafe_site(host, origin)
    if demo:
        _refuse_unsafe_demo(host, origin, sources)


def _refuse_unsafe_demo(host: str, origin: str | None, sources: Mapping[str, Source]) -> None:
    """Keep demo passwords on this machine: loopback only, and archives that lie on it."""
    if origin is not None and not is_loopback(urlsplit(origin).hostname):
        raise ImproperlyConfigured("demo mode has known passwords; SAMSYN_URL must be loopback")
    if not is_loopback(host):
        raise ImproperlyConfigured(
            "demo mode has known passwords and serves loopback only; SAMSYN_HOST is not loopback"
        )
    for name, source in sources.items():
        if not source.is_near:
            raise ImproperlyConfigured(
                f"demo mode has known passwords; archive {name} is neither a folder nor loopback"
            )


def _refuse_credentials_in_the_clear(sources: Mapping[str, Source]) -> None:
    for name, source in sources.items():
        if source.tells_credentials:
            raise ImproperlyConfigured(f"the credentials of archive {name} would travel in the clear: use https")


def _refuse_unsafe_site(host: str, origin: str | None) -> None:
    """Refuse what would carry patients over a network in the clear."""
    if origin is None:
        if not is_loopback(host):
            raise ImproperlyConfigured("SAMSYN_HOST is not loopback: say the public address in SAMSYN_URL")
        return
    parts = urlsplit(origin)
    if parts.scheme == "http" and not is_loopback(parts.hostname):
        raise ImproperlyConfigured("SAMSYN_URL must be https when it isn't loopback")
    if parts.scheme == "http" and not is_loopback(host):
        raise ImproperlyConfigured("SAMSYN_HOST is not loopback: SAMSYN_URL must be https")


def _files(folders: Iterable[Path | tuple[str, Path]]) -> Iterator[tuple[str, Path]]:
    for folder in folders:
        prefix, root = folder if isinstance(folder, tuple) else ("", folder)
        for path in sorted(root.rglob("*")):
            if path.is_file():
                yield f"{prefix}/{path.relative_to(root)}", path


def tree_hash(folders: Iterable[Path | tuple[str, Path]]) -> str:
    """Return 12 hexadecimal digits over names and bytes of all files; Django's version stands for its own."""
    digest = hashlib.sha256(django.__version__.encode())
    for name, path in _files(folders):
        digest.update(name.encode() + b"\0" + hashlib.sha256(path.read_bytes()).digest())
    return digest.hexdigest()[:12]
