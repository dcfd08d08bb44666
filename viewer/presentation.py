"""The presentation state: exactly what a person sees, as one small versioned JSON object without names."""

from typing import Annotated, Any, Literal

import msgspec
from django.utils.translation import gettext as _

VERSION = 1
LARGEST = 64 * 1024  # bytes

Uid = Annotated[str, msgspec.Meta(pattern=r"^[0-9]+(\.[0-9]+)*$", max_length=64)]
ArchiveName = Annotated[str, msgspec.Meta(pattern=r"^[A-Za-z0-9_-]{1,64}$")]
Finite = Annotated[float, msgspec.Meta(ge=-1e9, le=1e9)]
Positive = Annotated[float, msgspec.Meta(gt=0, le=1e9)]
Side = Annotated[int, msgspec.Meta(ge=1, le=4)]


class Unreadable(ValueError):
    """The object isn't a presentation state of a version that we know; the text says where it fails."""


class Layout(msgspec.Struct, forbid_unknown_fields=True, frozen=True):
    """Rows and columns of panes."""

    rows: Side
    columns: Side


class StackSource(msgspec.Struct, forbid_unknown_fields=True, frozen=True, kw_only=True):
    """One frame of one stack."""

    kind: Literal["stack"]
    archive: ArchiveName
    study: Uid
    series: Uid
    stack: Annotated[str, msgspec.Meta(max_length=200)]
    instance: Uid
    frame: Annotated[int, msgspec.Meta(ge=1, le=1_000_000)]


class WindowVoi(msgspec.Struct, forbid_unknown_fields=True, frozen=True, kw_only=True):
    """A window set by hand or from a preset, in modality units."""

    center: Finite
    width: Positive
    function: Literal["LINEAR", "LINEAR_EXACT", "SIGMOID"]


class ChoiceVoi(msgspec.Struct, forbid_unknown_fields=True, frozen=True):
    """One of the choices that the file itself offers, by its place."""

    choice: Annotated[int, msgspec.Meta(ge=0, le=999)]


class AutomaticVoi(msgspec.Struct, forbid_unknown_fields=True, frozen=True):
    """The window that the server measures over the series."""

    automatic: Literal[True]


class Fit(msgspec.Struct, forbid_unknown_fields=True, frozen=True):
    """Scale relative to the size at which the whole image just fits the pane."""

    fit: Positive


class PixelScale(msgspec.Struct, forbid_unknown_fields=True, frozen=True):
    """Screen pixels per stored pixel."""

    pixels: Positive


class Pane(msgspec.Struct, forbid_unknown_fields=True, frozen=True, kw_only=True):
    """What one pane shows. The image is flipped first, then rotated clockwise.

    `center` is the image pixel (column, row; pixel centres are whole numbers) in the middle of the pane, or null
    for the middle of the image.
    """

    source: StackSource
    voi: dict[str, Any] | None = None
    invert: bool = False
    rotation: Literal[0, 90, 180, 270] = 0
    flip_horizontal: bool = False
    flip_vertical: bool = False
    center: tuple[Finite, Finite] | None = None
    scale: dict[str, Any] = msgspec.field(default_factory=lambda: {"fit": 1.0})
    text: Literal["all", "identity", "none"] = "all"


class State(msgspec.Struct, forbid_unknown_fields=True, frozen=True, kw_only=True):
    """Layout, the active pane and what each pane shows, row by row; null is an empty pane.

    There may be more panes than the layout has places: they come back with a larger layout.
    """

    version: Literal[1]
    layout: Layout
    active: Annotated[int, msgspec.Meta(ge=0, le=15)] = 0
    panes: Annotated[list[Pane | None], msgspec.Meta(max_length=16)]


def read(data: bytes) -> dict[str, Any]:
    """Return the checked state as plain JSON values, defaults filled in. Raises Unreadable."""
    if len(data) > LARGEST:
        raise Unreadable(_("A presentation state holds at most %(size)d KiB") % {"size": LARGEST // 1024})
    try:
        version = msgspec.json.decode(data, type=_Versioned).version
        if version not in READERS:
            raise Unreadable(_("Version %(version)d of the presentation state isn't known here") % {"version": version})
        state = READERS[version](data)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as error:
        raise Unreadable(_("This isn't a presentation state: %(reason)s") % {"reason": str(error)[:200]}) from error
    plain: dict[str, Any] = msgspec.to_builtins(state)
    return plain


def studies(state: dict[str, Any]) -> set[tuple[str, str]]:
    """Return (archive, study UID) of everything that a checked state shows: each needs its own right."""
    return {(pane["source"]["archive"], pane["source"]["study"]) for pane in state["panes"] if pane}


class _Versioned(msgspec.Struct, frozen=True):
    version: int


def _version_1(data: bytes) -> State:
    state = msgspec.json.decode(data, type=State)
    if state.active >= max(len(state.panes), 1):
        raise Unreadable(_("The active pane isn't among the panes"))
    for pane in state.panes:
        if pane is None:
            continue
        if pane.voi is not None:
            kind = ChoiceVoi if "choice" in pane.voi else AutomaticVoi if "automatic" in pane.voi else WindowVoi
            voi = msgspec.convert(pane.voi, type=kind)
            if isinstance(voi, WindowVoi) and voi.function == "LINEAR" and voi.width < 1:
                raise Unreadable(_("A linear window is at least 1 wide"))
        msgspec.convert(pane.scale, type=Fit if "fit" in pane.scale else PixelScale)
    return state


# A reader stays here for ever: states live in messages, reports and boards.
READERS = {1: _version_1}
