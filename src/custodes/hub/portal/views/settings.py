"""Settings: one's own language, units and zone; the organisation's; the ledger."""

import threading
import uuid
from typing import Any

from allauth.mfa.models import Authenticator
from django import forms
from django.conf import settings as django_settings
from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone, translation
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_http_methods, require_POST

from custodes.core.clock import SystemClock
from custodes.hub.access import entries, oversight
from custodes.hub.audit import ledger
from custodes.hub.audit.verify import verify as verify_ledger
from custodes.hub.fleet import notices, second_factor, undo, zone_select
from custodes.hub.fleet.models import Organisation, Person
from custodes.hub.fleet.step_up import asks_anew
from custodes.hub.portal import entry_words, push_rows, scope, sessions, shown

_WALK = threading.Lock()
"""Held while the ledger is walked. The hub is one process: a lock in its memory is enough."""
NOTICES = 10
CAME = 8
UNDO_CHOICES = (
    (60, gettext_lazy("1 minute")),
    (600, gettext_lazy("10 minutes")),
    (3600, gettext_lazy("1 hour")),
    (86400, gettext_lazy("1 day")),
)

COMPANY_MARKS = {
    "mark_manager": gettext_lazy("Name over the film, for managers"),
    "mark_dispatcher": gettext_lazy("Name over the film, for dispatchers"),
    "mark_driver": gettext_lazy("Name over the film, for drivers"),
}
HOUSEHOLD_MARKS = {
    "mark_owner": gettext_lazy("Name over the film, for owners"),
    "mark_member": gettext_lazy("Name over the film, for household members"),
}
MARKS = COMPANY_MARKS | HOUSEHOLD_MARKS


class PersonForm(forms.ModelForm):  # type: ignore[type-arg]  # not generic at run time
    """What a person chooses for themselves."""

    language = forms.ChoiceField(label=gettext_lazy("Language"), choices=django_settings.LANGUAGES)
    time_zone = forms.ChoiceField(
        label=gettext_lazy("Time zone"),
        required=False,
        choices=[("", gettext_lazy("My organisation's")), *zone_select.CHOICES],
        widget=zone_select.ZoneSelect,
        help_text=gettext_lazy("For times that belong to no site. A clip is always told in its site's zone."),
    )
    speed_unit = forms.ChoiceField(
        label=gettext_lazy("Speed in"),
        required=False,
        choices=[("", gettext_lazy("My organisation's unit")), *Organisation.SpeedUnit.choices],
    )

    class Meta:
        model = Person
        fields = ("display_name", "language", "time_zone", "speed_unit")
        labels = {"display_name": gettext_lazy("Name")}


class OrganisationForm(forms.ModelForm):  # type: ignore[type-arg]  # not generic at run time
    """What an organisation's managers and owners choose for it."""

    time_zone = forms.ChoiceField(
        label=gettext_lazy("Time zone"), choices=zone_select.CHOICES, widget=zone_select.ZoneSelect
    )
    undo_window_s = forms.TypedChoiceField(
        label=gettext_lazy("A deleted clip can be brought back for"), coerce=int, choices=()
    )

    class Meta:
        model = Organisation
        fields = ("name", "time_zone", "speed_unit", "undo_window_s", *MARKS)
        labels = {"name": gettext_lazy("Name"), "speed_unit": gettext_lazy("Speed in"), **MARKS}

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        company = self.instance.kind == Organisation.Kind.COMPANY
        for name in HOUSEHOLD_MARKS if company else COMPANY_MARKS:
            del self.fields[name]
        choices = list(UNDO_CHOICES)
        self.initial["undo_window_s"] = window_s = undo.shown_s(self.instance)
        if window_s not in dict(choices):
            words = shown.duration_words(window_s)
            choices.insert(0, (window_s, words))  # type: ignore[arg-type]  # a plain word
        self.fields["undo_window_s"].choices = choices  # type: ignore[attr-defined]  # a ChoiceField, above


