"""Logs hold no patients."""

import io
import logging
import subprocess
import sys
from collections.abc import Callable

import pytest
from django.conf import settings

from viewer.archive import Unreachable
from viewer.logs import Discreet, PlainFormatter


@pytest.fixture
def write() -> Callable[..., str]:
    """Log a message as the settings do; return what was written."""

    def written(message: str, *arguments: object, error: BaseException | None = None, name: str = "test") -> str:
        stream = io.StringIO()
        handler = logging.StreamHandler(stream)
        handler.addFilter(Discreet())
        handler.setFormatter(PlainFormatter("{levelname}: {message}", style="{"))
        logger = logging.Logger(name)
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


NAMED = """
import os, warnings
os.environ["DJANGO_SETTINGS_MODULE"] = "tests.settings"
import django
django.setup()
from highdicom.valuerep import check_person_name
from pydicom.uid import generate_uid
{before}
from tests.objects.test_sr import CT, HEADER, IMAGE, IN_AN_IMAGE, SERIES
from viewer.objects import sr
header = HEADER | {{"PatientName": "ZZCANARY", "ReferringPhysicianName": "ZZCANARY"}}
report = sr.Report(header, [IN_AN_IMAGE], "ZZCANARY", generate_uid(), generate_uid(), 900, [(SERIES, CT, IMAGE)])
assert b"ZZCANARY" in sr.write(report, software="test")
warnings.warn("ZZCANARY\\nZZCANARY")
print("done")
"""


@pytest.mark.parametrize("before", ["", "check_person_name('ZZCANARY')"], ids=["a report", "highdicom by itself"])
def test_a_warning_about_a_name_of_one_part_names_nobody(before: str) -> None:
    program = [sys.executable, "-c", NAMED.format(before=before)]
    done = subprocess.run(program, capture_output=True, text=True, check=False, timeout=120)
    assert done.stdout == "done\n", done.stderr
    assert "CANARY" not in done.stderr
    assert "<string>:14: UserWarning" in done.stderr


def test_of_a_warning_only_kind_and_place_are_written(write: Callable[..., str]) -> None:
    text = write("%s", '/x/valuerep.py:55: UserWarning: The string "ZZCANARY" is\n  warnings.warn(', name="py.warnings")
    assert text == "ERROR: /x/valuerep.py:55: UserWarning\n"
    assert "CANARY" not in write("ZZCANARY", name="py.warnings")


def test_no_line_about_each_request_is_made_up_for_nobody() -> None:
    assert settings.LOGGING["loggers"]["uvicorn.access"] == {"handlers": [], "propagate": False}
