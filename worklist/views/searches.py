"""Searches of the list: what is typed is POSTed and kept under an id; a search with a name is a list of one's own."""

from datetime import timedelta
from uuid import UUID

from django.contrib.auth.decorators import login_required
from django.core.exceptions import BadRequest
from django.db import transaction
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect, QueryDict
from django.shortcuts import get_object_or_404
from django.utils import timezone
from django.views.decorators.http import require_POST

from viewer import audit
from viewer.models import SavedSearch
from viewer.views.who import user_of
from worklist.views.wish import LONGEST_WORDS, Wish, search_id

NAME = 100  # characters
KEPT = timedelta(days=1)  # a search without a name: as long as somebody may still step back to it


@login_required
@require_POST
def search(request: HttpRequest) -> HttpResponse:
    """Keep the words under an id and show what they find; no words show the list as it was before."""
    words = request.POST.get("words", "").strip()
    if len(words) > LONGEST_WORDS:
        raise BadRequest("words")
    wish = posted(request.POST)
    if not words:
        return HttpResponseRedirect(wish.but(search=None).address())
    # People look for a person among everything, not in the list that happens to be open.
    wish = wish.but(list="phantoms" if wish.list == "phantoms" else "all", words=words, sort="")
    with transaction.atomic():
        mine = SavedSearch.objects.filter(user=user_of(request), name="")
        mine.filter(created__lt=timezone.now() - KEPT).delete()
        row = SavedSearch.objects.create(user=user_of(request), query=wish.as_query())
        audit.record(request.user, audit.Event.QUERY, detail={"words": words}, request=request)
    return HttpResponseRedirect(wish.but(search=row.pk).address())


@login_required
@require_POST
def keep(request: HttpRequest) -> HttpResponse:
    """Give the list as it is shown a name; it then stands in the rail with its count."""
    name = request.POST.get("name", "").strip()
    if not 0 < len(name) <= NAME:
        raise BadRequest("name")
    wish = posted(request.POST)
    before = search_id(request.POST)
    words = str(own(request, before).query.get("words", "")) if before else ""
    row = SavedSearch.objects.create(user=user_of(request), name=name, query=wish.but(words=words).as_query())
    return HttpResponseRedirect(f"/?search={row.pk}")


@login_required
@require_POST
def forget(request: HttpRequest, search: UUID) -> HttpResponse:
    """Take a named list out of the rail."""
    own(request, search).delete()
    return HttpResponseRedirect("/")


def posted(form: QueryDict) -> Wish:
    """Return the filters that a form carries along."""
    return Wish.read(form, None, default_list="all")


def own(request: HttpRequest, search: UUID) -> SavedSearch:
    """Return the user's own search; raises Http404."""
    found: SavedSearch = get_object_or_404(SavedSearch.objects.filter(user=user_of(request)), pk=search)
    return found
