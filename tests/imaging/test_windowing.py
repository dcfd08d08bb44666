"""Windows at their edges, lookup tables, inversion and padding, against hand-computed truth."""

import itertools
from collections.abc import Iterator

import numpy as np
import pytest
from pydicom.dataset import Dataset

from tests.imaging.datasets import instance, slice_at
from viewer.imaging import ramp, windowing
from viewer.imaging.dicomjson import LookupTable
from viewer.imaging.pixels import IDENTITY, ModalityLUT, Padding, Rescale
from viewer.imaging.windowing import PRESETS, VOILUT, Window, grey


@pytest.fixture(params=["tables", "ramps"])
def either_way(request: pytest.FixtureRequest) -> Iterator[None]:
    """Try it with tables alone, and with ramps where they are exact."""
    before = set(ramp.ready)
    windowing.shading.cache_clear()
    if request.param == "ramps":
        ramp.warm()
    else:
        ramp.ready.clear()
    yield
    ramp.ready |= before
    windowing.shading.cache_clear()


def levels(values: list[float], window: Window) -> list[int]:
    return windowing.grey_of_values(np.asarray(values, float), window, inverted=False).tolist()


def test_width_one_is_a_threshold() -> None:
    assert levels([99, 99.5, 99.51, 100], Window(100, 1)) == [0, 0, 255, 255]


def test_width_two_has_one_step_between_black_and_white() -> None:
    assert levels([98.9, 99, 99.5, 100, 101], Window(100, 2)) == [0, 0, 128, 255, 255]


def test_a_linear_window_reaches_both_ends_where_the_standard_says() -> None:
    assert levels([-161, -160, 39.5, 239, 240], Window(40, 400)) == [0, 0, 128, 255, 255]


def test_linear_exact_takes_half_a_unit() -> None:
    exact = Window(100, 0.5, "LINEAR_EXACT")
    assert levels([99.7, 99.75, 100, 100.25, 100.3], exact) == [0, 0, 128, 255, 255]


def test_a_sigmoid_is_half_at_its_centre_and_never_overflows() -> None:
    sigmoid = Window(100, 50, "SIGMOID")
    assert levels([-1e9, 100, 1e9], sigmoid) == [0, 128, 255]
    assert levels([112.5], sigmoid) == [round(255 / (1 + np.exp(-1)))]


@pytest.mark.parametrize(
    ("center", "width", "function"),
    [
        (0, 0.9, "LINEAR"), (0, 0, "LINEAR_EXACT"), (0, -1, "SIGMOID"), (0, 10, "LOG"),
        (float("nan"), 1, "LINEAR"), (0, float("inf"), "LINEAR"),
    ],
)  # fmt: skip
def test_what_the_standard_calls_no_window_is_refused(center: float, width: float, function: str) -> None:
    with pytest.raises(ValueError, match="window"):
        Window(center, width, function)


@pytest.mark.parametrize("dtype", [np.uint8, np.int8, np.uint16, np.int16])
@pytest.mark.parametrize("function", windowing.FUNCTIONS)
@pytest.mark.parametrize("slope", [1, -1, 0.37])
def test_each_stored_value_has_the_grey_that_the_formula_gives(
    either_way: None, dtype: type, function: str, slope: float
) -> None:
    limits = np.iinfo(dtype)
    stored = np.arange(limits.min, limits.max + 1).astype(dtype).reshape(-1, 16)
    window = Window(31.5, 77.7, function)
    rescale = Rescale(slope, -12.25)
    direct = windowing.grey_of_values(stored * float(slope) - 12.25, window, inverted=False)
    assert np.array_equal(grey(stored, rescale, window), direct)


@pytest.mark.parametrize("padding", [None, Padding(-2000, -1990), Padding(65000, 70000), Padding(200, 300)])
def test_what_is_computed_in_part_is_the_whole_formula(either_way: None, padding: Padding | None) -> None:
    chance = np.random.default_rng(7)
    for turn in range(40):
        dtype = np.dtype((np.int16, np.uint16, np.int8, np.uint8)[turn % 4])
        slope, intercept = float(chance.choice([1, -1, 0.003, -17.5, 1e-9, 1e9])), float(chance.normal(0, 2000))
        width = float(10.0 ** chance.uniform(0.01, 6))
        window = Window(float(chance.normal(0, 30_000)), width, windowing.FUNCTIONS[turn % 3])
        limits = np.iinfo(dtype)
        stored = np.arange(limits.min, limits.max + 1).astype(dtype).reshape(-1, 16)
        inverted, rescale = bool(turn % 5 == 0), Rescale(slope, intercept)
        formula = windowing.direct(stored, rescale, window, inverted, padding)
        assert np.array_equal(grey(stored, rescale, window, inverted=inverted, padding=padding), formula)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("inverted", [False, True])
