"""`manage.py archive check`: says what works, what is worked round, and what fails."""

from io import StringIO
from pathlib import Path

import pytest
from django.core.management import CommandError, call_command

from tests import orthanc
from tests.archive.examples import CHEST
from viewer.archive import Archive, WebArchive
from viewer.archive.check import Check, phantom


def test_every_trial_of_a_good_archive_succeeds_or_says_why_it_was_not_made(archive: Archive) -> None:
    findings = {finding.step: finding for finding in Check(archive).findings()}
    assert len(findings) == 10
    assert [finding for finding in findings.values() if finding.state == "fails"] == []
    assert findings["frames (WADO-RS)"].state == "works"
    assert findings["bulk data (WADO-RS)"].state == "works"
    assert findings["store (STOW-RS)"].state == "not tried"
    told = " ".join(finding.words for finding in findings.values())
    assert not any(secret in told for secret in ("Müller", "Yamada", "M-1"))


def test_what_debians_orthanc_gets_wrong_is_found_and_worked_round(web_archive: WebArchive) -> None:
    states = {finding.step: finding.state for finding in Check(web_archive).findings()}
    assert states["search by name"] == "worked round"
    assert states["letters of all scripts"] == "worked round"


def test_the_test_object_is_stored_and_read_back_only_when_asked(web_archive: WebArchive) -> None:
    content, uids = phantom()
    assert len(content) < 2000 and len(set(uids)) == 3
    last = list(Check(web_archive, store=True).findings())[-1]
    assert (last.step, last.state) == ("store (STOW-RS)", "works")


def test_the_command_reports_on_a_folder_and_on_a_server(
    example_folder: Path, server: orthanc.Orthanc, web_archive: WebArchive, tmp_path: Path
) -> None:
    said = StringIO()
    call_command("archive", "check", str(example_folder), stdout=said, no_color=True)
    assert "9 files, 9 instances, 0 skipped" in said.getvalue()
    (tmp_path / "secret").write_text(server.auth)
    said = StringIO()
    call_command("archive", "check", server.root, auth_file=str(tmp_path / "secret"), stdout=said, no_color=True)
    assert said.getvalue().count("works") >= 6
    assert CHEST not in said.getvalue()


def test_the_command_fails_when_the_archive_does(tmp_path: Path) -> None:
    with pytest.raises(CommandError, match="failed"):
        call_command("archive", "check", "http://127.0.0.1:9/dicom-web", stdout=StringIO())
    with pytest.raises(CommandError, match="doesn't exist"):
        call_command("archive", "check", str(tmp_path / "absent"), stdout=StringIO())
