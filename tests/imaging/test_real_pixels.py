"""Real files against the standard's formula, with pydicom, GDCM and DCMTK as independent readers."""

import shutil
import subprocess
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from pydicom.dataset import Dataset
from pydicom.pixels import pixel_array
from pydicom.uid import UID

from tests.imaging.datasets import BIG_ENDIAN, files, folder, frame_bytes, instance, read
from tests.imaging.gdcm_pixels import gdcm_pixels
from viewer.imaging import pixels, windowing
from viewer.imaging.pixels import Padding, PixelFormat
from viewer.imaging.record import Instance
from viewer.imaging.windowing import VOILUT, Window

pytestmark = pytest.mark.skipif(folder() is None, reason="SAMSYN_TEST_DATA names no folder of real data")

LOSSLESS = frozenset(
    f"1.2.840.10008.1.2{end}"
    for end in ("", ".1", ".2", ".1.99", ".5", ".4.57", ".4.70", ".4.80", ".4.90", ".4.201", ".4.202")
)
# Grey images of a lossless syntax that aren't compared, each with the reason.
EXCEPTIONS = {
    "MR_truncated.dcm": "holds 8130 of 8192 bytes: no reader has all pixels",
    "JPEG2000-embedded-sequence-delimiter.dcm": "its codestream is cut off by an embedded delimiter",
    "emri_small_jpeg_2k_lossless_too_short.dcm": "the file ends inside its pixels",
    "badVR.dcm": "Number of Frames is 1A: pydicom gives no pixels",
    "liver_nonbyte_aligned.dcm": "segmentation whose frames don't begin at a byte; grey pictures of one bit do",
    "seg_image_sm_control.dcm": "segmentation whose frames don't begin at a byte",
    "seg_image_sm_dots.dcm": "segmentation whose frames don't begin at a byte",
    "seg_image_sm_dots_tiled_full.dcm": "segmentation whose frames don't begin at a byte",
    "seg_image_sm_numbers.dcm": "segmentation whose frames don't begin at a byte",
}
NO_GDCM = {
    "rtdose_expb.dcm": "GDCM leaves 32-bit pixels in big endian",
    "rtdose_expb_1frame.dcm": "GDCM leaves 32-bit pixels in big endian",
    "J2K_pixelrep_mismatch.dcm": "the codestream says unsigned, the file signed: GDCM follows the codestream",
}
NO_DCMTK = {
    "rtdose_expb.dcm": "DCMTK 3.6.7 swaps 16 bits of the 32 in big endian",
    "rtdose_expb_1frame.dcm": "DCMTK 3.6.7 swaps 16 bits of the 32 in big endian",
}
DCMTK = {
    "1.2.840.10008.1.2": "dcm2pnm",
    "1.2.840.10008.1.2.1": "dcm2pnm",
    "1.2.840.10008.1.2.2": "dcm2pnm",
    "1.2.840.10008.1.2.1.99": "dcm2pnm",
    "1.2.840.10008.1.2.5": "dcm2pnm",
    "1.2.840.10008.1.2.4.57": "dcmj2pnm",
    "1.2.840.10008.1.2.4.70": "dcmj2pnm",
    "1.2.840.10008.1.2.4.80": "dcml2pnm",
}
FOLDERS = (
    "charset",
    "ct",
    "mr",
    "nm",
    "odd",
    "parametric-map",
    "petct",
    "pr",
    "rt",
    "seg",
    "transfer-syntax",
    "us",
    "wsi",
    "xray",
)


def grey_images(below: str) -> Iterator[tuple[Path, Dataset]]:
    """Yield every grey image of a lossless syntax in one folder of the real data."""
    root = folder() or Path()
    for path in files():
        if path.relative_to(root).parts[0] != below or path.name in EXCEPTIONS:
            continue
        dataset = read(path)
        grey = str(dataset.get("PhotometricInterpretation", "")).startswith("MONOCHROME")
        pixels_here = any(keyword in dataset for keyword in ("PixelData", "FloatPixelData", "DoubleFloatPixelData"))
        if grey and pixels_here and dataset.get("Rows") and syntax_of(dataset) in LOSSLESS:
            yield path, dataset


def syntax_of(dataset: Dataset) -> str:
    """Return the transfer syntax that the file names, "" for none."""
    return str(getattr(dataset, "file_meta", Dataset()).get("TransferSyntaxUID", ""))


