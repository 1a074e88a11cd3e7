"""The forms by which somebody plans shifts and routes: what may be chosen is what may be planned, no other id."""

from collections.abc import Mapping
from datetime import date, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from django import forms
from django.db.models import QuerySet
from django.utils.translation import gettext_lazy as _

from custodes.hub.access import acquaintance
from custodes.hub.fleet import local_times
from custodes.hub.fleet.local_times import TwiceThatDay
from custodes.hub.fleet.models import Membership, Organisation, Person, Route, Shift, Site
from custodes.hub.fleet.selectors import PlanReach
from custodes.hub.fleet.shifts import Plan

FIRST, SECOND = "first", "second"
WHICH = [("", "–"), (FIRST, _("the first")), (SECOND, _("the second"))]
FIRST_DAY, LAST_DAY = date(2020, 1, 1), date(2200, 1, 1)


class ShiftForm(forms.Form):
    """A van, a driver, a route, a day and two times on the van's clock. A shift that ends earlier ends the next day."""

    site = forms.ModelChoiceField(label=_("Van"), queryset=Site.objects.none(), empty_label=None)
    driver = forms.ModelChoiceField(label=_("Driver"), queryset=Person.objects.none(), empty_label=None)
    route = forms.ModelChoiceField(
        label=_("Route"), queryset=Route.objects.none(), required=False, empty_label=_("no route")
    )
    day = forms.DateField(label=_("Day"), widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d"))
    starts = forms.TimeField(label=_("From"), widget=forms.TimeInput(attrs={"type": "time"}, format="%H:%M"))
    ends = forms.TimeField(
        label=_("To"), required=False, widget=forms.TimeInput(attrs={"type": "time"}, format="%H:%M")
    )
    which_start = forms.ChoiceField(
        label=_("Which of the two beginnings"),
        required=False,
        choices=WHICH,
    )
    which_end = forms.ChoiceField(
        label=_("Which of the two ends"),
        required=False,
        choices=WHICH,
    )

    def __init__(
        self, organisation: Organisation, reach: PlanReach, drivers: QuerySet[Person], *args: Any, **kwargs: Any
    ) -> None:
        super().__init__(*args, **kwargs)
        vans = organisation.sites.filter(kind=Site.Kind.VEHICLE).order_by("name")
        allowed = [site.pk for site in vans if reach.covers_some(site.pk)]
        routes = organisation.routes.filter(closed_at=None).order_by("name")
        self._choose("site", Site.objects.filter(pk__in=allowed).select_related("organisation").order_by("name"))
        self._choose("driver", drivers)
        self._choose("route", routes.filter(pk__in=[one.pk for one in routes if reach.covers_route(one.pk)]))
        if reach.bound and not reach.everything:
            self.fields["route"].required = True
        self.asks_which: set[str] = set()

    def _choose(self, name: str, found: Any) -> None:
        self.fields[name].queryset = found  # type: ignore[attr-defined]  # a ModelChoiceField, declared above

    def plan(self, *, kept: Shift | None = None) -> Plan:
        """Return what was asked for. Raises BadInput for a time that does not exist, or is one of two.

        Of `kept`, a shift that has begun, the beginning stays what it is, to the second.
        """
        values = self.cleaned_data
        site: Site = values["site"]
        zone = local_times.zone_named(site.time_zone or site.organisation.time_zone)
        starts_at = kept.starts_at if kept else self._moment("start", values["day"], values["starts"], zone)
        ends_at = None
        if values["ends"] is not None:
            begins = starts_at.astimezone(zone).time() if kept else values["starts"]
            next_day = timedelta(days=1 if values["ends"] <= begins else 0)
            ends_at = self._moment("end", values["day"] + next_day, values["ends"], zone)
        return Plan(site=site, driver=values["driver"], starts_at=starts_at, ends_at=ends_at, route=values["route"])

    def _moment(self, name: str, day: date, clock: time, zone: ZoneInfo) -> datetime:
        said = self.cleaned_data[f"which_{name}"]
        try:
            return local_times.moment_at(day, clock, zone, second=said == SECOND if said else None)
        except TwiceThatDay:
            self.asks_which.add(name)
            raise

    def clean_day(self) -> date:
        """Return the day; one that no calendar of ours has is none."""
        day: date = self.cleaned_data["day"]
        if not FIRST_DAY <= day <= LAST_DAY:
            raise forms.ValidationError(_("Give a day of this century."))
        return day


class RouteForm(forms.Form):
    """A route's name, its area and its stops."""

    name = forms.CharField(label=_("Name"), max_length=80)
    area = forms.CharField(
        label=_("Area"), max_length=200, required=False, help_text=_("Where it goes: Harbour and old town.")
    )
    stops = forms.CharField(
        label=_("Planned stops"),
        max_length=4000,
        required=False,
        widget=forms.Textarea(attrs={"rows": 4}),
        help_text=_("One a line, in the order in which they are driven."),
    )


def drivers_of(person: Person, organisation: Organisation, *, now: datetime) -> QuerySet[Person]:
    """Return the people who drive for an organisation and of whom `person` may know, by name."""
    known = acquaintance.known_memberships(person, organisation, now=now)
    held = known.filter(role=Membership.Role.DRIVER)
    people = Person.objects.filter(pk__in=held.values("person_id"), is_active=True)
    return people.order_by("display_name", "email")


def initial_of(shift: Shift, zone: ZoneInfo) -> Mapping[str, Any]:
    """Return what the form of a shift shows at first."""
    starts = shift.starts_at.astimezone(zone)
    ends = None if shift.ends_at is None else shift.ends_at.astimezone(zone)
    return {
        "site": shift.site_id,
        "driver": shift.driver_id,
        "route": shift.route_id,
        "day": starts.date(),
        "starts": starts.time().replace(second=0, microsecond=0),
        "ends": None if ends is None else ends.time().replace(second=0, microsecond=0),
    }
