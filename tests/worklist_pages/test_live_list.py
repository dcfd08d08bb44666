"""The list over the real wire: what arrives is shown without a reload, and a logout is felt by every page."""

from pathlib import Path

import pytest
from playwright.sync_api import expect

from tests.chromium import chromium, needs_chromium
from tests.phantoms import speaking_phantom
from tests.serving import serving

pytestmark = [pytest.mark.browser, needs_chromium]


def put(folder: Path, *, patient: int) -> None:
    """Lay a small CT into the archive's folder, as a person's and not as a phantom's."""
    for number, dataset in enumerate(speaking_phantom(patient=patient, slices=3, rows=64, columns=64)):
        dataset.PatientName = f"Arrival^Number {patient}"
        dataset.StudyDescription = f"arrival {patient}"
        dataset.pop("QualityControlSubject", None)
        dataset.save_as(folder / f"{patient}-{number}.dcm", enforce_file_format=True)


def test_an_exam_that_arrives_appears_and_a_logout_closes_every_page(tmp_path: Path) -> None:
    archive = tmp_path / "archive"
    archive.mkdir()
    with serving(archive) as served, chromium() as (page, watched):
        page.goto(f"{served.url}/login/")
        assert "Demo passwords over your own data" in page.inner_text("main")
        page.click('form:has(input[value="technologist"]) button.role')
        page.wait_for_selector("text=No exams")
        put(archive, patient=1)
        row = page.locator("#exams tbody tr")
        expect(row).to_have_count(1, timeout=40_000)
        expect(page.locator("#panel")).to_contain_text("Arrival, Number 1")
        page.evaluate("window.neverReloaded = true")
        put(archive, patient=2)
        expect(row).to_have_count(2, timeout=40_000)
        expect(page.locator('#exams tr[aria-selected="true"]')).to_contain_text("arrival 1")
        assert page.evaluate("window.neverReloaded") is True
        other = page.context.new_page()
        other.goto(f"{served.url}/logout/")
        other.click("main button")
        page.wait_for_url("**/login/**", timeout=10_000)
        assert "Arrival" not in page.content()
        assert "Arrival" not in served.words()
        assert watched.faults == []
