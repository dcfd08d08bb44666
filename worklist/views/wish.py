"""What somebody wants to see in the list: read from the address and a saved search, written back as an address."""

import datetime
import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Self
from urllib.parse import urlencode

from django.core.exceptions import BadRequest
from django.http import QueryDict

from viewer.models import SavedSearch

LISTS = ("unread", "stat", "mine", "all", "phantoms")
SORTS = ("due", "state", "patient", "exam", "taken", "images", "place")
LONGEST_WORDS, MOST_MODALITIES, LAST_PAGE = 200, 20, 1_000_000


@dataclass(frozen=True)
class Wish:
    """One list with its filters and order. The words are never part of an address: their search's id is."""

    list: str = "unread"
    families: tuple[str, ...] = ()
    today: bool = False
    since: datetime.date | None = None
    until: datetime.date | None = None
    sort: str = ""
    page: int = 1
    search: uuid.UUID | None = None
    words: str = ""
    name: str = ""

    @classmethod
    def read(cls, address: QueryDict, saved: Mapping[str, Any] | None, *, default_list: str, name: str = "") -> Self:
        """Read an address; `saved` is the query kept under its search id. BadRequest names what is wrong."""
        search = address.get("search")
        source = _Source(address if saved is None or "list" in address else _as_address(saved))
        return cls(
            list=source.one_of("list", LISTS) or default_list,
            families=tuple(sorted(set(source.families())))[:MOST_MODALITIES],
            today=source.one_of("day", ("today",)) == "today",
            since=source.date("from"),
            until=source.date("to"),
            sort=source.one_of("sort", (*SORTS, *(f"-{sort}" for sort in SORTS))),
            page=_Source(address).number("page"),
            search=uuid.UUID(search) if search and saved is not None else None,
            words=str((saved or {}).get("words", ""))[:LONGEST_WORDS],
            name=name,
        )

    @classmethod
    def read_saved(cls, search: SavedSearch, *, default_list: str = "all") -> Self:
        """Return the wish that a saved search keeps, as if its bare address had been opened."""
        wish = cls.read(QueryDict(), search.query, default_list=default_list, name=search.name)
        return replace(wish, search=search.pk)

    @property
    def order(self) -> str:
        """Return the sort key in force: what is due first for lists to be read, else the newest."""
        return self.sort or ("due" if self.list in ("unread", "stat", "mine") else "-taken")

    @property
    def is_filtered(self) -> bool:
        return bool(self.words or self.families or self.today or self.since or self.until)

    def but(self, **changes: Any) -> "Wish":
        """Return the wish with `changes`, back on its first page."""
        return replace(self, **{"page": 1} | changes)

    def address(self) -> str:
        """Return the address of this wish: no names, no words."""
        parts: list[tuple[str, str]] = [("list", self.list)]
        parts += [("modality", family) for family in self.families]
        optional = {
            "day": "today" if self.today else "",
            "from": self.since.isoformat() if self.since else "",
            "to": self.until.isoformat() if self.until else "",
            "sort": self.sort,
            "search": str(self.search) if self.search else "",
            "page": str(self.page) if self.page > 1 else "",
        }
        return "/?" + urlencode(parts + [(name, value) for name, value in optional.items() if value])

    def as_query(self) -> dict[str, Any]:
        """Return what a saved search keeps of this wish."""
        return {
            "words": self.words, "list": self.list, "modality": list(self.families), "sort": self.sort,
            "day": "today" if self.today else "",
            "from": self.since.isoformat() if self.since else "", "to": self.until.isoformat() if self.until else "",
        }  # fmt: skip


def search_id(address: QueryDict) -> uuid.UUID | None:
    """Return the id of the search that the address names; raises BadRequest."""
    text = address.get("search", "")
    try:
        return uuid.UUID(text) if text else None
    except ValueError:
        raise BadRequest("search") from None


def _as_address(saved: Mapping[str, Any]) -> QueryDict:
    made = QueryDict(mutable=True)
    for name in ("list", "day", "from", "to", "sort"):
        if saved.get(name):
            made[name] = str(saved[name])
    made.setlist("modality", [str(value) for value in saved.get("modality", [])])
    return made


class _Source:
    """Values of an address, checked; an empty one is an absent one."""

    def __init__(self, address: QueryDict) -> None:
        self.address = address

    def one_of(self, name: str, allowed: Sequence[str]) -> str:
        value = self.address.get(name, "")
        if value and value not in allowed:
            raise BadRequest(name)
        return value

    def families(self) -> list[str]:
        values = [value for value in self.address.getlist("modality") if value]
        if any(not value.isascii() or not value.replace("_", "").isalnum() or len(value) > 16 for value in values):
            raise BadRequest("modality")
        return values

    def date(self, name: str) -> datetime.date | None:
        value = self.address.get(name, "")
        try:
            return datetime.date.fromisoformat(value) if value else None
        except ValueError:
            raise BadRequest(name) from None

    def number(self, name: str) -> int:
        value = self.address.get(name, "") or "1"
        if not (value.isascii() and value.isdecimal()) or len(value) > 7 or not 0 < int(value) <= LAST_PAGE:
            raise BadRequest(name)
        return int(value)
