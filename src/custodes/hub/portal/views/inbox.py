"""The inbox: the list, its pages, what changed in it, and what is done to several clips at once."""

import uuid
from dataclasses import replace
from typing import Any

from django.contrib.auth.decorators import login_required
from django.db import IntegrityError, transaction
from django.http import HttpRequest, HttpResponse, HttpResponseBase, QueryDict
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_GET, require_POST

from custodes.core.errors import BadInput, Denied
from custodes.core.types import Severity
from custodes.hub.clips import live
from custodes.hub.clips.bookmarks import Bookmarks
from custodes.hub.clips.revisions import latest_revision
from custodes.hub.fleet import open_sessions, step_up
from custodes.hub.portal import acts, answers, feeds, inbox, scope, words
from custodes.hub.portal import rows as listed
from custodes.hub.portal.changes import changes_since
from custodes.hub.portal.frame import INBOX_KEYS
from custodes.hub.portal.models import SavedFilter

MAX_AT_ONCE = 200
_WATCH = live.RevisionWatch()


@require_GET
@login_required
def index(request: HttpRequest) -> HttpResponse:
    """Show the inbox; an htmx request gets the list alone."""
    person = scope.actor(request)
    wanted = inbox.InboxFilter.read(request.GET)
    context = _list_context(request, wanted, before=None)
    if request.headers.get("HX-Request") and not request.headers.get("HX-History-Restore-Request"):
        answer = render(request, "portal/_inbox_list.html", context)
        answer["Vary"] = "HX-Request, Cookie"
        return answer
    context |= {
        "states": inbox.CHOICES,
        "kinds": inbox.kinds(wanted, (row.clip for row in context["rows"])),
        "sites": scope.sites(person),
        "severities": [(s.value, words.severity_words(s)) for s in Severity],
        "saved": SavedFilter.objects.filter(person=person),
        "shortcuts": INBOX_KEYS,
    }
    return render(request, "portal/inbox.html", context)


@require_GET
@login_required
def rows(request: HttpRequest) -> HttpResponse:
    """Return the next page of rows, with the piece that asks for the one after."""
    wanted = inbox.InboxFilter.read(request.GET)
    before = inbox.Cursor.read(request.GET.get("before", ""))
    return render(request, "portal/_inbox_rows.html", _list_context(request, wanted, before=before))


@require_GET
@login_required
def changed(request: HttpRequest) -> HttpResponse:
    """Return the rows of clips that changed after a bookmark, and the names of those that left the list."""
    person = scope.actor(request)
    wanted = inbox.InboxFilter.read(request.GET)
    bookmarks = Bookmarks(person.pk)
    since = bookmarks.open(request.GET.get("since", ""))
    if since is None:
        return HttpResponse(status=410)  # the page loads itself anew
    news = changes_since(person, since)
    seen = scope.sight(request)
    here = list(inbox.matching(person, seen, wanted).filter(pk__in=news.clip_ids).order_by("-onset_wall_ns", "-pk"))
    gone = set(news.clip_ids) - {clip.pk for clip in here}
    context = {
        "rows": listed.Namer(person).rows(seen, here),
        "gone": gone,
        "bookmark": bookmarks.seal(news.revision),
        "more": news.more,
        "count": inbox.count(person, seen, wanted),
        "waiting": scope.waiting_count(seen),
    }
    return render(request, "portal/_inbox_changed.html", context)


@require_GET
async def feed(request: HttpRequest) -> HttpResponseBase:
    """Tell a page, as long as it is open, that clips changed; the page then asks for the rows it may see."""
    person = await request.auser()
    if not person.is_authenticated:
        return answers.no_stream()
    if feeds.OPEN.is_full(person):
        return answers.too_many(feeds.COME_BACK_S)
    told = live.changes(
        lambda: inbox.touchable(person),
        bookmarks=Bookmarks(person.pk),
        last_event_id=request.headers.get("Last-Event-ID", ""),
        stands=lambda: open_sessions.still_open(person, now=timezone.now()),
        watch=_WATCH,
    )
    return answers.event_stream(feeds.OPEN.counted(person, told))