def test_values_between_voxels_have_the_same_greys_compiled_or_not(dtype: type, inverted: bool) -> None:
    chance = np.random.default_rng(5)
    values = chance.normal(0, 1500, (40, 60)).astype(dtype)
    values[chance.random(values.shape) < 0.1] = np.nan
    values[0, :5] = np.inf, -np.inf, 39.5, 1e30, -0.0
    values[1] = np.arange(-100, 500, 10)
    before = set(ramp.ready)
    try:
        for turn in range(60):
            width = float(10.0 ** chance.uniform(0.0, 4))
            window = Window(float(chance.normal(0, 500)), width, windowing.FUNCTIONS[turn % 3])
            ramp.ready.clear()
            formula = windowing.grey_of_values(values, window, inverted=inverted)
            ramp.warm()
            assert np.array_equal(windowing.grey_of_values(values, window, inverted=inverted), formula)
            assert not formula[np.isnan(values)].any()
    finally:
        ramp.ready.clear()
        ramp.ready |= before


@pytest.mark.parametrize("inverted", [False, True])
def test_a_window_as_readers_set_it_is_a_ramp_and_has_the_greys_of_the_formula(inverted: bool) -> None:
    ramp.warm()
    chance = np.random.default_rng(3)
    windows = [
        *PRESETS.values(),
        *(Window(int(c), int(w)) for c, w in chance.integers((-1000, 1), (2000, 3000), (60, 2))),
    ]
    every = np.arange(65536, dtype=np.uint16)
    exact = 0
    for window in windows:
        for stored, rescale in ((every, Rescale(1, -1024)), (every.view(np.int16), Rescale(1, 0))):
            exact += isinstance(
                windowing.shading(stored.dtype.str, rescale, window, inverted, Padding(-3000, -2000)), ramp.Ramp
            )
            padding = Padding(-3000, -2000)
            formula = windowing.direct(stored, rescale, window, inverted, padding)
            assert np.array_equal(grey(stored, rescale, window, inverted=inverted, padding=padding), formula)
    assert exact > (0 if inverted else 0.9 * 2 * len(windows))


def test_a_grey_between_two_that_a_ramp_would_round_the_other_way_needs_a_table() -> None:
    ramp.warm()
    halves = Window(0, 510, "LINEAR_EXACT")  # stored value 2 is 128.5: the even 128, and 129 by a ramp
    assert isinstance(windowing.shading("<i2", IDENTITY, halves, False, None), np.ndarray)
    assert grey(np.array([0, 1, 2, 3], np.int16), IDENTITY, halves).tolist() == [128, 128, 128, 129]


def test_padding_that_a_ramp_would_show_needs_a_table() -> None:
    ramp.warm()
    shown, black = Padding(100, 120), Padding(-900, -900)
    window = Window(40, 400)
    assert isinstance(windowing.shading("<i2", IDENTITY, window, False, black), ramp.Ramp)
    assert isinstance(windowing.shading("<i2", IDENTITY, window, False, shown), np.ndarray)
    assert isinstance(windowing.shading("<i2", IDENTITY, window, True, black), np.ndarray)


def test_a_ramp_leaves_its_values_as_they_were() -> None:
    ramp.warm()
    stored = np.arange(12, dtype=np.int16).reshape(3, 4)
    assert grey(stored, IDENTITY, Window(6, 12)).shape == (3, 4)
    assert stored.flags.writeable and grey(stored[:, ::2], IDENTITY, Window(6, 12)).shape == (3, 2)


def test_eight_bit_limits_are_black_and_white() -> None:
    stored = np.array([[0, 127, 128, 255]], np.uint8)
    assert grey(stored, IDENTITY, Window(128, 256)).tolist() == [[0, 127, 128, 255]]


def test_wide_and_floating_pixels_go_through_the_formula() -> None:
    window = Window(0, 2001)
    wide = np.array([[-1_000_000, 0, 1_000_000]], np.int32)
    assert grey(wide, IDENTITY, window).tolist() == [[0, 128, 255]]
    assert grey(np.array([[np.nan, 0.0, 1e6]], np.float32), IDENTITY, window).tolist() == [[0, 128, 255]]
    assert grey(np.array([[np.nan, 0.0]]), IDENTITY, window, inverted=True).tolist() == [[0, 127]]


def table(*values: int, first: int = 0, bits: int = 8) -> LookupTable:
    return LookupTable(len(values), first, bits, np.asarray(values, "<u2").tobytes())


def test_a_voi_table_clamps_at_both_ends_and_scales_by_its_bits() -> None:
    voi = VOILUT(table(0, 1023, 4095, first=10, bits=12), 10)
    stored = np.array([[-5, 10, 11, 12, 400]], np.int16)
    assert grey(stored, IDENTITY, voi).tolist() == [[0, 0, 64, 255, 255]]


