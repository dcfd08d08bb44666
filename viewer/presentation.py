"""The presentation state: exactly what a person sees, as one small versioned JSON object without names."""

from typing import Annotated, Any, Literal

import msgspec
from django.utils.translation import gettext as _

from viewer.imaging import uid

VERSION = 2
LARGEST = 64 * 1024  # bytes
RIGHT_ANGLE = 1e-6

FARTHEST = 1e6  # mm that a point of a plane or slide may lie from the origin
Uid = Annotated[str, msgspec.Meta(pattern=uid.ALL_OF_IT, max_length=uid.LONGEST)]
ArchiveName = Annotated[str, msgspec.Meta(pattern=r"\A[A-Za-z0-9_-]{1,64}\Z")]
Finite = Annotated[float, msgspec.Meta(ge=-1e9, le=1e9)]
Millimetres = Annotated[float, msgspec.Meta(ge=-FARTHEST, le=FARTHEST)]
Positive = Annotated[float, msgspec.Meta(gt=0, le=1e9)]
# No zero byte and no half of a surrogate pair: neither can be kept.
Key = Annotated[str, msgspec.Meta(pattern=r"\A[^\x00\ud800-\udfff]*\Z", max_length=200)]
Vector = tuple[Millimetres, Millimetres, Millimetres]
Colormap = Literal["GREY", "GREY_INVERTED", "HOT_IRON", "PET", "HOT_METAL_BLUE", "PET_20_STEP", "RAINBOW"]
Side = Annotated[int, msgspec.Meta(ge=1, le=4)]


class Unreadable(ValueError):
    """The object isn't a presentation state of a version that we know; the text says where it fails."""


class Layout(msgspec.Struct, forbid_unknown_fields=True, frozen=True):
    """Rows and columns of panes."""

    rows: Side
    columns: Side


class Source(msgspec.Struct, forbid_unknown_fields=True, frozen=True, kw_only=True):
    """Where a pane's pictures come from: each kind adds what names its part of the series."""

    archive: ArchiveName
    study: Uid
    series: Uid


class StackSource(Source, frozen=True, kw_only=True, tag_field="kind", tag="stack"):
    """One frame of one stack."""

    stack: Key
    instance: Uid
    frame: Annotated[int, msgspec.Meta(ge=1, le=1_000_000)]


class VolumeSource(Source, frozen=True, kw_only=True, tag_field="kind", tag="volume"):
    """The volume that a stack makes."""

    stack: Key


class SlideSource(Source, frozen=True, kw_only=True, tag_field="kind", tag="slide"):
    """One slide of a series: all its levels."""

    slide: Key


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
    """Scale relative to the size at which the whole image just fits the pane.

    `room` takes the place of its own size: columns and rows, of a plane in sides of the smallest voxel. While the
    pane has no centre, the picture's own `edge` lies at the pane's.
    """

    fit: Positive
    room: tuple[Positive, Positive] | None = None
    edge: Literal["left", "right"] | None = None


class PixelScale(msgspec.Struct, forbid_unknown_fields=True, frozen=True):
    """Screen pixels per stored pixel."""

    pixels: Positive
    edge: Literal["left", "right"] | None = None


class Pane(msgspec.Struct, forbid_unknown_fields=True, frozen=True, kw_only=True):
    """How a grey or colour picture is shown. It is flipped first, then rotated clockwise.

    Without a `colormap` a grey picture has the one that is usual for its modality. `overlay` and `shutter` say whether
    those of the file are drawn.
    """

    voi: dict[str, Any] | None = None
    invert: bool = False
    colormap: Colormap | None = None
    overlay: bool = True
    shutter: bool = True
    rotation: Literal[0, 90, 180, 270] = 0
    flip_horizontal: bool = False
    flip_vertical: bool = False
    scale: dict[str, Any] = msgspec.field(default_factory=lambda: {"fit": 1.0})
    text: Literal["all", "identity", "none"] = "all"


class StackPane(Pane, frozen=True, kw_only=True):
    """One frame of a stack.

    `center` is the image pixel (column, row; pixel centres are whole numbers) in the middle of the pane, or null
    for the middle of the image.
    """

    source: StackSource
    center: tuple[Finite, Finite] | None = None


class Cut(msgspec.Struct, forbid_unknown_fields=True, frozen=True):
    """A plane through `point` (LPS mm), seen along `look` with `up` towards the top: unit vectors at right angles."""

    point: Vector
    look: Vector
    up: Vector


class Slab(msgspec.Struct, forbid_unknown_fields=True, frozen=True):
    """How thick (mm, 0 for one layer of samples) and how many samples become one, in the words of PS3.18 8.3.5.3."""

    thickness: Annotated[float, msgspec.Meta(ge=0, le=1000)] = 0.0
    method: Literal["average_ip", "maximum_ip", "minimum_ip"] = "average_ip"


