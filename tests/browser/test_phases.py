"""A series of several volumes is one thing: the hand steps along phase, b-value and direction, the slice stays."""

import re
from collections.abc import Iterator

import pytest
from playwright.sync_api import expect
from pydicom.dataset import Dataset

from tests.browser.reading import Reader, lay, reading
from tests.chromium import needs_chromium
from tests.phantoms import speaking_phantom

pytestmark = [pytest.mark.browser, needs_chromium]
SLICES, PHASES = 6, 20
DIRECTIONS = ([1.0, 0.0, 0.0], [0.0, 1.0, 0.0], [0.0, 0.0, 1.0])


def volume(said: int, at: int, series: int, description: str, **attributes: object) -> list[Dataset]:
    """Return volume `at` of a series, whose pixels say `said` in the place of their series' number."""
    slices = speaking_phantom(series=said, slices=SLICES, modality="MR")
    for each in slices:
        each.SeriesInstanceUID = f"1.2.826.0.1.{series}"
        each.SeriesNumber, each.SeriesDescription = series, description
        each.InstanceNumber += SLICES * at
        for keyword, value in attributes.items():
            setattr(each, keyword, value)
    return slices


@pytest.fixture(scope="module")
def reader(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Reader]:
    folder = tmp_path_factory.mktemp("phases")
    for phase in range(PHASES):
        study = lay(folder, volume(phase + 1, phase, 1, "Cine short axis", TriggerTime=156.0 * phase))
    lay(folder, volume(31, 0, 2, "DWI", DiffusionBValue=0.0))
    for at, direction in enumerate(DIRECTIONS):
        said = {"DiffusionBValue": 800.0, "DiffusionGradientOrientation": direction}
        lay(folder, volume(41 + at, at + 1, 2, "DWI", **said))
    with reading(folder) as found:
        found.indexed(study, 2)
        found.open(study)
        found.page.wait_for_selector(".sliders:not([hidden])")
        yield found


def spoken(reader: Reader, phase: int, slice_: int) -> str:
    """Wait until the pixels say a phase and a slice, and return the lines that came with them."""
    moment = reader.until(
        lambda moment: moment.spoken is not None and (moment.spoken.series, moment.spoken.slice) == (phase, slice_)
    )
    return moment.image


def test_phases_are_stepped_through_at_one_slice(reader: Reader) -> None:
    page = reader.page
    # Twenty phases are one thumbnail, and the tooltip says by what they were told apart.
    thumbnails = page.locator("#thumbnails button.thumb")
    expect(thumbnails).to_have_count(2)
    expect(thumbnails.first).to_contain_text("120 images · phase × 20")
    expect(thumbnails.first).to_have_attribute("title", re.compile(r"split by TriggerTime: 0, 156, 312, …, 2964"))
    # It opened with an image from its middle, as a glimpse found it.
    slider = page.get_by_role("slider", name="phase")
    slider.focus()
    reader.press("Home")
    reader.focus()
    reader.press("Home", "ArrowDown")
    first = spoken(reader, 1, SLICES - 1)
    assert "phase 1 of 20 (0 ms)" in first and "Image 2/6" in first
    window = reader.moment().window
    reader.press("Shift+ArrowRight", "Shift+ArrowRight")
    assert "phase 3 of 20 (312 ms)" in (lines := spoken(reader, 3, SLICES - 1)) and "Image 2/6" in lines
    assert reader.moment().window == window
    expect(slider).to_have_attribute("aria-valuetext", "phase 3 of 20 (312 ms)")
    expect(slider).to_have_value("3")
    reader.press("Shift+ArrowLeft")
    spoken(reader, 2, SLICES - 1)
    reader.press("ArrowDown")
    assert "phase 2 of 20" in spoken(reader, 2, SLICES - 2)
    # The slider by keys, and by hand: then the keys belong to the image again.
    slider.focus()
    reader.press("End")
    spoken(reader, 20, SLICES - 2)
    box = slider.bounding_box()
    assert box is not None
    page.mouse.click(box["x"] + box["width"] / 2, box["y"] + box["height"] / 2)
    reader.until(lambda moment: moment.spoken is not None and 9 <= moment.spoken.series <= 12)
    reader.press("Home")
    reader.until(lambda moment: moment.spoken is not None and moment.spoken.slice == SLICES)


def test_the_server_lists_each_volume_with_its_place_and_why(reader: Reader) -> None:
    study = reader.page.url.split("/studies/")[1].split("/")[0]
    path = f"{reader.served.url}/api/studies/main/{study}/series"
    listed = reader.page.request.get(f"{path}/1.2.826.0.1.2/stacks/").json()
    assert listed["split"] == "split by DiffusionBValue: 0, 800; by DiffusionGradientOrientation: " + ", ".join(
        f"direction {at}" for at in (1, 2, 3)
    )
    places = [[(each["label"], each["index"], each["count"]) for each in of["dimensions"]] for of in listed["stacks"]]
    assert places == [
        [("b-value", 0, 2), ("direction", 0, 1)],
        *([("b-value", 1, 2), ("direction", at, 3)] for at in range(3)),
    ]
    assert len({of["group"] for of in listed["stacks"]}) == 1 and len({of["key"] for of in listed["stacks"]}) == 4
    assert [of["dimensions"][0]["value"] for of in listed["stacks"]] == [0, 800, 800, 800]


def test_a_second_dimension_has_a_slider_of_its_own(reader: Reader) -> None:
    page = reader.page
    page.locator("#thumbnails button.thumb").nth(1).click()
    page.get_by_role("slider", name="b-value").focus()
    reader.press("Home")
    reader.focus()
    reader.press("Home")
    assert "b-value 1 of 2 (0 s/mm²)" in spoken(reader, 31, SLICES)
    expect(page.get_by_role("slider")).to_have_count(1)
    reader.press("Shift+ArrowRight")
    lines = spoken(reader, 41, SLICES)
    assert "b-value 2 of 2 (800 s/mm²)" in lines and "direction 1 of 3" in lines
    expect(page.get_by_role("slider")).to_have_count(2)
    reader.press("Control+Shift+ArrowRight")
    assert "direction 2 of 3" in spoken(reader, 42, SLICES)
    reader.press("Shift+ArrowLeft")
    spoken(reader, 31, SLICES)
