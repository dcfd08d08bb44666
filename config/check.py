"""Every check that a change must pass, one after the other; pytest comes last."""

import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
sys.path[0] = str(ROOT)

from config import bootstrap  # noqa: E402  (started as a file: the path above comes first)

BIN = ROOT / ".venv" / "bin"
MOST_BESIDE = 4  # processes that run tests: browsers and servers of more would crowd each other's bounds
TESTS_FAILED = 1  # pytest's exit code: it ran to its end, some tests failed
GROUPS = {
    "lint": ("ruff", "import contracts"),
    "types": ("mypy", "tsc"),
    "test": ("ruff", "import contracts", "mypy", "tsc", "vitest", "pytest"),
    "test-full": ("ruff", "import contracts", "mypy", "tsc", "vitest", "pytest in full"),
    "bench": ("bench",),
    "fuzz": ("fuzz",),
}


def commands() -> dict[str, list[str]]:
    """Return what each check runs."""
    node = bootstrap.node()
    beside = min(len(os.sched_getaffinity(0)), MOST_BESIDE)
    pytest = [str(BIN / "python"), "-m", "pytest"]
    return {
        "ruff": [str(BIN / "ruff"), "check", "."],
        "import contracts": [str(BIN / "lint-imports")],
        "mypy": [str(BIN / "mypy")],
        "tsc": [*node, "node_modules/typescript/bin/tsc", "--project", "."],
        "vitest": [*node, "node_modules/vitest/vitest.mjs", "run", "--dir", "tests/js"],
        # File by file in the order of tests/conftest.py, which puts the long ones on top.
        "pytest": [*pytest, "-n", str(beside), "--dist", "loadfile", "--no-loadscope-reorder"],
        "pytest in full": [*pytest, "-m", "full or not full"],
        "bench": [str(BIN / "python"), "-m", "bench"],
        "fuzz": [str(BIN / "python"), "-m", "tests.fuzz"],
    }


def alone(command: list[str]) -> list[str]:
    """Return what runs only the tests that `command` saw fail, one after the other, until one fails again."""
    beside = command.index("-n") if "-n" in command else len(command)
    return [*command[:beside], "--last-failed", "--last-failed-no-failures", "none", "-x", "-v"]


def passes(name: str, state: str) -> bool:
    """Run a check.

    Browsers and servers share these cores, and a crowded moment breaks bounds that hold: a test that failed runs once
    more, alone. What passes then is printed by name, as a test to be mended.
    """
    command = commands()[name]
    code = subprocess.run(command, cwd=ROOT, env=environment(state), check=False).returncode
    if code == TESTS_FAILED and "pytest" in command:
        print("== once more, alone: tests that pass now are unsteady and want mending", flush=True)
        code = subprocess.run(alone(command), cwd=ROOT, env=environment(state), check=False).returncode
    return code == 0


def missing_programs() -> list[tuple[str, str]]:
    """Return (program, package) for each that some tests want and this machine hasn't."""
    search = os.pathsep.join([os.environ.get("PATH", ""), "/usr/sbin", "/usr/local/sbin"])
    ubuntu = "ID=ubuntu" in Path("/etc/os-release").read_text() if Path("/etc/os-release").exists() else False
    browsers = ("chromium", "chromium-browser", "google-chrome")
    cluster = shutil.which("initdb") or next(Path("/usr/lib/postgresql").glob("*/bin/initdb"), None)
    there = {
        ("Chromium", "chromium-browser" if ubuntu else "chromium"): any(shutil.which(name) for name in browsers),
        ("Orthanc", "orthanc"): shutil.which("Orthanc", path=search) is not None,
        ("Orthanc's DICOMweb plugin", "orthanc-dicomweb"): any(Path("/usr").glob("*/orthanc/plugins/*DicomWeb*")),
        ("PostgreSQL", "postgresql"): cluster is not None,
        ("Redis", "redis-server"): shutil.which("redis-server", path=search) is not None,
        ("DCMTK", "dcmtk"): shutil.which("dcm2pnm") is not None,
    }
    return [wanted for wanted, found in there.items() if not found]


def environment(state: str) -> dict[str, str]:
    """Return the environment without this site's settings; only where the tests' data are is passed on."""
    ours = ("SAMSYN_", "DATABASE_URL", "REDIS_URL")
    kept = {
        name: value for name, value in os.environ.items() if name == "SAMSYN_TEST_DATA" or not name.startswith(ours)
    }
    return kept | {"SAMSYN_STATE": state}


def main() -> int:
    """Run the group named on the command line; return 0 if all of it passed."""
    group = sys.argv[1] if len(sys.argv) > 1 else "test"
    if group not in GROUPS:
        print(f"samsyn: {group!r} is none of {', '.join(GROUPS)}", file=sys.stderr)
        return 2
    missing = missing_programs() if "test" in group else []
    if missing:
        print(f"samsyn: not installed here: {', '.join(program for program, _ in missing)}; their tests are skipped.")
        print(f"  sudo apt install {' '.join(package for _, package in missing)}")
    failed = []
    with tempfile.TemporaryDirectory(prefix="samsyn-check-") as state:
        for name in GROUPS[group]:
            print(f"== {name}", flush=True)
            if not passes(name, state):
                failed.append(name)
    if failed:
        print(f"samsyn: failed: {', '.join(failed)}", file=sys.stderr)
    return 1 if failed else 0


if __name__ == "__main__":
    raise SystemExit(main())
