"""Which patients on one page could be taken for each other by their names."""

import itertools
from collections.abc import Iterable, Set
from dataclasses import dataclass

PREFIX = 3  # letters of the given name that must agree


@dataclass(frozen=True)
class Named:
    """A patient's key and folded names."""

    key: str
    family: str
    given: str


def lookalikes(people: Iterable[Named]) -> Set[str]:
    """Return the keys of all who share the beginning of a given name and (but for one letter) the family name."""
    found: set[str] = set()
    different = {person.key: person for person in people}.values()
    for one, other in itertools.combinations(different, 2):
        if one.family and one.given[:PREFIX] == other.given[:PREFIX] and within_one_letter(one.family, other.family):
            found |= {one.key, other.key}
    return found


def within_one_letter(one: str, other: str) -> bool:
    """Say whether the words are equal or one letter added, dropped or changed apart; short ones must be equal."""
    if one == other:
        return True
    short, long = sorted((one, other), key=len)
    if len(short) < 4 or len(long) - len(short) > 1:
        return False
    at = next((index for index, letter in enumerate(short) if letter != long[index]), len(short))
    return short[at + (len(short) == len(long)) :] == long[at + 1 :]
