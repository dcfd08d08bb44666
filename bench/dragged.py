"""A hand in the page of a viewer: it drags along a path, and the page notes each paint of a plane and of its lines.

`WATCH` is put into the page before it loads; `DRAG` and `FIRST` are evaluated with what their first line names.
`waits` tells how long each input waited for the panes that had to follow.
"""

import math
from bisect import bisect_right
from typing import Any

FELT = 0.02  # mm: places are told with six decimals, and a hand's are found to less than this
ANGLE = 0.003  # radians that a hand turns with each input

# Every paint of a new bitmap with what the page says of it, told when the frame that shows it is done.
WATCH = """(() => {
  const watch = window.__cross = {paints: [], inputs: [], lines: []};
  const shown = new WeakMap(), fresh = new Set();
  const channel = new MessageChannel();
  let waiting = [];
  channel.port1.onmessage = () => {
    watch.paints.push(...waiting.map(each => ({...each, at: performance.now()})));
    waiting = [];
  };
  const draw = CanvasRenderingContext2D.prototype.drawImage;
  CanvasRenderingContext2D.prototype.drawImage = function (bitmap, ...rest) {
    const pane = this.canvas.closest('.pane');
    if (bitmap instanceof ImageBitmap && pane && shown.get(pane) !== bitmap) {
      shown.set(pane, bitmap);
      fresh.add(Number(pane.dataset.pane));
    }
    return draw.call(this, bitmap, ...rest);
  };
  const mark = performance.mark.bind(performance);
  window.__places = {};
  performance.mark = (name, options) => {
    const {pane, plane, lossless} = options?.detail ?? {};
    if (name === 'painted' && fresh.delete(pane)) {
      if (!waiting.length) channel.port2.postMessage(0);
      const place = plane ? plane.point.reduce((sum, part, axis) => sum + part * plane.look[axis], 0) : null;
      waiting.push({pane, plane: Boolean(plane), lossless, place, look: plane?.look});
      if (plane) window.__places[pane] = {place, look: plane.look};
    }
    return mark(name, options);
  };
})()"""

# A move in every animation frame. Where the path is a circle about the pane's middle, from the end of a line on; else
# it wanders about and crosses itself, after three stops at which the panes settle: they tell where a point leads.
DRAG = """async ([number, path, milliseconds, reach, angle]) => {
  const watch = window.__cross;
  const area = document.querySelectorAll('.pane')[number].querySelector('.area');
  const box = area.getBoundingClientRect();
  let [x, y] = [box.left + box.width * 0.4, box.top + box.height * 0.4];
  const centre = {x: box.left + box.width / 2, y: box.top + box.height / 2};
  if (path === 'circle') {
    const grips = [...area.querySelectorAll('.crosshair .grip:not(.halo)')];
    const place = grips.find(each => each.getAttribute('d').includes('a')).getBoundingClientRect();
    [x, y] = [place.left + place.width / 2, place.top + place.height / 2];
  }
  const start = {x, y};
  const pointer = (type, more) => area.dispatchEvent(new PointerEvent(type, {bubbles: true, cancelable: true,
    clientX: x, clientY: y, pointerId: 1, pointerType: 'mouse', isPrimary: true, ...more}));
  const settled = async () => {
    let before = '', since = performance.now();
    const now = () => JSON.stringify(window.__places);
    while (performance.now() - since < 1000) {
      if (now() !== before) [before, since] = [now(), performance.now()];
      await new Promise(done => setTimeout(done, 50));
    }
    return JSON.parse(before);
  };
  const move = to => { [x, y] = to; pointer('pointermove', {button: -1, buttons: 1}); };
  area.setPointerCapture = () => {};
  pointer('pointerdown', {button: 0, buttons: 1});
  const stops = [];
  const stand = [[x, y], [x + reach, y], [x, y + reach]];
  for (const to of path === 'circle' ? [] : stand) {
    move(to);
    stops.push({x, y, places: await settled()});
  }
  if (stops.length) move([start.x, start.y]);
  const began = await settled();
  for (const list of Object.values(watch)) list.length = 0;
  const observer = new MutationObserver(() => watch.lines.push(performance.now()));
  const lines = document.querySelector('.pane[data-plane] .crosshair');
  const told = {childList: true, subtree: true, attributes: true};
  observer.observe(path === 'circle' ? area.querySelector('.crosshair') : lines, told);
  const end = performance.now() + milliseconds;
  let count = 0;
  await new Promise(done => {
    const step = () => {
      if (performance.now() > end) return done();
      count += 1;
      if (path === 'circle') {
        const [dx, dy] = [x - centre.x, y - centre.y];
        x = centre.x + dx * Math.cos(angle) - dy * Math.sin(angle);
        y = centre.y + dx * Math.sin(angle) + dy * Math.cos(angle);
      } else {
        x = start.x + reach * Math.sin(count / 15.7);
        y = start.y + reach * (Math.sin(count / 23.9 + 0.5) - Math.sin(0.5));
      }
      watch.inputs.push({at: performance.now(), x, y});
      pointer('pointermove', {button: -1, buttons: 1});
      requestAnimationFrame(step);
    };
    requestAnimationFrame(step);
  });
  const ended = performance.now();
  pointer('pointerup', {button: 0, buttons: 0});
  await new Promise(done => setTimeout(done, 2000));
  observer.disconnect();
  return {...watch, ended, stops, began};
}"""

