"""A volume in three dimensions: the rays of its picture on all cores, what they met, and what the picture shows."""

import threading
from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import partial
from typing import Any

import numpy as np
from django.utils.translation import gettext as _
from msgspec import structs

from viewer.doors import annotate, breast, description, mpr_geometry, mpr_told, scenes, volume_metadata, volumes
from viewer.doors.media import LOSSLESS
from viewer.doors.mpr_geometry import Framed
from viewer.doors.parameters import BadParameter, Viewport
from viewer.doors.refusal import Refusal
from viewer.doors.space_parameters import COMPOSITE, SpaceParameters
from viewer.doors.volumes import Source
from viewer.imaging import colormap, encode, geometry, raycast, rays, transfer, windowing
from viewer.imaging import cuts as cutting
from viewer.imaging.geometry import Plane
from viewer.imaging.rays import Rays
from viewer.imaging.reformat import Overtaken
from viewer.imaging.transfer import PRESETS, Transfer
from viewer.imaging.views import View
from viewer.imaging.voxels import Voxels, voxels
from viewer.imaging.windowing import VOI, Window
from viewer.rendering import QUALITY, Picture, Studio

BAND = 16  # rows that one core takes on at a time
MOST_RAYS = 4_000_000
MOST_SAMPLES = 4_000_000_000
MOST_IN_ALL = 5 * MOST_SAMPLES  # of all frames of a motion that come in one answer


@dataclass(frozen=True)
class Shot:
    """Everything that a picture is made of: who looks at what, and which way it is drawn."""

    source: Source
    wanted: SpaceParameters
    shown: Framed
    plane: Plane
    view: View
    voi: VOI
    rays: Rays
    voxels: Voxels
    cuts: raycast.Cuts
    scene: scenes.Scene
    words: list[str]
    preset: str | None = None
    transfer: Transfer | None = None


async def picture(
    studio: Studio,
    source: Source,
    wanted: SpaceParameters,
    media_type: str,
    *,
    arrived: Callable[[], None] | None = None,
) -> Picture:
    """Return the picture of a volume once all its frames are there; `arrived` is called when rays leave.

    Where the parameters alone are asked for, they are what the picture holds. Cancelled, the work ends before the next
    rows. Raises Refusal and BadParameter.
    """
    if wanted.plane.metadata:
        return await _parameters(studio, source, wanted)
    media_type = breast.faithful(media_type, source.place.instance)
    shot = await set_up(studio, source, wanted, framed(source, wanted))
    if arrived is not None:
        arrived()
    shades, _depths = await cast(studio, shot)
    return await studio.run(partial(_encoded, shot, shades, media_type))


async def _parameters(studio: Studio, source: Source, wanted: SpaceParameters) -> Picture:
    """Return the parameters by which a picture would be made, as DICOM JSON (PS3.18 annex K)."""
    shot = await set_up(studio, source, wanted, framed(source, wanted))
    shown, moment = shot.shown, shot.shown.moment
    assert shown.lookat is not None
    module = {
        **volume_metadata.element("ReformattingOperationType", "3D_RENDERING"),
        **volume_metadata.element("RenderingMethod", wanted.method.upper()),
        **volume_metadata.camera(shown.look, shown.up, shown.lookat),
        **volume_metadata.window(shot.voi),
        **volume_metadata.motion(moment.of if moment else None, moment.rate if moment else None),
        **volume_metadata.volume(source, wanted.plane.choice.match),
    }
    told = _described(shot, lossless=True)
    return Picture(volume_metadata.encoded(module), volume_metadata.MEDIA_TYPE, told)


async def point(studio: Studio, source: Source, wanted: SpaceParameters, x: float, y: float) -> dict[str, Any]:
    """Return what lies under column `x` and row `y` of a picture: LPS mm of what the ray meets, or null and why.

    A ray meets what makes the picture opaque; of a maximum or minimum, the sample itself; of an average, nothing.
    """
    shown = framed(source, wanted)
    if not (0 <= x < shown.size[0] and 0 <= y < shown.size[1]):
        raise Refusal(400, _("There is no such pixel"))
    assert shown.plane is not None
    start = shown.plane.lps(np.array([x, y], float))
    one = Plane(tuple(start.tolist()), shown.plane.orientation, shown.plane.spacing, 1, 1)
    shot = await set_up(studio, source, wanted, replace(shown, plane=one))
    _shades, depths = await cast(studio, shot)
    depth = float(depths[0, 0])
    if not np.isfinite(depth):
        return {"point": None, "words": _("nothing opaque lies here")}
    return {"point": [round(part, 3) for part in (start + depth * shown.view.look).tolist()], "words": ""}


