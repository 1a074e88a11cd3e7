"""The plan: who drives which van on which route, today and on the days to come."""

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.core.exceptions import PermissionDenied
from django.db.models import QuerySet
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_GET, require_POST

from custodes.core.errors import BadInput, Denied
from custodes.hub.fleet import local_times, roster, selectors, shifts
from custodes.hub.fleet.models import Organisation, Person, Shift, Site
from custodes.hub.fleet.selectors import PlanReach
from custodes.hub.portal import plan_forms, scope
from custodes.hub.portal.plan_forms import ShiftForm

DAYS_SHOWN = 7


@dataclass(frozen=True, slots=True)
class Planned:
    """One shift as a line of the plan. `mine` False: the van is taken, and more this reader is not told."""

    shift: Shift
    mine: bool
    may_plan: bool
    state: str
    """`coming`, `now` or `over`."""
    starts: datetime
    ends: datetime | None
    left_percent: str
    width_percent: str
    """Where its bar stands in the day; written as programs do, whatever the reader's language."""
    form: ShiftForm | None
    refused: bool = False
    """It could not be changed as `form` has it: its dialog stays open, with what was typed."""


@dataclass(frozen=True, slots=True)
class Row:
    """One van and its day."""

    site: Site
    shifts: list[Planned]
    may_plan: bool


@require_GET
@login_required
def index(request: HttpRequest) -> HttpResponse:
    """Show one day of one organisation."""
    return _page(request, _asked(request), form=None)


@require_POST
@login_required
def add(request: HttpRequest) -> HttpResponse:
    """Plan a shift."""
    asked = _asked(request)
    asked.must_plan()
    form = ShiftForm(asked.organisation, asked.reach, asked.drivers, request.POST)
    if form.is_valid():
        try:
            shift = shifts.plan_shift(plan=form.plan(), now=asked.now, by=asked.person)
        except Denied:
            raise PermissionDenied from None
        except BadInput as error:
            form.add_error(None, str(error))
        else:
            said = _("%(driver)s drives %(van)s from %(since)s.") % {
                "driver": shift.driver,
                "van": shift.site,
                "since": local_times.said(shift.starts_at, asked.zone),
            }
            messages.success(request, said)
            return redirect(asked.address(shift.starts_at.astimezone(asked.zone).date()))
    return _page(request, asked, form=form)


@require_POST
@login_required
def change(request: HttpRequest, pk: int) -> HttpResponse:
    """Change a shift that has not ended."""
    asked, shift = _of_shift(request, pk)
    now = asked.now
    form = ShiftForm(asked.organisation, asked.reach, asked.drivers, request.POST, prefix=str(pk))
    if form.is_valid():
        try:
            plan = form.plan(kept=shift if shift.starts_at <= now else None)
            shifts.change_shift(shift=shift, plan=plan, now=now, by=asked.person)
        except Denied:
            raise PermissionDenied from None
        except BadInput as error:
            form.add_error(None, str(error))
        else:
            messages.success(request, _("The shift is changed."))
            return redirect(asked.address(shift.starts_at.astimezone(asked.zone).date()))
    return _page(request, asked, form=None, changing=(pk, form))


@require_POST
@login_required
def cancel(request: HttpRequest, pk: int) -> HttpResponse:
    """Take a planned shift away, or end one that runs."""
    asked, shift = _of_shift(request, pk)
    try:
        if shift.starts_at <= asked.now:
            shifts.end_shift(shift=shift, now=asked.now, by=asked.person)
            messages.success(request, _("The shift of %(driver)s has ended.") % {"driver": shift.driver})
        else:
            shifts.cancel_shift(shift=shift, now=asked.now, by=asked.person)
            messages.success(request, _("The shift of %(driver)s is cancelled.") % {"driver": shift.driver})
    except Denied:
        raise PermissionDenied from None
    return redirect(asked.address())


@require_POST
@login_required
def copy(request: HttpRequest) -> HttpResponse:
    """Plan the day as the one before it."""
    asked = _asked(request)
    asked.must_plan()
    done = roster.copy_day(
        organisation=asked.organisation,
        source=asked.day - timedelta(days=1),
        target=asked.day,
        zone=asked.zone,
        now=asked.now,
        by=asked.person,
    )
    said = ngettext("%(n)d shift copied.", "%(n)d shifts copied.", done.made) % {"n": done.made}
    messages.success(request, said) if done.made else messages.info(request, said)
    for why in done.refused[:5]:
        messages.error(request, _("Not copied: %(why)s") % {"why": why})
    return redirect(asked.address())


@dataclass(frozen=True, slots=True)
class Asked:
    """Who asks for which day of which organisation, and what they plan there."""

    person: Person
    organisation: Organisation
    reach: PlanReach
    day: date
    zone: ZoneInfo
    now: datetime
    drivers: QuerySet[Person]
    """Whom they may plan."""

    def must_plan(self) -> None:
        """Refuse who plans nothing here."""
        if not (self.reach.everything or self.reach.roles):
            raise PermissionDenied

    def address(self, day: date | None = None) -> str:
        """Return the address of a day's page."""
        return f"{reverse('portal:plan')}?organisation={self.organisation.pk}&day={(day or self.day).isoformat()}"


