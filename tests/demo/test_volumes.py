"""NRRD and NIfTI volumes come out where they lie in the patient."""

import gzip

import numpy as np
import pytest

from tests.demo.made import nifti_file, nrrd_file
from worklist.demo.volumes import Volume, VolumeUnreadableError, nifti, nrrd

VALUES = np.arange(24, dtype=np.int16).reshape(2, 3, 4)


def lps_of(volume: Volume, value: int) -> np.ndarray:
    """Return the place of the voxel that holds `value`."""
    k, j, i = np.argwhere(volume.values == value)[0]
    place: np.ndarray = (volume.affine @ [i, j, k, 1])[:3]
    return place


def test_an_nrrd_volume_lies_where_its_header_says() -> None:
    volume = nrrd(nrrd_file(VALUES, (0.5, 0.75, 5), (-10, -20, -30)))
    np.testing.assert_array_equal(volume.values, VALUES)
    np.testing.assert_allclose(lps_of(volume, 23), [-10 + 3 * 0.5, -20 + 2 * 0.75, -30 + 5])


def test_a_nifti_volume_lies_in_lps_although_the_file_says_ras() -> None:
    ras = np.array([[1, 0, 0, -98], [0, 1, 0, -134], [0, 0, 1, -72]], float)
    volume = nifti(nifti_file(VALUES, ras))
    np.testing.assert_allclose(lps_of(volume, 23), [98 - 3, 134 - 2, -72 + 1])


def test_facing_moves_no_voxel() -> None:
    for spacing in [(0.5, -0.75, 5), (-1, -1, -2), (1, 1, 1)]:
        volume = nrrd(nrrd_file(VALUES, spacing, (1, 2, 3)))
        facing = volume.facing()
        assert (np.diag(facing.affine)[:3] > 0).all()
        for value in (0, 7, 23):
            np.testing.assert_allclose(lps_of(facing, value), lps_of(volume, value))


def test_facing_takes_swapped_axes() -> None:
    affine = np.array([[0, 0, 2, 5], [-1, 0, 0, 6], [0, 3, 0, 7], [0, 0, 0, 1]], float)
    volume = Volume(VALUES, affine)
    facing = volume.facing()
    np.testing.assert_allclose(np.diag(facing.affine)[:3], [2, 1, 3])
    for value in (0, 7, 23):
        np.testing.assert_allclose(lps_of(facing, value), lps_of(volume, value))


def test_facing_refuses_oblique_axes() -> None:
    affine = np.eye(4)
    affine[:2, :2] = [[0.8, -0.6], [0.6, 0.8]]
    with pytest.raises(VolumeUnreadableError):
        Volume(VALUES, affine).facing()


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"NRRD0004\n\n",
        b"hello\n\nworld",
        nrrd_file(VALUES, (1, 1, 1), (0, 0, 0))[:-9],
        nrrd_file(VALUES, (1, 1, 1), (0, 0, 0)).replace(b"sizes: 4 3 2", b"sizes: 4 3 9"),
        nrrd_file(VALUES, (1, 1, 1), (0, 0, 0)).replace(b"sizes: 4 3 2", b"sizes: 90000 90000 90000"),
        nrrd_file(VALUES, (1, 1, 1), (0, 0, 0)).replace(b"encoding: gzip", b"encoding: raw"),
    ],
)
def test_broken_nrrd_files_are_refused(data: bytes) -> None:
    with pytest.raises(VolumeUnreadableError):
        nrrd(data)


@pytest.mark.parametrize(
    "data", [b"", b"\x1f\x8b", gzip.compress(b"short", mtime=0), gzip.compress(bytes(400), mtime=0)]
)
def test_broken_nifti_files_are_refused(data: bytes) -> None:
    with pytest.raises(VolumeUnreadableError):
        nifti(data)
