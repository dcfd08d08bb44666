"""The patient's jacket: every exam that the reader may see, in time order, and doubts about who they belong to."""

from django.contrib.auth.decorators import login_required
from django.db import transaction
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from viewer import access, audit
from viewer.imaging.when import in_order
from viewer.views.timeline import timeline


@login_required
@require_safe
def patient(request: HttpRequest, key: str) -> HttpResponse:
    """Show the patient behind our opaque key; somebody without a visible exam is 404 like somebody unknown."""
    of_patient = access.visible_studies(request.user).filter(patient__key=key).select_related("archive", "patient")
    studies = in_order(of_patient.order_by("pk"), lambda study: study.when)[::-1]
    if not studies:
        raise Http404("no such patient")
    person = studies[0].patient
    if request.method == "GET":
        with transaction.atomic():
            audit.record(request.user, audit.Event.QUERY, patient=person, request=request)
    conflicts = list(dict.fromkeys(filter(None, (study.identity_conflict for study in studies))))
    context = {"patient": person, "studies": studies, "conflicts": conflicts, "line": timeline(studies, width=1152)}
    return render(request, "viewer/patient.html", context)