class Fused(msgspec.Struct, forbid_unknown_fields=True, frozen=True, kw_only=True):
    """A second volume over a plane. Without a `colormap` it is shown in hot iron.

    `registration` is the id of the one that joins its Frame of Reference to the plane's, where they differ.
    """

    source: VolumeSource
    voi: WindowVoi | None = None
    colormap: Colormap | None = None
    opacity: Annotated[float, msgspec.Meta(ge=0, le=1)] = 0.5
    registration: Annotated[str, msgspec.Meta(pattern=r"\A[0-9a-f-]{36}\Z")] | None = None


class VolumePane(Pane, frozen=True, kw_only=True):
    """A plane cut through a volume. A scale in pixels counts sides of the smallest voxel.

    `named` is the plane that it began as and whose colour it keeps however it is turned, null for the nearest.
    `center` is the point (LPS mm) in the middle of the pane, or null for the middle of the volume.
    """

    source: VolumeSource
    plane: Cut
    slab: Slab = Slab()
    named: Literal["axial", "coronal", "sagittal"] | None = None
    interpolation: Literal["linear", "cubic"] = "linear"
    center: Vector | None = None
    fused: Fused | None = None


class SpaceSource(Source, frozen=True, kw_only=True, tag_field="kind", tag="rendered3d"):
    """The volume that a stack makes, in three dimensions."""

    stack: Key


class CutAway(msgspec.Struct, forbid_unknown_fields=True, frozen=True, kw_only=True):
    """What lies under an outline on a view (`outside`: beside it) is cut away.

    Corners are mm to the right and down of the view's point.
    """

    plane: Cut
    corners: Annotated[list[tuple[Millimetres, Millimetres]], msgspec.Meta(min_length=3, max_length=400)]
    outside: bool = False


class SpacePane(Pane, frozen=True, kw_only=True):
    """A volume seen along a camera, by one of the methods of PS3.18 8.3.5.3, composited in a preset (null: the usual).

    `clip` holds the lower and the upper corner, LPS mm, of the box that alone is shown; `center` is that of a plane.
    """

    source: SpaceSource
    plane: Cut
    method: Literal["volume_rendered", "maximum_ip", "minimum_ip", "average_ip"] = "volume_rendered"
    preset: Annotated[str, msgspec.Meta(pattern=r"\A[a-z-]{1,40}\Z")] | None = None
    clip: tuple[Vector, Vector] | None = None
    cuts: Annotated[list[CutAway], msgspec.Meta(max_length=8)] = []
    center: Vector | None = None


class CurvedSource(Source, frozen=True, kw_only=True, tag_field="kind", tag="curved"):
    """The volume that a stack makes, along a path."""

    stack: Key


class CurvedPane(Pane, frozen=True, kw_only=True):
    """A picture along a smooth path through LPS points, drawn out or unrolled; `turn` is degrees about the path."""

    source: CurvedSource
    path: Annotated[list[Vector], msgspec.Meta(min_length=2, max_length=200)]
    form: Literal["straightened", "stretched"] = "straightened"
    turn: Annotated[float, msgspec.Meta(ge=-360, le=360)] = 0.0
    slab: Slab = Slab()
    center: None = None


class SlidePane(msgspec.Struct, forbid_unknown_fields=True, frozen=True, kw_only=True):
    """A field of a slide: its `center` in slide mm and its `width` in mm across the pane, null for the whole slide.

    The slide is flipped first, then rotated clockwise by degrees.
    """

    source: SlideSource
    center: tuple[Millimetres, Millimetres] | None = None
    width: Positive | None = None
    rotation: Annotated[float, msgspec.Meta(ge=0, lt=360)] = 0.0
    flip_horizontal: bool = False
    text: Literal["all", "identity", "none"] = "all"


class Links(msgspec.Struct, forbid_unknown_fields=True, frozen=True, kw_only=True):
    """Which movements panes share: scrolling within a Frame of Reference, and `across` several by the offset that the
    panes have; panning; zooming; windows.
    """

    scroll: bool = False
    across: bool = False
    pan: bool = False
    zoom: bool = False
    window: bool = False


class State(msgspec.Struct, forbid_unknown_fields=True, frozen=True, kw_only=True):
    """Layout, the active pane and what each pane shows, row by row; null is an empty pane.

    There may be more panes than the layout has places: they come back with a larger layout.
    """

    version: Literal[2]
    layout: Layout
    active: Annotated[int, msgspec.Meta(ge=0, le=15)] = 0
    panes: Annotated[list[dict[str, Any] | None], msgspec.Meta(max_length=16)]
    links: Links = Links()


