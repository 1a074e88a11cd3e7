"""Alarms about watching: one alarm with its viewings, what the officer does about it, and the limits."""

import uuid
from datetime import time
from typing import Any

from django import forms
from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from custodes.core.errors import BadInput, Denied
from custodes.hub.access import alarm_answers, alarm_entries, alarms, oversight
from custodes.hub.access.alarm_entries import AlarmLimits, State
from custodes.hub.access.history import names_then
from custodes.hub.fleet.models import Organisation
from custodes.hub.portal import alarm_words, headings, scope, shown

WORDS = {
    "many_clips": gettext_lazy("Many clips fast: so many different clips"),
    "many_minutes": gettext_lazy("within so many minutes"),
    "night_clips": gettext_lazy("At night: so many different clips in one night (0: not looked at)"),
    "same_clips": gettext_lazy("The same person: so many different clips of them"),
    "same_days": gettext_lazy("within so many days"),
    "same_times": gettext_lazy("and so many times more than of others on average"),
    "again_views": gettext_lazy("One clip: opened so many times within a day (0: not looked at)"),
    "outside_clips": gettext_lazy("Sites of others: so many different clips (0: not looked at)"),
    "outside_days": gettext_lazy("within so many days"),
    "tell_after_h": gettext_lazy("Recorded people are told after so many hours, unless it was dismissed"),
}


FIELD_ORDER = (
    "many_clips", "many_minutes", "night_clips", "night_from", "night_to", "same_clips", "same_days", "same_times",
    "again_views", "outside_clips", "outside_days", "tell_after_h",
)  # fmt: skip


class LimitsForm(forms.Form):
    """From where on an organisation wants an alarm."""

    def __init__(self, data: Any, *, limits: AlarmLimits) -> None:
        """Show `limits`, or what was filled in."""
        super().__init__(data)
        for name, label in WORDS.items():
            least, most = alarm_answers.BOUNDS.get(name, (0, alarm_answers.MAX_COUNT))
            self.fields[name] = forms.IntegerField(
                label=label, min_value=least, max_value=most, initial=getattr(limits, name)
            )
        for name, label, minute in (
            ("night_from", gettext_lazy("Night begins"), limits.night_from_minute),
            ("night_to", gettext_lazy("Night ends"), limits.night_to_minute),
        ):
            widget = forms.TimeInput(attrs={"type": "time"}, format="%H:%M")
            self.fields[name] = forms.TimeField(label=label, widget=widget, initial=_time(minute))
        self.order_fields(FIELD_ORDER)

    def wished(self) -> AlarmLimits:
        """Return what was filled in."""
        begin, end = self.cleaned_data["night_from"], self.cleaned_data["night_to"]
        return AlarmLimits(
            night_from_minute=begin.hour * 60 + begin.minute,
            night_to_minute=end.hour * 60 + end.minute,
            **{name: self.cleaned_data[name] for name in WORDS},
        )


@require_GET
@login_required
def show(request: HttpRequest, alarm_id: uuid.UUID) -> HttpResponse:
    """Show one alarm: why, its viewings as a picture and a list, and what can be done about it."""
    person = scope.actor(request)
    alarm = alarm_answers.find(person, alarm_id)
    views = alarms.views_of(alarm)
    zone = alarm.organisation.time_zone or "UTC"
    lane_of = {view.clip_id: str(view.clip.subject or _("nobody known")) for view in views}
    then = names_then(views)
    context = {
        "alarm": alarm,
        "title": alarm_words.title(alarm),
        "why": alarm_words.sentence(alarm),
        "picture": alarm_words.picture(views, alarm_entries.limits_of(alarm.organisation), zone, lane_of),
        "names": headings.names_of(person, [view.clip for view in views]),
        "rows": [(view, lane_of[view.clip_id]) for view in reversed(views)],
        "watcher": then[views[0].pk] if views else None,
        "zone": zone,
        "mine": alarm.watcher_id == person.pk,
        "dismissed": alarm.state == State.DISMISSED,
    }
    return render(request, "portal/alarm.html", context)


@require_POST
@login_required
def answer(request: HttpRequest, alarm_id: uuid.UUID) -> HttpResponse:
    """Do what an officer does about an alarm: `act` dismiss (with `words`), case (with `name`), or looking into it."""
    person, act = scope.actor(request), request.POST.get("act", "")
    alarm_answers.find(person, alarm_id)
    asked: dict[str, Any] = {"actor": person, "alarm_id": alarm_id}
    try:
        if act == "dismiss":
            alarm_answers.dismiss(**asked, words=request.POST.get("words", ""))
        elif act == "case":
            alarm_answers.open_case(**asked, name=request.POST.get("name", ""))
        else:
            alarm_answers.acknowledge(**asked)
    except BadInput as error:
        messages.error(request, str(error))
    else:
        messages.success(request, _("Kept, and in the ledger."))
    return redirect("portal:alarm", alarm_id)


@require_POST
@login_required
def close_case(request: HttpRequest, case_id: uuid.UUID) -> HttpResponse:
    """Close a case: its clips shut again and go by the rules of retention."""
    alarm_answers.close_case(actor=scope.actor(request), case_id=case_id)
    messages.success(request, _("The case is closed. Its clips are shut to officers again."))
    return redirect("portal:oversight")


@require_http_methods(["GET", "HEAD", "POST"])
@login_required
def limits(request: HttpRequest, organisation_id: uuid.UUID) -> HttpResponse:
    """Show and keep from where on there is an alarm."""
    person = scope.actor(request)
    organisation = _overseen(oversight.organisations(person), organisation_id)
    form = LimitsForm(request.POST or None, limits=alarm_entries.limits_of(organisation))
    if request.method == "POST" and form.is_valid():
        try:
            alarm_answers.set_limits(actor=person, organisation=organisation, wished=form.wished())
        except BadInput as error:
            form.add_error(None, str(error))
        else:
            messages.success(request, _("Saved."))
            return redirect("portal:oversight")
    context = {"form": form, "organisation": organisation, "zone": shown.person_zone(person)}
    return render(request, "portal/alarm_limits.html", context, status=400 if form.errors else 200)


def _overseen(organisations: list[Organisation], wanted: uuid.UUID) -> Organisation:
    for one in organisations:
        if one.pk == wanted:
            return one
    raise Denied.of(wanted)


def _time(minute: int) -> time:
    return time(minute // 60 % 24, minute % 60)
