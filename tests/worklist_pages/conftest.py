"""The people of these pages."""

from tests.hospital import alice, bob, charlie

__all__ = ["alice", "bob", "charlie"]
