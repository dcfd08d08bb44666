"""Every file of the odd collection by itself: what it shows, or what is said of it."""

import shutil
from collections import Counter
from collections.abc import Iterator
from fnmatch import fnmatchcase
from pathlib import Path

import numpy as np
import pytest
from pydicom import dcmread

from tests.fuzz.ward import Answer, Entry, ward
from tests.unpacked_data import test_data

NO_IDENTITY = (
    "no DICOM identity: Study Instance UID, Series Instance UID, SOP Instance UID missing or not valid"
)  # fmt: skip
# The first that fits counts. A picture is its (columns, rows).
SAID: list[tuple[str, tuple[int, int] | str]] = [
    ("dicomdir-pydicom/*/*/[0-9]*", (16, 16)),
    ("dicomdir-pydicom/DICOMDIR*", "DICOM directory, not needed"),
    ("dicomdir-pydicom/TINY_ALPHA/DICOMDIR", "DICOM directory, not needed"),
    ("dicomdir-pydicom/TINY_ALPHA/PT000000/*", "CT image without pixels: can't be shown yet"),
    ("*README*", "no DICOM header"),
    ("bad_sequence.dcm", NO_IDENTITY),
    ("emri_small_jpeg_2k_lossless_too_short.dcm", (64, 64)),
    ("liver_nonbyte_aligned.dcm", "segmentation: can't be shown yet"),
    ("mlut_18.dcm", (512, 512)),
    ("no-pixel-data.dcm", "structured report: can't be shown yet"),
    ("no-pixel-spacing.dcm", (800, 600)),
    ("vlut_04.dcm", (512, 512)),
    ("pydicom/ExplVR_BigEnd.dcm", (80, 60)),
    ("pydicom/ExplVR_*EndNoMeta.dcm", "radiotherapy plan: can't be shown yet"),
    ("pydicom/J2K_pixelrep_mismatch.dcm", (512, 512)),
    (
        "pydicom/JPEG2000-embedded-sequence-delimiter.dcm",
        "the compressed frame is 1024 × 3722445056 × 1, the file declares 1024 × 256 × 1",
    ),
    ("pydicom/MR_truncated.dcm", "The file is cut short: 8130 of 8192 bytes are there."),
    ("pydicom/MR_small*.dcm", (64, 64)),
    ("pydicom/SC_rgb_rle_*.dcm", (100, 100)),
    ("pydicom/SC_rgb_small_odd*.dcm", (3, 3)),
    ("pydicom/UN_sequence.dcm", NO_IDENTITY),
    ("pydicom/badVR.dcm", "radiotherapy dose: can't be shown yet"),
    ("pydicom/empty_charset_LEI.dcm", NO_IDENTITY),
    ("pydicom/examples_overlay.dcm", (484, 300)),
    ("pydicom/image_dfl.dcm", (512, 512)),
    ("pydicom/liver_1frame.dcm", "segmentation: can't be shown yet"),
    ("pydicom/meta_missing_tsyntax.dcm", NO_IDENTITY),
    ("pydicom/*priv_SQ.dcm", NO_IDENTITY),
    ("pydicom/no_meta.dcm", "no DICOM header"),
    ("pydicom/no_meta_group_length.dcm", NO_IDENTITY),
    ("pydicom/reportsi_with_empty_number_tags.dcm", "structured report: can't be shown yet"),
    ("pydicom/rtdose*.dcm", "radiotherapy dose: can't be shown yet"),
    ("pydicom/rtplan_truncated.dcm", "radiotherapy plan: can't be shown yet"),
]
# The same picture in many forms.
ONE_PICTURE = "pydicom/MR_small*.dcm"


def laid_out(source: Path, place: Path) -> dict[str, dict[str, Path]]:
    """Copy every file below `source`: those of one identity into folders of their own. Return folder → name → file."""
    times: Counter[str] = Counter()
    found: dict[str, dict[str, Path]] = {}
    for file in sorted(path for path in source.rglob("*") if path.is_file()):
        header = dcmread(file, force=True, stop_before_pixels=True, specific_tags=["SOPInstanceUID"])
        uid = str(header.get("SOPInstanceUID", file))
        times[uid] += 1
        folder, name = f"odd{times[uid]}", str(file.relative_to(source))
        (place / folder / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(file, place / folder / name)
        found.setdefault(folder, {})[name] = file
    return found


def expected(name: str) -> tuple[int, int] | str:
    """Return what the table says of a file."""
    return next(said for pattern, said in SAID if fnmatchcase(name, pattern))


@pytest.fixture(scope="module")
def told(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[dict[str, Answer | str], list[tuple[str, str]]]]:
    """Ask for every file; yield what came by name, and what was found wrong."""
    source, place = test_data() / "odd", tmp_path_factory.mktemp("odd")
    folders = laid_out(source, place)
    answers: dict[str, Answer | str] = {}
    with ward(place, **{folder: place / folder for folder in folders}) as made:
        reader = made.reader()

        def look(entry: Entry, archive: str) -> Answer | str:
            if not entry.study:
                return entry.reason or ""
            stacks = f"/api/studies/{archive}/{entry.study}/series/{entry.series}/stacks/"
            made.comes(reader, stacks, entry.path, entry.study, archive)
            where = f"studies/{entry.study}/series/{entry.series}/instances/{entry.instance}"
            answer = made.ask(reader, f"/dicomweb/{archive}/{where}/rendered?accept=image/png", entry.path)
            return answer if answer is not None else "no answer"

        for archive, files in folders.items():
            for entry in made.indexed(archive, len(files)):
                answers[entry.path] = look(entry, archive)
    yield answers, made.findings


def test_every_file_shows_or_says_what_the_table_says(
    told: tuple[dict[str, Answer | str], list[tuple[str, str]]],
) -> None:
    answers, findings = told
    assert not findings
    files = [str(path.relative_to(test_data() / "odd")) for path in (test_data() / "odd").rglob("*") if path.is_file()]
    assert sorted(answers) == sorted(files) and len(files) >= 138
    wrong = {}
    for name, answer in answers.items():
        shown: tuple[int, ...] | str
        if isinstance(answer, str):
            shown = answer
        elif answer.status == 200:
            shown = answer.pixels.shape[1::-1]
        else:
            shown = answer.words
        if shown != expected(name):
            wrong[name] = shown
    assert not wrong
    assert not [pattern for pattern, _ in SAID if not any(fnmatchcase(name, pattern) for name in files)]


def test_one_image_in_many_forms_is_one_picture(
    told: tuple[dict[str, Answer | str], list[tuple[str, str]]],
) -> None:
    answers, _findings = told
    forms = [answer for name, answer in answers.items() if fnmatchcase(name, ONE_PICTURE)]
    pictures = [answer.pixels for answer in forms if isinstance(answer, Answer)]
    assert len(pictures) >= 8
    assert all(np.array_equal(each, pictures[0]) for each in pictures)
