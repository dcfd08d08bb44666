"""Search over the study index: one query, sorted and paged by the database."""

from dataclasses import dataclass
from datetime import date
from typing import Any

from django.db import connection
from django.db.models import F, Q, QuerySet
from django.db.models.expressions import OrderBy
from django.db.models.functions import Collate
from django.utils.translation import get_language

from viewer import names
from viewer.access import visible_studies
from viewer.models import Study

LONGEST = 200  # characters of one search
MOST_WORDS = 12
PAGE_SIZE = 50
FEW = 2000  # matches of words that are fetched by key
# What a list can be sorted by; each ends in the newest first.
SORTS = {
    "taken": "study_datetime",
    "patient": "patient",
    "description": "description",
    "modality": "modalities",
    "images": "instance_count",
    "institution": "institution",
    "accession": "accession_number",
}


def words_match(text: str, *columns: str, mark: str = "") -> Q:
    """Return the condition that each word of `text`, in any order, begins a word of one of the folded `columns`."""
    condition = Q()
    for ways in names.typed_words(text[:LONGEST])[:MOST_WORDS]:
        either = Q()
        for way in ways:
            for column in columns:
                either |= Q(**{f"{column}__contains": f" {mark}{way}"})
        condition &= either
    return condition


def by_name() -> F | Collate:
    """Return what puts studies in the order of their patients' names, as the reader's language wants it.

    By code points whatever the database's own order is, so that it is the same on all of them.
    """
    swedish = (get_language() or "").startswith("sv")
    column = F("patient__swedish_order" if swedish else "patient__name_order")
    return Collate(column, "C") if connection.vendor == "postgresql" else column


@dataclass(frozen=True)
class StudyQuery:
    """What somebody searches for; an empty field asks for nothing. `phantoms` None means patients and phantoms."""

    words: str = ""  # name, ID, accession, description, institution: each word begins one of them
    name: str = ""
    patient_id: str = ""
    accession: str = ""
    description: str = ""
    date_from: date | None = None
    date_to: date | None = None
    modalities: tuple[str, ...] = ()
    phantoms: bool | None = False
    columns: tuple[str, ...] = ("fold",)  # where words are looked for; upper rooms add theirs
    sort: str = "-taken"
    page: int = 1

    def _by_words(self) -> Q:
        """Return the condition of the words; when few studies meet it, as their keys.

        A database that walks the newest first to find fifty is quick when many match and slow when few do.
        """
        condition = words_match(self.words, *self.columns) & words_match(self.name, "patient__fold")
        condition &= words_match(self.description, "fold", mark="d:")
        if not condition:
            return condition
        keys = list(Study.objects.filter(condition).order_by().values_list("pk", flat=True)[: FEW + 1])
        return Q(pk__in=keys) if len(keys) <= FEW else condition

    def condition(self) -> Q:
        """Return the condition on studies; asks the database when there are words."""
        condition = self._by_words()
        if self.patient_id.strip():
            condition &= Q(PatientID__istartswith=self.patient_id.strip()[:LONGEST])
        if self.accession.strip():
            condition &= Q(accession_number__istartswith=self.accession.strip()[:LONGEST])
        if self.date_from:
            condition &= Q(study_date__gte=self.date_from)
        if self.date_to:
            condition &= Q(study_date__lte=self.date_to)
        if self.modalities:
            either = Q()
            for modality in self.modalities:
                # Stored as words with a space between: CT must not find OCT.
                either |= Q(modalities=modality) | Q(modalities__startswith=f"{modality} ")
                either |= Q(modalities__endswith=f" {modality}") | Q(modalities__contains=f" {modality} ")
            condition &= either
        if self.phantoms is not None:
            # Few are phantoms: written as a list, SQLite finds them by its index; the others it had better not.
            condition &= Q(quality_control__in=[True]) if self.phantoms else Q(quality_control=False)
        return condition

    def ordering(self) -> list[OrderBy]:
        """Return the database's order; what has no value comes last either way."""
        column = SORTS[self.sort.removeprefix("-")]
        field = by_name() if column == "patient" else F(column)
        first = field.desc(nulls_last=True) if self.sort.startswith("-") else field.asc(nulls_last=True)
        return [first, F("study_datetime").desc(nulls_last=True), F("pk").desc()]

    def studies(self, user: Any) -> QuerySet[Study]:
        """Return what matches of all that `user` may see, in order; slice it, or take `rows`."""
        return visible_studies(user).filter(self.condition()).order_by(*self.ordering())

    def rows(self, user: Any) -> list[Study]:
        """Return the studies of the asked page, 50 on each, with patient and archive."""
        begin = (self.page - 1) * PAGE_SIZE
        found = self.studies(user).select_related("patient", "archive")
        return list(found[begin : begin + PAGE_SIZE])
