"""The little picture of a presentation state: the address of what its active pane shows, as PS3.18 writes it."""

from typing import Any
from urllib.parse import urlencode

import numpy as np

from viewer.doors.opened import Opened
from viewer.imaging import reformat
from viewer.imaging.slide import Slide
from viewer.imaging.volume import Volume

SIZE = (320, 240)  # pixels at most
PANE = 640  # CSS pixels: how wide a pane is taken to be, since a state doesn't say it
MOST_PIXELS = 16_000_000  # of the smallest level of a slide, under what is shown
EYE = 100.0  # mm from the plane to the eye: only the direction counts
NO_SLAB = {"thickness": 0}
FUNCTIONS = {"LINEAR": "linear", "LINEAR_EXACT": "linear-exact", "SIGMOID": "sigmoid"}


def active_pane(state: dict[str, Any]) -> dict[str, Any] | None:
    """Return the pane that a picture stands for: the active one, else the first that isn't empty, else None."""
    panes = state["panes"]
    return next((pane for pane in [*panes[state["active"] : state["active"] + 1], *panes] if pane), None)


def address(pane: dict[str, Any], size: tuple[int, int] = SIZE, opened: Opened | None = None) -> str:
    """Return the address of a pane's picture, `size` (width, height) pixels at most.

    An image is shown whole, in the pane's window, upright as stored: turn() says how to turn it. With the `opened`
    series a slide shows the field that the pane names and a plane what its scale does; without it the slide is the
    series' thumbnail and the plane is shown whole.
    """
    source = pane["source"]
    series = f"/dicomweb/{source['archive']}/studies/{source['study']}/series/{source['series']}"
    viewport = {"viewport": f"{size[0]},{size[1]}"}
    if source["kind"] == "slide":
        field = _field(pane, size, opened) if opened else None
        return _with(f"{series}/{field[0]}/rendered", field[1]) if field else _with(f"{series}/thumbnail", viewport)
    if source["kind"] == "volume":
        return _with(f"{series}/renderedmpr", viewport | _camera(pane, size, opened) | _window(pane) | _layer(pane))
    if source["kind"] == "rendered3d":
        return _with(f"{series}/rendered3d", viewport | _camera(pane, size, opened) | _window(pane) | _space(pane))
    if source["kind"] == "curved":
        return _with(f"{series}/renderedmpr", viewport | _path(pane) | _window(pane))
    frame = f"{series}/instances/{source['instance']}/frames/{source['frame']}"
    return _with(f"{frame}/rendered", viewport | _window(pane))


def turn(pane: dict[str, Any]) -> dict[str, Any]:
    """Return how the picture is turned to stand as in the pane: flipped first, then rotated clockwise by degrees.

    A picture along a path is shown as it comes, whatever its pane says.
    """
    if pane["source"]["kind"] == "curved":
        return {"rotation": 0, "flip_horizontal": False, "flip_vertical": False}
    return {
        "rotation": pane["rotation"],
        "flip_horizontal": pane["flip_horizontal"],
        "flip_vertical": pane.get("flip_vertical", False),
    }


def _with(path: str, query: dict[str, str]) -> str:
    return f"{path}?{urlencode(query, safe=',')}"


def _field(pane: dict[str, Any], size: tuple[int, int], opened: Opened) -> tuple[str, dict[str, str]] | None:
    """Return the image of a slide and which of its region a picture shows; None where the slide can't tell."""
    slide = next((each for each in opened.slides if each.key == pane["source"]["slide"]), None)
    if slide is None:
        return None
    width, height = size
    if round(pane["rotation"] / 90) % 2:  # turned, it stands as in the pane
        width, height = height, width
    left, top, right, bottom = 0.0, 0.0, float(slide.columns), float(slide.rows)
    if pane["center"] is not None and pane["width"] is not None:
        middle, across, down = _middle(pane, slide)
        across, down = across / 2 * width / size[0], down / 2 * height / size[0]
        left, right = max(0.0, middle[0] - across), min(right, middle[0] + across)
        top, bottom = max(0.0, middle[1] - down), min(bottom, middle[1] + down)
    if right - left < 1 or bottom - top < 1:
        return None
    smallest = slide.levels[-1].columns / slide.columns
    if (right - left) * (bottom - top) * smallest**2 > MOST_PIXELS:
        return None
    region = ",".join(_number(round(value, 2)) for value in (left, top, right - left, bottom - top))
    return f"instances/{slide.instance.SOPInstanceUID}", {"viewport": f"{width},{height},{region}"}


def _middle(pane: dict[str, Any], slide: Slide) -> tuple[tuple[float, float], float, float]:
    """Return the middle of a field (column, row), and its width in columns and in rows of the full size."""
    x, y = pane["center"]
    if slide.spacing is None:
        return (x, y), pane["width"], pane["width"]
    column, row = slide.pixels(np.array([[x, y, slide.origin[2]]]))[0]
    return (float(column), float(row)), pane["width"] / slide.spacing[1], pane["width"] / slide.spacing[0]


