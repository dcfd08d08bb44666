"""The server's disk is full: pictures go on, what can't be kept is refused in words, room is all it needs (F8)."""

import contextlib
import errno
import io
import json
import os
import random
import sqlite3
import subprocess
import uuid
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from urllib.error import HTTPError

import numpy as np
import pytest
from PIL import Image
from playwright.sync_api import Page, expect
from pydicom.dataset import Dataset

from tests.browser.reading import Reader, lay
from tests.chromium import chromium, needs_chromium
from tests.faults.writing import ROLES, Writer, eventually, managed, missing, tokens
from tests.phantoms import read, speaking_phantom
from tests.serving import Served, serving

FULL = "The disk of the server is full."
SIZE = "48m"
SOON = 20_000  # milliseconds


@dataclass
class Disk:
    """The small disk on which a server keeps everything."""

    folder: Path

    def fill(self) -> None:
        """Leave no byte of room."""
        ballast = os.open(self.folder / "ballast", os.O_WRONLY | os.O_CREAT | os.O_APPEND)
        block = bytes(1 << 16)
        while block:
            try:
                os.write(ballast, block)
            except OSError as error:
                assert error.errno == errno.ENOSPC
                block = block[: len(block) // 2]
        os.close(ballast)

    def clear(self) -> None:
        """Make room again."""
        (self.folder / "ballast").unlink()


@pytest.fixture(scope="module")
def disk(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Disk]:
    folder = tmp_path_factory.mktemp("disk")
    command = ["mount", "-t", "tmpfs", "-o", f"size={SIZE},mode=700", "tmpfs", str(folder)]
    if subprocess.run(command, capture_output=True, check=False).returncode:
        pytest.skip("mounting a small disk isn't allowed here")
    try:
        yield Disk(folder)
    finally:
        subprocess.run(["umount", "-l", folder], check=True)


@dataclass
class Ward:
    """A server on a small disk, two studies, and people."""

    served: Served
    disk: Disk
    studies: list[list[Dataset]]
    writers: list[Writer]

    @property
    def database(self) -> Path:
        return self.disk.folder / "samsyn.sqlite3"

    def picture(self, writer: Writer, image: Dataset) -> tuple[int, bytes]:
        """Ask for a picture as it lies in the archive."""
        series = f"/dicomweb/main/studies/{image.StudyInstanceUID}/series/{image.SeriesInstanceUID}"
        return writer.ask(self.served, "GET", f"{series}/instances/{image.SOPInstanceUID}/rendered?accept=image/png")

    def until_refused(self, writer: Writer) -> str:
        """Write until the disk has taken what it can; return the words of the refusal."""
        for _ in range(3000):
            status, said = writer.ask(
                self.served, "POST", f"/api/studies/main/{writer.study}/messages/",
                {"client_uuid": str(uuid.uuid4()), "text": "x" * 4000},
            )  # fmt: skip
            if status != 201:
                assert status == 503
                return str(json.loads(said)["detail"])
        raise AssertionError("the disk never was full")

    def unsealed(self) -> int:
        """Return how many events of the audit trail wait for their seal."""
        asked = "SELECT COUNT(*) FROM viewer_auditevent WHERE id NOT IN (SELECT event_id FROM viewer_auditseal)"
        with contextlib.closing(sqlite3.connect(self.database, timeout=20)) as lite:
            return int(lite.execute(asked).fetchone()[0])

    def has_row(self, username: str, study: str) -> bool:
        with contextlib.closing(sqlite3.connect(f"file:{self.database}?mode=ro", uri=True)) as lite:
            asked = "SELECT 1 FROM viewer_auditevent WHERE username = ? AND study_uid = ? AND event = '110103'"
            return lite.execute(asked, (username, study)).fetchone() is not None


@pytest.fixture(scope="module")
def ward(disk: Disk, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Ward]:
    folder = tmp_path_factory.mktemp("images")
    studies = [speaking_phantom(patient=number, series=1) for number in (1, 2)]
    for phantom in studies:
        study = lay(folder, phantom)
    with serving(folder, state=disk.folder) as served:
        given = tokens(disk.folder, *ROLES)
        writers = [Writer(each, study, phantom[0], random.Random(number)) for number, each in enumerate(given)]
        made = Ward(served, disk, studies, writers)
        for phantom in studies:
            eventually(lambda phantom=phantom: made.picture(writers[0], phantom[0])[0] == 200)
        eventually(lambda: writers[0].draw(served))
        yield made
        assert served.process.poll() is None
        assert "Traceback" not in served.words()


def test_pictures_go_on_and_what_cannot_be_kept_is_refused_in_words(ward: Ward) -> None:
    alice, bob, carol = ward.writers[:3]
    ward.disk.fill()
    assert ward.until_refused(alice) == f"Not saved. {FULL} Tell those who look after it."
    # Pictures of people who were let in before; some were never fetched until now.
    for phantom in ward.studies:
        for image in phantom:
            status, body = ward.picture(alice, image)
            assert status == 200
            spoken = read(np.asarray(Image.open(io.BytesIO(body)).convert("L")))
            assert spoken is not None and spoken.slice == int(image.InstanceNumber)
    # Whoever comes now is let in only where that is written down.
    for writer, name in ((bob, "radiologist2"), (carol, "chair")):
        status, body = ward.picture(writer, ward.studies[0][0])
        assert status == (200 if ward.has_row(name, str(ward.studies[0][0].StudyInstanceUID)) else 503)
        if status == 503:
            assert FULL in json.loads(body)["words"]
    kept = sum(len(writer.messages) for writer in ward.writers)
    for writer in ward.writers * 5:
        writer.write(ward.served)
    report = f"/api/studies/main/{alice.study}/report/measurements/"
    status, said = alice.ask(ward.served, "POST", report, {})
    assert status in (503, 507) and "disk" in json.loads(said)["detail"], said
    assert not list((ward.disk.folder / "outbox").glob("*"))
    with pytest.raises(HTTPError) as refusal:
        ward.served.opener("pathologist")
    assert refusal.value.code == 503 and FULL in refusal.value.read().decode()
    assert missing(ward.database, ward.writers) == []
    assert sum(len(writer.messages) for writer in ward.writers) >= kept

    ward.disk.clear()
    eventually(lambda: all(writer.say(ward.served) for writer in ward.writers), 20)
    assert ward.picture(bob, ward.studies[0][0])[0] == ward.picture(carol, ward.studies[0][0])[0] == 200
    assert alice.ask(ward.served, "POST", report, {})[0] == 202
    ward.served.opener("pathologist")
    assert missing(ward.database, ward.writers) == []
    eventually(lambda: not ward.unsealed())
    assert "intact" in managed(ward.disk.folder, "audit", "verify").stdout
    assert not {status for writer in ward.writers for status in writer.statuses} & {500, 502}


def refused(page: Page, selector: str) -> None:
    """Wait until a part of the page says that the disk is full, and that nothing was saved."""
    expect(page.locator(selector)).to_contain_text("Not saved.", timeout=SOON)
    expect(page.locator(selector)).to_contain_text(FULL)


@pytest.mark.browser
@needs_chromium
def test_a_person_sees_what_is_not_saved_and_loses_none_of_it(ward: Ward) -> None:
    study = ward.writers[0].study
    with chromium(1440, 900) as (page, watched):
        reader = Reader(page, watched, ward.served)
        reader.log_in()
        reader.open(study)
        page.locator("#request-edit").click()
        page.locator('textarea[name="clinical_question"]').fill("Free air?")
        ward.disk.fill()
        ward.until_refused(ward.writers[0])
        page.locator(".request-form button.first").click()
        refused(page, ".request-form .said")
        page.locator(".composer textarea").fill("x" * 4000)
        page.locator(".composer textarea").press("Enter")
        refused(page, ".talk .pending")
        reader.until(lambda moment: moment.spoken is not None)
        ward.disk.clear()
        expect(page.locator(".talk .pending")).to_have_count(0, timeout=2 * SOON)
        page.locator(".request-form button.first").click()
        expect(page.locator(".question")).to_have_text("Free air?", timeout=SOON)
        assert watched.faults == []


@pytest.mark.browser
@needs_chromium
def test_the_form_of_an_archive_stays_as_it_was_typed(ward: Ward) -> None:
    with chromium(1440, 900) as (page, watched):
        reader = Reader(page, watched, ward.served)
        reader.log_in("admin")
        page.goto(f"{ward.served.url}/archives/")
        form = page.locator("section.add form")
        form.locator('[name="name"]').fill("second")
        form.locator('[name="location"]').fill("http://127.0.0.1:9/dicom-web")
        form.locator('[name="kind"][value="basic"]').check()
        form.locator('[name="user"]').fill("u" * 200)
        form.locator('[name="password"]').fill("p" * 500)
        ward.disk.fill()
        ward.until_refused(ward.writers[0])
        form.locator("button.first").click()
        refused(page, "section.add .unfit")
        expect(form.locator('[name="password"]')).to_have_value("p" * 500)
        ward.disk.clear()
        form.locator("button.first").click()
        expect(page.locator("#site-second")).to_be_visible(timeout=SOON)
        assert watched.faults == []
