"""What a page may say over its socket: one key that names the verb, and the verb's own shape."""

from typing import Annotated, Any

import msgspec

from viewer.imaging import uid

LONGEST = 16 * 1024  # characters of one message

Uid = Annotated[str, msgspec.Meta(pattern=uid.ALL_OF_IT, max_length=uid.LONGEST)]
Count = Annotated[int, msgspec.Meta(ge=0, le=2**53)]
Name = Annotated[str, msgspec.Meta(max_length=200)]
Resource = Annotated[str, msgspec.Meta(max_length=512)]
Query = Annotated[str, msgspec.Meta(max_length=8000)]  # a path has points by the dozen
Millimetres = Annotated[float, msgspec.Meta(ge=-1e6, le=1e6)]


class Want(msgspec.Struct, forbid_unknown_fields=True, frozen=True):
    """A picture for a pane."""

    seq: Count
    pane: Annotated[int, msgspec.Meta(ge=0, le=999)]
    resource: Resource
    query: Query = ""


class Looking(msgspec.Struct, forbid_unknown_fields=True, frozen=True):
    """Where in a stack the reader is, and whereto they go: -1, 0 or 1."""

    archive: Name
    study: Uid
    series: Uid
    stack: Name
    index: Count
    direction: Annotated[int, msgspec.Meta(ge=-1, le=1)] = 0


class Probe(msgspec.Struct, forbid_unknown_fields=True, frozen=True):
    """Which value lies under the pixel in column `x` and row `y`, counted from 0, of a frame; or at a plane's `point`.

    The point is LPS mm; `query` is that of the plane's picture, whose own pixel is meant where no point is given.
    With a `radius` (mm), what the sphere about it holds.
    """

    seq: Count
    resource: Resource
    x: Annotated[int, msgspec.Meta(ge=0, le=65535)] = 0
    y: Annotated[int, msgspec.Meta(ge=0, le=65535)] = 0
    point: tuple[Millimetres, Millimetres, Millimetres] | None = None
    query: Query = ""
    radius: Annotated[float, msgspec.Meta(gt=0, le=500)] | None = None


class Do(msgspec.Struct, forbid_unknown_fields=True, frozen=True):
    """A verb that a room has registered, and what it is done with."""

    seq: Count
    verb: Annotated[str, msgspec.Meta(max_length=40)]
    what: dict[str, Any] = msgspec.field(name="with", default_factory=dict)


class Message(msgspec.Struct, forbid_unknown_fields=True, frozen=True, omit_defaults=True):
    """Exactly one of these is given."""

    want: Want | None = None
    looking: Looking | None = None
    probe: Probe | None = None
    listen: Name | None = None
    do: Do | None = None
    ping: float | None = None


decode = msgspec.json.Decoder(Message).decode
