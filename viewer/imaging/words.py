"""Sentences for readers, kept with their parts so that a door can translate them."""

from typing import Any


class Words(str):
    """English text that remembers the template and the values that it was made of."""

    template: str
    values: dict[str, Any]


def gettext_noop(template: str, **values: Any) -> Words:
    """Return `template` filled with `values`; a door translates `.template` and fills in `.values` again."""
    words = Words(template.format(**values))
    words.template = template
    words.values = values
    return words