@require_http_methods(["GET", "POST"])
@login_required
def index(request: HttpRequest) -> HttpResponse:
    """Show all settings; keep one's own."""
    person = scope.actor(request)
    form = PersonForm(request.POST or None, instance=person)
    if request.method == "POST" and form.is_valid():
        _keep(form)
        with translation.override(person.language):
            messages.success(request, _("Saved."))
        return redirect("portal:settings")
    person.refresh_from_db()
    head = ledger.signed_head(now_ns=SystemClock().wall_ns())
    kept = Authenticator.objects.filter(user=person).values_list("type", flat=True)
    context = {
        "form": form,
        "organisations": [
            (one, OrganisationForm(instance=one, prefix=str(one.pk))) for one in scope.run_organisations(person)
        ],
        "head": head if scope.memberships(person).exists() else None,
        "may_verify": scope.run_organisations(person).exists() or oversight.is_officer(person),
        "unsigned": ledger.why_unsigned(),
        "head_root": head.root.hex(),
        "zone": shown.person_zone(person),
        "has_totp": Authenticator.Type.TOTP in kept,
        "passkeys": sum(kind == Authenticator.Type.WEBAUTHN for kind in kept),
        "has_codes": Authenticator.Type.RECOVERY_CODES in kept,
        "places": sessions.places(request, person),
        "push": push_rows.card_of(person),
        "came": _came(person),
        "notices": notices.recent(person, now=timezone.now())[:NOTICES],
        "sign_in": django_settings.HUB.sign_in,
        "periods": _periods(),
        "needs_factor": second_factor.is_needed(person, now=timezone.now()),
    }
    return render(request, "portal/settings.html", context)


def _came(person: Person) -> list[entry_words.Line]:
    """Return the newest entries of a person's own sign-ins, and of tries at their account, newest first."""
    found = [
        *entries.page(person, group=entries.Group.SIGN_IN, own_only=True, limit=CAME).entries,
        *entries.page(person, group=entries.Group.REFUSED, own_only=True, limit=CAME).entries,
    ]
    newest = sorted((one for one in found if one.kind != "access.refused"), key=lambda one: -one.seq)[:CAME]
    return entry_words.lines(entries.Page(tuple(newest), None, {}, {}), reader=person)


def _periods() -> dict[str, str]:
    """Return the times of sessions as people say them: a day, not 1440 minutes."""
    told = django_settings.HUB.sign_in
    minutes = {"idle": told.idle_minutes, "whole": told.session_hours * 60, "step_up": told.step_up_minutes}
    return {name: shown.period_words(count) for name, count in minutes.items()}


def _keep(form: PersonForm) -> None:
    """Store what a person chose. A new name goes into the ledger: people read names in the list of who watched."""
    with transaction.atomic():
        person = form.save()
        if "display_name" in form.changed_data:
            names = {"before": form.initial.get("display_name", ""), "after": person.display_name}
            body = {"person": person.pk, "by": person.pk, **names}
            ledger.append(kind="person.renamed", body=body, now_ns=SystemClock().wall_ns())


@require_POST
@login_required
def organisation(request: HttpRequest, organisation_id: uuid.UUID) -> HttpResponse:
    """Keep the settings of an organisation."""
    person = scope.actor(request)
    found = Organisation.objects.filter(pk=organisation_id).first()
    if found is None or not scope.memberships(person).filter(organisation=found).exists():
        raise Http404
    if not scope.runs(person, found):
        raise PermissionDenied
    form = OrganisationForm(request.POST, instance=found, prefix=str(found.pk))
    if form.is_valid():
        before = {name: str(form.initial.get(name, "")) for name in form.changed_data}
        form.save()
        ledger.append(
            kind="organisation.changed",
            body={
                "organisation": found.pk,
                "by": person.pk,
                "before": before,
                "after": {name: str(getattr(found, name)) for name in form.changed_data},
            },
            now_ns=SystemClock().wall_ns(),
        )
        messages.success(request, _("Saved."))
    else:
        messages.error(request, " ".join(str(error) for errors in form.errors.values() for error in errors))
    return redirect("portal:settings")


@require_POST
@login_required
@asks_anew
def end_sessions(request: HttpRequest) -> HttpResponse:
    """Sign this person out everywhere but here."""
    sessions.end_others(request, scope.actor(request))
    messages.success(request, _("Signed out everywhere else."))
    return redirect("portal:settings")


@require_POST
@login_required
@asks_anew
def end_session(request: HttpRequest, pk: int) -> HttpResponse:
    """Sign this person out of one browser."""
    if not sessions.end_one(scope.actor(request), pk):
        raise Http404
    messages.success(request, _("That browser is signed out."))
    return redirect("portal:settings")


@require_POST
@login_required
def verify(request: HttpRequest) -> HttpResponse:
    """Walk the whole ledger and say whether it holds: for who runs or oversees, one walk at a time."""
    person = scope.actor(request)
    if not scope.run_organisations(person).exists() and not oversight.is_officer(person):
        raise PermissionDenied
    if not _WALK.acquire(blocking=False):
        return render(request, "portal/_ledger_report.html", {"report": None})
    try:
        report = verify_ledger()
    finally:
        _WALK.release()
    return render(request, "portal/_ledger_report.html", {"report": report, "at": timezone.now()})
