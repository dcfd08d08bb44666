"""The phantoms say what is true of them, under every display transform, scale and window."""

import itertools
from collections.abc import Iterator, Sequence
from io import BytesIO

import cv2
import numpy as np
import pydicom
import pytest
from pydicom.dataset import Dataset

from tests.phantoms import TRANSFORMS, Transform, Unreadable, ball_phantom, read, rod_phantom, speaking_phantom

Rising = dict[str, tuple[float, float]]
PRESETS = [(0, 2100), (40, 400), (-600, 1500), (400, 2000), (40, 80), (90, 150), (300, 600), (40, 40), (75, 200)]


def axis_aligned() -> Iterator[tuple[int, ...]]:
    units = [tuple(sign * int(i == axis) for i in range(3)) for axis in range(3) for sign in (1, -1)]
    for row, column in itertools.product(units, units):
        if np.dot(row, column) == 0:
            yield (*row, *column)


def shown(dataset: Dataset, *, window: tuple[float, float] = (0, 2100)) -> np.ndarray:
    values = dataset.pixel_array.astype(float) - 1024
    centre, width = window
    return np.rint(255 * np.clip((values - centre + 0.5) / (width - 1) + 0.5, 0, 1)).astype(np.uint8)


def truth(orientation: Sequence[float], transform: Transform) -> Rising:
    """Return where L, P and S rise on the shown picture, by matrix instead of by pixels."""
    directions = np.array(orientation, float).reshape(2, 3)
    rising = {}
    for index, axis in enumerate("LPS"):
        right, down = directions[:, index]
        right = -right if transform.flip_horizontal else right
        turn = np.deg2rad(transform.rotation)
        rising[axis] = (right * np.cos(turn) - down * np.sin(turn), right * np.sin(turn) + down * np.cos(turn))
    return rising


def assert_rises(
    spoken: dict[str, tuple[float, float]], expected: dict[str, tuple[float, float]], within: float
) -> None:
    for axis in "LPS":
        np.testing.assert_allclose(spoken[axis], expected[axis], atol=within, err_msg=axis)


@pytest.mark.parametrize("orientation", list(axis_aligned()))
@pytest.mark.parametrize("reverse", [False, True])
def test_every_orientation_is_read_under_every_display_transform(orientation: tuple[int, ...], reverse: bool) -> None:
    dataset = speaking_phantom(patient=7, series=3, orientation=orientation, reverse=reverse, slices=3)[1]
    picture = shown(dataset)
    for transform in TRANSFORMS:
        spoken = read(transform.applied(picture))
        assert (spoken.patient, spoken.series, spoken.slice) == (7, 3, 2)
        assert spoken.transform == transform
        assert_rises(spoken.rising, truth(orientation, transform), within=0.05)


def test_there_are_24_orientations_and_8_different_transforms() -> None:
    assert len(set(axis_aligned())) == 24
    corner = np.arange(6).reshape(2, 3)
    assert len({str(transform.applied(corner)) for transform in TRANSFORMS}) == 8


@pytest.mark.parametrize("scale", [0.5, 0.61, 0.75, 1.0, 1.3, 2.0, 2.71, 3.0])
@pytest.mark.parametrize("window", PRESETS)
def test_it_is_read_at_every_scale_and_window(scale: float, window: tuple[float, float]) -> None:
    dataset = speaking_phantom(patient=1023, series=1, orientation=(0, 1, 0, 0, 0, -1), slices=5)[4]
    side = round(128 * scale)
    method = cv2.INTER_AREA if scale < 1 else cv2.INTER_CUBIC
    for transform in TRANSFORMS:
        spoken = read(transform.applied(cv2.resize(shown(dataset, window=window), (side, side), interpolation=method)))
        assert (spoken.patient, spoken.slice, spoken.transform) == (1023, 5, transform)
        for axis, (right, down) in truth((0, 1, 0, 0, 0, -1), transform).items():
            read_right, read_down = spoken.rising[axis]
            assert (np.sign(np.round(read_right, 1)), np.sign(np.round(read_down, 1))) == (round(right), round(down))


def test_it_is_read_within_a_dark_pane_and_inverted() -> None:
    picture = shown(speaking_phantom(patient=2, slices=4)[3])
    pane = np.zeros((300, 500), np.uint8)
    inverted_pane = pane.copy()
    pane[31:159, 200:328] = picture
    inverted_pane[31:159, 200:328] = 255 - picture
    for seen, inverted in [(pane, False), (inverted_pane, True), (255 - picture, True)]:
        spoken = read(seen)
        assert (spoken.patient, spoken.slice, spoken.inverted) == (2, 4, inverted)
        assert_rises(spoken.rising, truth((1, 0, 0, 0, 1, 0), Transform()), within=0.05)


def test_it_is_read_from_a_lossy_picture() -> None:
    picture = shown(speaking_phantom(patient=5, slices=2, rows=256, columns=192)[1])
    _, encoded = cv2.imencode(".jpg", picture, [cv2.IMWRITE_JPEG_QUALITY, 60])
    assert read(np.asarray(cv2.imdecode(encoded, cv2.IMREAD_GRAYSCALE))).slice == 2


