"""What a UID is (PS3.5 chapter 9): numbers with dots between them, at most 64 characters."""

import re

# For whoever matches from the beginning; a leading zero of a number, which the standard forbids, occurs and hurts none.
PATTERN = r"[0-9]+(?:\.[0-9]+)*"
# For whoever searches: `$` would let a line break through.
ALL_OF_IT = rf"\A{PATTERN}\Z"
LONGEST = 64

_UID = re.compile(PATTERN)


def valid(text: str) -> bool:
    """Say whether `text` is a UID."""
    return len(text) <= LONGEST and _UID.fullmatch(text) is not None
