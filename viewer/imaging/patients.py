"""Whose pictures a series holds: more than one person, where an archive has mixed two up."""

from collections import defaultdict
from collections.abc import Iterable

from viewer.imaging.record import Instance

Identity = tuple[str, str, str, str]


def identity(instance: Instance) -> Identity:
    """Return patient ID, issuer, name and birth date as they are compared."""
    name = " ".join((instance.PatientName or "").replace("^", " ").casefold().split())
    given = (instance.PatientID, instance.IssuerOfPatientID)
    patient_id, issuer = ((value or "").strip() for value in given)
    return patient_id, issuer, name, (instance.PatientBirthDate or "").strip()


def patients(listed: Iterable[Instance]) -> dict[Identity, Identity]:
    """Return for each identity the one that stands for its patient.

    Another ID or issuer is another patient. Under one ID it takes another name and another birth date as well;
    an identity that says too little to tell to which of two it belongs is a patient of its own.
    """
    by_id: dict[tuple[str, str], set[Identity]] = defaultdict(set)
    for each in listed:
        found = identity(each)
        by_id[found[:2]].add(found)
    result: dict[Identity, Identity] = {}
    for found_here in by_id.values():
        people: list[list[Identity]] = []
        for one in sorted(found_here, key=lambda who: (not all(who[2:]), who)):
            same = [person for person in people if not any(differ(one, other) for other in person)]
            if len(same) == 1 or (same and all(one[2:])):
                same[0].append(one)
            else:
                people.append([one])
        result |= {one: person[0] for person in people for one in person}
    return result


def differ(one: Identity, other: Identity) -> bool:
    """Say whether both name and birth date are known and differ."""
    return all(mine and theirs and mine != theirs for mine, theirs in zip(one[2:], other[2:], strict=True))
