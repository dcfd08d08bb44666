"""The study index: writes what archives list into our rows, and marks identities that can't be trusted."""

from collections import defaultdict
from collections.abc import Callable, Iterable
from datetime import date
from typing import Any

from django.db import transaction
from django.utils import timezone

from viewer import audit, epochs, live, names
from viewer.listing import PatientListing, SeriesListing, StudyListing
from viewer.models import Archive, Patient, Series, Study

Identity = tuple[str, date | None]

# What rooms above do in the transaction that writes studies seen for the first time, and when the series of one are
# known or have changed.
when_new: list[Callable[[list[Study]], None]] = []
OTHERS = " &| "  # before the words of the other patients of a study
when_series_change: list[Callable[[Study], None]] = []


@transaction.atomic
def write_studies(
    archive: Archive, listed: Iterable[StudyListing], met: dict[str, set[PatientListing]] | None = None
) -> int:
    """Write new and changed studies; return how many. Two rows with one UID and two patients become a conflict.

    `met` holds the patients of the earlier pages of one reading, and gets this one's: the two rows of a conflict may
    stand on two pages, and the first stays. Who was let in to a study is asked anew when it belongs to another
    patient, and when it comes back.
    """
    met = defaultdict(set) if met is None else met
    rows: dict[str, StudyListing] = {}
    doubled: set[str] = set()
    for row in listed:
        if not met[row.uid]:
            rows[row.uid] = row
        met[row.uid].add(row.patient)
        if len(met[row.uid]) > 1:
            doubled.add(row.uid)
    known = {study.uid: study for study in Study.objects.filter(archive=archive, uid__in=rows)}
    changed = [row for row in rows.values() if row.uid not in known or known[row.uid].digest != row.fields["digest"]]
    back = [study.pk for uid, study in known.items() if study.gone_at is not None or study.missed_sweeps]
    if back:
        Study.objects.filter(pk__in=back).update(gone_at=None, missed_sweeps=0)
    before = {known[row.uid].patient_id for row in changed if row.uid in known}
    patients = _patients(changed, known)
    new = []
    rights_changed = any(study.gone_at is not None for study in known.values())
    for row in changed:
        study = known.get(row.uid)
        if study is None:
            new.append(Study(archive=archive, uid=row.uid, patient=patients[row.uid], **row.fields))
            continue
        for name, value in row.fields.items():
            setattr(study, name, value)
        rights_changed |= study.patient_id != patients[row.uid].pk
        study.patient, study.series_read_at = patients[row.uid], None
        study.gone_at, study.missed_sweeps = None, 0
        study.save()
    Study.objects.bulk_create(new, batch_size=200)
    for told in when_new if new else ():
        told(new)
    if rights_changed:
        epochs.bump()
    for uid in doubled:
        _find_by(
            archive, uid, sorted(f"{names.search_words(one.name)} {names.fold(one.patient_id)} " for one in met[uid])
        )
    if changed or doubled:
        _mark_conflicts(
            before | {patient.pk for patient in patients.values()}, {row.uid for row in changed} | doubled, doubled
        )
    _tell([row.uid for row in changed], len(changed) + len(back))
    return len(changed)


@transaction.atomic
def settle(archive: Archive, met: dict[str, set[PatientListing]]) -> None:
    """Take the mark off studies that a whole reading has met with one patient only, unless another archive differs."""
    doubted = Study.objects.filter(archive=archive, conflict=Study.Conflict.TWO_PATIENTS, gone_at__isnull=True)
    single = [study for study in doubted if len(met.get(study.uid, ())) == 1]
    for study in single:
        Study.objects.filter(pk=study.pk).update(fold=study.fold.partition(OTHERS)[0])
    if single:
        _mark_conflicts({study.patient_id for study in single}, {study.uid for study in single}, set())


def _tell(uids: list[str], count: int) -> None:
    if count:
        live.publish("list", {"changed": "exams"})
    for uid in uids[:50]:
        live.publish(f"study.{uid}", {"study": "changed"})


