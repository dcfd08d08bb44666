"""The lists of the rail: which exams each one holds, their counts, and their order in the database."""

from dataclasses import dataclass
from typing import Any

from django.db.models import F, Q, QuerySet
from django.db.models.expressions import OrderBy
from django.utils import timezone
from django.utils.translation import gettext as _

from viewer.models import SavedSearch, Study
from viewer.search import StudyQuery, by_name
from viewer.views import modalities
from worklist.models import Priority, ReadingTask
from worklist.views.wish import Wish

READERS = ("radiologist", "pathologist", "chair")
ICONS = {"unread": "inbox", "stat": "bolt", "mine": "user", "all": "list", "phantoms": "phantom"}
ORDERS = {
    "due": ("reading_task__due_at",),
    "state": ("reading_task__state", "reading_task__due_at"),
    "patient": ("patient",),
    "exam": ("description",),
    "taken": ("study_datetime",),
    "images": ("instance_count",),
    "place": ("institution",),
}


@dataclass(frozen=True)
class Entry:
    """One line of the rail."""

    key: str
    label: str
    icon: str
    count: int
    address: str
    current: bool
    search: SavedSearch | None = None


def reads(user: Any) -> bool:
    """Say whether reading exams is this person's work: decides which list comes first."""
    return user.groups.filter(name__in=READERS).exists()


def labels() -> dict[str, str]:
    return {
        "unread": _("Unread"),
        "stat": _("STAT"),
        "mine": _("Mine"),
        "all": _("All exams"),
        "phantoms": _("Phantoms"),
    }


def in_list(key: str, user: Any) -> Q:
    """Return the condition of one list."""
    unread, claimed = ReadingTask.State.UNREAD, ReadingTask.State.CLAIMED
    conditions = {
        "unread": Q(reading_task__state=unread),
        "stat": Q(reading_task__state__in=(unread, claimed), reading_task__priority=Priority.STAT),
        "mine": Q(reading_task__state=claimed, reading_task__reader=user),
        "all": Q(),
        "phantoms": Q(),
    }
    return conditions[key]


def exams(user: Any, wish: Wish) -> QuerySet[Study]:
    """Return the exams of a wish in its order, over everything that `user` may see."""
    today = timezone.localdate()
    query = StudyQuery(
        words=wish.words,
        columns=("fold", "request__fold"),
        modalities=tuple(modalities.members(wish.families)),
        date_from=today if wish.today else wish.since,
        date_to=today if wish.today else wish.until,
        phantoms=wish.list == "phantoms",
    )
    found = query.studies(user).filter(in_list(wish.list, user))
    return found.select_related("archive", "patient").order_by(*ordering(wish.order))


def ordering(sort: str) -> list[OrderBy]:
    """Return the database's order for a sort key; rows without a value come last either way, ties by their age."""
    descending = sort.startswith("-")
    fields = [by_name() if name == "patient" else F(name) for name in ORDERS[sort.removeprefix("-")]]
    made = [field.desc(nulls_last=True) if descending else field.asc(nulls_last=True) for field in fields]
    return [*made, F("study_datetime").desc(nulls_last=True), F("pk").desc()]


def rail(user: Any, wish: Wish) -> tuple[list[Entry], list[Entry]]:
    """Return the fixed lists and the user's saved ones, each with its count."""
    known = labels()
    plain = Wish()
    fixed = []
    for key in known:
        there = plain.but(list=key)
        count = exams(user, there).order_by().count()
        fixed.append(Entry(key, known[key], ICONS[key], count, there.address(), wish.list == key and not wish.name))
    saved = []
    for search in SavedSearch.objects.filter(user=user).exclude(name="").order_by("name", "created"):
        there = Wish.read_saved(search, default_list="all")
        count = exams(user, there).order_by().count()
        current = wish.search == search.pk
        saved.append(Entry(str(search.pk), search.name, "star", count, f"/?search={search.pk}", current, search))
    return fixed, saved


def families_there(user: Any) -> list[str]:
    """Return the families of modalities that the user's exams have, in the order of the chips."""
    values = StudyQuery(phantoms=None).studies(user).order_by().values_list("modalities", flat=True).distinct()
    found = {modalities.main_family(value) for value in values if value}
    return sorted((name for name in found if name in modalities.FAMILIES), key=modalities.order)
