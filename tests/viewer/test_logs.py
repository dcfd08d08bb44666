"""Logs hold no patients."""

import io
import logging
from collections.abc import Callable

import pytest

from viewer.archive import Unreachable
from viewer.logs import Discreet, PlainFormatter


@pytest.fixture
def write() -> Callable[..., str]:
    """Log a message as the settings do; return what was written."""

    def written(message: str, *arguments: object, error: BaseException | None = None) -> str:
        stream = io.StringIO()
        handler = logging.StreamHandler(stream)
        handler.addFilter(Discreet())
        handler.setFormatter(PlainFormatter("{levelname}: {message}", style="{"))
        logger = logging.Logger("test")
        logger.addHandler(handler)
        logger.error(message, *arguments, exc_info=error)
        return stream.getvalue()

    return written


@pytest.mark.parametrize(
    "address",
    [
        "/dicomweb/main/studies?PatientName=ZZCANARY&limit=5",
        "http://pacs/studies?00100020=ZZCANARY",
        "https://pacs/dicom-web/studies?PatientName=ZZ%20CANARY*",
        "GET /?search=ZZCANARY HTTP/1.1",
        "Retrying (Retry(total=2)) after connection broken by 'X': /studies?PatientID=ZZCANARY&limit=1",
    ],
)
def test_a_query_string_is_never_written(address: str, write: Callable[..., str]) -> None:
    assert "CANARY" not in write("%s failed", address)
    assert "?…" in write(address)


def test_a_question_is_no_query_string(write: Callable[..., str]) -> None:
    assert "is it there? a=b" in write("is it there? a=b")


def test_data_forges_no_line(write: Callable[..., str]) -> None:
    assert write("word %s", "a\r\nERROR: forged\x1b[2J\u2028b").count("\n") == 1


def test_the_message_of_a_foreign_exception_is_not_written(write: Callable[..., str]) -> None:
    text = ""
    try:
        int("ZZCANARY^ANNA")
    except ValueError as error:
        text = write("a picture failed", error=error)
    assert "CANARY" not in text
    assert "builtins.ValueError" in text
    assert "test_logs.py" in text


def test_the_words_of_our_own_exceptions_are_written(write: Callable[..., str]) -> None:
    text = ""
    try:
        raise Unreachable("The archive doesn't answer.")
    except Unreachable as error:
        text = write("sync failed", error=error)
    assert "The archive doesn't answer." in text


def test_a_broken_message_is_told_without_its_arguments(write: Callable[..., str]) -> None:
    assert "CANARY" not in write("%d slices", "ZZCANARY")
