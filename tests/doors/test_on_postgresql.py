"""Calibrations on PostgreSQL, where transactions truly run side by side."""

from tests.postgres import hold_here_too, needs_postgresql


@needs_postgresql
def test_calibrations_hold_on_postgresql() -> None:
    hold_here_too("tests/doors", "test_calibrations")
