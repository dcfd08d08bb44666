"""Names that could be taken for each other."""

import pytest

from worklist.lookalikes import Named, lookalikes, within_one_letter


@pytest.mark.parametrize(
    ("one", "other", "near"),
    [
        ("andersson", "anderson", True),
        ("andersson", "andersen", False),
        ("berg", "berk", True),
        ("berg", "bergh", True),
        ("li", "lu", False),
        ("li", "li", True),
        ("johansson", "jonsson", False),
    ],
)
def test_one_letter_apart(one: str, other: str, near: bool) -> None:
    assert within_one_letter(one, other) == within_one_letter(other, one) == near


def test_the_given_name_must_begin_alike() -> None:
    anna, anne, bo = Named("1", "berg", "anna"), Named("2", "berg", "anne"), Named("3", "berg", "bo")
    assert set(lookalikes([anna, anne, bo])) == {"1", "2"}


def test_one_patient_with_two_exams_is_not_alike() -> None:
    assert lookalikes([Named("1", "berg", "anna"), Named("1", "berg", "anna")]) == {}
