"""The bytes of a text value as letters, by the character sets that its data set declares (PS3.5 6.1)."""

import re

from pydicom.charset import decode_bytes, default_encoding

# Code extensions that designate GB 2312 stay behind when the letters are decoded; any other that stays is unknown.
GB_2312 = "\x1b$)A"
ESCAPE = re.compile("\x1b[\x20-\x2f]*[\x30-\x7e]?")
UNREADABLE = "\ufffd"


def letters(value: bytes, encodings: list[str], delimiters: set[int]) -> str:
    """Return `value` as text; bytes that stand for no letter become U+FFFD.

    `encodings` are Python's names for the Specific Character Set, `delimiters` the bytes after which code extensions
    end (PS3.5 6.1.2.5.3). Without a character set letters beyond ASCII are read as UTF-8 where they are that, else
    as Latin-1: files say so far too seldom.
    """
    has_escape = b"\x1b" in value
    if value.isascii() and not has_escape:
        return value.decode("ascii")
    if encodings[0] == default_encoding and not has_escape:
        try:
            return value.decode("utf-8")
        except UnicodeDecodeError:
            pass
    text = decode_bytes(value, encodings, delimiters)
    return ESCAPE.sub(UNREADABLE, text.replace(GB_2312, "")) if has_escape else text
