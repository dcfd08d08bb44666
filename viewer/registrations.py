"""Registrations that a person may use: which there are between studies, what they say, the matrix that fusion takes."""

import numpy as np
from django.db.models import Q, QuerySet
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from viewer import access
from viewer.imaging import registration
from viewer.models import Registration, Study

State, Method = Registration.State, Registration.Method


def visible(user: object) -> QuerySet[Registration]:
    """Return the registrations both studies of which `user` may see."""
    seen = access.visible_studies(user)
    rows = Registration.objects.filter(study__in=seen, moving_study__in=seen)
    return rows.select_related("study__archive", "moving_study__archive", "author", "decided_by")


def of_study(user: object, study: Study) -> QuerySet[Registration]:
    """Return those of a study, the newest first; rejected ones are left out."""
    of = Q(study=study) | Q(moving_study=study)
    return visible(user).filter(of).exclude(state=State.REJECTED).order_by("-created")


def joining(key: str, studies: set[int], here: str, there: str) -> tuple[np.ndarray, str] | None:
    """Return the matrix (4, 4) from Frame of Reference `here` to `there`, and its words; None for none such.

    `studies` are those that the person was found to have a right to: a registration of others isn't told.
    """
    row = Registration.objects.select_related("author", "decided_by").filter(pk=key).first()
    if row is None or row.matrix is None or row.state not in (State.ACCEPTED, State.PROPOSED):
        return None
    if not {row.study_id, row.moving_study_id} <= studies:
        return None
    matrix = np.array(row.matrix, float)
    if (row.frame_of_reference, row.moving_frame_of_reference) == (here, there):
        return registration.inverse(matrix), words(row)
    if (row.frame_of_reference, row.moving_frame_of_reference) == (there, here):
        return matrix, words(row)
    return None


def words(row: Registration) -> str:
    """Return how two Frames of Reference were registered, how well, by whom and when, and that eyes have to check."""
    if row.state == State.COMPUTING:
        return _("The registration is being computed")
    if row.matrix is None:
        return _("Not registered: %(reason)s") % {"reason": _(row.words)}
    date = row.created.date().isoformat()
    if row.method == Method.LANDMARKS:
        said = ngettext(
            "registered by %(count)d pair of landmarks, residual %(mm).1f mm (RMS)",
            "registered by %(count)d pairs of landmarks, residual %(mm).1f mm (RMS)",
            len(row.pairs),
        ) % {"count": len(row.pairs), "mm": row.error or 0.0}
    elif row.method == Method.INFORMATION:
        said = _("registered by mutual information (%(nats).2f)") % {"nats": row.error or 0.0}
    else:
        said = _("registered by an object of the archive")
    who = row.observer if row.author is None else row.author.get_full_name() or row.author.get_username()
    said = _("%(how)s, %(who)s on %(date)s: check by eye") % {"how": said, "who": who or "?", "date": date}
    return said if row.state == State.ACCEPTED else _("PROPOSAL, not accepted: %(said)s") % {"said": said}
