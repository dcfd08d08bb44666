"""What a row of JSON can keep in every database."""

from typing import Any


def holds_nul(value: Any) -> bool:
    """Say whether a text of a JSON value holds the character NUL, which PostgreSQL doesn't keep."""
    waiting = [value]
    while waiting:
        each = waiting.pop()
        if isinstance(each, str) and "\0" in each:
            return True
        if isinstance(each, dict):
            waiting += [*each.keys(), *each.values()]
        elif isinstance(each, list | tuple):
            waiting += each
    return False
