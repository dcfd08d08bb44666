"""What a page may say over its socket: one key that names the verb, and the verb's own shape."""

from typing import Annotated

import msgspec

LONGEST = 16 * 1024  # characters of one message

Uid = Annotated[str, msgspec.Meta(pattern=r"^[0-9.]{1,64}$")]
Count = Annotated[int, msgspec.Meta(ge=0, le=2**53)]
Name = Annotated[str, msgspec.Meta(max_length=200)]
Resource = Annotated[str, msgspec.Meta(max_length=512)]


class Want(msgspec.Struct, forbid_unknown_fields=True, frozen=True):
    """A picture for a pane."""

    seq: Count
    pane: Annotated[int, msgspec.Meta(ge=0, le=999)]
    resource: Resource
    query: Annotated[str, msgspec.Meta(max_length=2000)] = ""


class Looking(msgspec.Struct, forbid_unknown_fields=True, frozen=True):
    """Where in a stack the reader is, and whereto they go: -1, 0 or 1."""

    archive: Name
    study: Uid
    series: Uid
    stack: Name
    index: Count
    direction: Annotated[int, msgspec.Meta(ge=-1, le=1)] = 0


class Probe(msgspec.Struct, forbid_unknown_fields=True, frozen=True):
    """Which value lies under the pixel in column `x` and row `y`, counted from 0."""

    seq: Count
    resource: Resource
    x: Annotated[int, msgspec.Meta(ge=0, le=65535)]
    y: Annotated[int, msgspec.Meta(ge=0, le=65535)]


class Message(msgspec.Struct, forbid_unknown_fields=True, frozen=True, omit_defaults=True):
    """Exactly one of these is given."""

    want: Want | None = None
    looking: Looking | None = None
    probe: Probe | None = None
    listen: Name | None = None
    ping: float | None = None


decode = msgspec.json.Decoder(Message).decode
