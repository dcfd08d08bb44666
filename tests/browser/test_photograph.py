"""A photograph and a plain PNG beside a CT: the colours that Chromium paints, and whose pictures they are."""

import io
import json
import os
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from tests.browser.reading import Reader, lay, reading
from tests.chromium import needs_chromium
from tests.imaging import deltae
from tests.imaging.test_colourspace import of_adobe
from tests.phantoms import speaking_phantom
from viewer.archive import FolderArchive
from viewer.imaging import colourspace

pytestmark = [pytest.mark.browser, needs_chromium]
PATCH, ACROSS = 12, 30
COLOURS = np.random.default_rng(5).integers(0, 256, (ACROSS, ACROSS, 3)).astype(np.uint8)
CHART = COLOURS.repeat(PATCH, 0).repeat(PATCH, 1)
# Without the outermost pixels of each patch, into which a JPEG's neighbours may bleed.
INNER = np.tile(np.pad(np.ones((PATCH - 4, PATCH - 4), bool), 2), (ACROSS, ACROSS))


@pytest.fixture(scope="module")
def reader(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Reader, str, str]]:
    folder = tmp_path_factory.mktemp("photographs")
    slices = list(speaking_phantom(slices=3))
    study = lay(folder, slices)
    said = slices[0].to_json_dict()
    beside = {tag: said[tag] for tag in said if tag.startswith("0010")}
    beside |= {"0020000D": said["0020000D"], "00200062": {"vr": "CS", "Value": ["L"]}}
    picture, own = Image.fromarray(CHART), colourspace.named("ADOBERGB")
    picture.save(folder / "arm.jpg", quality=100, subsampling=0, icc_profile=own)
    picture.save(folder / "chart.png", icc_profile=own)
    picture.save(folder / "nobody.png")
    for name in ("arm.jpg", "chart.png"):
        (folder / f"{name}.json").write_text(json.dumps(beside))
    for path in folder.iterdir():
        os.utime(path, (time.time() - 60, time.time() - 60))
    archive = FolderArchive("main", folder, state=tmp_path_factory.mktemp("state"))
    archive.scan(settle=0)
    uids = {each["0020000D"]["Value"][0] for each in archive.search_studies()}
    (nobodys,) = uids - {study}
    with reading(folder, width=1900, height=800) as found:
        yield found, study, nobodys


def panes_of(reader: Reader, study: str) -> list[dict[str, Any]]:
    """Return a pane for each series of a study, its first image at one screen pixel to each of its own."""
    told = reader.indexed(study, series=3)
    address = f"{reader.served.url}/api/studies/main/{study}"
    panes = []
    for series in sorted(told["series"], key=lambda each: each["modality"]):
        stack = reader.page.request.get(f"{address}/series/{series['uid']}/stacks/").json()["stacks"][0]
        entry = stack["entries"][0]
        source = {"kind": "stack", "archive": "main", "study": study, "series": series["uid"], "stack": stack["key"]}
        frame = {"instance": entry["instance"], "frame": entry["frame"]}
        panes.append({"source": source | frame, "scale": {"pixels": 1}})
    return panes


def show(reader: Reader, study: str) -> None:
    """Open a study with all its series beside each other."""
    reader.page.goto(reader.served.url)
    token = reader.page.get_attribute('meta[name="csrf-token"]', "content") or ""
    headers = {"X-CSRFToken": token, "Origin": reader.served.url}
    panes = panes_of(reader, study)
    state = {"version": 2, "layout": {"rows": 1, "columns": len(panes)}, "active": 0, "panes": panes}
    answer = reader.page.request.put(
        f"{reader.served.url}/api/studies/main/{study}/state/", data=state, headers=headers
    )
    assert answer.ok, answer.text()
    reader.open(study)


def painted(reader: Reader, pane: int) -> np.ndarray:
    """Return what Chromium has on the screen where a pane's chart lies, (rows, columns, 3)."""
    area = reader.page.locator(".pane .area").nth(pane).bounding_box()
    assert area is not None
    side = PATCH * ACROSS
    left, top = round(area["x"] + area["width"] / 2 - side / 2), round(area["y"] + area["height"] / 2 - side / 2)
    clip = {"x": left - 1, "y": top - 1, "width": side + 2, "height": side + 2}
    shot = np.asarray(Image.open(io.BytesIO(reader.page.screenshot(clip=clip))).convert("RGB"))  # type: ignore[arg-type]
    # To the pixel: where the black around the chart ends.
    rows, columns = np.flatnonzero(shot.max(axis=(1, 2)) > 0), np.flatnonzero(shot.max(axis=(0, 2)) > 0)
    return shot[rows[0] : rows[0] + side, columns[0] : columns[0] + side]


def test_photographs_stand_beside_a_ct_in_their_own_colours(reader: tuple[Reader, str, str], tmp_path: Path) -> None:
    person, study, _ = reader
    show(person, study)
    for pane in range(3):
        person.until(lambda moment: bool(moment.image or moment.identity), pane)
    person.page.wait_for_function("() => document.querySelectorAll('.fidelity:not([hidden])').length === 3")
    person.page.wait_for_timeout(500)  # at rest
    said = [person.moment(pane) for pane in range(3)]
    expected = of_adobe(CHART)
    away = {}
    for pane, moment in enumerate(said):
        if moment.spoken is not None:
            continue
        assert "left" in moment.image
        shown = painted(person, pane)
        assert shown.shape == CHART.shape
        away["DERIVED" in moment.image] = deltae.between(shown, expected)
    png, photo = away[True], away[False]
    assert np.quantile(png, 0.995) <= 2
    assert np.quantile(photo[INNER], 0.995) <= 2.5  # with the loss of the JPEG itself
    assert np.quantile(deltae.between(CHART, expected), 0.5) > 2  # unconverted it would be seen
    assert sum(moment.spoken is not None for moment in said) == 1
    assert [moment.persons for moment in said] == [""] * 3
    person.page.screenshot(path=tmp_path / "photograph-beside-ct.png")


def test_a_picture_of_nobody_says_so(reader: tuple[Reader, str, str]) -> None:
    person, _, nobodys = reader
    person.open(nobodys)
    moment = person.until(lambda moment: "no patient identity" in moment.image)
    assert "Name unknown" in moment.patient