@pytest.mark.parametrize("declared", [65336, -200])
def test_the_first_value_of_a_voi_table_is_signed_where_its_input_is(declared: int) -> None:
    dataset = slice_at(0, 1, RescaleIntercept=0)
    record = instance(dataset)
    record.VOILUTSequence = (table(0, 255, first=declared),)
    (voi,) = windowing.voi_choices(record, record.frame(1))
    assert isinstance(voi, VOILUT) and voi.first == -200


def test_thirty_two_ways_to_low_white_or_black() -> None:
    stored = np.array([[0, 1000]], np.uint16)
    window, lut = Window(500.5, 1001), VOILUT(LookupTable(1001, 0, 8, bytes([0] * 1000 + [255])), 0)
    ways = list(
        itertools.product(("MONOCHROME1", "MONOCHROME2"), (None, "INVERSE"), (1, -1), (window, lut), (True, False))
    )
    assert len(ways) == 32
    for photometric, shape, slope, voi, wished in ways:
        dataset = Dataset()
        dataset.PhotometricInterpretation = photometric
        if shape:
            dataset.PresentationLUTShape = shape
        transform = Rescale(slope, 0 if slope > 0 else 1000)
        inverted = windowing.shown_inverted(instance(dataset)) != wished
        turned = (photometric == "MONOCHROME1" or shape == "INVERSE") != wished
        wanted = [[0, 255]] if (slope > 0) != turned else [[255, 0]]
        assert grey(stored, transform, voi, inverted=inverted).tolist() == wanted


def test_padding_is_black_even_when_inverted() -> None:
    stored = np.array([[-2000, -1999, 0, 400]], np.int16)
    padding = Padding(-2000, -1990)
    for inverted, wanted in ((False, [0, 0, 128, 255]), (True, [0, 0, 128, 0])):
        assert grey(stored, IDENTITY, Window(0.5, 801), inverted=inverted, padding=padding).tolist() == [wanted]


def test_a_modality_table_comes_before_the_window() -> None:
    transform = ModalityLUT(table(0, 100, 200, first=5, bits=16), 5)
    stored = np.array([[0, 5, 6, 7, 900]], np.uint16)
    assert grey(stored, transform, Window(100.5, 201)).tolist() == [[0, 0, 128, 255, 255]]


@pytest.mark.parametrize("function", ["LINEAR", ""])
def test_a_window_one_wide_over_fractions_is_a_ramp_and_over_whole_numbers_a_threshold(function: str) -> None:
    dataset = slice_at(0, 1, WindowCenter=0.5, WindowWidth=1, VOILUTFunction=function)
    record = instance(dataset)
    stored = np.array([[0, 0.25, 0.5, 1]], np.float32)
    (voi,) = windowing.voi_choices(record, record.frame(1))
    assert grey(stored.round().astype(np.uint16), IDENTITY, voi).tolist() == [[0, 0, 0, 255]]
    record.float_pixels = True
    (voi,) = windowing.voi_choices(record, record.frame(1))
    assert grey(stored, IDENTITY, voi).tolist() == [[0, 64, 128, 255]]
    dataset.WindowWidth = 2  # what the standard's LINEAR can show stays LINEAR
    record = instance(dataset)
    record.float_pixels = True
    assert windowing.voi_choices(record, record.frame(1)) == [Window(0.5, 2)]


def test_the_choices_of_a_file_keep_their_order_and_leave_out_what_is_no_window() -> None:
    dataset = slice_at(
        0, 1, WindowCenter=[40, -600, 5], WindowWidth=[400, 1500, 0], WindowCenterWidthExplanation=["A", "B"]
    )
    record = instance(dataset)
    record.VOILUTSequence = (table(0, 255),)
    windows = [Window(40, 400, explanation="A"), Window(-600, 1500, explanation="B")]
    choices = windowing.voi_choices(record, record.frame(1))
    assert choices[:2] == windows and isinstance(choices[2], VOILUT)
    dataset.Modality = "DX"
    record = instance(dataset)
    record.VOILUTSequence = (table(0, 255),)
    choices = windowing.voi_choices(record, record.frame(1))
    assert isinstance(choices[0], VOILUT) and choices[1:] == windows


def test_the_automatic_window_shows_the_middle_of_the_values() -> None:
    values = np.concatenate((np.arange(101.0), [1e9, np.nan]))
    window = windowing.automatic(values)
    assert 0 < window.center - window.width / 2 + 0.5 < 3
    assert levels([0, 1e9], window) == [0, 255]
    assert windowing.automatic(np.full((4, 4), 7.0)).width == 1
    assert windowing.automatic(np.array([])).width == 256


def test_spanning_maps_its_ends_to_black_and_white() -> None:
    assert levels([-5.5, 12], windowing.spanning(-5.5, 12)) == [0, 255]


def test_the_presets_are_those_of_the_house() -> None:
    assert [(name, each.width, each.center) for name, each in PRESETS.items()][:4] == [
        ("soft tissue", 400, 40), ("lung", 1500, -600), ("bone", 2000, 400), ("brain", 80, 40),
    ]  # fmt: skip
