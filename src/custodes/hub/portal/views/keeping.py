"""What keeps a clip: legal holds on its page, retention among the settings."""

import uuid
from typing import Any

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from custodes.core.errors import BadInput
from custodes.core.types import Severity
from custodes.hub.access import gate
from custodes.hub.access.decisions import Question
from custodes.hub.access.requests import Action
from custodes.hub.clips import keeping
from custodes.hub.clips.models import Hold
from custodes.hub.fleet import step_up
from custodes.hub.fleet.models import Organisation, Person
from custodes.hub.portal import scope
from custodes.hub.portal.views import cases


def facts(person: Person, asked: Question) -> dict[str, Any]:
    """Return what a clip's page says about holds."""
    return {
        "may_hold": asked.decide(Action.HOLD),
        **cases.facts(person, asked.clip),
        "hold": Hold.objects.filter(clip_id=asked.clip.pk, released_at=None).order_by("placed_at").first(),
    }


@require_POST
@login_required
def hold(request: HttpRequest, clip_id: uuid.UUID) -> HttpResponse:
    """Place a legal hold (form field `reason`), or release what holds there are (`release`)."""
    person = scope.actor(request)
    clip = gate.find_clip(person, clip_id, Action.HOLD)
    among = gate.visible_clips(person, Action.HOLD)
    if "release" in request.POST:
        if not step_up.is_fresh(request):
            return step_up.ask(request)
        keeping.release_hold(actor=person, clip_id=clip.pk, among=among)
        messages.success(request, _("The legal hold is released."))
        return redirect("portal:clip", clip_id)
    reason = request.POST.get("reason", "").strip()
    if not reason:
        messages.error(request, _("A legal hold needs a reason."))
        return redirect("portal:clip", clip_id)
    try:
        keeping.place_hold(actor=person, clip_id=clip.pk, reason=reason, among=among)
    except BadInput:
        messages.error(request, _("This clip is being erased already."))
    else:
        messages.success(request, _("The clip is under a legal hold: nobody can delete it, and it does not expire."))
    return redirect("portal:clip", clip_id)


@require_POST
@login_required
@step_up.asks_anew
def retention(request: HttpRequest, organisation_id: uuid.UUID) -> HttpResponse:
    """Set how long an organisation keeps one class of clips: `severity` (empty: all), `days` (empty: no rule)."""
    person = scope.actor(request)
    organisation = Organisation.objects.filter(pk=organisation_id).first()
    if organisation is None or not scope.memberships(person).filter(organisation=organisation).exists():
        raise Http404
    if not scope.runs(person, organisation):
        raise PermissionDenied
    text, severity = request.POST.get("days", "").strip(), request.POST.get("severity", "")
    if severity not in {"", *Severity} or (text and not (text.isascii() and text.isdigit() and len(text) <= 6)):
        messages.error(request, _("Give a number of days between 1 and %(most)d.") % {"most": keeping.MAX_DAYS})
        return redirect("portal:settings")
    days = int(text) if text else None
    try:
        keeping.set_retention(actor=person, organisation=organisation, days=days, severity=severity)
    except BadInput:
        messages.error(request, _("Give a number of days between 1 and %(most)d.") % {"most": keeping.MAX_DAYS})
    else:
        messages.success(request, _("Saved."))
    return redirect("portal:settings")
