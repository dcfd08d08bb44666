"""What the archives hold, as far as lists and doors need to know: archives, patients, studies and series."""

import secrets

from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy as _

from viewer import names
from viewer.imaging.when import When


def patient_key() -> str:
    """Return a new opaque key: 96 random bits that stand for a patient in addresses."""
    return secrets.token_hex(12)


class Archive(models.Model):
    """Where images come from. Those of the environment have their location and credentials in the settings."""

    class State(models.TextChoices):
        NEW = "new", _("not read yet")
        READY = "ready", _("ready")
        UNREACHABLE = "unreachable", _("unreachable")

    class Auth(models.TextChoices):
        NONE = "none", _("none")
        BASIC = "basic", _("user name and password")
        BEARER = "bearer", _("token")

    name = models.CharField(max_length=32, unique=True)
    state = models.CharField(max_length=12, choices=State, default=State.NEW)
    unreachable_since = models.DateTimeField(null=True, blank=True)
    last_sync = models.DateTimeField(null=True, blank=True)
    last_sweep = models.DateTimeField(null=True, blank=True)
    words = models.TextField(blank=True)
    ready_since = models.DateTimeField(null=True, blank=True)
    # What administrators have written on the page of archives; `sealed` are the credentials, encrypted.
    location = models.CharField(max_length=500, blank=True)
    sealed = models.TextField(blank=True)
    auth_kind = models.CharField(max_length=6, choices=Auth, default=Auth.NONE)
    added_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.SET_NULL, null=True, blank=True, related_name="+")
    added_at = models.DateTimeField(null=True, blank=True)
    disabled_at = models.DateTimeField(null=True, blank=True)
    removed_at = models.DateTimeField(null=True, blank=True)
    # One process at a time reads an archive into the index.
    leased_by = models.CharField(max_length=64, blank=True)
    leased_until = models.DateTimeField(null=True, blank=True)

    def __str__(self) -> str:
        return self.name


class Patient(models.Model):
    """A person as one issuer knows them: issuer and Patient ID. Without an ID, one patient for each study."""

    key = models.CharField(max_length=32, unique=True, default=patient_key, editable=False)
    issuer = models.CharField(max_length=128)
    patient_id = models.CharField(max_length=128, blank=True)
    name = models.CharField(max_length=400, blank=True)  # PN as received, component groups separated by =
    birth_date = models.DateField(null=True, blank=True)
    sex = models.CharField(max_length=16, blank=True)
    fold = models.TextField(blank=True)
    # By whose code points the names stand in order, for readers of most languages and of Swedish.
    name_order = models.TextField(blank=True)
    swedish_order = models.TextField(blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["issuer", "patient_id"], condition=~models.Q(patient_id=""), name="patient_is_issuer_and_id"
            )
        ]
        # By the beginning of the family name: who could be taken for whom.
        indexes = [models.Index(fields=["fold"], name="patient_fold", opclasses=["text_pattern_ops"])]

    def __str__(self) -> str:
        return self.key

    @property
    def display(self) -> names.PersonName:
        return names.display(self.name)


