"""What a person has seen of a study when they save something: refused where it is another's, or more, by now."""

import hashlib
import json
from collections import defaultdict
from collections.abc import Iterable
from datetime import date

from django.utils.translation import gettext as _

from viewer.listing import PatientListing
from viewer.models import Series, Study

NO_IMAGES = ("SR", "PR", "REG", "KO", "SEG", "DOC", "AU")  # modalities of what is made of a study, by us too


class SomebodyElse(Exception):
    """The study belongs to another patient, or is told otherwise of the same one, than the page that asks has shown."""

    def __init__(self) -> None:
        super().__init__(
            _("The patient of this exam was changed in the archive since this page was told. Look, then save again.")
        )


def identity(study: Study) -> str:
    """Return what changes whenever the archive tells anything else of the patient of a study."""
    return _digest(study.patient.issuer, study.PatientID, study.PatientName, study.PatientBirthDate, study.PatientSex)


def identity_of(patient: PatientListing) -> str:
    """Return the same of a patient as an archive lists them."""
    return _digest(patient.issuer, patient.patient_id, patient.name, patient.birth_date, patient.sex)


def require(study: Study, shown: str | None) -> None:
    """Raise SomebodyElse unless the study is of whom its page has shown; None asks for nothing."""
    if shown is not None and shown != identity(Study.objects.select_related("patient").get(pk=study.pk)):
        raise SomebodyElse


def contents(study: Study) -> str:
    """Return what changes with the patient, the series of images and how many each has; reports don't count."""
    return contents_of([study])[study.pk]


def contents_of(studies: Iterable[Study]) -> dict[int, str]:
    """Return the contents of several studies by primary key."""
    rows = list(studies)
    series: dict[int, list[tuple[str, int | None]]] = defaultdict(list)
    listed = Series.objects.filter(study__in=[row.pk for row in rows]).exclude(modality__in=NO_IMAGES)
    for pk, uid, count in listed.order_by("uid").values_list("study", "uid", "instance_count"):
        series[pk].append((uid, count))
    return {row.pk: _digest(identity(row), series[row.pk]) for row in rows}


def _digest(*parts: str | date | list[tuple[str, int | None]] | None) -> str:
    return hashlib.sha256(json.dumps(parts, default=str).encode("utf-8", "surrogatepass")).hexdigest()[:32]