def read(data: bytes) -> dict[str, Any]:
    """Return the checked state as plain JSON values, defaults filled in. Raises Unreadable."""
    if len(data) > LARGEST:
        raise Unreadable(_("A presentation state holds at most %(size)d KiB") % {"size": LARGEST // 1024})
    try:
        version = msgspec.json.decode(data, type=_Versioned).version
        if version not in READERS:
            raise Unreadable(_("Version %(version)d of the presentation state isn't known here") % {"version": version})
        return READERS[version](data)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as error:
        raise Unreadable(_("This isn't a presentation state: %(reason)s") % {"reason": str(error)[:200]}) from error


def upgraded(state: dict[str, Any]) -> dict[str, Any]:
    """Return a state that was kept, perhaps long ago, in the present version. Raises Unreadable."""
    return state if state.get("version") == VERSION else read(msgspec.json.encode(state))


def studies(state: dict[str, Any]) -> set[tuple[str, str]]:
    """Return (archive, study UID) of everything that a checked state shows: each needs its own right."""
    return {(source["archive"], source["study"]) for source in sources(state)}


def sources(state: dict[str, Any]) -> list[dict[str, Any]]:
    """Return the sources of all panes of a checked state, and of the layers over them."""
    panes = [pane for pane in state["panes"] if pane]
    return [pane["source"] for pane in panes] + [pane["fused"]["source"] for pane in panes if pane.get("fused")]


class _Versioned(msgspec.Struct, frozen=True):
    version: int


def _version_2(data: bytes) -> dict[str, Any]:
    state = msgspec.json.decode(data, type=State)
    if state.active >= max(len(state.panes), 1):
        raise Unreadable(_("The active pane isn't among the panes"))
    panes = [None if pane is None else _pane(pane) for pane in state.panes]
    return {**msgspec.to_builtins(state), "panes": panes}


def _pane(plain: dict[str, Any]) -> dict[str, Any]:
    source = plain.get("source")
    kind = source.get("kind") if isinstance(source, dict) else None
    if not isinstance(kind, str) or kind not in PANES:
        raise Unreadable(_("A pane shows a stack, a volume, a curved plane or a slide"))
    pane = msgspec.convert(plain, type=PANES[kind])
    if isinstance(pane, Pane):
        _check_look(pane)
    if isinstance(pane, VolumePane | SpacePane):
        _check_cut(pane.plane)
    if isinstance(pane, SpacePane):
        for each in pane.cuts:
            _check_cut(each.plane)
    checked: dict[str, Any] = msgspec.to_builtins(pane)
    return checked


def _check_look(pane: Pane) -> None:
    if pane.voi is not None:
        kind = ChoiceVoi if "choice" in pane.voi else AutomaticVoi if "automatic" in pane.voi else WindowVoi
        voi = msgspec.convert(pane.voi, type=kind)
        if isinstance(voi, WindowVoi) and voi.function == "LINEAR" and voi.width < 1:
            raise Unreadable(_("A linear window is at least 1 wide"))
    msgspec.convert(pane.scale, type=Fit if "fit" in pane.scale else PixelScale)


def _check_cut(plane: Cut) -> None:
    """Raise Unreadable unless look and up are unit vectors at right angles."""

    def dot(one: Vector, other: Vector) -> float:
        return sum(a * b for a, b in zip(one, other, strict=True))

    faults = (dot(plane.look, plane.look) - 1, dot(plane.up, plane.up) - 1, dot(plane.look, plane.up))
    if max(abs(fault) for fault in faults) > RIGHT_ANGLE:
        raise Unreadable(_("Look and up of a plane are unit vectors at right angles"))


def _version_1(data: bytes) -> dict[str, Any]:
    """Read version 1, whose panes were all of stacks: nothing else differs."""
    plain = msgspec.json.decode(data, type=dict[str, Any])
    for pane in plain.get("panes") or ():
        if isinstance(pane, dict) and isinstance(pane.get("source"), dict) and pane["source"].get("kind") != "stack":
            raise Unreadable(_("A pane of version 1 shows a stack"))
    return _version_2(msgspec.json.encode({**plain, "version": 2}))


PANES: dict[str, type[StackPane | VolumePane | SpacePane | SlidePane | CurvedPane]] = {
    "stack": StackPane,
    "volume": VolumePane,
    "rendered3d": SpacePane,
    "slide": SlidePane,
    "curved": CurvedPane,
}
# A reader stays here for ever: states live in messages, reports and boards.
READERS = {1: _version_1, 2: _version_2}