def _camera(pane: dict[str, Any], size: tuple[int, int], opened: Opened | None) -> dict[str, str]:
    plane, slab = pane["plane"], pane.get("slab", NO_SLAB)
    volume = _volume(pane, opened) if opened else None
    center = pane["center"] or (volume.center if volume else plane["point"])
    point, look = np.asarray(plane["point"], float), np.asarray(plane["look"], float)
    middle = np.asarray(center, float) + ((point - center) @ look) * look
    camera = {
        "viewpointposition": _vector(middle - EYE * look),
        "viewpointlookat": _vector(middle),
        "viewpointup": _vector(plane["up"]),
        "stack": pane["source"]["stack"],
    }
    if volume:
        camera["pixelspacing"] = _number(_pixel_mm(pane, size, volume))
    if pane.get("interpolation", "linear") != "linear":
        camera["interpolation"] = pane["interpolation"]
    return camera | _slab(slab)


def _slab(slab: dict[str, Any]) -> dict[str, str]:
    if slab["thickness"] <= 0:
        return {}
    return {"mprslab": _number(slab["thickness"]), "renderingmethod": slab["method"]}


def _path(pane: dict[str, Any]) -> dict[str, str]:
    points = ",".join(_vector(point) for point in pane["path"])
    query = {"stack": pane["source"]["stack"], "volumetriccurvepoint": points, "curve": pane["form"]}
    return query | {"curveturn": _number(pane["turn"])} | _slab(pane["slab"])


def _space(pane: dict[str, Any]) -> dict[str, str]:
    """Return how a volume in three dimensions is drawn."""
    query = {"renderingmethod": pane["method"]}
    if pane["preset"] and pane["method"] == "volume_rendered":
        query["preset"] = pane["preset"]
    if pane["clip"]:
        query["clip"] = _vector(part for corner in pane["clip"] for part in corner)
    if pane["cuts"]:
        query["cut"] = ";".join(_outline(each) for each in pane["cuts"])
    return query


def _outline(cut: dict[str, Any]) -> str:
    plane = cut["plane"]
    numbers = [*plane["point"], *plane["look"], *plane["up"], *(part for corner in cut["corners"] for part in corner)]
    return ",".join(("outside" if cut["outside"] else "inside", _vector(numbers)))


def _volume(pane: dict[str, Any], opened: Opened) -> Volume | None:
    stack = next((each for each in opened.stacks if each.key == pane["source"]["stack"]), None)
    found = opened.volume(stack) if stack else None
    return found if isinstance(found, Volume) else None


def _pixel_mm(pane: dict[str, Any], size: tuple[int, int], volume: Volume) -> float:
    """Return the side of the picture's pixels in mm, so that it shows about as much as the pane."""
    if "pixels" in pane["scale"]:
        return float(volume.spacing_mm / pane["scale"]["pixels"] * PANE / size[0])
    view = reformat.View.of(volume.center, pane["plane"]["look"], pane["plane"]["up"])
    left, right, top, bottom = reformat.extent(volume, view, around=False)
    room = pane["scale"].get("room")
    width, height = [side * volume.spacing_mm for side in room] if room else (right - left, bottom - top)
    return float(max(width / size[0], height / size[1]) / pane["scale"]["fit"])


def _window(pane: dict[str, Any]) -> dict[str, str]:
    voi = pane["voi"]
    query = {"invert": "yes"} if pane["invert"] else {}
    if pane["source"]["kind"] == "stack":
        query |= {name: "no" for name in ("overlay", "shutter") if not pane.get(name, True)}
    if pane.get("colormap"):
        query["colormap"] = pane["colormap"]
    if voi is None:
        return query
    if "automatic" in voi:
        return query | {"voi": "auto"}
    if "choice" in voi:
        return query | {"voi": str(voi["choice"])}
    return query | {"window": f"{_number(voi['center'])},{_number(voi['width'])},{FUNCTIONS[voi['function']]}"}


def _layer(pane: dict[str, Any]) -> dict[str, str]:
    """Return what lays a second volume over a plane."""
    fused = pane.get("fused")
    if not fused:
        return {}
    source, voi = fused["source"], fused["voi"]
    query = {
        "fused": f"{source['series']}:{source['stack']}",
        "fusedstudy": source["study"],
        "fusedarchive": source["archive"],
        "fusedopacity": _number(fused["opacity"]),
    }
    query |= {"fusedcolormap": fused["colormap"]} if fused["colormap"] else {}
    query |= {"registration": fused["registration"]} if fused["registration"] else {}
    if voi is None:
        return query
    return query | {"fusedwindow": f"{_number(voi['center'])},{_number(voi['width'])},{FUNCTIONS[voi['function']]}"}


def _vector(values: Any) -> str:
    return ",".join(_number(value) for value in values)


def _number(value: float) -> str:
    return f"{value:.9g}"
