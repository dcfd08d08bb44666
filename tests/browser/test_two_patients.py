"""Two persons on one screen can't be overlooked; a prior says that it is one."""

import json
from collections.abc import Iterator

import pytest
from playwright.sync_api import expect

from tests.browser.reading import Reader, lay, reading
from tests.chromium import needs_chromium
from tests.phantoms import speaking_phantom

pytestmark = [pytest.mark.browser, needs_chromium]


@pytest.fixture(scope="module")
def reader(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Reader, str, str, str]]:
    folder = tmp_path_factory.mktemp("patients")
    prior = lay(folder, speaking_phantom(patient=1, series=1, date="20230628"))
    own = lay(folder, speaking_phantom(patient=1, series=2))
    other = lay(folder, speaking_phantom(patient=2, series=3))
    with reading(folder, width=1700) as found:
        for study in (prior, own, other):
            found.indexed(study)
        yield found, own, prior, other


def pane(reader: Reader, study: str) -> dict[str, object]:
    """Return a pane of a presentation state: the first image of a study."""
    series = reader.indexed(study)["series"][0]["uid"]
    address = f"{reader.served.url}/api/studies/main/{study}/series/{series}/stacks/"
    deadline = 40
    while not (answer := reader.page.request.get(address)).ok and deadline:
        reader.page.wait_for_timeout(500)
        deadline -= 1
    stack = answer.json()["stacks"][0]
    entry = stack["entries"][0]
    source = {"kind": "stack", "archive": "main", "study": study, "series": series, "stack": stack["key"]}
    return {"source": source | {"instance": entry["instance"], "frame": entry["frame"]}, "scale": {"fit": 1.0}}


def show(
    reader: Reader, study: str, *others: str, rows: int = 1, text: str = "all", links: dict[str, bool] | None = None
) -> None:
    """Open a study with a state of as many panes, in so many rows."""
    panes = [pane(reader, each) | {"text": text} for each in (study, *others)]
    layout = {"rows": rows, "columns": -(-len(panes) // rows)}
    state = {"version": 2, "layout": layout, "active": 0, "panes": panes, "links": links or {}}
    reader.page.goto(reader.served.url)  # a page that is left writes what it showed
    token = reader.page.get_attribute('meta[name="csrf-token"]', "content") or ""
    headers = {"X-CSRFToken": token, "Origin": reader.served.url, "Content-Type": "application/json"}
    answer = reader.page.request.put(
        f"{reader.served.url}/api/studies/main/{study}/state/", data=json.dumps(state), headers=headers
    )
    assert answer.ok, answer.text()
    reader.open(study)


def test_two_patients_are_told_in_both_panes(reader: tuple[Reader, str, str, str]) -> None:
    page, own, _prior, other = reader
    show(page, own, other)
    for number, patient in ((0, "PHANTOM-1"), (1, "PHANTOM-2")):
        moment = page.until(lambda moment: moment.spoken is not None, pane=number)
        assert moment.persons == "TWO PATIENTS ON THIS SCREEN"
        assert patient in moment.patient


def test_the_warning_goes_with_the_second_patient(reader: tuple[Reader, str, str, str]) -> None:
    page, own, _prior, other = reader
    show(page, own, other)
    page.until(lambda moment: moment.persons != "")
    page.focus(0)
    page.press("Shift+1")
    page.until(lambda moment: moment.persons == "" and moment.spoken is not None)


def test_a_prior_of_the_same_patient_says_how_old_it_is(reader: tuple[Reader, str, str, str]) -> None:
    page, own, prior, _other = reader
    show(page, own, prior)
    assert "PRIOR 8 months" in page.until(lambda moment: moment.spoken is not None, pane=1).study
    assert "PRIOR" not in page.until(lambda moment: moment.spoken is not None).study
    assert page.moment().persons == ""
    expect(page.page.locator("#timeline")).to_contain_text("PRIOR 8 months")


def test_an_older_study_comes_by_key(reader: tuple[Reader, str, str, str]) -> None:
    page, own, _prior, _other = reader
    show(page, own)
    page.until(lambda moment: moment.spoken is not None and moment.spoken.series == 2)
    page.focus()
    page.press("Control+ArrowLeft")
    assert "PRIOR 8 months" in page.until(lambda moment: moment.spoken is not None and moment.spoken.series == 1).study
    page.press("Control+ArrowRight")
    page.until(lambda moment: moment.spoken is not None and moment.spoken.series == 2)