def framed(source: Source, wanted: SpaceParameters) -> Framed:
    """Return the picture's plane, and the camera. Raises BadParameter for one of too many pixels."""
    camera = wanted.plane
    shown = mpr_geometry.framed(source.volume, camera)
    columns, rows = shown.size
    if rows * columns <= MOST_RAYS:
        return shown
    if camera.picture.viewport is not None or camera.pixel_spacing is not None:
        name = "viewport" if camera.picture.viewport is not None else "pixelspacing"
        words = _("%(name)s: a picture of a volume has at most %(count)d pixels")
        raise BadParameter(name, words % {"name": name, "count": MOST_RAYS})
    share = np.sqrt(MOST_RAYS / (rows * columns))
    size = Viewport(int(columns * share), int(rows * share))
    return mpr_geometry.framed(source.volume, replace(camera, picture=structs.replace(camera.picture, viewport=size)))


def frames(source: Source, wanted: SpaceParameters) -> list[SpaceParameters]:
    """Return every frame of a motion, to come in one answer. Raises Refusal and BadParameter."""
    motion, first = wanted.plane.motion, framed(source, wanted)
    assert motion is not None and first.moment is not None
    count = first.moment.of.count
    if _samples(source, first) * count > MOST_IN_ALL:
        raise Refusal(400, _("animationstepsize: too many frames of this size for one answer"), "animationstepsize")
    moved = [replace(wanted.plane, motion=replace(motion, frame=number + 1)) for number in range(count)]
    return [replace(wanted, plane=each) for each in moved]


def _samples(source: Source, shown: Framed) -> float:
    """Return how many samples are taken, at most."""
    reach = float(np.ptp(source.volume.corners @ shown.view.look))
    return reach / rays.step_mm(source.volume, shown.view.look, shown.step) * shown.size[0] * shown.size[1]


async def set_up(studio: Studio, source: Source, wanted: SpaceParameters, shown: Framed) -> Shot:
    """Return what rays need, once the volume's frames are there. Raises Refusal."""
    plane, view = shown.plane, shown.view
    assert plane is not None
    volume, opened = source.volume, source.opened
    if source.stack.colour:
        raise Refusal(406, _("Volumes of colours aren't shown in three dimensions"))
    if min(volume.size) < 2:
        raise Refusal(406, _("The volume is too thin to be looked at in three dimensions"))
    await volumes.gather(studio, source)
    stored, slots = source.stored()
    voi = await studio.voi(opened, source.place, wanted.plane.picture)
    key = (opened.archive, opened.study, opened.uid, opened.series.digest, source.stack.key)
    scene = await scenes.of(studio).scene(studio, key, volume, stored, slots)
    step = rays.step_mm(volume, view.look, plane.spacing[0])
    boxes = [rays.box(volume, *wanted.clip)] if wanted.clip else []
    if _samples(source, shown) > MOST_SAMPLES:
        raise Refusal(400, _("viewport: the picture would take too long"), "viewport")
    shot = Shot(
        source, wanted, shown, plane, view, voi, rays.rays(volume, plane, view.look, step, *boxes),
        voxels(volume, stored, slots), cutting.cuts(volume, wanted.cuts), scene,
        volumes.said(source, slots),
    )  # fmt: skip
    if wanted.method != COMPOSITE:
        return shot
    name = wanted.preset or transfer.usual(str(source.place.instance.Modality or ""))
    preset = PRESETS[name]
    asked = wanted.plane.picture
    own = voi if isinstance(voi, Window) else await opened.measured(partial(studio.frame, opened))
    window = own if asked.window is not None or asked.voi is not None else None
    made = transfer.transfer(preset, window, own)
    return replace(shot, preset=name, transfer=made, voi=transfer.window_of(preset, window, own))


