"""Read: claims an exam for whoever pressed it, and opens its images whatever came of that."""

import contextlib
from urllib.parse import urlencode

from django.contrib.auth.decorators import login_required
from django.core.exceptions import BadRequest
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.views.decorators.http import require_POST

from viewer import access
from viewer.views.who import user_of
from worklist.actions import reading

DO = {"claim": reading.claim, "take_over": reading.take_over, "reopen": reading.reopen}


@login_required
@require_POST
def read(request: HttpRequest, archive: str, uid: str) -> HttpResponse:
    """Claim the exam (or take it over, or reopen it) and go to its images; they say so if somebody else has it."""
    study = access.study_or_404(request, uid, archive, "read")
    action = DO.get(request.POST.get("do", "claim"))
    if action is None:
        raise BadRequest("do")
    with contextlib.suppress(reading.Refused):  # nobody is kept from looking
        action(user_of(request), study)
    return HttpResponseRedirect(f"{reverse('study', args=[uid])}?{urlencode({'archive': archive})}")
