"""What somebody says that a line on an image measures: it sets the millimetres of that image."""

import uuid

from django.conf import settings
from django.db import models
from django.db.models import Q

from viewer.models.study import Study


class Calibration(models.Model):
    """One calibration of one image: of all frames, or of those that share the geometry of the one drawn on.

    It stays when it is withdrawn, or another takes its place.
    """

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    study = models.ForeignKey(Study, models.CASCADE, related_name="calibrations")
    series_uid = models.CharField(max_length=64)
    sop_instance_uid = models.CharField(max_length=64)
    frame = models.PositiveIntegerField()  # that the line was drawn on
    frames = models.JSONField(null=True, blank=True)  # numbers of those that it holds for; null: all
    geometry = models.CharField(max_length=16, blank=True, default="")  # that these share; "": all frames do
    rows = models.PositiveIntegerField()  # of the image then: of another size it isn't that image any more
    columns = models.PositiveIntegerField()
    points = models.JSONField()  # its two ends: (column, row), whole numbers at centres of pixels
    length = models.FloatField()  # mm that it is said to have
    row = models.FloatField()  # mm between rows, from that
    column = models.FloatField()  # mm between columns
    author = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="calibrations")
    created = models.DateTimeField(auto_now_add=True)
    withdrawn = models.DateTimeField(null=True, blank=True)
    withdrawn_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, null=True, blank=True, related_name="+")

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["study", "sop_instance_uid", "geometry"],
                condition=Q(withdrawn=None),
                name="one_calibration_of_a_geometry",
            )
        ]

    def __str__(self) -> str:
        return str(self.id)
