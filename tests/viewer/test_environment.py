"""An unsafe combination of settings refuses to start."""

import os
import stat
import subprocess
import sys
from pathlib import Path

import pytest
from django.core.exceptions import ImproperlyConfigured

from config import environment
from config.environment import Source

ROOT = Path(__file__).resolve().parents[2]


@pytest.mark.parametrize("host", ["127.0.0.1", "::1", "[::1]", "localhost", "127.8.8.8"])
def test_loopback_is_known(host: str) -> None:
    assert environment.is_loopback(host)


OUTSIDE = ["0.0.0.0", "::", "10.0.0.1", "example.org", "localhost.evil.org", "127.0.0.1.evil.org", ""]


@pytest.mark.parametrize("host", OUTSIDE)
def test_what_leaves_this_machine_is_known(host: str) -> None:
    assert not environment.is_loopback(host)


UNSAFE = [
    {"SAMSYN_HOST": "0.0.0.0"},
    {"SAMSYN_DEMO": "1", "SAMSYN_HOST": "0.0.0.0"},
    {"SAMSYN_DEMO": "1", "SAMSYN_HOST": "192.168.1.4", "SAMSYN_URL": "https://samsyn.example.org"},
    {"SAMSYN_DEMO": "1", "SAMSYN_URL": "https://samsyn.example.org"},
    {"SAMSYN_DEMO": "1", "SAMSYN_ARCHIVE": "http://pacs.example.org/dicom-web"},
    {"SAMSYN_DEMO": "1", "SAMSYN_ARCHIVE": "a=/tmp,b=https://10.0.0.3/dicom-web"},
    {"SAMSYN_DEMO": "perhaps"},
    {"SAMSYN_URL": "http://samsyn.example.org"},
    {"SAMSYN_URL": "https://samsyn.example.org/path"},
    {"SAMSYN_URL": "https://user:secret@samsyn.example.org"},
    {"SAMSYN_URL": "ftp://samsyn.example.org"},
    {"SAMSYN_HOST": "0.0.0.0", "SAMSYN_URL": "http://localhost:8000"},
    *(
        {"SAMSYN_URL": f"https://{rest}"}
        for rest in (
            "",
            "*",
            "*.example.org",
            ".example.org",
            "a b",
            "a.org:abc",
            "a.org:0",
            "a.org:70000",
            "a.org:",
            "a.org#x",
            "a.org#",
            "a.org?",
            "a.org?x=1",
            "a.org/x",
            "a..org",
            "a.org.",
            "-a.org",
            "a_b.org",
            "[::1",
            "[::1%25eth0]",
            "[v1.x]",
            "127.1",
            "2130706433",
            "a.org,b.org",
            "å.example.org",
            "a.org\\b",
            f"{'a' * 64}.org",
            "@a.org",
            "a.org/\x07",
        )
    ),
    {"SAMSYN_ARCHIVE": "http://user:secret@127.0.0.1/dicom-web"},
    {"SAMSYN_ARCHIVE": "ftp://127.0.0.1/"},
    {"SAMSYN_ARCHIVE": "a=/tmp,a=/var"},
    {
        "SAMSYN_ARCHIVE": "http://10.0.0.1/dicom-web",
        "SAMSYN_ARCHIVE_MAIN_AUTH": "basic:user:secret",
        "SAMSYN_URL": "https://a.org",
    },
    {"SAMSYN_ARCHIVE": "http://10.0.0.1/dicom-web", "SAMSYN_ARCHIVE_MAIN_AUTH": "basic:user:secret"},
    {"SAMSYN_ARCHIVE": "http://127.0.0.1/dicom-web", "SAMSYN_ARCHIVE_MAIN_AUTH": "user:secret"},
    {"SAMSYN_SECRET_KEY": "short"},
    {"SAMSYN_SECRET_KEY": "a" * 60},
    {"SAMSYN_SECRET_KEY": "abcde" * 11},
    {"SAMSYN_PORT": "0"},
    {"SAMSYN_PORT": "http"},
]


