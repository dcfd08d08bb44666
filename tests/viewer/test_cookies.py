"""One cookie out of a header: what a browser sends, and what nobody should."""

from http.cookies import SimpleCookie

import pytest

from viewer.cookies import cookie


@pytest.mark.parametrize(
    "header",
    [
        "", "samsyn-session=abc", "a=1; samsyn-session=abc; b=2", "samsyn-session=abc;b=2", "samsyn-session=",
        "x-samsyn-session=abc", "a=samsyn-session", "samsyn-sessions=abc", 'samsyn-session="abc"', "samsyn-session",
        "samsyn-session=abc; samsyn-session=def", 'a="x; samsyn-session=abc"; b=1', "samsyn-session=a b", "=; ;;",
    ],
)  # fmt: skip
def test_it_reads_what_the_library_reads(header: str) -> None:
    morsel = SimpleCookie(header).get("samsyn-session")
    assert cookie(header, "samsyn-session") == (morsel.value if morsel else "")


def test_a_long_header_takes_no_time() -> None:
    header = "a=b; " * 20_000 + "samsyn-session=abc!"
    assert cookie(header, "samsyn-session") == "abc!"
