"""Before its series is known, one image is shown, with what its own header says and no number; then it stays."""

from pathlib import Path

import pytest

from tests.browser.reading import Reader, lay
from tests.browser.test_orientation import edges
from tests.chromium import chromium, needs_chromium
from tests.phantoms import speaking_phantom
from tests.serving import serving
from tests.slow_archive import slow_archive

pytestmark = [pytest.mark.browser, needs_chromium]

SLICES = 40
PAINTS = """() => {
  window.__paints = [];
  new PerformanceObserver((list) => {
    for (const { name, detail } of list.getEntries()) if (name === "painted") window.__paints.push(detail);
  }).observe({ entryTypes: ["mark"] });
}"""


def test_an_image_is_shown_honestly_while_its_series_is_read_and_stays(tmp_path: Path) -> None:
    folder = tmp_path / "folder"
    folder.mkdir()
    study = lay(folder, speaking_phantom(slices=SLICES, orientation=(0, 1, 0, 0, 0, -1)))
    with (
        slow_archive(folder, tmp_path) as archive,
        serving(archive.address) as served,
        chromium(1280, 900) as (page, watched),
    ):
        archive.let(10_000)
        archive.told.clear()
        reader = Reader(page, watched, served)
        reader.log_in()
        reader.indexed(study)
        page.add_init_script(f"({PAINTS})()")
        reader.open(study, numbered=False)
        early = reader.until(lambda moment: moment.spoken is not None)
        spoken = early.spoken
        assert spoken is not None
        assert f"Image ? of {SLICES}, reading the series …" in early.image
        assert "Image 1" not in early.image and "/40" not in early.image
        assert "PHANTOM-1" in early.patient and early.letters == edges(spoken)
        assert f"Loc {location(spoken.slice):g} mm".replace("-", "−") in early.image
        reader.focus()
        reader.press("ArrowDown", "End", "r")
        turned = reader.until(lambda moment: moment.spoken is not None and moment.letters != early.letters)
        assert turned.spoken is not None and turned.spoken.slice == spoken.slice, "there is nowhere to go yet"
        archive.told.set()
        told = reader.until(lambda moment: "reading the series" not in moment.image and moment.spoken is not None)
        assert told.spoken is not None and told.spoken.slice == spoken.slice
        assert f"Image 1/{SLICES}" in told.image and told.letters == turned.letters
        paints = page.evaluate("() => window.__paints")
        assert {paint["instance"] for paint in paints} == {paints[0]["instance"]}, "nothing else was ever shown"
        assert {paint["index"] for paint in paints} == {None, 0}
        assert watched.faults == []


def location(number: int) -> float:
    """Return where a slice of the phantom lies, as its file says."""
    dataset = next(
        each
        for each in speaking_phantom(slices=SLICES, orientation=(0, 1, 0, 0, 0, -1))
        if each.InstanceNumber == number
    )
    return float(dataset.ImagePositionPatient[0])
