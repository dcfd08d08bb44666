"""The people: conversations, presence and notifications live here."""