@pytest.mark.parametrize("variables", UNSAFE, ids=lambda variables: " ".join(f"{k}={v}" for k, v in variables.items()))
def test_an_unsafe_setting_refuses(variables: dict[str, str], tmp_path: Path) -> None:
    with pytest.raises(ImproperlyConfigured) as refusal:
        demo = environment.flag(variables, "SAMSYN_DEMO")
        environment.port(variables)
        environment.secret_key(variables, tmp_path)
        sources = environment.archives(variables, tmp_path, demo=demo)
        host = variables.get("SAMSYN_HOST", "127.0.0.1")
        environment.refuse_unsafe(host, environment.origin(variables), sources, demo=demo)
    assert "secret" not in str(refusal.value).replace("SAMSYN_SECRET_KEY", "")


ORIGINS = {
    "https://samsyn.example.org": "https://samsyn.example.org",
    "https://samsyn.example.org/": "https://samsyn.example.org",
    "HTTPS://Samsyn.Example.ORG:443/": "https://samsyn.example.org",
    "https://samsyn.example.org:8443": "https://samsyn.example.org:8443",
    "http://localhost:80": "http://localhost",
    "http://127.0.0.1:8000": "http://127.0.0.1:8000",
    "https://[2001:DB8:0::1]:443": "https://[2001:db8::1]",
    "https://xn--5ca.example.org": "https://xn--5ca.example.org",
    "": None,
}


@pytest.mark.parametrize("written", ORIGINS)
def test_the_origin_is_read_as_browsers_write_it(written: str) -> None:
    assert environment.origin({"SAMSYN_URL": written}) == ORIGINS[written]


def test_the_server_says_in_one_line_why_it_does_not_start(tmp_path: Path) -> None:
    variables = {"PATH": os.environ["PATH"], "SAMSYN_STATE": str(tmp_path), "SAMSYN_HOST": "0.0.0.0"}
    ended = subprocess.run(
        [sys.executable, "manage.py", "serve"], cwd=ROOT, env=variables, capture_output=True, text=True, timeout=60
    )
    assert ended.returncode == 1
    assert ended.stderr.strip().count("\n") == 0
    assert ended.stderr.startswith("Samsyn doesn't start: SAMSYN_HOST is not loopback")


def test_the_check_for_deployment_is_clean_behind_https(tmp_path: Path) -> None:
    variables = {"PATH": os.environ["PATH"], "SAMSYN_STATE": str(tmp_path), "SAMSYN_URL": "https://samsyn.example.org"}
    ended = subprocess.run(
        [sys.executable, "manage.py", "check", "--deploy", "--fail-level", "WARNING"],
        cwd=ROOT, env=variables, capture_output=True, text=True, timeout=60,
    )  # fmt: skip
    assert ended.returncode == 0, ended.stderr
    assert "no issues" in ended.stdout


def test_secrets_are_closed_to_others(tmp_path: Path) -> None:
    made = environment.secret_key({}, tmp_path)
    assert len(made) >= 50
    assert environment.secret_key({}, tmp_path) == made
    assert stat.S_IMODE((tmp_path / "secret-key").stat().st_mode) == 0o600
    (tmp_path / "secret-key").chmod(0o644)
    with pytest.raises(ImproperlyConfigured):
        environment.secret_key({}, tmp_path)


def test_archives_are_read_by_name(tmp_path: Path) -> None:
    (tmp_path / "token").write_text("bearer:xyz\n")
    variables = {
        "SAMSYN_ARCHIVE": f"{tmp_path}, Pacs=https://10.0.0.3/dicom-web",
        "SAMSYN_ARCHIVE_PACS_AUTH": f"file:{tmp_path}/token",
    }
    assert environment.archives(variables, tmp_path, demo=False) == {
        "main": Source(str(tmp_path)),
        "pacs": Source("https://10.0.0.3/dicom-web", "bearer:xyz"),
    }


def test_the_demo_has_an_archive_of_its_own_and_nobody_else_has(tmp_path: Path) -> None:
    assert environment.archives({}, tmp_path, demo=True) == {"main": Source(str(tmp_path / "demo-archive"))}
    assert environment.archives({}, tmp_path, demo=False) == {}


def test_credentials_are_not_shown_by_accident() -> None:
    assert "secret" not in repr(Source("https://a.org", "basic:user:secret"))


def test_the_hash_of_the_tree_tells_any_change(tmp_path: Path) -> None:
    (tmp_path / "a.js").write_text("1")
    before = environment.tree_hash([tmp_path])
    (tmp_path / "a.js").write_text("2")
    changed = environment.tree_hash([tmp_path])
    (tmp_path / "a.js").rename(tmp_path / "b.js")
    assert len({before, changed, environment.tree_hash([tmp_path])}) == 3
