"""The clip page, and what is done to one clip on it."""

import uuid
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse, QueryDict
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_POST

from custodes.core.errors import BadInput, Denied
from custodes.core.types import Purpose
from custodes.hub import proxies
from custodes.hub.access import gate, told
from custodes.hub.access.decisions import Question
from custodes.hub.access.history import names_then
from custodes.hub.access.models import View
from custodes.hub.access.requests import Action
from custodes.hub.clips import marked, standing
from custodes.hub.clips.keeping import Held
from custodes.hub.clips.models import Clip, Reading
from custodes.hub.consent.telling import role_words
from custodes.hub.driving import coaching as talks
from custodes.hub.fleet import undo
from custodes.hub.fleet.models import Person
from custodes.hub.fleet.step_up import asks_anew
from custodes.hub.portal import acts, film, headings, rows, scope, shown, words
from custodes.hub.portal.frame import CLIP_KEYS
from custodes.hub.portal.views import keeping
from custodes.hub.portal.views.shares import context_of
from custodes.hub.process import variants

RATES = ("0.25", "0.5", "1", "1.5", "2")
SAME_VIEW_S = 2 * 60
"""A reload within this time goes on with the view that is open, so that one watching is one entry."""
SPECULATIVE = ("prefetch", "prerender", "preview")
"""Words of `Sec-Purpose`: the browser looks ahead and nobody watches, so nothing may be opened."""


@dataclass(frozen=True, slots=True)
class Watched:
    """One view in the list of who watched."""

    pk: uuid.UUID
    person_id: uuid.UUID | None
    name: str
    email: str
    role: str
    purpose: str
    reason: str
    opened_at: Any
    shown_ms: int
    player_ms: int

    @property
    def watched_s(self) -> float:
        """Return the film time that was shown, in seconds."""
        return self.shown_ms / 1000

    @property
    def role_words(self) -> str:
        """Return the role in words."""
        return role_words(self.role)


@require_GET
@login_required
def show(request: HttpRequest, clip_id: uuid.UUID) -> HttpResponse:
    """Open a view of a clip and show its page; a clip that cannot be watched yet says why."""
    if any(word in request.headers.get("Sec-Purpose", "") for word in SPECULATIVE):
        return HttpResponse(status=503, headers={"Retry-After": "0"})
    person = scope.actor(request)
    asked = _known(person, clip_id)
    clip = asked.clip
    if clip.state != Clip.State.READY or not marked.is_prepared(clip.pk):
        return render(request, "portal/clip_waiting.html", _waiting_context(request, asked))
    purposes = asked.purposes()
    # Who has another purpose looks at a leak's clip from the leak desk, beside what leaked.
    purposes = tuple(one for one in purposes if one is not Purpose.LEAK_CASE) or purposes
    if not purposes:
        refused = {"refused": asked.nearest_refusal()}
        return render(request, "portal/clip_waiting.html", _waiting_context(request, asked) | refused)
    view = view_for(request, clip, purposes)
    manifest = gate.read_manifest(actor=person, view_id=view.pk)
    Reading.objects.get_or_create(clip=clip, person=person)
    unit = shown.speed_unit(person, clip.site.organisation)
    context = _common(request, asked) | {
        "view": view,
        "film": film.tell(manifest, clip, unit),
        "watched": _watched(asked),
        "may_place": asked.decide(Action.LOCATE).allowed,
        "knows_site": scope.sites(person).filter(pk=clip.site_id).exists(),
        "audience": told.audience(asked),
        "purposes": purposes,
        "coaches": talks.about_clip(clip) is not None and asked.decide(Action.COACH).allowed,
        "purpose_now": words.purpose_words(view.purpose),
        "rates": RATES,
        "speed_unit": unit,
        "shortcuts": CLIP_KEYS,
        **context_of(person, asked),
    }
    return render(request, "portal/clip.html", context)


@require_GET
@login_required
def state(request: HttpRequest, clip_id: uuid.UUID) -> HttpResponse:
    """Return how far a clip has come; once it is ready, tell the page to reload itself."""
    person = scope.actor(request)
    asked = _known(person, clip_id)
    if asked.clip.state == Clip.State.READY and marked.is_prepared(clip_id):
        return HttpResponse(status=204, headers={"HX-Refresh": "true"})
    return render(request, "portal/_clip_state.html", _waiting_context(request, asked))


@require_POST
@login_required
def triage(request: HttpRequest, clip_id: uuid.UUID) -> HttpResponse:
    """Set what people have done about a clip, or who looks after it."""
    person = scope.actor(request)
    asked = _known(person, clip_id)
    try:
        if "triage" in request.POST:
            acts.set_triage(actor=person, clip=asked.clip, triage=request.POST["triage"])
        elif not asked.decide(Action.ASSIGN).allowed:
            raise Denied.of(clip_id)  # who may not assign learns nothing of who could be
        else:
            acts.assign(actor=person, clip=asked.clip, assignee=_assignee(asked, request.POST))
    except BadInput as error:
        messages.error(request, str(error))
    if request.headers.get("HX-Request"):
        return render(request, "portal/_clip_triage.html", _common(request, _known(person, clip_id)))
    return redirect("portal:clip", clip_id)