# From the key that shows the planes to the first picture of each, in ms.
FIRST = """panes => new Promise(done => {
  const watch = window.__cross;
  for (const list of Object.values(watch)) list.length = 0;
  const began = performance.now();
  const key = {key: '#', code: 'Digit3', shiftKey: true, bubbles: true, cancelable: true};
  document.activeElement.dispatchEvent(new KeyboardEvent('keydown', key));
  const look = () => {
    const first = panes.map(pane => watch.paints.find(each => each.pane === pane && each.plane)?.at);
    if (first.every(Boolean)) done(first.map(at => at - began));
    else if (performance.now() - began > 20000) done([20000]);
    else setTimeout(look, 5);
  };
  look();
})"""

Watched = dict[str, Any]


def wished(watched: Watched, pane: int) -> list[float]:
    """Return where each input wished a pane's plane: mm along its look, or radians that it turned."""
    inputs, stops = watched["inputs"], watched["stops"]
    if not stops:
        return [ANGLE * number for number in range(1, len(inputs) + 1)]
    here, right, below = (stop["places"][str(pane)]["place"] for stop in stops)
    x, y, reach = stops[0]["x"], stops[0]["y"], stops[1]["x"] - stops[0]["x"]
    return [here + ((each["x"] - x) * (right - here) + (each["y"] - y) * (below - here)) / reach for each in inputs]


def shown(watched: Watched, pane: int) -> list[tuple[float, float]]:
    """Return when each paint of a pane was on the screen, and where the plane was that it showed."""
    paints = [each for each in watched["paints"] if each["pane"] == pane and each["place"] is not None]
    if watched["stops"]:
        return [(each["at"], each["place"]) for each in paints]
    start = watched["began"][str(pane)]["look"]
    cosines = [sum(a * b for a, b in zip(start, each["look"], strict=True)) for each in paints]
    return [(each["at"], math.acos(min(1.0, cosine))) for each, cosine in zip(paints, cosines, strict=True)]


def waits(watched: Watched, pane: int) -> tuple[list[float], int]:
    """Return the ms that each input waited until a pane showed it or a later one, and how many paints fit no input.

    A paint shows the first input not older than what was shown before that wished the plane where it is: where the
    path crosses itself, this makes waits longer, never shorter. An input that is never shown waits without end.
    """
    times = [each["at"] for each in watched["inputs"]]
    places = wished(watched, pane)
    felt = FELT if watched["stops"] else ANGLE
    found = [math.inf] * len(times)
    first, unknown = 0, 0
    for at, place in shown(watched, pane):
        made = bisect_right(times, at)
        number = next((each for each in range(first, made) if abs(places[each] - place) < felt), None)
        if number is None:
            unknown += first < made
            continue
        for each in range(first, number + 1):
            found[each] = at - times[each]
        first = number + 1
    return found, unknown


def followed(watched: Watched, panes: tuple[int, ...]) -> dict[str, float]:
    """Return how all these panes followed a drag; each input waits for the last of them."""
    times, ended = [each["at"] for each in watched["inputs"]], watched["ended"]
    seconds = (ended - times[0]) / 1000
    moving = [each for each in watched["paints"] if times[0] <= each["at"] <= ended and each["pane"] in panes]
    rounds, seen = 0, set()
    for each in moving:
        seen.add(each["pane"])
        if len(seen) == len(panes):
            rounds, seen = rounds + 1, set()
    each_pane = [waits(watched, pane) for pane in panes]
    last = sorted(max(of_all) for of_all in zip(*(found for found, _unknown in each_pane), strict=True))
    late = sorted(lines_waited(times, watched["lines"]))
    settled = [each for each in watched["paints"] if each["at"] > ended and each["lossless"]]
    rest = [min((e["at"] for e in settled if e["pane"] == pane), default=math.nan) - ended for pane in panes]
    return {
        "all repainted a second": rounds / seconds,
        "slowest pane a second": min(sum(e["pane"] == pane for e in moving) for pane in panes) / seconds,
        "inputs a second": len(times) / seconds,
        "pointer to last paint p50 ms": last[len(last) // 2],
        "pointer to last paint p95 ms": last[int(0.95 * len(last))],
        "pointer to lines p95 ms": late[int(0.95 * len(late))] if late else math.nan,
        "lossless %": 100 * sum(each["lossless"] for each in moving) / max(1, len(moving)),
        "lossless after rest ms": max(rest),
        "paints that fit no input": sum(unknown for _found, unknown in each_pane),
    }


def lines_waited(inputs: list[float], drawn: list[float]) -> list[float]:
    """Return the ms from each input to the lines drawn next."""
    found, place = [], 0
    for at in inputs:
        while place < len(drawn) and drawn[place] < at:
            place += 1
        if place < len(drawn):
            found.append(drawn[place] - at)
    return found
