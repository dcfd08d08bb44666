"""Why a series is shown as several stacks, in a line for whoever wonders."""

from collections.abc import Sequence
from dataclasses import dataclass

from pydicom.uid import UID

from viewer.imaging.split import Group
from viewer.imaging.words import Words, gettext_noop

MOST = 8  # values that are written out
TRAITS = {
    "patient": gettext_noop("by patient: {values}", values=""),
    "plane": gettext_noop("by plane: {values}", values=""),
    "type": gettext_noop("by kind of image: {values}", values=""),
    "kernel": gettext_noop("by kernel: {values}", values=""),
    "matrix": gettext_noop("by matrix: {values}", values=""),
    "spacing": gettext_noop("by pixel spacing: {values} mm", values=""),
    "space": gettext_noop("by frame of reference: {values}", values=""),
    "object": gettext_noop("by kind of object: {values}", values=""),
    "clip": gettext_noop("by clip: {values}", values=""),
    "stack": gettext_noop("by StackID: {values}", values=""),
}


@dataclass(frozen=True, slots=True)
class Reason:
    """One attribute in which a stack differs from others of its series, and its value."""

    trait: str
    attribute: str
    value: str

    def words(self, values: str) -> Words:
        """Return the reason with one value, or with those of all stacks."""
        if self.trait in TRAITS:
            return gettext_noop(TRAITS[self.trait].template, values=values)
        return gettext_noop("by {attribute}: {values}", attribute=self.attribute, values=values)


def reasons(found: Sequence[Group]) -> list[list[Reason]]:
    """Return for each stack in what it differs from the others."""
    names = dict.fromkeys(name for group in found for name in group.traits)
    telling = [name for name in names if len({group.traits.get(name) for group in found}) > 1]
    spaces = list(dict.fromkeys(group.traits.get("space", "") for group in found))
    attributes = {each.name: each.by for group in found for each in group.coordinates}
    return [
        [
            Reason(name, attributes.get(name, name), value_of(group, name, spaces))
            for name in telling
            if group.traits.get(name)
        ]
        for group in found
    ]


def value_of(group: Group, name: str, spaces: list[str]) -> str:
    """Return what a stack's trait is, as a reader knows it; a UID is named or numbered."""
    for each in group.coordinates:
        if each.name == name:
            value = each.value
            return f"{value:g}" if isinstance(value, float) else value if isinstance(value, str) else each.title
    value = group.traits[name]
    if name == "object":
        return UID(value).name
    return str(spaces.index(value) + 1) if name == "space" else value


def line(told: Sequence[Sequence[Reason]]) -> list[Words]:
    """Return the reasons of several stacks in common, one for each attribute with all its values."""
    values: dict[tuple[str, str], list[str]] = {}
    firsts: dict[tuple[str, str], Reason] = {}
    for own in told:
        for each in own:
            key = (each.trait, each.attribute)
            firsts.setdefault(key, each)
            if each.value not in values.setdefault(key, []):
                values[key].append(each.value)
    return [each.words(written(values[key])) for key, each in firsts.items()]


def written(values: list[str]) -> str:
    """Return values with commas, of many the first few and the last."""
    if len(values) > MOST:
        values = [*values[:3], "…", values[-1]]
    return ", ".join(values)