async def cast(studio: Studio, shot: Shot) -> tuple[np.ndarray, np.ndarray]:
    """Return uint8 RGB, or grey in any colour map, and the depths (rows, columns) in mm. Raises CancelledError."""
    given_up = threading.Event()
    rows, columns = shot.plane.rows, shot.plane.columns
    depths = np.full((rows, columns), np.nan, np.float32)
    shades = np.zeros((rows, columns, 3) if shot.transfer else (rows, columns), np.uint8)
    draw = await studio.run(partial(_composited, shot)) if shot.transfer else partial(_projected, shot)

    def band(number: int) -> None:
        if given_up.is_set():
            raise Overtaken
        top = number * BAND
        shades[top : top + BAND] = draw(top, depths[top : top + BAND])

    try:
        await scenes.together(studio, -(-rows // BAND), band)
    finally:
        given_up.set()
    if shot.transfer is None:
        return await studio.run(partial(_in_colours, shot, shades, depths)), depths
    return shades, depths


def _composited(shot: Shot) -> Callable[[int, np.ndarray], np.ndarray]:
    """Return what draws rows from `top` on and tells their depths."""
    made = shot.transfer
    assert made is not None
    leaps = shot.scene.leaps_of((shot.preset, shot.voi), made)
    table = made.per_step(shot.rays.step / 2)
    light = raycast.light(shot.source.volume, shot.view.look, shot.view.up, made.steep)
    filled = shot.scene.blocks.filled

    def draw(top: int, depths: np.ndarray) -> np.ndarray:
        lit = np.zeros((*depths.shape, 3), np.float32)
        raycast.composite(
            shot.voxels, leaps, filled, table, made.low, made.scale, shot.rays, light, shot.cuts, top, lit, depths
        )
        np.clip(lit, 0, 1, out=lit)
        return (lit * 255 + 0.5).astype(np.uint8)

    return draw


def _projected(shot: Shot, top: int, depths: np.ndarray) -> np.ndarray:
    """Return the grey of rows from `top` on, and tell their depths."""
    blocks = shot.scene.blocks
    values = np.full(depths.shape, np.nan, np.float32)
    if shot.wanted.method == "average_ip":
        raycast.average(shot.voxels, blocks.filled, shot.rays, shot.cuts, top, values)
        depths[:] = np.where(np.isnan(values), np.nan, 0.0)
    else:
        sign = 1.0 if shot.wanted.method == "maximum_ip" else -1.0
        bounds, tops = (blocks.highest, blocks.tops) if sign > 0 else (blocks.negative, blocks.bottoms)
        raycast.project(shot.voxels, bounds, blocks.filled, tops, sign, shot.rays, shot.cuts, top, values, depths)
    return windowing.grey_of_values(values.astype(float), shot.voi, inverted=_is_inverted(shot))


def _is_inverted(shot: Shot) -> bool:
    asked, instance = shot.wanted.plane.picture, shot.source.place.instance
    name = colormap.chosen(instance.Modality, asked.colormap)
    return (windowing.shown_inverted(instance) != asked.invert) != (name == colormap.INVERTED)


def _in_colours(shot: Shot, shades: np.ndarray, depths: np.ndarray) -> np.ndarray:
    name = colormap.chosen(shot.source.place.instance.Modality, shot.wanted.plane.picture.colormap)
    found = shades if colormap.is_grey(name) else colormap.coloured(shades, name, np.isnan(depths))
    if shot.wanted.method == "average_ip":
        depths[:] = np.nan
    return found


def _encoded(shot: Shot, shades: np.ndarray, media_type: str) -> Picture:
    asked = shot.wanted.plane.picture
    told = _described(shot, lossless=media_type in LOSSLESS)
    if asked.annotation:
        shades = annotate.annotated(shades, told, asked.annotation)
    return Picture(encode.encoded(shades, media_type, asked.quality or QUALITY), media_type, told)


def _described(shot: Shot, *, lossless: bool) -> dict[str, Any]:
    """Return the description of the picture: a frame's, with the geometry of the picture's plane and no frame."""
    opened, place, plane, view, wanted = shot.source.opened, shot.source.place, shot.plane, shot.view, shot.wanted
    size = (plane.columns, plane.rows)
    asked = wanted.plane.picture
    told = description.describe(
        opened, place, voi=shot.voi, inverted=asked.invert, shown_by=asked.colormap,
        region=(0.0, 0.0, float(size[0]), float(size[1])), size=size, lossless=lossless,
    )  # fmt: skip
    step = plane.spacing[0]
    return told | {
        "instance": None, "frame": None, "instance_number": None, "index": None, "count": None,
        "location": None, "slice_thickness": None,
        "position": list(plane.position),
        "orientation": list(plane.orientation),
        "patient_orientation": list(geometry.patient_orientation(plane.orientation)),
        "rows": plane.rows,
        "columns": plane.columns,
        **description.spacing_of(replace(opened.spacing(place), row=step, column=step, aspect=1.0)),
        "space": {
            "point": view.point.tolist(), "look": view.look.tolist(), "up": view.up.tolist(),
            "pixel_spacing": step, "method": wanted.method, "preset": shot.preset, "step": round(shot.rays.step, 4),
        },
        **mpr_told.motion(shot.shown),
        "volume_words": "; ".join(shot.words),
    }  # fmt: skip
