"""Unmarked originals: asking for one, breaking the glass, saying yes or no to somebody else, taking it once."""

import uuid
from typing import Any

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.core.handlers.asgi import ASGIRequest
from django.http import HttpRequest, HttpResponse, HttpResponseBase, StreamingHttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from custodes.core.errors import BadInput
from custodes.hub import proxies
from custodes.hub.access import gate, second_person, views
from custodes.hub.access.requests import Action
from custodes.hub.fleet.step_up import asks_anew
from custodes.hub.portal import headings, scope, shown, words


@require_http_methods(["GET", "HEAD", "POST"])
@login_required
@asks_anew
def ask(request: HttpRequest, clip_id: uuid.UUID) -> HttpResponse:
    """Ask for the original of a clip (`purpose`, `reason`), or break the glass (`act=glass`, `reason`)."""
    person = scope.actor(request)
    may = gate.ask_of(person, clip_id, Action.ORIGINAL)
    clip = may.clip
    context: dict[str, Any] = {
        "clip": clip,
        "clip_name": headings.name_of(person, may),
        "purposes": [(one.value, words.purpose_words(one.value)) for one in may.purposes(Action.ORIGINAL)],
        "may_break": may.decide(Action.BREAK_GLASS).allowed,
        "said": request.POST,
    }
    if request.method != "POST":
        return render(request, "portal/original.html", context)
    asked: dict[str, Any] = {"actor": person, "clip_id": clip.pk, "reason": request.POST.get("reason", "")}
    try:
        if request.POST.get("act") == "glass":
            second_person.break_glass(**asked, address=proxies.address_of(request))
        else:
            second_person.ask(**asked, purpose=request.POST.get("purpose", ""))
    except BadInput as error:
        return render(request, "portal/original.html", context | {"error": str(error)}, status=400)
    messages.success(request, _("Kept, and in the ledger."))
    return redirect("portal:originals")


@require_GET
@login_required
def index(request: HttpRequest) -> HttpResponse:
    """List what waits for my yes or no, and what I asked for."""
    person = scope.actor(request)
    waiting, mine = second_person.waiting_for(person), second_person.asked_by(person)
    context = {
        "waiting": waiting,
        "mine": [(one, second_person.may_take(one, person)) for one in mine],
        "names": headings.names_of(person, [one.clip for one in (*waiting, *mine)]),
        "zone": shown.person_zone(person),
    }
    return render(request, "portal/originals.html", context)


@require_POST
@login_required
@asks_anew
def decide(request: HttpRequest, unsealing_id: uuid.UUID) -> HttpResponse:
    """Say yes or no (`yes`), in a few words (`words`)."""
    yes = request.POST.get("yes", "") == "yes"
    said = request.POST.get("words", "")
    try:
        second_person.decide(actor=scope.actor(request), unsealing_id=unsealing_id, yes=yes, words=said)
    except BadInput as error:
        messages.error(request, str(error))
    else:
        messages.success(request, _("Kept, and in the ledger."))
    return redirect("portal:originals")


@require_POST
@login_required
@asks_anew
def take(request: HttpRequest, unsealing_id: uuid.UUID) -> HttpResponseBase:
    """Send the original, once."""
    address = proxies.address_of(request)
    pieces = second_person.take(actor=scope.actor(request), unsealing_id=unsealing_id, address=address)
    headers = {
        "Content-Disposition": f'attachment; filename="custodes-original-{unsealing_id}.zip"',
        "Cache-Control": "private, no-store",
    }
    sent = views.in_hops(pieces) if isinstance(request, ASGIRequest) else pieces
    return StreamingHttpResponse(sent, content_type="application/zip", headers=headers)
