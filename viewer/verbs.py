"""What a page may have done over its socket: verbs that the rooms register, each the same action as a REST door."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from django.http import Http404
from django.utils.translation import gettext as _

from viewer import access
from viewer.doors.refusal import Refusal
from viewer.models import Study


@dataclass(frozen=True)
class Done:
    """What came of a verb: the status that the REST door would answer, and its body."""

    status: int
    result: Any


Function = Callable[[Any, Study | None, dict[str, Any]], Done]


@dataclass(frozen=True)
class Verb:
    """A function of (user, study or None, what it is done with); `by_hand` ones keep the session alive."""

    function: Function
    by_hand: bool


registry: dict[str, Verb] = {}


def register(name: str, function: Function, *, by_hand: bool = True) -> None:
    """Make `name` a verb. Its function checks access, and raises Refusal or Http404."""
    registry[name] = Verb(function, by_hand)


def do(user: Any, name: str, with_what: dict[str, Any], page: tuple[str, str] | None = None) -> Done:
    """Have `user` do a verb about the study that `with_what` names by `archive` and `study`, else about the `page`'s.

    Raises Refusal: unknown and forbidden are the same 404; half a name is 400, never the page's own study.
    """
    verb = registry.get(name)
    if verb is None:
        raise Refusal(400, _("%(name)s isn't known") % {"name": name[:40]}, "verb")
    if not (user.is_authenticated and user.is_active):
        raise Refusal(401, _("Log in first"))
    named = _named(with_what, page)
    rest = {key: value for key, value in with_what.items() if key not in ("archive", "study")}
    try:
        return verb.function(user, _study(user, named), rest)
    except Http404 as error:
        raise Refusal(404, _("No such study, or not yours to see")) from error


def _named(with_what: dict[str, Any], page: tuple[str, str] | None) -> tuple[str, str] | None:
    """Return (archive, study UID) that a verb is about. Raises Refusal."""
    given = [with_what[key] for key in ("archive", "study") if key in with_what]
    if not given:
        return page
    if len(given) == 1 or not all(isinstance(each, str) for each in given):
        raise Refusal(400, _("A study is named by its archive and its UID, both as text"), "study")
    return given[0], given[1]


def _study(user: Any, named: tuple[str, str] | None) -> Study | None:
    """Return the study if the user may see it. Raises Http404."""
    if named is None:
        return None
    study = access.named(user, named[1], named[0]).first()
    if study is None:
        raise Http404("no such study")
    return study
