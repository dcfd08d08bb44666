"""The worklist: the page, its table alone for live refreshes, and the panel of one exam."""

import datetime
from typing import Any

from django.contrib.auth.decorators import login_required
from django.core.paginator import Paginator
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.utils.cache import patch_vary_headers
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from viewer import access, sessions
from viewer.doors.dates import foreign_offset
from viewer.imaging.when import in_order
from viewer.models import SavedSearch, Series, Study
from viewer.views import modalities
from viewer.views.timeline import timeline
from viewer.views.who import user_of
from worklist.models import ReadingTask, Request
from worklist.views import lists
from worklist.views.notices import notices
from worklist.views.rows import rows
from worklist.views.wish import SORTS, Wish, search_id

PAGE = 50
MOST_CHIPS = 7
VISITS = 8  # exams named below the timeline; the patient page has them all


@login_required
@require_safe
def worklist(request: HttpRequest) -> HttpResponse:
    """Show the list that the address wishes for; a refresh of the table alone gets just that."""
    wish = read_wish(request)
    context = table(request, wish) | filters(request, wish)
    fragment = request.headers.get("HX-Target") == "list" and "HX-History-Restore-Request" not in request.headers
    if fragment:
        response = render(request, "worklist/_refresh.html", context)
    else:
        first = context["rows"][0].study if context["rows"] else None
        context |= {"exam": exam(request.user, first) if first else None}
        response = render(request, "worklist/worklist.html", context)
    patch_vary_headers(response, ["HX-Target"])
    return response


@login_required
@require_safe
def panel(request: HttpRequest, archive: str, uid: str) -> HttpResponse:
    """Show one exam beside the list."""
    study = access.study_or_404(request, uid, archive)
    if "X-Samsyn-Renewal" not in request.headers and request.session.session_key:
        sessions.touch(request.session.session_key)  # an arrow key in the list is a hand, though no page is opened
    return render(request, "worklist/_panel.html", {"exam": exam(request.user, study)})


def read_wish(request: HttpRequest) -> Wish:
    """Read the address and the search that it names, which must be the user's own; raises Http404 and BadRequest."""
    wanted = search_id(request.GET)
    saved = SavedSearch.objects.filter(pk=wanted, user=user_of(request)).first() if wanted else None
    if wanted and saved is None:
        raise Http404("no such search")
    default = "unread" if lists.reads(request.user) else "all"
    return Wish.read(
        request.GET, saved.query if saved else None, default_list=default, name=saved.name if saved else ""
    )


def table(request: HttpRequest, wish: Wish) -> dict[str, Any]:
    """Return what table, rail and notices show."""
    page = Paginator(lists.exams(request.user, wish), PAGE).get_page(wish.page)
    fixed, saved = lists.rail(request.user, wish)
    shown = rows(request.user, list(page.object_list))
    return {
        "wish": wish,
        "page": page,
        "rows": shown,
        "any_due": any(row.due or row.priority == "stat" for row in shown),
        "any_asked": any(row.question or row.talk for row in shown),
        "any_foreign": any(foreign_offset(row.study.when) for row in shown),
        "any_other_year": any(row.other_year for row in shown),
        "older": None if shown else older(request.user),
        "heads": heads(wish),
        "fixed": fixed,
        "saved": saved,
        "title": wish.name or lists.labels()[wish.list],
        "finished": finished_today(request.user),
        "earlier": wish.but(page=page.previous_page_number()).address() if page.has_previous() else "",
        "later": wish.but(page=page.next_page_number()).address() if page.has_next() else "",
        **notices(request.user),
    }


def older(user: Any) -> dict[str, Any]:
    """Return how many exams were never to be read here, with the address of the list that has them."""
    everything = Wish(list="all")
    count = lists.exams(user, everything).order_by().filter(reading_task=None).count()
    return {"count": count, "address": everything.address()}


