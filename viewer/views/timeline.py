"""A patient's exams as dots on a line of time, one lane for each family of modalities: numbers for an SVG."""

import datetime
import itertools
from collections.abc import Sequence
from dataclasses import dataclass

from viewer.imaging.when import in_order
from viewer.models import Study
from viewer.views import modalities

LEFT, LANE, RADIUS, TOP = 52.0, 20.0, 5.0, 8.0
NEXT = 2 * RADIUS + 2  # dots of one lane stand at least this far apart


@dataclass(frozen=True)
class Dot:
    """One exam: its place, and whether it is the one in hand."""

    x: float
    y: float
    study: Study
    current: bool


@dataclass(frozen=True)
class Lane:
    """One family of modalities."""

    y: float
    label: str


@dataclass(frozen=True)
class Tick:
    """One mark of the axis."""

    x: float
    label: str
    anchor: str


@dataclass(frozen=True)
class Timeline:
    """Everything that the drawing needs, in pixels."""

    width: float
    height: float
    lanes: tuple[Lane, ...]
    dots: tuple[Dot, ...]
    ticks: tuple[Tick, ...]
    left: float = LEFT
    radius: float = RADIUS


def timeline(studies: Sequence[Study], *, current: Study | None = None, width: float = 378) -> Timeline:
    """Lay out the dated ones of `studies`; the order given doesn't matter."""
    oldest_first = sorted((study for study in studies if study.study_date), key=lambda study: study.pk)
    dated = in_order(oldest_first, lambda study: study.when)
    families = sorted(
        {modalities.main_family(study.modalities) for study in dated}, key=lambda name: (modalities.order(name), name)
    )
    lanes = {name: Lane(TOP + LANE * (index + 0.5), modalities.label(name)) for index, name in enumerate(families)}
    height = TOP + LANE * max(1, len(lanes)) + 22
    if not dated:
        return Timeline(width, height, (), (), ())
    # Of two time zones, the later one may have been given the earlier hour.
    moments = list(itertools.accumulate(map(_moment, dated), max))
    first, last = moments[0], moments[-1]
    room = width - LEFT - 3 * RADIUS
    reached: dict[str, float] = {}
    dots = []
    for study, moment in zip(dated, moments, strict=True):
        name = modalities.main_family(study.modalities)
        x = LEFT + RADIUS + (room * (moment - first) / (last - first) if last > first else room)
        x = max(x, reached.get(name, -NEXT) + NEXT)
        reached[name] = x
        dots.append(Dot(round(x, 1), lanes[name].y, study, current is not None and study.pk == current.pk))
    over = max(0.0, max(reached.values()) - (width - 2 * RADIUS))
    if over:
        dots = [
            Dot(round(dot.x - over * (dot.x - LEFT) / (width - LEFT), 1), dot.y, dot.study, dot.current) for dot in dots
        ]
    return Timeline(width, height, tuple(lanes.values()), tuple(dots), _ticks(dated, width))


def _moment(study: Study) -> float:
    day = study.study_date or datetime.date.min
    time = study.study_time
    return day.toordinal() + ((time.hour * 60 + time.minute) / 1440 if time else 0.0)


def _ticks(dated: Sequence[Study], width: float) -> tuple[Tick, ...]:
    first, last = dated[0].study_date, dated[-1].study_date
    assert first is not None and last is not None
    right = Tick(width - RADIUS, last.isoformat(), "end")
    return (right,) if first == last else (Tick(LEFT, first.isoformat(), "start"), right)
