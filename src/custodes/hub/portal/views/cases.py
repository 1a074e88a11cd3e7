"""Cases: the clips of one matter, who opened it and why, and what becomes of them when it closes."""

import uuid
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django import forms
from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.db.models import Count
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from custodes.core.errors import Denied
from custodes.hub.access import case_ends, gate
from custodes.hub.access.requests import Action
from custodes.hub.clips import cases, keeping
from custodes.hub.clips.cases import Fate
from custodes.hub.clips.models import Case, CaseClip, Clip
from custodes.hub.fleet import selectors, step_up, undo
from custodes.hub.fleet.models import Organisation, Person
from custodes.hub.portal import headings, scope, shown

SHOWN = 200
OFFERED = 20


class CaseForm(forms.Form):
    """What a case is called, whose it is, and why it is there."""

    name = forms.CharField(
        label=gettext_lazy("Name"), max_length=120, help_text=gettext_lazy("Claim 17, accident of 3 November.")
    )
    reason = forms.CharField(
        label=gettext_lazy("Why these clips are kept"), max_length=300, widget=forms.Textarea(attrs={"rows": 2})
    )
    organisation = forms.ModelChoiceField(
        label=gettext_lazy("Belongs to"), queryset=Organisation.objects.none(), empty_label=None
    )

    def __init__(self, person: Person, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        led = led_by(person)
        self.fields["organisation"].queryset = Organisation.objects.filter(  # type: ignore[attr-defined]
            pk__in=[one.pk for one in led]
        )
        if len(led) == 1:
            self.fields["organisation"].widget = forms.HiddenInput()
            self.initial["organisation"] = led[0].pk


@dataclass(frozen=True, slots=True)
class Kept:
    """One clip of a case, as its page shows it."""

    entry: CaseClip
    fate: Fate
    driver: str
    zone: str


@require_http_methods(["GET", "POST"])
@login_required
def index(request: HttpRequest) -> HttpResponse:
    """List the cases; open one, with the clip that `clip` names if somebody came from its page."""
    person = scope.actor(request)
    if not _organisations(person):
        raise Http404
    form = CaseForm(person, request.POST or None)
    if request.method == "POST":
        if not led_by(person):
            raise Http404
        if form.is_valid():
            return _open(request, person, form)
    mine = Case.objects.filter(organisation__in=_organisations(person)).select_related("organisation", "opened_by")
    rows = mine.annotate(held=Count("entries")).order_by("-opened_at")
    context = {
        "open": [case for case in rows if case.closed_at is None],
        "closed": [case for case in rows if case.closed_at is not None][:50],
        "form": form if led_by(person) else None,
        "several": len(_organisations(person)) > 1,
        "zone": shown.person_zone(person),
    }
    return render(request, "portal/cases.html", context)


@require_GET
@login_required
def show(request: HttpRequest, case_id: uuid.UUID) -> HttpResponse:
    """Show one case: its clips, what keeps each, and what closing it would do."""
    person = scope.actor(request)
    case = _case(person, case_id)
    now = timezone.now()
    entries = {row.clip_id: row for row in case.entries.select_related("added_by")}
    seen = scope.sight(request)
    visible = seen.clips(Action.LIST).filter(pk__in=entries).select_related("site__organisation", "subject")
    fates = cases.fates_of(visible.order_by("-onset_wall_ns")[:SHOWN], but=case, now=now)
    naming = scope.naming_places(person)
    kept = [_kept(fate, entries, naming) for fate in fates]
    may_change = case.closed_at is None and case_ends.may_end(person, case)
    offered = _offered(person, case) if may_change else []
    context = {
        "case": case,
        "kept": kept,
        "count": len(entries),
        "unseen": len(entries) - len(kept),
        "may_change": may_change,
        "officers": case.closed_at is None and not may_change and case_ends.of_officers(case),
        "offered": offered,
        "names": headings.names_of(person, [*(fate.clip for fate in fates), *offered], seen),
        "zone": shown.person_zone(person),
        "undo": shown.duration_words(undo.window_s(case.organisation)),
        **_outcome(fates),
    }
    return render(request, "portal/case.html", context)


@require_POST
@login_required
def change(request: HttpRequest, case_id: uuid.UUID) -> HttpResponse:
    """Add clips to a case (`clip`), or take one out (`remove`)."""
    person = scope.actor(request)
    case = _led_case(person, case_id)
    among = gate.visible_clips(person, Action.HOLD)
    if "remove" in request.POST:
        if not step_up.is_fresh(request):
            return step_up.ask(request)
        wanted = _ids([request.POST["remove"]])
        if not wanted:
            raise Http404
        try:
            cases.remove_clip(actor=person, case=case, clip_id=wanted[0], among=among)
            messages.success(request, _("The clip is out of the case. It goes by the retention rules again."))
        except cases.CaseClosed:
            messages.error(request, _("This case is closed."))
        return redirect("portal:case", case.pk)
    _add(request, person, case, _ids(request.POST.getlist("clip")[:SHOWN]))
    return redirect("portal:case", case.pk)


@require_POST
@login_required
@step_up.asks_anew
def close(request: HttpRequest, case_id: uuid.UUID) -> HttpResponse:
    """Close a case: its clips go by the rules again."""
    person = scope.actor(request)
    case = _led_case(person, case_id)
    keeping.close_case(actor=person, case=case)
    messages.success(request, _("The case is closed. Its clips go by the retention rules again."))
    return redirect("portal:case", case.pk)


def led_by(person: Person) -> list[Organisation]:
    """Return the organisations whose cases a person opens and closes."""
    held = scope.memberships(person).filter(role__in=selectors.LEADERS, site=None)
    return list(Organisation.objects.filter(pk__in=held.values("organisation_id")).order_by("name"))


def facts(person: Person, clip: Clip) -> dict[str, Any]:
    """Return what a clip's page says about cases, and about what keeps the clip."""
    entries = CaseClip.objects.filter(clip_id=clip.pk, case__closed_at=None).select_related("case")
    led = led_by(person)
    known = {one.pk for one in (*led, *selectors.overseen_by(person, timezone.now()))}
    inside = [entry.case for entry in entries if entry.case.organisation_id in known]
    leads = clip.site.organisation_id in {one.pk for one in led}
    others = Case.objects.filter(organisation=clip.site.organisation_id, closed_at=None)
    (fate,) = cases.fates_of([clip], now=timezone.now())
    return {
        "in_cases": inside,
        "open_cases": list(others.exclude(pk__in=[one.pk for one in inside]).order_by("name")) if leads else [],
        "may_case": leads and clip.state != Clip.State.DELETED,
        "fate": fate if leads else None,
    }


def _open(request: HttpRequest, person: Person, form: CaseForm) -> HttpResponse:
    values = form.cleaned_data
    case = keeping.open_case(
        actor=person,
        organisation=values["organisation"],
        name=values["name"],
        reason=values["reason"],
        among=Clip.objects.none(),
    )
    messages.success(request, _("The case is open. While it is, nobody and no rule deletes its clips."))
    if "clip" in request.POST:
        _add(request, person, case, _ids(request.POST.getlist("clip")[:SHOWN]))
    return redirect("portal:case", case.pk)


def _add(request: HttpRequest, person: Person, case: Case, clip_ids: list[uuid.UUID]) -> None:
    """Put clips into a case and say how many; one that is not there or not theirs ends the whole request."""
    among = gate.visible_clips(person, Action.HOLD)
    added = 0
    try:
        for clip_id in clip_ids:
            added += cases.add_clip(actor=person, case=case, clip_id=clip_id, among=among)
    except Denied:
        raise Http404 from None
    except cases.CaseClosed:
        messages.error(request, _("This case is closed."))
    except cases.Leaving:
        messages.error(request, _("A deleted clip cannot be kept by a case. Bring it back first."))
    said = ngettext("%(n)d clip is in the case now.", "%(n)d clips are in the case now.", added) % {"n": added}
    if added:
        messages.success(request, said)


def _organisations(person: Person) -> list[Organisation]:
    led = led_by(person)
    return [*led, *(one for one in selectors.overseen_by(person, timezone.now()) if one not in led)]


def _case(person: Person, case_id: uuid.UUID) -> Case:
    known = Case.objects.filter(organisation__in=_organisations(person))
    case = known.select_related("organisation", "opened_by", "closed_by").filter(pk=case_id).first()
    if case is None:
        raise Http404
    return case


def _led_case(person: Person, case_id: uuid.UUID) -> Case:
    case = _case(person, case_id)
    if case.organisation not in led_by(person) or not case_ends.may_end(person, case):
        raise Http404
    return case


def _kept(fate: Fate, entries: dict[uuid.UUID, CaseClip], naming: set[tuple[uuid.UUID, uuid.UUID | None]]) -> Kept:
    clip = fate.clip
    organisation = clip.site.organisation_id
    named = {(organisation, None), (organisation, clip.site_id)} & naming
    driver = str(clip.subject) if clip.subject and named else ""
    return Kept(entry=entries[clip.pk], fate=fate, driver=driver, zone=shown.site_zone(clip.site))


def _outcome(fates: Iterable[Fate]) -> dict[str, list[Fate]]:
    """Sort clips by what becomes of them once the case is closed."""
    all_of = list(fates)
    still = [fate for fate in all_of if fate.holds or fate.cases]
    free = [fate for fate in all_of if not (fate.holds or fate.cases)]
    return {
        "still_kept": still,
        "due": [fate for fate in free if fate.due],
        "later": sorted((fate for fate in free if fate.until and not fate.due), key=_until),
        "endless": [fate for fate in free if fate.until is None],
    }


def _until(fate: Fate) -> datetime:
    return fate.until or timezone.now()


def _offered(person: Person, case: Case) -> list[Clip]:
    """Return the newest clips that this person could add."""
    found = gate.visible_clips(person, Action.HOLD).filter(site__organisation=case.organisation)
    found = found.exclude(state=Clip.State.DELETED).exclude(cases__case=case)
    return list(found.select_related("site__organisation").order_by("-onset_wall_ns")[:OFFERED])


def _ids(texts: Iterable[str]) -> list[uuid.UUID]:
    found = []
    for text in texts:
        try:
            found.append(uuid.UUID(text))
        except ValueError:
            raise Http404 from None
    return found