def finished_today(user: Any) -> int:
    """Return how many exams `user` has finished since midnight."""
    midnight = timezone.localtime().replace(hour=0, minute=0, second=0, microsecond=0)
    mine = ReadingTask.objects.filter(state=ReadingTask.State.DONE, reader=user, finished_at__gte=midnight)
    return mine.filter(study__in=access.visible_studies(user)).count()


def filters(request: HttpRequest, wish: Wish) -> dict[str, Any]:
    """Return the chips, each with the address that it leads to."""
    chips = [
        {
            "label": _("Today"),
            "on": wish.today,
            "address": wish.but(today=not wish.today, since=None, until=None).address(),
        }
    ]
    there = lists.families_there(request.user)[:MOST_CHIPS]
    for name in sorted({*there, *wish.families}, key=modalities.order):
        on = name in wish.families
        others = tuple(family for family in wish.families if family != name)
        families = others if on else tuple(sorted((*others, name)))
        chips.append({"label": modalities.label(name), "on": on, "address": wish.but(families=families).address()})
    return {
        "chips": chips,
        "unfiltered": Wish(list=wish.list, sort=wish.sort).address(),
        "undated": wish.but(since=None, until=None).address(),
    }


def heads(wish: Wish) -> list[dict[str, str]]:
    """Return the columns: a click on the one in force turns its order round."""
    labels = {
        "due": _("Due"), "state": _("State"), "patient": _("Patient"), "exam": _("Exam"), "taken": _("Taken"),
        "question": _("Question"), "images": _("Images"), "priors": _("Priors"), "place": _("Place"),
    }  # fmt: skip
    columns = []
    for key, label in labels.items():
        now = {key: "ascending", f"-{key}": "descending"}.get(wish.order, "")
        first = f"-{key}" if key in ("taken", "images") else key
        turned = f"-{key}" if wish.order == key else key
        address = wish.but(sort=turned if now else first).address() if key in SORTS else ""
        columns.append({"key": key, "label": label, "sorted": now, "address": address})
    return columns


def exam(user: Any, study: Study) -> dict[str, Any]:
    """Return what the panel shows of one exam: request, series, and the patient's other exams."""
    of_patient = access.visible_studies(user).filter(patient=study.patient).select_related("archive")
    others = in_order(of_patient.order_by("pk"), lambda each: each.when)[::-1]
    series = Series.objects.filter(study=study).order_by("number", "pk")
    task = ReadingTask.objects.filter(study=study).select_related("reader").first()
    return {
        "study": study,
        "family": modalities.main_family(study.modalities),
        "request": Request.objects.filter(study=study).select_related("edited_by").first(),
        "task": task,
        "reading": reading(user, study, task),
        "since": clock((task.finished_at or task.claimed_at) if task else None),
        "series": [
            {"row": row, "sign": modalities.sign(modalities.family(row.modality)), "pictured": pictured(row)}
            for row in series
        ],
        "visits": others[:VISITS],
        "more_visits": max(0, len(others) - VISITS),
        "line": timeline(others, current=study),
    }


def reading(user: Any, study: Study, task: ReadingTask | None) -> str:
    """Return what `user` may do about reading: `look` alone, `read`, `go on`, `take over` or `reopen`."""
    if not access.may(user, "read", study):
        return "look"
    if task is None or task.state == ReadingTask.State.UNREAD:
        return "read"
    if task.state == ReadingTask.State.DONE:
        return "reopen"
    return "go on" if task.reader == user else "take over"


def clock(moment: datetime.datetime | None) -> str:
    """Return a moment as short as it can be understood: the time of day for today's, else date and time."""
    if moment is None:
        return ""
    local = timezone.localtime(moment)
    return local.strftime("%H:%M" if local.date() == timezone.localdate() else "%Y-%m-%d %H:%M")


def pictured(series: Series) -> bool:
    """Say whether a thumbnail is worth asking for."""
    return series.modality not in modalities.COMPANIONS and series.modality not in ("ECG", "HD")
