"""The tester programme: what it is, giving a clip to it, and taking it back."""

import uuid

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST

from custodes.core.errors import BadInput
from custodes.hub.access import gate, testers
from custodes.hub.access.requests import Action
from custodes.hub.consent import texts
from custodes.hub.portal import given_rows, headings, scope, shown


@require_http_methods(["GET", "HEAD", "POST"])
@login_required
def of_clip(request: HttpRequest, clip_id: uuid.UUID) -> HttpResponse:
    """Say what it means to give this clip, and give it."""
    person = scope.actor(request)
    asked = gate.ask_of(person, clip_id, Action.VOLUNTEER)
    clip = asked.clip
    error = ""
    if request.method == "POST":
        try:
            testers.give(actor=person, clip_id=clip.pk)
        except BadInput as problem:
            error = str(problem)
        else:
            messages.success(request, _("The clip is in the tester programme. You can take it back at any moment."))
            return redirect("portal:tester", clip.pk)
    given = testers.given_of(clip.pk)
    agreed = testers.agreement_of(person, clip) if given is None else given_rows.agreed_by(given, person)
    context = {
        "clip": clip,
        "clip_name": headings.name_of(person, asked),
        "given": None if given is None else given_rows.row(given, person),
        "text": None if agreed is None else texts.book().find(agreed.text_sha256),
        "error": error,
        "zone": shown.person_zone(person),
    }
    return render(request, "portal/tester.html", context, status=400 if error else 200)


@require_POST
@login_required
def take_back(request: HttpRequest, clip_id: uuid.UUID) -> HttpResponse:
    """Take a clip of oneself out of the programme at once."""
    testers.take_back(actor=scope.actor(request), clip_id=clip_id)
    messages.success(request, _("The clip is out of the tester programme."))
    return redirect("portal:watched_me")
