"""The topic of conversations: who may see a study hears that something was said about it."""

from typing import Any

from viewer import access, live


def _talk(user: Any, uid: str) -> bool:
    return access.visible_studies(user).filter(uid=uid).exists()


def register() -> None:
    """Register it; called once at start."""
    live.register("talk", _talk)
    live.allow("list", ("messages",))
