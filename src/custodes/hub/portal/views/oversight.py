"""Oversight: what a privacy officer reads of who watched whom, and the cases."""

import uuid

from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_GET

from custodes.hub.access import alarm_answers, case_ends, oversight
from custodes.hub.access.views import proof_file
from custodes.hub.portal import alarm_words, headings, scope, shown

PAGE = 50


@require_GET
@login_required
def index(request: HttpRequest) -> HttpResponse:
    """Show who watched, newest first, and the cases."""
    person = scope.actor(request)
    before = request.GET.get("before", "")
    chosen = _uuid(request.GET.get("who", ""))
    viewings = oversight.accesses(
        person,
        watcher=chosen,
        before_seq=int(before) if before.isascii() and before.isdigit() and len(before) < 18 else None,
        limit=PAGE + 1,
    )
    known = list(oversight.cases(person))
    context = {
        "organisations": oversight.organisations(person),
        "viewings": viewings[:PAGE],
        "names_of_clips": headings.names_of(person, [one.clip for one in viewings[:PAGE]]),
        "older": viewings[PAGE - 1].ledger_seq if len(viewings) > PAGE else None,
        "watchers": oversight.watchers(person),
        "chosen": chosen,
        "alarms": [(one, alarm_words.title(one)) for one in alarm_answers.of_officer(person)[:PAGE]],
        "cases": known,
        "closable": {one.pk for one in known if one.closed_at is None and case_ends.may_end(person, one)},
        "zone": shown.person_zone(person),
    }
    return render(request, "portal/oversight.html", context)


@require_GET
@login_required
def proof(request: HttpRequest, view_id: uuid.UUID) -> HttpResponse:
    """Send the proof that a viewing stands in the ledger, as a file to keep."""
    return proof_file(view_id, oversight.prove(scope.actor(request), view_id).as_json())


def _uuid(text: str) -> uuid.UUID | None:
    try:
        return uuid.UUID(text)
    except ValueError:
        return None
