"""Which images somebody has calibrated, and what millimetres of theirs rest on."""

from django.utils import timezone

from viewer.imaging import beam, spacing
from viewer.imaging.record import Instance
from viewer.imaging.spacing import Spacing
from viewer.models import Calibration, Study


def of_frame(study: Study, instance: Instance, number: int) -> Calibration | None:
    """Return the calibration that stands now for frame `number` (from 1) of an image: its own or of its like.

    Between frames whose geometry differs nothing is carried over: one spacing isn't true for both.
    """
    rows = study.calibrations.filter(
        sop_instance_uid=instance.SOPInstanceUID or "", withdrawn=None, geometry=beam.mark(instance, number)
    )
    return rows.select_related("author").first()


def standing(study: Study, instance: Instance, number: int) -> Spacing | None:
    """Return the spacing that somebody set for a frame; None where an image of another size took its place since."""
    row = of_frame(study, instance, number)
    same = row is not None and (row.rows, row.columns) == (instance.Rows, instance.Columns)
    return spacing_of(row) if same else None


def spacing_of(row: Calibration | None) -> Spacing | None:
    """Return the spacing that a calibration sets, with who set it and when."""
    if row is None:
        return None
    name = row.author.get_full_name() or row.author.get_username()
    return spacing.by_user(row.row, row.column, name, timezone.localtime(row.created).date().isoformat())


def lock(study: Study) -> None:
    """Let nobody else measure or calibrate in a study until the transaction ends: numbers follow calibrations."""
    Study.objects.select_for_update(of=("self",)).filter(pk=study.pk).first()
