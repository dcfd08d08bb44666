"""The files that set-up and CI go by."""

import json
import re
import subprocess
from pathlib import Path

import pytest

from config import check

ROOT = Path(__file__).resolve().parents[2]


def test_the_lock_names_no_registry_s_address() -> None:
    lock = json.loads((ROOT / "package-lock.json").read_text())
    assert lock["packages"][""]["dependencies"] == json.loads((ROOT / "package.json").read_text())["dependencies"]
    assert not [name for name, entry in lock["packages"].items() if "resolved" in entry]


def test_the_page_takes_two_libraries_from_npm_and_what_puts_it_together() -> None:
    wanted = json.loads((ROOT / "package.json").read_text())["dependencies"]
    assert list(wanted) == ["esbuild", "htmx.org", "openseadragon"]


def test_every_package_is_pinned_or_follows_one_that_is() -> None:
    manifest = json.loads((ROOT / "package.json").read_text())
    for version in (manifest["dependencies"] | manifest["devDependencies"]).values():
        assert re.fullmatch(r"\d+\.\d+\.\d+", version)


def test_ci_s_script_is_sound_and_ends_in_make_test() -> None:
    script = ROOT / ".ci" / "run"
    subprocess.run(["bash", "-n", str(script)], check=True)
    assert script.read_text().rstrip().endswith("exec make test")


def test_the_makefile_knows_every_job() -> None:
    for job in ("run", "setup", "test", "test-full", "lint", "types", "bench"):
        subprocess.run(["make", "--dry-run", job], cwd=ROOT, check=True, capture_output=True)


def test_every_group_of_checks_has_its_command(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(check.bootstrap, "_system_node", lambda oldest: True)
    commands = check.commands()
    assert {name for group in check.GROUPS.values() for name in group} == set(commands)
    assert check.GROUPS["test"][-1] == "pytest"


def test_missing_programs_are_named_with_their_packages(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(check.shutil, "which", lambda name, path=None: None)
    monkeypatch.setattr(check.Path, "glob", lambda self, pattern: iter(()))
    missing = dict(check.missing_programs())
    assert {"Chromium", "Orthanc", "PostgreSQL", "Redis"} <= missing.keys()
    assert missing["Orthanc"] == "orthanc"


def test_checks_run_without_this_site_s_settings(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SAMSYN_ARCHIVE", "/patients")
    monkeypatch.setenv("DATABASE_URL", "postgresql:///patients")
    monkeypatch.setenv("SAMSYN_TEST_DATA", "/data")
    environment = check.environment("/state")
    assert environment["SAMSYN_STATE"] == "/state" and environment["SAMSYN_TEST_DATA"] == "/data"
    assert not {"SAMSYN_ARCHIVE", "DATABASE_URL"} & environment.keys()
