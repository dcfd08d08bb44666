"""Claims and requests on PostgreSQL, where transactions truly run side by side."""

from tests.postgres import hold_here_too, needs_postgresql


@needs_postgresql
def test_claims_and_requests_hold_on_postgresql() -> None:
    hold_here_too("tests/worklist", "test_reading", "test_request")
