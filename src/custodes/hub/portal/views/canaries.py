"""Canaries: plant one, see which there are and whether one was seen outside, lift one."""

import uuid

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST

from custodes.core.errors import BadInput, Denied
from custodes.hub.access import canaries
from custodes.hub.portal import headings, scope, shown


@require_http_methods(["GET", "HEAD", "POST"])
@login_required
def index(request: HttpRequest) -> HttpResponse:
    """Show the canaries, and plant one: form fields `clip` (its address or id) and `words`."""
    person = scope.actor(request)
    rows = canaries.canaries_for(person)
    error = ""
    if request.method == "POST":
        try:
            canaries.plant(actor=person, clip_id=_named(request), words=request.POST.get("words", ""))
        except (BadInput, Denied) as refused:
            no_clip = _("There is no such clip here. Take the address of the clip's page.")
            error = no_clip if isinstance(refused, Denied) else str(refused)
        else:
            messages.success(request, _("The canary is planted. Nothing that others see tells it from another clip."))
            return redirect("portal:canaries")
    context = {
        "rows": list(rows),
        "names": headings.names_of(person, [one.clip for one in rows]),
        "error": error,
        "said": request.POST,
        "zone": shown.person_zone(person),
    }
    return render(request, "portal/canaries.html", context, status=400 if error else 200)


@require_POST
@login_required
def lift(request: HttpRequest, clip_id: uuid.UUID) -> HttpResponse:
    """Make a canary a clip like any other again."""
    canaries.lift(actor=scope.actor(request), clip_id=clip_id)
    messages.success(request, _("It is a clip like any other again."))
    return redirect("portal:canaries")


def _named(request: HttpRequest) -> uuid.UUID:
    """Return the first id in what somebody pasted. Raises Denied where there is none."""
    for word in request.POST.get("clip", "").split("/"):
        try:
            return uuid.UUID(word.strip())
        except ValueError:
            continue
    raise Denied.of("clip")
