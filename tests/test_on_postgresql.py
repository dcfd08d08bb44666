"""The other shape of deployment: what tells of rights, order and claims holds on PostgreSQL as it does on SQLite."""

from tests.postgres import hold_here_too, needs_postgresql

FILES = {
    "tests/viewer": (
        "test_access", "test_archives_page", "test_audit", "test_login", "test_named_studies", "test_search",
        "test_status", "test_sync",
    ),
    "tests/worklist": ("test_reading", "test_request"),
    "tests/doors": ("test_calibrations",),
    "tests/messaging": ("test_send", "test_unread", "test_messages_api", "test_verbs"),
}  # fmt: skip


@needs_postgresql
def test_what_holds_on_sqlite_holds_on_postgresql() -> None:
    hold_here_too(*(f"{folder}/{name}.py" for folder, names in FILES.items() for name in names))
