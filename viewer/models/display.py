"""How a screen looked to somebody: one check of one workstation, which is known by an id that says nothing else."""

from django.conf import settings
from django.db import models


class DisplayCheck(models.Model):
    """One check. `answers` maps the name of each question (viewer/actions/display.py) to whether it was a yes."""

    workstation = models.UUIDField()
    user = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+")
    at = models.DateTimeField(auto_now_add=True)
    screen_width = models.PositiveIntegerField()  # CSS pixels
    screen_height = models.PositiveIntegerField()  # CSS pixels
    device_pixel_ratio = models.FloatField()  # device pixels of one CSS pixel
    colour_depth = models.PositiveSmallIntegerField()  # bits
    mm_per_px = models.FloatField(null=True)  # millimetres of one CSS pixel; null: the ruler wasn't set
    answers = models.JSONField()
    passed = models.BooleanField()
    remark = models.CharField(max_length=500, blank=True)

    class Meta:
        indexes = [models.Index(fields=["workstation", "at"], name="display_checks_of_workstation")]

    def __str__(self) -> str:
        return f"{self.workstation} {self.pk}"
