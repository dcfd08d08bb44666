"""What somebody measured: points where they lie in the patient, on the glass or in the image; never screen pixels."""

import uuid

from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy as _

from viewer.models.study import Study


class Measurement(models.Model):
    """One measurement. `points` are what was drawn, `value` is what the server computed from them."""

    class Kind(models.TextChoices):
        LENGTH = "length", _("length")

    class Space(models.TextChoices):
        PATIENT = "patient", _("patient")  # LPS mm in the Frame of Reference: (x, y, z)
        SLIDE = "slide", _("slide")  # slide mm in the Frame of Reference: (x, y, z)
        IMAGE = "image", _("image")  # pixels (column, row) of an image without a place in space; centres are whole

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    study = models.ForeignKey(Study, models.CASCADE, related_name="measurements")
    kind = models.CharField(max_length=16, choices=Kind, default=Kind.LENGTH)
    space = models.CharField(max_length=8, choices=Space)
    frame_of_reference = models.CharField(max_length=64, blank=True)
    series_uid = models.CharField(max_length=64)
    # The image it was drawn on; empty for a plane that was cut through a volume.
    sop_instance_uid = models.CharField(max_length=64, blank=True)
    frame = models.PositiveIntegerField(null=True, blank=True)
    stack = models.CharField(max_length=200, blank=True)
    plane = models.JSONField(null=True, blank=True)  # {point, look, up} of that plane
    points = models.JSONField()
    value = models.FloatField(null=True, blank=True)
    unit = models.CharField(max_length=16, blank=True)  # UCUM
    basis = models.CharField(max_length=32, blank=True)  # what the millimetres rest on, as viewer.imaging.spacing says
    words = models.JSONField(null=True, blank=True)  # {template, values} of the sentence that says it in full
    # Of a line that is no length, as in a Doppler region: [{name, value, unit}], of which `value` is the first.
    parts = models.JSONField(default=list, blank=True)
    previous = models.JSONField(null=True, blank=True)  # the number before a calibration computed it anew
    label = models.CharField(max_length=200, blank=True)
    tracking_uid = models.CharField(max_length=64)
    version = models.PositiveIntegerField(default=1)
    deleted = models.BooleanField(default=False)
    author = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, blank=True, related_name="measurements"
    )
    observer = models.CharField(max_length=400, blank=True)  # who measured, where a report of the archive says so
    # Of whom the study was when it was drawn or changed, as viewer.seen tells; empty where nobody knows.
    identity = models.CharField(max_length=32, blank=True)
    # The report that holds it, and which version of it that report holds.
    report_uid = models.CharField(max_length=64, blank=True)
    report_version = models.PositiveIntegerField(null=True, blank=True)
    created = models.DateTimeField(auto_now_add=True)
    modified = models.DateTimeField(auto_now=True)

    class Meta:
        indexes = [models.Index(fields=["study", "created"], name="measurement_of_study")]

    def __str__(self) -> str:
        return str(self.id)
