"""Every image of the test data through the real pages: shown, refused with a reason, or listed as not yet.

`GALLERY` names a folder that keeps the contact sheets.
"""

import contextlib
import os
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from pydicom import dcmread

from tests import orthanc
from tests.browser.gallery import Gallery, Walk, sheets
from tests.chromium import chromium, needs_chromium
from tests.serving import Served, serving
from tests.test_real_archives import fill, listed_instances, studies_of, until_indexed
from tests.unpacked_data import test_data
from viewer import archive as archives
from viewer.archive import FolderArchive
from viewer.archive.port import Archive

pytestmark = [pytest.mark.browser, needs_chromium]
LARGEST_OF_SAMPLE = 2 << 20  # bytes
MOST_NAMED = 8
WIDTH, HEIGHT = 1150, 760


def named(data: Path) -> tuple[dict[str, str], list[str]]:
    """Return the file of each SOP Instance UID (and of each series, its first), and the files that hold no object."""
    names: dict[str, str] = {}
    others, wanted = [], ["SOPInstanceUID", "SeriesInstanceUID"]
    for path in sorted(path for path in data.rglob("*") if path.is_file()):
        name = str(path.relative_to(data))
        try:
            read = dcmread(path, stop_before_pixels=True, force=True, specific_tags=wanted)
            names.setdefault(str(read.SOPInstanceUID), name)
            names.setdefault(str(read.get("SeriesInstanceUID", "")), name)
        except Exception:
            others.append(name)
    return names, others


@contextlib.contextmanager
def served(kind: str, data: Path, scratch: Path) -> Iterator[tuple[Served, Archive]]:
    """Serve data from its folder, or from an Orthanc that was given it."""
    with contextlib.ExitStack() as stack:
        location, auth = str(data), None
        if kind == "orthanc":
            server = stack.enter_context(orthanc.running(scratch, OverwriteInstances=False))
            location, auth = server.root, server.auth
            fill(archives.connect("main", location, auth=auth, state=scratch / "filler"), data)
        variables = {"SAMSYN_ARCHIVE_MAIN_AUTH": auth} if auth else {}
        running = stack.enter_context(serving(location, **variables))
        port = archives.connect("main", location, auth=auth, state=running.state)
        until_indexed(running, port)
        yield running, port


def walked(running: Served, port: Archive) -> Gallery:
    """Open all studies of an archive, one after the other, in one page."""
    with chromium(WIDTH, HEIGHT) as (page, watched):
        page.goto(f"{running.url}/login/")
        page.click('form:has(input[value="radiologist"]) button')
        page.wait_for_url(f"{running.url}/")
        walk = Walk(page, running.url)
        for study in sorted(studies_of(port)):
            walk.study(study)
        page.goto(running.url)
        assert [fault for fault in watched.faults if fault not in walk.gallery.errors] == []
    return walk.gallery


def checked(kind: str, data: Path, scratch: Path) -> None:
    """Walk, keep the sheets, and count: nothing is lost, nothing failed behind the pages."""
    folder = Path(os.environ.get("GALLERY") or scratch) / kind
    folder.mkdir(parents=True, exist_ok=True)
    scratch.joinpath("filler").mkdir()
    names, others = named(data)
    with served(kind, data, scratch) as (running, port):
        gallery = walked(running, port)
        listed = set(listed_instances(port))
        skipped = {each.path: each.reason for each in port.scan().skipped} if isinstance(port, FolderArchive) else {}
        paths = sheets(gallery.sights, names, folder)
        print(
            f"\n{kind}: {len(listed)} objects: {len(gallery.shown)} shown, {len(gallery.refused)} refused, "
            f"{len(gallery.not_yet)} not yet; {len(gallery.sights)} sights on {len(paths)} sheets in {folder}"
        )
        for words, found in (("refused", gallery.refused), ("not yet", gallery.not_yet), ("no object", skipped)):
            of_reason: dict[str, list[str]] = {}
            for uid, reason in found.items():
                of_reason.setdefault(reason, []).append(names.get(uid, uid))
            for reason, files in sorted(of_reason.items()):
                print(f"  {words}: {reason[:150]}: {len(files)}:", *sorted(files)[:MOST_NAMED])
        print("  without a SOP Instance UID:", *others)
        assert gallery.shown.isdisjoint(gallery.refused) and gallery.shown.isdisjoint(gallery.not_yet)
        assert all(words.strip() for words in (*gallery.refused.values(), *gallery.not_yet.values()))
        assert listed <= gallery.told, {names.get(uid, uid) for uid in listed - gallery.told}
        assert gallery.errors == []
        assert "Traceback" not in running.words()


def test_a_sample_of_every_fourth_kind_goes_through_the_pages(tmp_path: Path) -> None:
    data = test_data()
    sample = tmp_path / "sample"
    for kind in sorted(path for path in data.iterdir() if path.is_dir())[1::4]:
        # The largest that is small enough: the smallest are often made by hand.
        files = [path for path in kind.rglob("*.dcm") if path.stat().st_size < LARGEST_OF_SAMPLE]
        for path in sorted(files, key=lambda path: (path.stat().st_size, path))[-1:]:
            target = sample / path.relative_to(data)
            target.parent.mkdir(parents=True)
            shutil.copy2(path, target)
    checked("folder", sample, tmp_path)


@pytest.mark.full
@pytest.mark.parametrize("kind", ["folder", "orthanc"])
def test_every_image_goes_through_the_pages(kind: str, tmp_path: Path) -> None:
    checked(kind, test_data(), tmp_path)