def test_oblique_planes_say_how_much_of_each_axis_they_hold() -> None:
    random = np.random.default_rng(1)
    for _ in range(100):
        first, second = random.normal(size=(2, 3))
        row = first / np.linalg.norm(first)
        column = second - row * (second @ row)
        orientation = (*row, *column / np.linalg.norm(column))
        spoken = read(shown(speaking_phantom(orientation=orientation, slices=3)[2]))
        assert_rises(spoken.rising, truth(orientation, Transform()), within=0.06)


def test_one_wrong_cell_is_unreadable() -> None:
    picture = shown(speaking_phantom(patient=9, slices=1)[0])
    for row, column in itertools.product(range(6), range(10)):
        wrong = picture.copy()
        cell = wrong[20 + row * 8 : 28 + row * 8, 24 + column * 8 : 32 + column * 8]
        cell[:] = 255 - cell
        with pytest.raises(Unreadable):
            read(wrong)


def test_other_pictures_are_unreadable() -> None:
    for picture in (np.zeros((128, 128)), np.full((128, 128), 255), np.zeros((3, 3)), np.eye(90) * 255):
        with pytest.raises(Unreadable):
            read(picture.astype(np.uint8))


def test_half_a_phantom_is_unreadable() -> None:
    picture = shown(speaking_phantom(slices=1)[0])
    for half in (picture[:64], picture[64:], picture[:, :64], picture[:, 64:]):
        with pytest.raises(Unreadable):
            read(half)


def test_dropped_slices_leave_the_others_in_their_place() -> None:
    whole = {each.InstanceNumber: each.ImagePositionPatient for each in speaking_phantom(slices=8)}
    held = {each.InstanceNumber: each.ImagePositionPatient for each in speaking_phantom(slices=8, drop={3, 8})}
    assert set(whole) - set(held) == {3, 8}
    assert all(whole[number] == position for number, position in held.items())


def test_positions_rise_along_the_normal_or_fall_if_reversed() -> None:
    for reverse, sign in [(False, 1), (True, -1)]:
        heights = [float(each.ImagePositionPatient[2]) for each in speaking_phantom(reverse=reverse, thickness=2)]
        np.testing.assert_allclose(np.diff(heights), sign * 2)


def test_without_an_orientation_there_is_no_plane_and_no_ramp() -> None:
    dataset = speaking_phantom(orientation=None, modality="CR", slices=1)[0]
    assert "ImageOrientationPatient" not in dataset and "ImagePositionPatient" not in dataset
    assert set(read(shown(dataset)).rising.values()) == {(0.0, 0.0)}


def test_phantoms_are_marked_as_such_and_round_trip_as_files() -> None:
    series = [*speaking_phantom(slices=2), *ball_phantom(slices=2, rows=8, columns=8)]
    for dataset in series:
        file = BytesIO()
        dataset.save_as(file, enforce_file_format=True)
        again = pydicom.dcmread(BytesIO(file.getvalue()))
        assert again.QualityControlSubject == "YES"
        assert again.PatientName == "PHANTOM^SPEAKING"
        np.testing.assert_array_equal(again.pixel_array, dataset.pixel_array)
    assert len({dataset.SOPInstanceUID for dataset in series}) == len(series)


def test_uids_are_the_same_each_time_and_differ_with_what_is_drawn() -> None:
    assert [a.SOPInstanceUID for a in speaking_phantom()] == [b.SOPInstanceUID for b in speaking_phantom()]
    assert speaking_phantom(series=1)[0].SOPInstanceUID != speaking_phantom(series=2)[0].SOPInstanceUID
    assert speaking_phantom()[0].SOPInstanceUID != speaking_phantom(reverse=True)[0].SOPInstanceUID


def test_the_ball_has_the_volume_and_value_that_it_says() -> None:
    datasets = ball_phantom(diameter=20, value=100, surroundings=-100, centre=(1.3, -2.1, 0.4))
    values = np.stack([each.pixel_array.astype(float) - 1024 for each in datasets])
    voxel = 0.5 * 0.5 * 1.0
    assert ((values + 100) / 200).sum() * voxel == pytest.approx(np.pi * 20**3 / 6, rel=0.002)
    assert (values.max(), values.min()) == (100, -100)
    z, y, x = (np.average(axis, weights=values + 100) for axis in np.indices(values.shape))
    origin, last = datasets[0].ImagePositionPatient, datasets[-1].ImagePositionPatient
    assert float(origin[0]) + x * 0.5 == pytest.approx(1.3, abs=0.02)
    assert float(origin[1]) + y * 0.5 == pytest.approx(-2.1, abs=0.02)
    assert float(origin[2]) + z * (float(last[2]) - float(origin[2])) / 40 == pytest.approx(0.4, abs=0.02)


def test_the_rod_has_the_volume_that_it_says_in_any_direction() -> None:
    for direction in [(0, 0, 1), (1, 0, 0), (1, 2, 2)]:
        datasets = rod_phantom(diameter=6, length=20, direction=direction, value=300, surroundings=0)
        values = np.stack([each.pixel_array.astype(float) - 1024 for each in datasets])
        assert values.sum() / 300 * 0.25 == pytest.approx(np.pi * 9 * 20, rel=0.01)
