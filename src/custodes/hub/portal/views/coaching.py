"""Coaching and praise: what is for me, what I gave, and the forms that take something up."""

import uuid
from collections.abc import Callable

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_POST

from custodes.core.errors import BadInput
from custodes.hub.access import coaching
from custodes.hub.driving import coaching as talks
from custodes.hub.driving.models import Talk
from custodes.hub.fleet.models import Person
from custodes.hub.portal import scope, shown

ABOUT: dict[str, Callable[[Person, uuid.UUID], talks.About]] = {
    "trip": coaching.about_trip,
    "event": coaching.about_event,
    "clip": coaching.about_clip,
}


@require_GET
@login_required
def index(request: HttpRequest) -> HttpResponse:
    """List what is for me, and what I may read as somebody who coaches."""
    person = scope.actor(request)
    rows = coaching.talks_for(person)
    context = {
        "mine": [one.talk for one in rows if one.mine],
        "given": [one.talk for one in rows if not one.mine],
        "coaches": any(not one.mine for one in rows) or scope.run_organisations(person).exists(),
        "zone": shown.person_zone(person),
        "now": timezone.now(),
    }
    return render(request, "portal/coaching.html", context)


@require_POST
@login_required
def give(request: HttpRequest, what: str, about_id: uuid.UUID) -> HttpResponse:
    """Take up a drive, an event or a clip with its driver (form fields `kind` talk or praise, `words`, `days`)."""
    if what not in ABOUT:
        raise Http404
    person = scope.actor(request)
    about = ABOUT[what](person, about_id)
    days = request.POST.get("days", "") or str(talks.DAYS)
    number = int(days) if days.isascii() and days.isdigit() and len(days) <= 3 else 0
    kind = request.POST.get("kind", "")
    try:
        talks.give(about=about, by=person, kind=kind, words=request.POST.get("words", ""), days=number)
    except BadInput as error:
        messages.error(request, str(error))
    else:
        praised = kind == Talk.Kind.PRAISE
        messages.success(request, _("Said. The driver reads it.") if praised else _("The driver is asked for a talk."))
    if what == "clip":
        return redirect("portal:clip", about_id)
    return redirect("portal:drive", about.trip.pk) if about.trip else redirect("portal:coaching")


@require_POST
@login_required
def act(request: HttpRequest, talk_id: uuid.UUID) -> HttpResponse:
    """Answer, acknowledge or withdraw (form fields `act`, `words`)."""
    person, asked = scope.actor(request), request.POST.get("act", "")
    coaching.find_talk(person, talk_id)
    if asked not in {"answer", "acknowledge", "withdraw"}:
        messages.error(request, _("Choose what to do."))
        return redirect("portal:coaching")
    try:
        if asked == "answer":
            coaching.answer(person, talk_id, words=request.POST.get("words", ""))
        elif asked == "acknowledge":
            coaching.acknowledge(person, talk_id)
        else:
            coaching.withdraw(person, talk_id)
    except BadInput as error:
        messages.error(request, str(error))
    else:
        messages.success(request, _("Kept, and both of you see it."))
    return redirect("portal:coaching")
