"""What the worklist knows of a study, for the overview that the viewer's page reads."""

from typing import Any

from viewer.models import Study
from worklist.models import Request


def request_json(user: Any, study: Study) -> dict[str, Any] | None:
    """Return the referrer's words about a study that `user` may see, or None when nobody asked anything."""
    request = Request.objects.filter(study=study).first()
    if request is None:
        return None
    return {
        "clinical_question": request.clinical_question,
        "history": request.history,
        "procedure": request.procedure,
        "referrer": request.referrer,
        "ward": request.ward,
        "priority": request.priority,
        "priority_words": str(request.get_priority_display()),
    }
