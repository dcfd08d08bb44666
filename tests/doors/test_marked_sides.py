"""What the doors show of a mark at the left, front and head lies there by the camera and by the letters they tell."""

from urllib.parse import quote

import cv2
import numpy as np
import pytest
from pydicom.dataset import Dataset

from tests import marked
from tests.doors.asking import Get
from tests.doors.test_renderedmpr import series

pytestmark = pytest.mark.django_db(transaction=True)

SIZE, MM, STEP = 72, 0.8, 40
SHOWN = {
    "composited": "rendered3d?preset=ct-bone&",
    "highest": "rendered3d?renderingmethod=maximum_ip&window=450,900,linear-exact&",
    "slab": "renderedmpr?renderingmethod=maximum_ip&mprslab=90&window=450,900,linear-exact&",
}
SIDES = {
    "a": ([0, 1, 0], [0, 0, 1]), "p": ([0, -1, 0], [0, 0, 1]), "l": ([-1, 0, 0], [0, 0, 1]),
    "r": ([1, 0, 0], [0, 0, 1]), "f": ([0, 0, 1], [0, -1, 0]), "h": ([0, 0, -1], [0, -1, 0]),
}  # fmt: skip


def cameras() -> list[tuple[str, np.ndarray, np.ndarray]]:
    """Return queries with the look and up that they mean, LPS."""
    found = [(f"orientation={name}", np.array(look, float), np.array(up, float)) for name, (look, up) in SIDES.items()]
    for frame in (2, 4, 8):
        turn = np.radians((frame - 1) * STEP)
        moving = f"orientation=a&swivelrange=360&animationstepsize={STEP}&animationframe={frame}"
        found.append((moving, np.array([np.sin(turn), np.cos(turn), 0]), np.array([0.0, 0.0, 1.0])))
    look, up = np.array([2.0, 3, 6]) / 7, np.array([6.0, 2, -3]) / 7
    position = ",".join(map(str, (marked.MIDDLE - 70 * look).tolist()))
    found.append((f"viewpointposition={position}&viewpointup=6,2,-3", look, up))
    return found


def stored_as(name: str) -> Dataset:
    return next(each for each in marked.behind_doors() if each.SeriesDescription == name)


@pytest.mark.parametrize("shown", sorted(SHOWN))
@pytest.mark.parametrize("stored", marked.BEHIND_DOORS)
async def test_the_mark_is_seen_where_it_is(get: Get, stored: str, shown: str) -> None:
    at = ",".join(map(str, marked.MIDDLE.tolist()))
    for camera, look, up in cameras():
        query = f"{SHOWN[shown]}{camera}&viewpointlookat={at}&viewport={SIZE},{SIZE}&pixelspacing={MM}"
        answer = await get(f"{series(stored_as(stored))}/{query}&accept={quote('image/png')}")
        assert answer.status == 200, answer.body
        picture = cv2.imdecode(np.frombuffer(answer.body, np.uint8), cv2.IMREAD_COLOR)
        assert picture is not None
        told = answer.picture
        marked.assert_seen(
            picture.max(axis=2) > (64 if shown == "composited" else 127),
            look,
            up,
            MM,
            tuple(told["patient_orientation"]),
        )
        assert told["orientation"] == pytest.approx([*np.cross(look, up), *-up], abs=1e-9)