def _patients(rows: list[StudyListing], known: dict[str, Study]) -> dict[str, Patient]:
    """Return the patient of each study, made or brought up to date; a study without an ID has one of its own."""
    wanted = {row.patient.patient_id for row in rows if row.patient.patient_id}
    found = {(p.issuer, p.patient_id): p for p in Patient.objects.filter(patient_id__in=wanted)}
    own = {
        study.uid: study.patient
        for study in Study.objects.filter(
            pk__in=[known[row.uid].pk for row in rows if row.uid in known], patient__patient_id=""
        ).select_related("patient")
    }
    result: dict[str, Patient] = {}
    new: list[Patient] = []
    stale: dict[int, Patient] = {}
    for row in rows:
        listed = row.patient
        patient = found.get((listed.issuer, listed.patient_id)) if listed.patient_id else own.get(row.uid)
        if patient is None:
            patient = Patient(issuer=listed.issuer, patient_id=listed.patient_id, **_person(listed))
            new.append(patient)
            if listed.patient_id:
                found[listed.issuer, listed.patient_id] = patient
        elif patient.pk and any(getattr(patient, name) != value for name, value in _person(listed).items()):
            for name, value in _person(listed).items():
                setattr(patient, name, value)
            stale[patient.pk] = patient
        result[row.uid] = patient
    Patient.objects.bulk_create(new, batch_size=200)
    if stale:
        Patient.objects.bulk_update(
            stale.values(), ["name", "birth_date", "sex", "fold", "name_order", "swedish_order"], batch_size=200
        )
    return result


def _person(listed: PatientListing) -> dict[str, Any]:
    return {
        "name": listed.name,
        "birth_date": listed.birth_date,
        "sex": listed.sex,
        "fold": names.search_words(listed.name),
        "name_order": names.order(listed.name),
        "swedish_order": names.order(listed.name, swedish=True),
    }


def other_person(one: Identity, other: Identity) -> bool:
    """Say whether two identities (name, birth date) under one patient ID may be two people.

    Another birth date is another person; another name is one unless the birth date is the same.
    """
    if one[1] and other[1] and one[1] != other[1]:
        return True
    same_birth_date = one[1] is not None and one[1] == other[1]
    return not same_birth_date and bool(one[0] and other[0]) and names.fold(one[0]) != names.fold(other[0])


def _mark_conflicts(patients: set[int], uids: set[str], doubled: set[str]) -> None:
    by_patient: dict[int, list[Study]] = defaultdict(list)
    for study in Study.objects.filter(patient__in=patients, gone_at__isnull=True).exclude(PatientID=""):
        by_patient[study.patient_id].append(study)
    wanted: dict[int, str] = {}
    for studies in by_patient.values():
        identities = {(study.PatientName, study.PatientBirthDate) for study in studies}
        clash = any(other_person(one, other) for one in identities for other in identities)
        wanted |= {study.pk: Study.Conflict.OTHER_PERSON if clash else Study.Conflict.NONE for study in studies}
    by_uid: dict[str, list[Study]] = defaultdict(list)
    for study in Study.objects.filter(uid__in=uids, gone_at__isnull=True):
        by_uid[study.uid].append(study)
    for uid, studies in by_uid.items():
        clash = uid in doubled or len({study.PatientID for study in studies}) > 1
        for study in studies:
            wanted[study.pk] = Study.Conflict.TWO_PATIENTS if clash else wanted.get(study.pk, Study.Conflict.NONE)
    two = Study.Conflict.TWO_PATIENTS
    doubted = Study.objects.filter(pk__in=wanted, conflict=two).values_list("pk", flat=True)
    if set(doubted) != {key for key, value in wanted.items() if value == two}:
        epochs.bump()  # permits for one patient don't reach such a study
    for conflict in Study.Conflict.values:
        keys = [key for key, value in wanted.items() if value == conflict]
        differing = Study.objects.filter(pk__in=keys).exclude(conflict=conflict)
        told = list(differing.values_list("uid", flat=True))
        differing.update(conflict=conflict)
        _tell(told, len(told))


