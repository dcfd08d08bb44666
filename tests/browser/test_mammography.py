"""A mammography exam hangs by the standard, however its real pictures are stored: the canvas shows it."""

from pathlib import Path

import cv2
import numpy as np
import pytest

from tests.browser.reading import Moment, Reader, lay, reading
from tests.chromium import needs_chromium
from tests.mammograms import HUNG, STUDY, VIEWS, gmic, mammogram, turned
from tests.unpacked_data import test_data

pytestmark = [pytest.mark.browser, needs_chromium]

# Each of the eight ways to store a picture, once.
TURNS = ((0, 3, 5, 6), (7, 4, 2, 1))
LETTERS = {
    "R-CC": ("A", "P", "R", "L"), "L-CC": ("P", "A", "L", "R"),
    "R-MLO": ("A", "P", "HR", "FL"), "L-MLO": ("P", "A", "HL", "FR"),
}  # fmt: skip
EDGES = ("left", "right", "top", "bottom")


def halved(view: str) -> np.ndarray:
    """Return a real picture as it is hung, at half its size, uint16 (rows, columns)."""
    picture = gmic(test_data() / "mg" / "gmic-4view-png", view)
    rows, columns = picture.shape
    return np.asarray(cv2.resize(picture, (columns // 2, rows // 2), interpolation=cv2.INTER_AREA))


def expected(picture: np.ndarray, view: str, pane: tuple[int, int], most: tuple[int, int]) -> np.ndarray:
    """Return what a pane (height, width) shows: at the scale in which the largest view fits, chest wall at its edge."""
    height, width = pane
    scale = min(height / most[0], width / most[1])
    rows, columns = (round(side * scale) for side in picture.shape)
    shown = np.zeros((height + 2, width + 2), np.uint8)
    top, left = (height - rows) // 2, width - columns if view[0] == "R" else 0
    small = cv2.resize(picture, (columns, rows), interpolation=cv2.INTER_AREA)
    shown[top : top + rows, left : left + columns] = np.minimum(small / 16, 255)
    return shown[:height, :width]


def agrees(moment: Moment, wanted: np.ndarray) -> bool:
    """Whether a pane shows a picture, give or take the last pixel of its edges."""
    return moment.grey.shape == wanted.shape and float(np.abs(moment.grey.astype(int) - wanted).mean()) < 2.5


def boxes(reader: Reader) -> list[dict[str, float]]:
    """Return where words of every pane stand, in parts of its width."""
    return reader.page.evaluate(  # type: ignore[no-any-return]
        """() => [...document.querySelectorAll('.pane')].slice(0, 4).map(pane => {
          const {left, width} = pane.querySelector('.area').getBoundingClientRect();
          const words = [...pane.querySelectorAll('.corner p, .letter, .scale-words, .value, .fidelity')];
          const found = words.filter(each => each.innerText.trim()).map(each => each.getBoundingClientRect());
          const part = x => (x - left) / width;
          const [from, to] = [Math.min(...found.map(each => each.left)), Math.max(...found.map(each => each.right))];
          return {from: part(from), to: part(to)};
        })"""
    )


# Whether the scale of a pane stands among its words.
AMONG_WORDS = """() => [...document.querySelectorAll('.pane')].slice(0, 4).some(pane => {
  const scale = pane.querySelector('.scale path').getBoundingClientRect();
  return [...pane.querySelectorAll('.corner p')].some(each => {
    const {top, bottom} = each.getBoundingClientRect();
    return each.innerText.trim() && top < scale.bottom && scale.top < bottom;
  });
})"""


def test_four_views_hang_by_the_standard_however_they_are_stored(tmp_path: Path) -> None:
    pictures = {view: halved(view) for view in VIEWS}
    most = max(each.shape[0] for each in pictures.values()), max(each.shape[1] for each in pictures.values())
    for exam, turns in enumerate(TURNS, 1):
        lay(
            tmp_path,
            (
                mammogram(*_stored(pictures[view], view, turn), number, study=f"{STUDY}.{exam}")
                for number, (view, turn) in enumerate(zip(VIEWS, turns, strict=True), 1)
            ),
        )
    with reading(tmp_path, width=1600, height=900) as reader:
        for exam in range(1, len(TURNS) + 1):
            study = f"{STUDY}.{exam}"
            reader.indexed(study, 4)
            reader.open(study)
            for pane, view in enumerate(VIEWS):
                shape = reader.moment(pane).grey.shape
                wanted = expected(pictures[view], view, (shape[0], shape[1]), most)
                moment = reader.until(lambda now, wanted=wanted: agrees(now, wanted), pane)  # type: ignore[misc]
                assert moment.letters == dict(zip(EDGES, LETTERS[view], strict=True))
                corner = moment.window if view[0] == "R" else moment.image
                assert view.replace("-", " ") in corner and "Image 1/1" in corner
            for place, words in enumerate(boxes(reader)):
                assert words["to"] < 0.5 if place % 2 == 0 else words["from"] > 0.5, (place, words)
            assert not reader.page.evaluate(AMONG_WORDS)
        reader.focus()
        reader.press(".")
        reader.page.wait_for_selector('#panes[data-layout="1x2"]')
        reader.press(".", ".")
        reader.page.wait_for_selector('#panes[data-layout="1x1"]')
        reader.press(".")
        reader.until(lambda now: "1:1" in now.window)


def _stored(picture: np.ndarray, view: str, turn: int) -> tuple[np.ndarray, str, tuple[str, str]]:
    stored, letters = turned(picture, HUNG[view], turn)
    return stored, view, letters