@require_POST
@login_required
@asks_anew
def delete(request: HttpRequest, clip_id: uuid.UUID) -> HttpResponse:
    """Delete a clip; its page then carries the way back for as long as there is one."""
    person = scope.actor(request)
    try:
        acts.delete(actor=person, clip=_known(person, clip_id).clip)
    except Held:
        messages.error(request, _("This clip is under a legal hold or in an open case: it cannot be deleted."))
    return redirect("portal:clip", clip_id)


@require_POST
@login_required
def restore(request: HttpRequest, clip_id: uuid.UUID) -> HttpResponse:
    """Bring a deleted clip back."""
    person = scope.actor(request)
    try:
        acts.restore(actor=person, clip=_known(person, clip_id).clip)
    except BadInput as error:
        messages.error(request, str(error))
    else:
        messages.success(request, _("The clip is back."))
    return redirect("portal:clip", clip_id)


def _known(person: Person, clip_id: uuid.UUID) -> Question:
    """Return what stands between a person and a clip that they may list, or may bring back. Raises Denied."""
    return gate.ask_of(person, clip_id, Action.LIST, Action.RESTORE)


def view_for(request: HttpRequest, clip: Clip, purposes: tuple[Purpose, ...]) -> View:
    """Return this session's view of a clip that is still open, or open one: in the ledger, and told. Raises Denied."""
    person = scope.actor(request)
    wanted = _purpose(request, purposes)
    now = timezone.now()
    still_open = View.objects.filter(
        clip=clip,
        person=person,
        purpose=wanted,
        closed_at=None,
        opened_at__gt=now - timedelta(seconds=SAME_VIEW_S),
    )
    kept = request.session.get("views", {}).get(str(clip.pk))
    found = still_open.filter(pk=kept).first() if kept else None
    if found:
        return found
    opened = gate.open_view(actor=person, clip_id=clip.pk, purpose=wanted, address=proxies.address_of(request))
    views = dict(list(request.session.get("views", {}).items())[-20:])
    views[str(clip.pk)] = str(opened.pk)
    request.session["views"] = views
    return opened


def _purpose(request: HttpRequest, purposes: tuple[Purpose, ...]) -> Purpose:
    asked = request.GET.get("purpose", "")
    for one in purposes:
        if one.value == asked:
            return one
    if Purpose.INCIDENT in purposes or not purposes:
        return Purpose.INCIDENT
    return purposes[0]


def _common(request: HttpRequest, asked: Question) -> dict[str, Any]:
    person, clip = scope.actor(request), asked.clip
    zone = shown.site_zone(clip.site)
    may_assign = asked.decide(Action.ASSIGN)
    return {
        "clip": clip,
        "zone": zone,
        "onset": shown.local_ns(clip.onset_wall_ns, zone),
        "subject": rows.Namer(person).words(clip),
        "triages": Clip.Triage.choices,
        "may_history": asked.decide(Action.HISTORY),
        "may_triage": asked.decide(Action.TRIAGE),
        "may_assign": may_assign,
        "colleagues": acts.colleagues(asked) if may_assign.allowed else [],
        "may_grant": asked.decide(Action.GRANT),
        "may_volunteer": asked.decide(Action.VOLUNTEER),
        "may_export": asked.decide(Action.EXPORT),
        "may_original": asked.decide(Action.ORIGINAL),
        "may_delete": asked.decide(Action.DELETE),
        "may_restore": asked.decide(Action.RESTORE),
        "undo_s": undo.window_s(clip.site.organisation),
    } | keeping.facts(person, asked)


def _waiting_context(request: HttpRequest, asked: Question) -> dict[str, Any]:
    clip = asked.clip
    parts = list(clip.parts.filter(kind__in=("manifest", "film")))
    after = standing.may_go_after(clip.pk)
    can_undo = clip.erased_at is None and after is not None and after > timezone.now()
    return _common(request, asked) | {
        "undo": can_undo,
        "clip_name": headings.name_of(scope.actor(request), asked),
        "progress": {
            "parts": len(parts),
            "stored": sum(part.stored_at is not None for part in parts),
            "total_bytes": sum(part.sealed_bytes for part in parts),
            "stored_bytes": sum(part.sealed_bytes for part in parts if part.stored_at is not None),
            "marked": variants.progress().get(clip.pk),
        },
    }


def _watched(asked: Question) -> list[Watched] | None:
    """Return who watched; None: that is not theirs to know."""
    views = told.viewings(asked)
    if views is None:
        return None
    then = names_then(views)
    return [
        Watched(
            pk=one.pk,
            person_id=one.person_id,
            name=then[one.pk].name,
            email=then[one.pk].email,
            role=one.role,
            purpose=one.purpose,
            reason=one.reason,
            opened_at=one.opened_at,
            shown_ms=one.shown_ms,
            player_ms=one.watched_ms,
        )
        for one in views
    ]


def _assignee(asked: Question, form: QueryDict) -> Person | None:
    """Return whom the form names; the empty choice is nobody. Raises BadInput."""
    if "assignee" not in form:
        raise BadInput(_("Say who looks after this clip."))
    named = str(form["assignee"])
    return acts.colleague(asked, named) if named else None
