"""Overlay planes: packed bits, origins, frames, and real files as pydicom reads them."""

import json

import numpy as np
import pytest
from pydicom.dataset import Dataset

from tests.imaging.datasets import files, folder, metadata, read, slice_at
from viewer.imaging import overlays
from viewer.imaging.bulkdata import bulkdata_uris
from viewer.imaging.overlays import OverlayPlane
from viewer.imaging.record import Instance, instances


def with_overlay(bits: np.ndarray, group: int = 0x6000, **elements: object) -> Dataset:
    """Return an image with an overlay plane of `bits` (frames, rows, columns); `elements` by keyword."""
    image = slice_at(0, 1, Rows=9, Columns=11)
    frames, rows, columns = bits.shape
    numbers = {"0010": ("US", rows), "0011": ("US", columns), "0040": ("CS", "G"), "0050": ("SS", [1, 1]),
               "0100": ("US", 1), "0102": ("US", 0)}  # fmt: skip
    if frames > 1:
        numbers["0015"] = ("IS", frames)
    for element, (vr, value) in numbers.items():
        image.add_new(group << 16 | int(element, 16), vr, value)
    packed = np.packbits(bits.ravel(), bitorder="little").tobytes()
    image.add_new(group << 16 | 0x3000, "OW", packed + b"\0" * (len(packed) % 2))
    for name, (vr, value) in elements.items():
        image.add_new(group << 16 | int(name[1:], 16), vr, value)
    return image


def record(*datasets: Dataset) -> Instance:
    return instances(metadata(*datasets))[0]


def noise(*shape: int) -> np.ndarray:
    return np.random.default_rng(9).integers(0, 2, shape).astype(bool)


def covered(bits: np.ndarray, top: int, left: int) -> np.ndarray:
    """Return the pixels of a 9 × 11 image that bits cover whose first lies at (top, left), pixel by pixel."""
    found = np.zeros((9, 11), bool)
    for row, line in enumerate(bits):
        for column, bit in enumerate(line):
            if bit and 0 <= row + top < 9 and 0 <= column + left < 11:
                found[row + top, column + left] = True
    return found


@pytest.mark.parametrize("origin", [(1, 1), (3, 2), (0, -4), (-2, 5), (9, 11)])
@pytest.mark.parametrize("shape", [(9, 11), (3, 5), (20, 17)])
def test_a_plane_lies_where_its_origin_says(origin: tuple[int, int], shape: tuple[int, int]) -> None:
    bits = noise(1, *shape)
    (plane,) = overlays.planes(record(with_overlay(bits, e0050=("SS", list(origin)))))
    wanted = covered(bits[0], origin[0] - 1, origin[1] - 1)
    found = plane.over(1, 9, 11)
    assert np.array_equal(np.zeros((9, 11), bool) if found is None else found, wanted)


def test_frames_of_a_plane_begin_within_bytes_and_belong_to_frames_of_the_image() -> None:
    bits = noise(3, 5, 7)
    (plane,) = overlays.planes(record(with_overlay(bits, e0051=("US", 4))))
    assert [plane.over(number, 9, 11) is not None for number in range(1, 9)] == [
        3 < number < 7 for number in range(1, 9)
    ]
    for index in range(3):
        found = plane.over(4 + index, 9, 11)
        assert found is not None and np.array_equal(found, covered(bits[index], 0, 0))


def test_a_plane_of_one_frame_lies_over_all_frames() -> None:
    (plane,) = overlays.planes(record(with_overlay(noise(1, 9, 11))))
    assert all(plane.over(number, 9, 11) is not None for number in (1, 2, 77))


def test_several_planes_keep_their_names_and_kinds() -> None:
    both = with_overlay(noise(1, 9, 11), e1500=("LO", "Marker"))
    second = with_overlay(noise(1, 3, 3), group=0x601E, e0040=("CS", "R"), e0022=("LO", "Lesion"))
    for element in second:
        if element.tag.group == 0x601E:
            both.add(element)
    found = overlays.planes(record(slice_at(3, 2), both)), overlays.planes(instances(metadata(slice_at(3, 2), both))[1])
    assert found[0] == ()
    assert [(each.group, each.words, each.is_region) for each in found[1]] == [
        (0x6000, "Marker", False), (0x601E, "Lesion", True)
    ]  # fmt: skip


def test_a_plane_whose_bits_are_cut_short_covers_nothing() -> None:
    image = with_overlay(noise(1, 9, 11))
    image[0x60003000].value = image[0x60003000].value[:6]
    (plane,) = overlays.planes(record(image))
    assert plane.over(1, 9, 11) is None


def test_a_plane_of_fewer_than_no_rows_is_none() -> None:
    (listed,) = json.loads(metadata(with_overlay(noise(1, 9, 11))))
    listed["60000010"]["Value"], listed["60000011"]["Value"] = [-9], [-11]
    (found,) = instances(json.dumps([listed]).encode())
    assert overlays.planes(found) == ()


def test_a_plane_in_old_pixels_is_known_to_be_there() -> None:
    image = with_overlay(noise(1, 9, 11), e0100=("US", 16), e0102=("US", 12))
    del image[0x60003000]
    (plane,) = overlays.planes(record(image))
    assert (plane.embedded, plane.data) == (12, None)


def test_bits_that_lie_elsewhere_are_asked_for() -> None:
    listed = json.loads(metadata(with_overlay(noise(1, 9, 11))))
    listed[0]["60003000"] = {"vr": "OW", "BulkDataURI": "folder:here"}
    text = json.dumps(listed).encode()
    assert bulkdata_uris(instances(text)) == {"folder:here"}
    bits = noise(1, 9, 11)
    packed = np.packbits(bits.ravel(), bitorder="little").tobytes()
    (plane,) = overlays.planes(instances(text, {"folder:here": packed})[0])
    found = plane.over(1, 9, 11)
    assert found is not None and np.array_equal(found, bits[0])


@pytest.mark.skipif(folder() is None, reason="SAMSYN_TEST_DATA names no folder of real data")
def test_real_planes_are_what_pydicom_reads() -> None:
    compared = 0
    for path in files():
        if path.stat().st_size > 4 << 20:
            continue
        try:
            dataset = read(path)
            groups = sorted({tag.group for tag in list(dataset.keys()) if 0x6000 <= tag.group <= 0x601E})
        except Exception:
            continue
        if not groups or "Rows" not in dataset:
            continue
        made = {each.group: each for each in overlays.planes(record(dataset))}
        for group in groups:
            if (group << 16 | 0x3000) in dataset and dataset[group << 16 | 0x3000].value:
                theirs = dataset.overlay_array(group).astype(bool)
                plane: OverlayPlane = made[group]
                # Long values are listed by their address: here they are put in.
                plane = OverlayPlane(**{**{name: getattr(plane, name) for name in plane.__slots__},
                                        "data": bytes(dataset[group << 16 | 0x3000].value)})  # fmt: skip
                frames = theirs if theirs.ndim == 3 else theirs[None]
                for index, wanted in enumerate(frames):
                    bits = overlays.unpacked(plane, index)
                    assert bits is not None and np.array_equal(bits, wanted), path.name
                compared += 1
    assert compared >= 1
