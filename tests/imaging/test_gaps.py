"""Slots of slices by position, number, declared spacing and the archive's count."""

import pytest

from viewer.imaging.gaps import arrange


def test_a_step_of_two_spacings_leaves_one_slot_empty() -> None:
    found = arrange([0, 5, 10, 20], [None] * 4)
    assert (found.spacing, found.slots, found.absent, found.regular) == (5, [0, 1, 2, 4], 1, True)


def test_numbers_that_skip_more_than_positions_do_not_move_a_slice() -> None:
    found = arrange([0, 5, 10, 20], [7, 8, 9, 10], listed={7, 8, 9, 10})
    assert found.slots == [0, 1, 2, 4]
    assert (found.low, found.high) == (-6, 4)
    assert found.numbers[-1] == 6 and 3 not in found.numbers


def test_a_tiny_outlier_does_not_fill_the_stack_with_holes() -> None:
    found = arrange([0, 0.5, 5.5, 10.5, 15.5, 20.5, 25.5], [None] * 7)
    assert found.absent == 0 and not found.regular
    assert found.gaps == [(0, 0.5)]


def test_a_declared_spacing_that_is_no_measure_of_the_steps_is_ignored() -> None:
    assert arrange([0, 5, 10], [None] * 3, declared=3.0).spacing == 5
    assert arrange([0, 5, 10], [None] * 3, declared=0.5).absent == 0


def test_numbers_in_tens_are_a_way_of_numbering() -> None:
    found = arrange([0, 5, 10, 15], [10, 20, 30, 40], listed={10, 20, 30, 40})
    assert found.slots == [0, 1, 2, 3]


def test_numbers_that_begin_far_above_one_open_no_thousand_slots() -> None:
    numbers = list(range(1001, 1006))
    found = arrange([0, 1, 2, 3, 4], numbers, listed=numbers)
    assert found.absent == 0 and found.doubtful


def test_numbers_that_run_downwards_open_their_slots_at_the_other_end() -> None:
    found = arrange([0, 1, 2], [5, 4, 3], listed={3, 4, 5}, short=4)
    assert (found.low, found.high) == (-2, 4)
    assert found.numbers == {3: 2, 4: 1, -1: 6, -2: 7}
    assert found.unplaced == 0


def test_what_is_short_without_numbers_has_no_place() -> None:
    found = arrange([0, 1, 2], [None] * 3, short=4)
    assert found.unplaced == 4 and found.absent == 0


def test_numbers_confirm_a_gap_of_many_slices() -> None:
    found = arrange([-99.48, 103.02, 104.27, 105.52], [18, 180, 181, 182], listed={18, 180, 181, 182})
    assert found.slots == [0, 162, 163, 164]
    assert found.numbers[1] == 19


@pytest.mark.parametrize("jitter", [0.0, 0.004, 0.1])
def test_uneven_neighbours_keep_their_slots_and_lose_the_word_regular(jitter: float) -> None:
    found = arrange([0, 1 + jitter, 2, 3 - jitter, 4], [None] * 5)
    assert found.slots == [0, 1, 2, 3, 4]
    assert found.regular == (jitter < 0.05)


def test_one_slice_alone_has_no_neighbours() -> None:
    found = arrange([3.0], [4], declared=2.0, listed={4}, short=2)
    assert (found.slots, found.absent, found.unplaced) == ([0], 0, 2)