class Study(models.Model):
    """A study of one archive, with its identity as received."""

    class Conflict(models.TextChoices):
        NONE = "", ""
        OTHER_PERSON = "other_person", _("The same patient ID is used with another name or birth date")
        TWO_PATIENTS = "two_patients", _("This study UID is used for two patients")
        DUPLICATES = "duplicates", _("Objects of this study share their UID with other objects")

    archive = models.ForeignKey(Archive, models.PROTECT, related_name="studies")
    uid = models.CharField(max_length=64)
    patient = models.ForeignKey(Patient, models.PROTECT, related_name="studies")
    PatientName = models.CharField(max_length=400, blank=True)
    PatientID = models.CharField(max_length=128, blank=True)
    PatientBirthDate = models.DateField(null=True, blank=True)
    PatientSex = models.CharField(max_length=16, blank=True)
    study_date = models.DateField(null=True, blank=True)
    study_time = models.TimeField(null=True, blank=True)
    # Date and time as the modality's clock showed them, to sort by; an absent time counts as midnight.
    study_datetime = models.DateTimeField(null=True, blank=True)
    study_date_written = models.CharField(max_length=16, blank=True)  # a Study Date that is no day
    timezone_offset = models.SmallIntegerField(null=True, blank=True)  # minutes east of UTC, where stated
    accession_number = models.CharField(max_length=64, blank=True)
    description = models.CharField(max_length=255, blank=True)
    modalities = models.CharField(max_length=100, blank=True)
    institution = models.CharField(max_length=255, blank=True)
    referring_physician = models.CharField(max_length=400, blank=True)
    body_part = models.CharField(max_length=64, blank=True)
    quality_control = models.BooleanField(default=False)  # a phantom, not a person
    series_count = models.PositiveIntegerField(null=True, blank=True)
    instance_count = models.PositiveIntegerField(null=True, blank=True)
    fold = models.TextField(blank=True)  # everything that free words search
    conflict = models.CharField(max_length=16, choices=Conflict, default=Conflict.NONE, blank=True)
    # What the archive itself found by reading its files.
    archive_conflict = models.CharField(max_length=16, choices=Conflict, default=Conflict.NONE, blank=True)
    digest = models.CharField(max_length=32)  # of the archive's answer: tells whether anything changed
    series_read_at = models.DateTimeField(null=True, blank=True)
    missed_sweeps = models.PositiveSmallIntegerField(default=0)
    first_seen = models.DateTimeField(auto_now_add=True)
    changed_at = models.DateTimeField(auto_now=True)
    gone_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        verbose_name_plural = "studies"
        constraints = [models.UniqueConstraint(fields=["archive", "uid"], name="study_is_archive_and_uid")]
        indexes = [
            models.Index(fields=["uid"], name="study_uid"),
            # No index with a condition here: SQLite would walk it for other orders too, twice as slowly as the table.
            models.Index(fields=["-study_datetime", "-id"], name="study_newest_first"),
            models.Index(fields=["quality_control", "-study_datetime", "-id"], name="study_kind_newest_first"),
            models.Index(fields=["patient", "study_datetime"], name="study_of_patient"),
            models.Index(fields=["accession_number"], name="study_accession"),
            models.Index(fields=["archive", "series_read_at"], name="study_series_to_read"),
        ]

    def __str__(self) -> str:
        return self.uid

    @property
    def topic(self) -> str:
        return f"study.{self.uid}"

    @property
    def identity_conflict(self) -> str:
        """Return words for an identity that can't be trusted, else an empty text."""
        found = (self.conflict, self.archive_conflict)
        return str(next((self.Conflict(each).label for each in found if each and each != self.Conflict.DUPLICATES), ""))

    @property
    def duplicates(self) -> str:
        """Return words for objects that share their UID with others, else an empty text: the person isn't in doubt."""
        found = self.Conflict.DUPLICATES in (self.conflict, self.archive_conflict)
        return str(self.Conflict.DUPLICATES.label) if found else ""

    @property
    def display(self) -> names.PersonName:
        return names.display(self.PatientName)

    @property
    def when(self) -> When:
        return When(self.study_date, self.study_time, self.timezone_offset, self.study_date_written)

    @property
    def age(self) -> str:
        """Return the patient's age at the study in DICOM's form (045Y, 011M, 003W, 002D), or an empty text."""
        return names.age(self.PatientBirthDate, self.study_date)


class Series(models.Model):
    """A series of a study, as the archive lists it."""

    study = models.ForeignKey(Study, models.CASCADE, related_name="series")
    uid = models.CharField(max_length=64)
    number = models.IntegerField(null=True, blank=True)
    modality = models.CharField(max_length=16, blank=True)
    description = models.CharField(max_length=255, blank=True)
    instance_count = models.PositiveIntegerField(null=True, blank=True)
    body_part = models.CharField(max_length=64, blank=True)
    laterality = models.CharField(max_length=16, blank=True)

    class Meta:
        verbose_name_plural = "series"
        constraints = [models.UniqueConstraint(fields=["study", "uid"], name="series_is_study_and_uid")]
        indexes = [models.Index(fields=["uid"], name="series_uid")]

    def __str__(self) -> str:
        return self.uid
