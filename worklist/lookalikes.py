"""Which patients could be taken for each other by their names."""

import datetime
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

PREFIX = 3  # letters of the given name that must agree


@dataclass(frozen=True)
class Named:
    """A patient's key, folded names and birth date."""

    key: str
    family: str
    given: str
    birth_date: datetime.date | None = None

    @property
    def beginning(self) -> str:
        """Return how the family names of nearly all lookalikes begin: a letter is mostly wrong in the later half."""
        return self.family[: len(self.family) // 2] if len(self.family) > 3 else self.family


def lookalikes(people: Iterable[Named], others: Iterable[Named] = ()) -> Mapping[str, Sequence[Named]]:
    """Return, by the key of each of `people`, who among them all has nearly the same name.

    Alike are those who share the beginning of the given name and (but for one letter) the family name.
    """
    asked = {person.key: person for person in people}
    by_given: dict[str, list[Named]] = defaultdict(list)
    for person in ({other.key: other for other in others} | asked).values():
        by_given[person.given[:PREFIX]].append(person)
    found = {
        key: [
            other
            for other in by_given[one.given[:PREFIX]]
            if other.key != key and one.family and within_one_letter(one.family, other.family)
        ]
        for key, one in asked.items()
    }
    return {key: alike for key, alike in found.items() if alike}


def told_by_birth_date(one: Named, alike: Iterable[Named]) -> bool:
    """Say whether the birth date tells a patient from all their lookalikes."""
    dates = [other.birth_date for other in alike]
    return one.birth_date is not None and None not in dates and one.birth_date not in dates


def within_one_letter(one: str, other: str) -> bool:
    """Say whether the words are equal or one letter added, dropped or changed apart; short ones must be equal."""
    if one == other:
        return True
    short, long = sorted((one, other), key=len)
    if len(short) < 4 or len(long) - len(short) > 1:
        return False
    at = next((index for index, letter in enumerate(short) if letter != long[index]), len(short))
    return short[at + (len(short) == len(long)) :] == long[at + 1 :]
