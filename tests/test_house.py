"""What every part of the house promises: docstrings, named settings, no forbidden short cuts."""

import ast
import re
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
ROOMS = ("config", "viewer", "worklist", "messaging")


def sources(*folders: str) -> list[Path]:
    """Return the Python files that git knows, or will know, below `folders`."""
    listed = subprocess.run(
        ["git", "ls-files", "--cached", "--others", "--exclude-standard", "--", *folders],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    ).stdout.splitlines()
    files = [ROOT / name for name in listed if name.endswith(".py")]
    return [path for path in files if path.exists() and "migrations" not in path.parts]


@pytest.mark.parametrize("path", sources(*ROOMS), ids=lambda path: str(path.relative_to(ROOT)))
def test_every_module_says_in_one_line_what_lives_here(path: Path) -> None:
    text = path.read_text()
    if path.name == "__init__.py" and not text.strip():
        return
    docstring = ast.get_docstring(ast.parse(text))
    assert docstring, f"{path.relative_to(ROOT)} has no docstring"
    assert len(docstring.splitlines()[0]) <= 120


def test_every_setting_from_the_environment_is_named_in_the_readme() -> None:
    readme = (ROOT / "README.md").read_text()
    names: set[str] = set()
    for path in sources(*ROOMS):
        names |= set(re.findall(r"[\"'](SAMSYN_[A-Z_]+|DATABASE_URL|REDIS_URL)[\"']", path.read_text()))
    names = {name.rstrip("_") for name in names}
    assert names and not {name for name in names if name not in readme}


def test_pixels_are_decoded_in_one_place_only() -> None:
    offenders = [
        str(path.relative_to(ROOT))
        for path in sources(*ROOMS)
        if ".pixel_array" in path.read_text() and not {"imaging", "store"} & set(path.parts)
    ]
    assert offenders == []


def test_html_is_never_marked_safe_by_hand() -> None:
    offenders = [str(path.relative_to(ROOT)) for path in sources(*ROOMS) if "mark_safe" in path.read_text()]
    pages = (ROOT / "templates").rglob("*.html")
    offenders += [str(path.relative_to(ROOT)) for path in pages if re.search(r"\|\s*safe\b", path.read_text())]
    assert offenders == []


def test_templates_hold_no_inline_script_or_style() -> None:
    offenders = []
    for path in (ROOT / "templates").rglob("*.html"):
        text = path.read_text()
        if re.search(r"<script(?![^>]*\bsrc=)(?![^>]*application/json)|<style|\sstyle=|\son[a-z]+=", text):
            offenders.append(str(path.relative_to(ROOT)))
    assert offenders == []


def test_modules_fit_in_a_head() -> None:
    lines = {str(path.relative_to(ROOT)): path.read_text().count("\n") for path in sources(*ROOMS)}
    assert {name: count for name, count in lines.items() if count > 400} == {}