def companies(person: Person) -> list[Organisation]:
    """Return the companies in which a person plans, drives or runs things now, by name."""
    held = scope.on_the_road(person).values("organisation_id")
    return list(Organisation.objects.filter(pk__in=held).order_by("name"))


def company(request: HttpRequest) -> Organisation:
    """Return the company that a request names, or the only one that it can mean. Raises Http404."""
    mine = companies(scope.actor(request))
    named = request.POST.get("organisation") or request.GET.get("organisation") or ""
    found = [one for one in mine if str(one.pk) == named] if named else mine[:1]
    if not found:
        raise Http404
    return found[0]


def _asked(request: HttpRequest, organisation: Organisation | None = None) -> Asked:
    person, now = scope.actor(request), timezone.now()
    found = organisation or company(request)
    zone = local_times.zone_named(found.time_zone)
    today = now.astimezone(zone).date()
    text = request.POST.get("shown_day") or request.GET.get("day") or ""
    reach = selectors.plan_reach(person, found, now)
    return Asked(person, found, reach, _day(text) or today, zone, now, plan_forms.drivers_of(person, found, now=now))


def _of_shift(request: HttpRequest, pk: int) -> tuple[Asked, Shift]:
    """Return a shift that this person plans. Raises Http404 for any other."""
    shift = Shift.objects.select_related("site__organisation", "driver", "route").filter(pk=pk).first()
    if shift is None or shift.site.organisation not in companies(scope.actor(request)):
        raise Http404
    asked = _asked(request, shift.site.organisation)
    if not asked.reach.covers(shift.site_id, shift.route_id):
        raise Http404
    return asked, shift


def _page(
    request: HttpRequest, asked: Asked, *, form: ShiftForm | None, changing: tuple[int, ShiftForm] | None = None
) -> HttpResponse:
    """Show the plan. `form`: of a new shift, as typed; `changing`: of one that could not be changed, in its dialog."""
    plans = asked.reach.everything or bool(asked.reach.roles)
    today = asked.now.astimezone(asked.zone).date()
    first = min(asked.day, today) if abs((asked.day - today).days) < DAYS_SHOWN else asked.day
    there = [_planned(asked, one, changing) for one in roster.shifts_on(asked.organisation, asked.day, asked.zone)]
    rows = _rows(asked, [one for one in there if plans or one.mine])
    context = {
        "organisation": asked.organisation,
        "organisations": companies(asked.person),
        "day": asked.day,
        "today": today,
        "yesterday": asked.day - timedelta(days=1),
        "days": [first + timedelta(days=number) for number in range(DAYS_SHOWN)],
        "rows": rows,
        "count": sum(len(row.shifts) for row in rows),
        "plans": plans,
        "form": form or _fresh_form(asked) if plans else None,
        "zone": asked.zone.key,
        "now_percent": f"{_percent(asked, asked.now):.2f}" if asked.day == today else None,
        "may_copy": plans and asked.day >= today,
    }
    return render(request, "portal/plan.html", context)


def _fresh_form(asked: Asked) -> ShiftForm:
    initial = {"day": asked.day, "starts": "08:00", "ends": "16:00"}
    return ShiftForm(asked.organisation, asked.reach, asked.drivers, initial=initial)


def _rows(asked: Asked, there: list[Planned]) -> list[Row]:
    vans = asked.organisation.sites.filter(kind=Site.Kind.VEHICLE).order_by("name")
    mine = {site.pk for site in scope.sites(asked.person)}
    rows = []
    for van in vans:
        own = [one for one in there if one.shift.site_id == van.pk]
        may_plan = asked.reach.covers_some(van.pk)
        if (may_plan and van.pk in mine) or own:
            rows.append(Row(van, own, may_plan))
    return rows


def _planned(asked: Asked, shift: Shift, changing: tuple[int, ShiftForm] | None) -> Planned:
    may_plan = asked.reach.covers(shift.site_id, shift.route_id)
    over = shift.ends_at is not None and shift.ends_at <= asked.now
    state = "over" if over else ("now" if shift.starts_at <= asked.now else "coming")
    begins, ends = local_times.day_bounds(asked.day, asked.zone)
    left = _percent(asked, max(shift.starts_at, begins))
    right = _percent(asked, min(shift.ends_at or ends, ends))
    form = None
    if may_plan and not over:
        initial = plan_forms.initial_of(shift, asked.zone)
        form = ShiftForm(asked.organisation, asked.reach, asked.drivers, initial=initial, prefix=str(shift.pk))
    refused = form is not None and changing is not None and changing[0] == shift.pk
    if refused and changing is not None:
        form = changing[1]
    return Planned(
        shift=shift,
        mine=may_plan or shift.driver_id == asked.person.pk,
        may_plan=may_plan,
        state=state,
        starts=shift.starts_at.astimezone(asked.zone),
        ends=None if shift.ends_at is None else shift.ends_at.astimezone(asked.zone),
        left_percent=f"{left:.2f}",
        width_percent=f"{max(1.0, right - left):.2f}",
        form=form,
        refused=refused,
    )


def _percent(asked: Asked, moment: datetime) -> float:
    begins, ends = local_times.day_bounds(asked.day, asked.zone)
    return (moment - begins) / (ends - begins) * 100


def _day(text: str) -> date | None:
    try:
        found = date.fromisoformat(text)
    except ValueError:
        return None
    return found if plan_forms.FIRST_DAY <= found <= plan_forms.LAST_DAY else None
