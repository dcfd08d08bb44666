"""Letters at the edges of a pane agree with the patient's axes in the pixels, whichever way the picture is turned."""

import itertools
from collections.abc import Callable, Iterator

import numpy as np
import pytest

from tests.browser.reading import Moment, Reader, lay, reading
from tests.chromium import needs_chromium
from tests.phantoms import TRANSFORMS, Spoken, Transform, speaking_phantom

pytestmark = [pytest.mark.browser, needs_chromium]

AXES = [np.array(axis, float) * sign for axis in np.eye(3) for sign in (1, -1)]
ORIENTATIONS = [
    tuple(float(value) for value in (*row, *column))
    for row, column in itertools.product(AXES, AXES)
    if row @ column == 0
]
CASES = list(itertools.product(ORIENTATIONS, (False, True)))
LETTERS = {"L": "LR", "P": "PA", "S": "HF"}
OPPOSITE = {"L": "R", "R": "L", "P": "A", "A": "P", "H": "F", "F": "H"}


def edges(spoken: Spoken) -> dict[str, str]:
    """Return the letter that belongs to each edge, by the ramps in the pixels alone."""
    found = {}
    for axis, (right, down) in spoken.rising.items():
        toward, away = LETTERS[axis]
        if abs(right) > 0.5:
            found["right"] = toward if right > 0 else away
        if abs(down) > 0.5:
            found["bottom"] = toward if down > 0 else away
    return found | {"left": OPPOSITE[found["right"]], "top": OPPOSITE[found["bottom"]]}


@pytest.fixture(scope="module")
def reader(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Reader, str, str]]:
    folder = tmp_path_factory.mktemp("orientations")
    study = ""
    for number, (orientation, reverse) in enumerate(CASES, 1):
        study = lay(
            folder, speaking_phantom(series=number, orientation=orientation, reverse=reverse, slices=3, thickness=5)
        )
    planeless = lay(folder, speaking_phantom(patient=2, orientation=None, modality="CR", slices=1))
    with reading(folder, width=820, height=390) as found:
        found.indexed(study, len(CASES))
        found.open(study)
        yield found, study, planeless


def turns(transform: Transform) -> list[str]:
    """Return the keys that turn a picture at rest so."""
    return (["h"] if transform.flip_horizontal else []) + ["r"] * (transform.rotation // 90)


def turned(wanted: Transform) -> Callable[[Moment], bool]:
    """Return whether a pane's pixels are turned so."""
    return lambda moment: (spoken := moment.spoken) is not None and spoken.transform == wanted


def agrees(moment: Moment) -> Spoken:
    """Return what the pixels say, having compared the letters with it."""
    spoken = moment.spoken
    assert spoken is not None, moment
    assert moment.letters == edges(spoken), (moment.letters, spoken)
    return spoken


def test_there_are_24_axis_aligned_orientations() -> None:
    assert len(ORIENTATIONS) == 24


@pytest.mark.parametrize("every", [2, pytest.param(1, marks=pytest.mark.full)], ids=["one direction", "both"])
def test_every_letter_is_where_the_pixels_say(reader: tuple[Reader, str, str], every: int) -> None:
    page, wrong, seen = reader[0], [], set()
    page.page.locator("#thumbnails button").first.click()
    for number, case in enumerate(CASES, 1):
        page.focus()
        if number > 1:
            page.press("PageDown")
        if ((number - 1) // 2 + number - 1) % every:  # each orientation once, every other one with its slices reversed
            continue
        page.until(lambda moment, number=number: (spoken := moment.spoken) is not None and spoken.series == number)
        for transform in TRANSFORMS:
            page.press("Space", *turns(transform))
            moment = page.until(turned(transform))
            spoken = moment.spoken
            assert spoken is not None and spoken.series == number
            seen.add((number, transform))
            if moment.letters != edges(spoken):
                wrong.append((case, transform, moment.letters, edges(spoken)))
    assert wrong == []
    assert len(seen) == 24 * 8 * 2 // every


def test_letters_survive_scrolling_layouts_and_a_reload(reader: tuple[Reader, str, str]) -> None:
    page, study, _planeless = reader
    page.focus()
    page.press("Home", "Space", "r", "v", "ArrowDown")
    page.page.wait_for_selector(".area[aria-label*='slice 2 of 3']")
    before = agrees(page.until(turned(Transform(True, 90))))

    def is_as_before(moment: Moment) -> bool:
        now = moment.spoken
        kept = (before.series, before.slice, before.transform)
        return now is not None and (now.series, now.slice, now.transform) == kept

    page.press("Shift+2")
    agrees(page.until(is_as_before))
    agrees(page.until(lambda moment: moment.spoken is not None, pane=1))
    page.press("Shift+1")
    agrees(page.until(is_as_before))
    page.page.wait_for_timeout(1200)
    page.open(study)
    agrees(page.until(is_as_before))
    page.focus()
    page.press("Space")
    assert agrees(page.until(turned(Transform()))).series == before.series


def test_without_an_orientation_there_are_no_letters(reader: tuple[Reader, str, str]) -> None:
    page, _study, planeless = reader
    page.open(planeless)
    for keys in ([], ["r"], ["h"], ["Space"]):
        page.focus()
        page.press(*keys)
        moment = page.until(lambda moment: moment.spoken is not None)
        assert set(moment.letters.values()) == {""}
        assert moment.unknown == "orientation unknown"