def _find_by(archive: Archive, uid: str, sought: list[str]) -> None:
    """Have a study of two patients found by the words of either, until its row is listed otherwise."""
    for study in Study.objects.filter(archive=archive, uid=uid):
        own, _mark, _before = study.fold.partition(OTHERS)
        fold = f"{own}{OTHERS}{' '.join(sought)}"
        if fold != study.fold:
            Study.objects.filter(pk=study.pk).update(fold=fold)


@transaction.atomic
def mark_archive_conflicts(
    archive: Archive, doubtful: dict[str, str], others: dict[str, list[str]] | None = None
) -> None:
    """Mark the studies (UID to Study.Conflict) whose files the archive found in doubt, and no others.

    `others` are, by study, the words of all the patients that its files name: it is found by each of them.
    """
    for uid, sought in (others or {}).items():
        _find_by(archive, uid, sought)
    marked = Study.objects.filter(archive=archive).exclude(archive_conflict=Study.Conflict.NONE)
    gone = [study for study in marked if study.uid not in doubtful]
    changed = [study.uid for study in gone]
    Study.objects.filter(pk__in=[study.pk for study in gone]).update(archive_conflict=Study.Conflict.NONE)
    for conflict in set(doubtful.values()):
        uids = [uid for uid, found in doubtful.items() if found == conflict]
        there = Study.objects.filter(archive=archive, uid__in=uids).exclude(archive_conflict=conflict)
        changed += there.values_list("uid", flat=True)
        there.update(archive_conflict=conflict)
    if changed:
        epochs.bump()  # permits for one patient don't reach a study of two
        _tell(changed, len(changed))


@transaction.atomic
def write_series(study: Study, listed: list[SeriesListing]) -> None:
    """Write the series of `study` as listed; what the study's own row leaves open is counted from them."""
    known = {series.uid: series for series in study.series.all()}
    rows = {row.uid: row for row in listed}
    changed = set(known) != set(rows)
    study.series.exclude(uid__in=rows).delete()
    for uid, row in rows.items():
        series = known.get(uid) or Series(study=study, uid=uid)
        if series.pk is None or any(getattr(series, name) != value for name, value in row.fields.items()):
            for name, value in row.fields.items():
                setattr(series, name, value)
            series.save()
            changed = True
    counts = [row.fields["instance_count"] for row in listed]
    modalities = sorted({row.fields["modality"] for row in listed if row.fields["modality"]})
    study.series_read_at = timezone.now()
    study.series_count = len(rows)
    study.modalities = study.modalities or " ".join(modalities)[:100]
    if None not in counts:
        study.instance_count = sum(counts)
    study.save(update_fields=["series_read_at", "series_count", "modalities", "instance_count"])
    if changed:
        live.publish(study.topic, {"study": "changed"})
        for told in when_series_change:
            told(study)


@transaction.atomic
def count_missing(archive: Archive, seen: set[str]) -> list[Study]:
    """Count a complete sweep against the studies that it didn't bring; return those that two sweeps missed."""
    present = Study.objects.filter(archive=archive, gone_at__isnull=True)
    missing = [pk for pk, uid in present.values_list("pk", "uid") if uid not in seen]
    for begin in range(0, len(missing), 500):
        for study in Study.objects.filter(pk__in=missing[begin : begin + 500]):
            study.missed_sweeps += 1
            Study.objects.filter(pk=study.pk).update(missed_sweeps=study.missed_sweeps)
    return list(present.filter(missed_sweeps__gte=2))


@transaction.atomic
def mark_gone(study: Study) -> None:
    """Hide a study that its archive no longer has; the row stays, for the audit and for its return."""
    Study.objects.filter(pk=study.pk).update(gone_at=timezone.now())
    epochs.bump()
    audit.record(None, audit.Event.STUDY_DELETED, study=study, detail={"noticed": "absent from its archive"})
    live.publish("list", {"changed": "exams"})
    live.publish(study.topic, {"study": "gone"})
