"""One cookie out of a Cookie header, without parsing all of them where that isn't needed."""

import re
from functools import lru_cache
from http.cookies import CookieError, SimpleCookie

# Letters that stand for themselves in a cookie's value, quoted or not.
PLAIN = r"[A-Za-z0-9_.-]*"


def cookie(header: str, name: str) -> str:
    """Return the value of a cookie, an empty text when there is none or the header can't be read."""
    if name not in header:
        return ""
    # Several of that name, or a value with quotes: that is for the library to decide.
    if header.count(name) == 1 and (found := _plain(name).fullmatch(header)):
        return found[1]
    try:
        morsel = SimpleCookie(header).get(name)
    except CookieError:
        return ""
    return morsel.value if morsel else ""


@lru_cache(16)
def _plain(name: str) -> re.Pattern[str]:
    pair = rf"[A-Za-z0-9_-]+={PLAIN}; ?"
    return re.compile(rf"(?:{pair})*{re.escape(name)}=({PLAIN})(?:; ?[A-Za-z0-9_-]+={PLAIN})*")
