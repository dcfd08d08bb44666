"""Logs without patients: no query strings, no messages of foreign exceptions, no line breaks from data."""

import logging
import re
import traceback
from types import TracebackType

# From the question mark of an address to its end: QIDO queries hold names, IDs and accession numbers.
QUERY = re.compile(r"(?<=[\w/])\?[^\s\"'<>)]*[=&][^\s\"'<>)]*")
CONTROL = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u2028\u2029]")
# The words of these are ours, and hold no patient data.
OUR_PACKAGES = ("config.", "viewer.", "worklist.", "messaging.")
# Where a Python warning came from and of what kind it is; what follows may quote values of a file.
WARNING = re.compile(r".*?:\d+: \w+(?=:)")
HARMLESS = (ConnectionError, TimeoutError, MemoryError, ImportError, NotImplementedError)


def without_query(text: str) -> str:
    """Replace the query string of each address in `text` by `?…`."""
    return QUERY.sub("?…", text)


# Python's warnings go the way of all messages.
logging.captureWarnings(True)


class Discreet(logging.Filter):
    """Write each message out once, without query strings and without characters that forge a line.

    Of Python's warnings only kind and place are written: those of pydicom and highdicom quote names.
    """

    def filter(self, record: logging.LogRecord) -> bool:
        try:
            words = record.getMessage()
        except (TypeError, ValueError):  # arguments that don't fit: a mistake of ours must not take the caller along
            words = str(record.msg)
        if record.name == "py.warnings":
            place = WARNING.match(words)
            words = place[0] if place else "a warning"
        record.msg = CONTROL.sub("�", without_query(words).replace("\n", "⏎ ").replace("\r", ""))
        record.args = None
        return True


class PlainFormatter(logging.Formatter):
    """Trace where an exception came from; its message is written only when it is one of ours."""

    def formatException(  # noqa: N802 (logging's name)
        self, ei: tuple[type[BaseException], BaseException, TracebackType | None] | tuple[None, None, None]
    ) -> str:
        kind, error, trace = ei
        if kind is None or error is None:
            return ""
        lines = [f"  {frame.filename}:{frame.lineno} in {frame.name}" for frame in traceback.extract_tb(trace)]
        return "\n".join([*lines, f"{kind.__module__}.{kind.__qualname__}{self._words(error)}"])

    @staticmethod
    def _words(error: BaseException) -> str:
        ours = type(error).__module__.startswith(OUR_PACKAGES) or isinstance(error, HARMLESS)
        return f": {without_query(str(error))}" if ours else ""
