"""Whether a second volume may lie over the planes of a first: both studies' rights, one patient, what joins them."""

from collections.abc import Awaitable, Callable
from typing import Any

from django.utils.translation import gettext as _

from viewer import access, registrations
from viewer.doors import fused, volumes
from viewer.doors.fused_parameters import FusedParameters
from viewer.doors.refusal import Refusal
from viewer.trouble import reading


async def layer(
    scope: Any, under: volumes.Source, wanted: FusedParameters, find: Callable[[str, str], Awaitable[volumes.Source]]
) -> fused.Layer:
    """Return the layer that is wanted over a volume; `find` (archive, study) is asked once the person may see them.

    Raises Refusal: 404 for a study that isn't there or isn't theirs, 400 for a volume that can't be fused.
    """
    archive, study = wanted.archive or under.opened.archive, wanted.study or under.opened.study
    admission = await access.admit(scope, archive, study)
    own = await access.admit(scope, under.opened.archive, under.opened.study)
    if admission is None or own is None:
        raise Refusal(404, _("No such study, or not yours to see"))
    if admission.patient_key != own.patient_key:
        raise Refusal(400, _("fused: the series is of another patient"), "fused")
    over = await find(archive, study)
    if wanted.registration is None:
        return fused.layer(under, over, wanted)
    studies, frames = {own.study_pk, admission.study_pk}, fused.frames(under, over)
    joined = await reading(registrations.joining)(wanted.registration, studies, *frames)
    if joined is None:
        raise Refusal(400, _("registration: there is no such registration of these series"), "registration")
    return fused.layer(under, over, wanted, joined)
