"""The first page: what happened today, what waits, and which units are not well."""

from datetime import datetime, time, timedelta

from django.contrib.auth.decorators import login_required
from django.db.models import Count
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.http import require_GET

from custodes.core.clock import NS_PER_S
from custodes.hub.access.history import NameThen, names_then
from custodes.hub.access.models import View
from custodes.hub.access.requests import Action
from custodes.hub.audit import ledger
from custodes.hub.clips.models import Clip
from custodes.hub.consent import selectors as consent
from custodes.hub.fleet.models import Person
from custodes.hub.portal import health, inbox, rows, scope, shown, words

ROWS = 8
WATCHED_ROWS = 6
WEEK = timedelta(days=7)


@require_GET
@login_required
def index(request: HttpRequest) -> HttpResponse:
    """Show the day to the person who asks."""
    person = scope.actor(request)
    zone = shown.person_zone(person)
    now = timezone.now()
    if consent.notices_unseen(person):
        return redirect("portal:consents_sign")
    midnight = datetime.combine(now.astimezone(shown.zone_of(zone)).date(), time.min, tzinfo=shown.zone_of(zone))
    seen = scope.sight(request)
    clips = seen.clips(Action.LIST).exclude(state=Clip.State.DELETED)
    today = clips.filter(onset_wall_ns__gte=round(midnight.timestamp()) * NS_PER_S)
    kinds = today.order_by().values("kind").annotate(n=Count("pk")).order_by("-n")
    waiting = inbox.page(person, seen, inbox.InboxFilter(), before=None).clips
    last = [] if waiting else inbox.page(person, seen, inbox.InboxFilter(state=inbox.ANY), before=None).clips
    bundles = rows.bundled(rows.Namer(person).rows(seen, waiting or last))[:ROWS]
    sites = [health.of_site(site, now) for site in scope.sites(person)]
    may_run = scope.run_organisations(person).exists()
    context = {
        "zone": zone,
        "day": shown.local(now, zone).moment.replace(tzinfo=None),
        "kinds": [(words.kind_words(row["kind"]), row["kind"], row["n"]) for row in kinds],
        "today_count": sum(row["n"] for row in kinds),
        "since": midnight.date().isoformat(),
        "bundles": bundles,
        "waiting": bool(waiting),
        "waiting_count": scope.waiting_count(seen),
        "sites": sites,
        "unwell": [one for one in sites if not one.well],
        "bare_sites": [one for one in sites if not one.units],
        "may_run": may_run,
        "unsigned": ledger.why_unsigned() if may_run else "",
        "watched_me": _watched_me(person, now),
        "is_recorded": Clip.objects.filter(subject=person).exists() or person.shifts.exists(),
    }
    return render(request, "portal/today.html", context)


def _watched_me(person: Person, now: datetime) -> list[tuple[View, NameThen]]:
    """Return the last views of this person's clips by others, each with the watcher's name at that time."""
    views = View.objects.filter(clip__subject=person, opened_at__gt=now - WEEK).exclude(person=person)
    last = list(views.select_related("person").order_by("-opened_at")[:WATCHED_ROWS])
    then = names_then(last)
    return [(view, then[view.pk]) for view in last]
