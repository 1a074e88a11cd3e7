"""The ledger, in words: what one may read of it."""

import uuid

from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_GET

from custodes.hub.access import entries, oversight
from custodes.hub.portal import entry_words, headings, scope, shown

PAGE = 50


@require_GET
@login_required
def index(request: HttpRequest) -> HttpResponse:
    """List the entries that this person may read, newest first, by what they are about and about whom."""
    person = scope.actor(request)
    asked, before = request.GET.get("about", ""), request.GET.get("before", "")
    groups = entries.groups(person)
    group = next((one for one in groups if one.value == asked), None)
    chosen = _uuid(request.GET.get("who", ""))
    page = entries.page(
        person,
        group=group,
        about=chosen,
        before_seq=int(before) if before.isascii() and before.isdigit() and len(before) < 18 else None,
        limit=PAGE,
    )
    lines = entry_words.lines(page, reader=person)
    context = {
        "lines": lines,
        "older": page.older,
        "groups": [(one.value, entry_words.GROUPS[one]) for one in groups],
        "group": group.value if group else "",
        "people": sorted(page.people.items(), key=lambda one: one[1].lower()) if len(page.people) > 1 else [],
        "chosen": chosen,
        "organisations": entries.organisations(person),
        "names": headings.names_of(person, [clip for line in lines for clip in line.clips]),
        "may_verify": scope.run_organisations(person).exists() or oversight.is_officer(person),
        "zone": shown.person_zone(person),
    }
    return render(request, "portal/entries.html", context)


def _uuid(text: str) -> uuid.UUID | None:
    try:
        return uuid.UUID(text)
    except ValueError:
        return None
