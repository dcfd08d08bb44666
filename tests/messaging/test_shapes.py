"""Conversations in the other shape of deployment: the same rows and the same order on PostgreSQL."""

from tests.postgres import hold_here_too, needs_postgresql


@needs_postgresql
def test_conversations_hold_on_postgresql() -> None:
    hold_here_too("tests/messaging", "test_send", "test_unread", "test_messages_api", "test_verbs")