@require_POST
@login_required
def bulk(request: HttpRequest) -> HttpResponse:
    """Do one thing to the chosen clips; the answer carries the way back."""
    person = scope.actor(request)
    if request.POST.get("act") == "delete" and not step_up.is_fresh(request):
        return step_up.ask(request)
    ids = [clip_id for text in request.POST.getlist("clip")[:MAX_AT_ONCE] if (clip_id := _uuid(text))]
    before = {clip.pk: clip for clip in inbox.touchable(person).filter(pk__in=ids).select_related("site")}
    act = request.POST.get("act", "")
    undo = QueryDict(mutable=True)
    done = 0
    refused = ""
    for clip in before.values():
        try:
            back = acts.do(act, actor=person, clip=clip, value=request.POST.get(f"value-{clip.pk}", ""))
        except (Denied, BadInput) as error:
            refused = str(error) or _("your role does not allow it")
            continue
        done += 1
        undo["act"] = back.act
        undo.appendlist("clip", str(clip.pk))
        if back.value:
            undo[f"value-{clip.pk}"] = back.value
    said = ngettext("%(n)d clip changed.", "%(n)d clips changed.", done) % {"n": done}
    if refused:
        said += " " + ngettext(
            "%(n)d was left as it was: %(why)s", "%(n)d were left as they were: %(why)s", len(before) - done
        ) % {"n": len(before) - done, "why": refused}
    if request.headers.get("HX-Request"):
        context = {"said": said, "undo": undo.lists() if done else (), "bad": not done}
        answer = render(request, "portal/_toast_undo.html", context)
        answer["HX-Trigger"] = "inbox-changed"
        return answer
    return redirect(f"{reverse('portal:inbox')}?{request.POST.get('query', '')}")


@require_POST
@login_required
def save_filter(request: HttpRequest) -> HttpResponse:
    """Keep the present filter under a name; the same name is replaced."""
    person = scope.actor(request)
    wanted = inbox.InboxFilter.read(QueryDict(request.POST.get("query", "")))
    name = request.POST.get("name", "").strip()[:60]
    if name:
        try:
            with transaction.atomic():
                SavedFilter.objects.update_or_create(person=person, name=name, defaults={"query": wanted.query()})
        except IntegrityError:
            SavedFilter.objects.filter(person=person, name=name).update(query=wanted.query())
    return redirect(f"{reverse('portal:inbox')}?{wanted.query()}")


@require_POST
@login_required
def drop_filter(request: HttpRequest, pk: int) -> HttpResponse:
    """Forget a saved filter of one's own."""
    SavedFilter.objects.filter(person=scope.actor(request), pk=pk).delete()
    return redirect("portal:inbox")


def _list_context(request: HttpRequest, wanted: inbox.InboxFilter, before: inbox.Cursor | None) -> dict[str, Any]:
    person = scope.actor(request)
    seen = scope.sight(request)
    newest = latest_revision()  # before the rows: a change in between is told twice and not missed
    found = inbox.page(person, seen, wanted, before)
    told = listed.Namer(person).rows(seen, found.clips)
    return {
        "wanted": wanted,
        "query": wanted.query(),
        "rows": told,
        "bundles": listed.bundled(told),
        "next_cursor": found.next_cursor,
        "count": inbox.count(person, seen, wanted) if before is None else None,
        "bookmark": Bookmarks(person.pk).seal(newest),
        "everything": replace(inbox.InboxFilter(), state=inbox.ANY).query(),
        "may_add_site": not scope.sites(person).exists() and scope.run_organisations(person).exists(),
    }


def _uuid(text: str) -> uuid.UUID | None:
    try:
        return uuid.UUID(text)
    except ValueError:
        return None
