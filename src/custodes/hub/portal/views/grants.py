"""Grants: opening one clip to support or a contractor, seeing to whom it is open, and shutting it at once."""

import uuid

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST

from custodes.core.errors import BadInput
from custodes.hub.access import gate, grants
from custodes.hub.access.requests import Action
from custodes.hub.fleet.step_up import asks_anew
from custodes.hub.portal import headings, scope, shown


@require_http_methods(["GET", "HEAD", "POST"])
@login_required
@asks_anew
def of_clip(request: HttpRequest, clip_id: uuid.UUID) -> HttpResponse:
    """Show to whom a clip is open, and open it to one more (`membership`, `reason`, `days`)."""
    person = scope.actor(request)
    asked = gate.ask_of(person, clip_id, Action.GRANT)
    clip = asked.clip
    error = ""
    if request.method == "POST":
        days, reason = request.POST.get("days", ""), request.POST.get("reason", "")
        whole = int(days) if days.isascii() and days.isdigit() and len(days) < 4 else 0
        membership = request.POST.get("membership", "")
        try:
            grants.give(actor=person, clip_id=clip.pk, membership_id=membership, reason=reason, days=whole)
        except BadInput as problem:
            error = str(problem)
        else:
            messages.success(request, _("Kept, and in the ledger."))
            return redirect("portal:grants", clip.pk)
    now = timezone.now()
    rows = [(one, one.revoked_at is None and one.ends_at > now) for one in grants.of_clip(person, clip)]
    context = {
        "clip": clip,
        "clip_name": headings.name_of(person, asked),
        "rows": rows,
        "guests": grants.guests_for(clip),
        "most_days": grants.MAX_DAYS,
        "said": request.POST,
        "error": error,
        "zone": shown.person_zone(person),
    }
    return render(request, "portal/grants.html", context, status=400 if error else 200)


@require_POST
@login_required
def revoke(request: HttpRequest, grant_id: uuid.UUID) -> HttpResponse:
    """Shut a clip to somebody at once."""
    ended = grants.revoke(actor=scope.actor(request), grant_id=grant_id)
    name = {"name": ended.membership.person}
    messages.success(request, _("%(name)s can see nothing of this clip any more.") % name)
    return redirect("portal:grants", ended.clip_id)
