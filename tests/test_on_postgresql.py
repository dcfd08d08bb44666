"""The other shape of deployment: what tells of rights, order and claims holds on PostgreSQL as it does on SQLite."""

import pytest

from tests.postgres import hold_here_too, needs_postgresql

# The doors' threads may write when a test has ended: theirs is a database of its own.
RUNS = {
    "people": {
        "tests/viewer": (
            "test_access", "test_archives_page", "test_audit", "test_login", "test_named_studies", "test_search",
            "test_status", "test_sync",
        ),
        "tests/worklist": ("test_reading", "test_request"),
        "tests/messaging": ("test_send", "test_unread", "test_messages_api", "test_verbs"),
    },
    "doors": {"tests/doors": ("test_calibrations",)},
}  # fmt: skip


@needs_postgresql
@pytest.mark.parametrize("files", RUNS.values(), ids=RUNS)
def test_what_holds_on_sqlite_holds_on_postgresql(files: dict[str, tuple[str, ...]]) -> None:
    hold_here_too(*(f"{folder}/{name}.py" for folder, names in files.items() for name in names))