def some_frames(dataset: Dataset) -> list[int]:
    """Return the first, middle and last frame number."""
    count = int(dataset.get("NumberOfFrames") or 1)
    return sorted({1, (count + 1) // 2, count})


def our_frame(dataset: Dataset, form: PixelFormat, number: int) -> np.ndarray:
    """Return a stored frame as our own code makes it; compressed bytes are decoded by pydicom."""
    syntax = UID(dataset.file_meta.TransferSyntaxUID)
    if form.floating:
        data = dataset.FloatPixelData if form.bits_allocated == 32 else dataset.DoubleFloatPixelData
        size = form.frame_size_bytes
        return pixels.native(data[(number - 1) * size : number * size], form)
    if syntax.is_encapsulated:
        return pixels.stored(pixel_array(dataset, index=number - 1, raw=True), form)
    return pixels.native(frame_bytes(dataset, number, form.frame_size_bytes), form, big_endian=syntax == BIG_ENDIAN)


def per_frame(dataset: Dataset, number: int, macro: str) -> Dataset:
    """Return the functional group item that holds for a frame, or the data set itself."""
    for groups in (
        dataset.get("PerFrameFunctionalGroupsSequence", [])[number - 1 : number],
        dataset.get("SharedFunctionalGroupsSequence", [])[:1],
    ):
        if groups and macro in groups[0]:
            return groups[0][macro].value[0]
    return dataset


def modality_by_formula(dataset: Dataset, stored: np.ndarray, number: int) -> np.ndarray:
    """Return modality values after PS3.3 C.11.1, written independently of the viewer."""
    if dataset.get("ModalityLUTSequence"):
        item = dataset.ModalityLUTSequence[0]
        entries, first, _bits = (int(value) for value in item.LUTDescriptor)
        data = item.LUTData
        table = np.frombuffer(data, "<u2") if isinstance(data, bytes) else np.asarray(data)
        table = table[: entries or 65536]
        return table[np.clip(stored.astype(int) - first, 0, len(table) - 1)].astype(float)
    item = per_frame(dataset, number, "PixelValueTransformationSequence")
    return stored * float(item.get("RescaleSlope") or 1) + float(item.get("RescaleIntercept") or 0)


def grey_by_formula(x: np.ndarray, window: Window) -> np.ndarray:
    """Return 0 to 255 as float after PS3.3 C.11.2.1.2.1, C.11.2.1.3.1 and C.11.2.1.3.2, branch by branch."""
    c, w = window.center, window.width
    if window.function == "SIGMOID":
        with np.errstate(over="ignore"):
            return 255 / (1 + np.exp(-4 * (x - c) / w))
    if window.function == "LINEAR_EXACT":
        y = ((x - c) / w + 0.5) * 255
        return np.where(x <= c - w / 2, 0, np.where(x > c + w / 2, 255, y))
    low, high = c - 0.5 - (w - 1) / 2, c - 0.5 + (w - 1) / 2
    y = ((x - (c - 0.5)) / max(w - 1, 1e-300) + 0.5) * 255
    return np.where(x <= low, 0, np.where(x > high, 255, y))


def lut_by_formula(dataset: Dataset, x: np.ndarray, at: int) -> np.ndarray:
    """Return 0 to 255 as float through item `at` of the VOI LUT Sequence (C.11.2.1.1)."""
    item = dataset.VOILUTSequence[at]
    entries, first, bits = (int(value) for value in item.LUTDescriptor)
    data = item.LUTData
    table = np.frombuffer(data, "<u2") if isinstance(data, bytes) else np.asarray(data)
    table = table[: entries or 65536]
    top = 2**bits - 1
    return table[np.clip(np.rint(x).astype(int) - first, 0, len(table) - 1)] * (255 / top)


def padded(dataset: Dataset, stored: np.ndarray) -> np.ndarray:
    """Return where the stored value is padding (C.7.5.1.1.2)."""
    if "PixelPaddingValue" not in dataset:
        return np.zeros(stored.shape, bool)
    ends = [int(dataset.PixelPaddingValue), int(dataset.get("PixelPaddingRangeLimit", dataset.PixelPaddingValue))]
    if dataset.PixelRepresentation == 1:
        ends = [end - 65536 if end > 32767 else end for end in ends]
    return (stored >= min(ends)) & (stored <= max(ends))


def windows(record: Instance, number: int, values: np.ndarray) -> list[Window]:
    """Return the file's windows and one of each function over the values, off the whole numbers."""
    own = [voi for voi in windowing.voi_choices(record, record.frame(number)) if isinstance(voi, Window)]
    low, high = float(values.min()), float(values.max())
    center, width = (low + high) / 2 + 0.25, max((high - low) * 0.6, 1.5)
    return [*own, *(Window(center, width, function) for function in windowing.FUNCTIONS)]


@pytest.mark.parametrize("below", FOLDERS)
def test_real_grey_images_are_within_one_level_of_the_formula(below: str) -> None:
    compared, wrong = 0, []
    for path, dataset in grey_images(below):
        compared += 1
        wrong += [f"{path.name}: {words}" for words in differences(dataset)]
    assert wrong == []
    assert compared > 0 or below in ("us",)


def differences(dataset: Dataset) -> Iterator[str]:
    """Yield where our pictures of a data set aren't those of pydicom's pixels and the formula."""
    record = instance(dataset)
    form = PixelFormat.of(record)
    for number in some_frames(dataset):
        stored = our_frame(dataset, form, number)
        theirs = pixel_array(dataset, index=number - 1)
        if not np.array_equal(stored, theirs):
            yield f"stored values of frame {number}"
        frame = record.frame(number)
        transform = pixels.transform(record, frame)
        values = modality_by_formula(dataset, theirs, number)
        if not np.allclose(pixels.modality_values(stored, transform), values, rtol=1e-12, atol=1e-6):
            yield f"modality values of frame {number}"
        truths = [(window, grey_by_formula(values, window)) for window in windows(record, number, values)]
        tables = [voi for voi in windowing.voi_choices(record, frame) if isinstance(voi, VOILUT)]
        truths += [(voi, lut_by_formula(dataset, values, at)) for at, voi in enumerate(tables)]
        inverted = dataset.PhotometricInterpretation == "MONOCHROME1"
        away = padded(dataset, theirs)
        for voi, truth in truths:
            grey = windowing.grey(
                stored, transform, voi, inverted=windowing.shown_inverted(record), padding=Padding.of(record)
            )
            shown = np.where(away, 0, 255 - truth if inverted else truth)
            if grey.dtype != np.uint8 or float(np.abs(grey - shown).max()) > 1:
                yield f"frame {number} through {voi}"


@pytest.mark.parametrize("below", FOLDERS)
def test_gdcm_reads_the_same_stored_values(below: str, tmp_path: Path) -> None:
    images = {path: dataset for path, dataset in grey_images(below) if path.name not in NO_GDCM}
    images = {path: dataset for path, dataset in images.items() if dataset.BitsAllocated in (8, 16, 32)}
    wrong = []
    for path, data in gdcm_pixels(list(images), tmp_path).items():
        form = PixelFormat.of(instance(images[path]))
        if form.floating:
            continue
        frames = np.frombuffer(data, form.stored_dtype).reshape(-1, form.rows, form.columns)
        wrong += [
            f"{path.name} frame {number}"
            for number in some_frames(images[path])
            if not np.array_equal(our_frame(images[path], form, number), frames[number - 1])
        ]
    assert wrong == []


@pytest.mark.skipif(shutil.which("dcml2pnm") is None, reason="DCMTK is missing: apt-get install dcmtk")
@pytest.mark.parametrize("below", FOLDERS)
def test_dcmtk_draws_the_same_picture(below: str, tmp_path: Path) -> None:
    wrong = []
    for at, (path, dataset) in enumerate(grey_images(below)):
        program = DCMTK.get(syntax_of(dataset))
        # Slices of one long series are alike to DCMTK: every tenth will do.
        alike = at % 10 and len(list(path.parent.iterdir())) > 100
        if program is None or path.name in NO_DCMTK or alike or "PixelData" not in dataset:
            continue
        wrong += [f"{path.name}: {words}" for words in dcmtk_differences(program, path, dataset, tmp_path / "out.pgm")]
    assert wrong == []


def dcmtk_differences(program: str, path: Path, dataset: Dataset, out: Path) -> Iterator[str]:
    """Yield through which windows DCMTK's picture of the first frame isn't ours, where it makes one."""
    record = instance(dataset)
    form = PixelFormat.of(record)
    stored = our_frame(dataset, form, 1)
    transform = pixels.transform(record, record.frame(1))
    values = pixels.modality_values(stored, transform)
    low, high = float(values.min()), float(values.max())
    linear = Window(round((low + high) / 2), max(round((high - low) * 0.6), 2))
    away = padded(dataset, stored)
    for voi, options in ((linear, []), (replace(linear, function="SIGMOID"), ["+Wfs"])):
        command = [program, "-O", "+op", "+Ww", str(voi.center), str(voi.width), *options, str(path), str(out)]
        if subprocess.run(command, capture_output=True, check=False).returncode:
            continue
        theirs = np.frombuffer(out.read_bytes()[-form.rows * form.columns :], np.uint8).reshape(form.shape)
        grey = windowing.grey(stored, transform, voi, inverted=windowing.shown_inverted(record))
        if int(np.abs(grey.astype(int) - theirs)[~away].max(initial=0)) > 1:
            yield f"{voi}"


def test_every_listed_exception_is_still_there() -> None:
    names = {path.name for path in files()}
    assert {*EXCEPTIONS, *NO_GDCM, *NO_DCMTK} <= names
