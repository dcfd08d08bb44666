"""The topics of the viewer, and who may listen to each."""

from typing import Any

from viewer import access, live


def _study(user: Any, uid: str) -> bool:
    return access.visible_studies(user).filter(uid=uid).exists()


def _series(user: Any, uid: str) -> bool:
    return access.visible_studies(user).filter(series__uid=uid).exists()


def _list(user: Any, nothing: str) -> bool:
    return nothing == "" and access.permits_of(user, "view").exists()  # an empty list waits for its first exam


def _user(user: Any, user_id: str) -> bool:
    return str(user.pk) == user_id


def register() -> None:
    """Register them; called once at start."""
    live.register("study", _study)
    live.register("series", _series)
    live.register("list", _list)
    live.allow("list", ("archives", "exams", "rights"))  # heard by all: not even an UID of what they may not see
    live.register("user", _user)
    live.register("jobs", _list)  # only ids travel; what they stand for is asked for at a door
