"""What an administrator writes about an archive, checked before it is believed; no message repeats a secret."""

import re
from dataclasses import dataclass, field
from urllib.parse import urlsplit

from django.conf import settings
from django.utils.translation import gettext as _

from viewer import archives
from viewer.archive import Refused
from viewer.archive.origin import authorization
from viewer.archive.reach import vet
from viewer.doors.words import translated
from viewer.models import Archive
from viewer.sources import Source

NAME = re.compile(r"[a-z][a-z0-9-]{0,31}")
HOST = re.compile(r"[A-Za-z0-9._-]{1,253}|\[[0-9A-Fa-f:.]{2,45}\]")
PATH = re.compile(r"[A-Za-z0-9._~!$&'()*+,;=:@%/-]*")
LONGEST = 500  # characters of an address, a user name or a secret
DEFAULT_PORTS = {"http": 80, "https": 443}


class Unfit(Exception):
    """What was written can't be taken; `field` says which part of it, `words` why."""

    def __init__(self, field: str, words: str) -> None:
        super().__init__(words)
        self.field = field
        self.words = words


@dataclass(frozen=True)
class Credentials:
    """How an archive is authenticated: `auth` is `basic:user:password`, `bearer:token` or None."""

    kind: str
    auth: str | None = field(default=None, repr=False)


def given_name(text: str) -> str:
    """Return the name of an archive; raises Unfit."""
    name = text.strip().lower()
    if not NAME.fullmatch(name):
        raise Unfit("name", _("A name is 1 to 32 letters a to z, digits and hyphens, and begins with a letter."))
    return name


def given_location(text: str) -> str:
    """Return the root of a DICOMweb server without a slash at its end; raises Unfit."""
    written = text.strip()
    unfit = Unfit("location", _("An address is written http(s)://host[:port]/path, without a query."))
    if not written.isascii() or not written.isprintable() or len(written) > LONGEST or "\\" in written:
        raise unfit
    try:
        parts = urlsplit(written)
        port, host = parts.port, parts.netloc.rpartition("@")[2]
    except ValueError:
        raise unfit from None
    if parts.scheme not in DEFAULT_PORTS:
        raise Unfit("location", _("Only http and https addresses are asked; folders are named in SAMSYN_ARCHIVE."))
    if "@" in parts.netloc:
        raise Unfit("location", _("Credentials don't belong in the address."))
    name = host.partition("]")[0] + "]" if host.startswith("[") else host.partition(":")[0]
    if "?" in written or "#" in written or port == 0 or host.endswith(":") or not HOST.fullmatch(name):
        raise unfit
    if not PATH.fullmatch(parts.path) or any(part in (".", "..") for part in _steps(parts.path)):
        raise unfit
    location = f"{parts.scheme}://{name.lower()}{'' if port is None else f':{port}'}{parts.path.rstrip('/')}"
    if settings.DEMO and not Source(location).is_near:
        raise Unfit("location", translated(archives.ONLY_NEAR))
    try:
        vet(name, port or DEFAULT_PORTS[parts.scheme])
    except Refused as error:
        raise Unfit("location", translated(error)) from None
    return location


def given_credentials(kind: str, user: str, password: str, token: str) -> Credentials:
    """Return credentials of one kind; raises Unfit where a part is missing or can't be sent."""
    if kind == Archive.Auth.NONE:
        return Credentials(kind)
    if max(map(len, (user, password, token))) > LONGEST:
        raise Unfit("kind", _("That is too long."))
    if kind == Archive.Auth.BASIC:
        if not user or not password or ":" in user:
            raise Unfit("user", _("Give a user name, without a colon, and a password."))
        return Credentials(kind, f"basic:{user}:{password}")
    if kind == Archive.Auth.BEARER:
        auth = f"bearer:{token.strip()}"
        try:
            authorization(auth)
        except ValueError:
            raise Unfit("token", _("Give a token: letters, digits and signs without spaces.")) from None
        return Credentials(kind, auth)
    raise Unfit("kind", _("Choose how the archive is authenticated."))


def fit_together(location: str, credentials: Credentials) -> None:
    """Raise Unfit where credentials would travel for everybody to read."""
    if Source(location, credentials.auth).tells_credentials:
        raise Unfit("location", _("The credentials would travel in the clear: use https."))


def _steps(path: str) -> list[str]:
    return re.sub("%2[eE]", ".", path).split("/")
