"""One day's plan: its shifts, and the day copied to another."""

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

from django.db.models import Q, QuerySet
from django.utils.translation import gettext as _

from custodes.core.errors import BadInput, Denied
from custodes.hub.fleet import local_times, selectors
from custodes.hub.fleet.models import Organisation, Person, Shift
from custodes.hub.fleet.shifts import Plan, plan_shift

QUARTER = timedelta(minutes=15)
"""What was ended at 16:07 was planned to 16:00 or 16:15: a copy is rounded to the quarter of an hour."""


@dataclass(frozen=True, slots=True)
class Copied:
    """What came of copying a day: how many shifts were planned, and why others were not."""

    made: int
    refused: tuple[str, ...]


def shifts_on(organisation: Organisation, day: date, zone: ZoneInfo) -> QuerySet[Shift]:
    """Return the shifts that touch `day` in `zone`, by van and time; one over midnight stands on both days."""
    begins, ends = local_times.day_bounds(day, zone)
    return (
        Shift.objects.filter(Q(ends_at=None) | Q(ends_at__gt=begins), site__organisation=organisation)
        .filter(starts_at__lt=ends)
        .select_related("site__organisation", "driver", "route")
        .order_by("starts_at", "site__name")
    )


def copy_day(  # by name
    *, organisation: Organisation, source: date, target: date, zone: ZoneInfo, now: datetime, by: Person
) -> Copied:
    """Plan on `target` what began on `source`, at the same times by the clock. One that does not fit is left out.

    Of shifts on a day when the clocks change the length may differ by an hour: the times on the clock count. Shifts
    that `by` may not plan are passed over without a word.
    """
    begins, ends = local_times.day_bounds(source, zone)
    made, refused = 0, []
    began = shifts_on(organisation, source, zone).filter(starts_at__gte=begins, starts_at__lt=ends)
    for shift in began:
        if not selectors.plans_route(by, shift.site, shift.route, now):
            continue
        try:
            plan_shift(plan=_on(shift, target - source, zone), now=now, by=by)
            made += 1
        except (BadInput, Denied) as error:
            refused.append(_("%(van)s: %(why)s") % {"van": shift.site, "why": error})
    return Copied(made, tuple(refused))


def _on(shift: Shift, later: timedelta, zone: ZoneInfo) -> Plan:
    if shift.ends_at is None:
        raise BadInput(_("it has no end yet. Plan it by hand."))
    first, last = _rounded(shift.starts_at, zone), _rounded(shift.ends_at, zone)
    return Plan(
        site=shift.site,
        driver=shift.driver,
        starts_at=local_times.nearest_at(first.date() + later, first.time(), zone),
        ends_at=local_times.nearest_at(last.date() + later, last.time(), zone),
        route=shift.route,
    )


def _rounded(moment: datetime, zone: ZoneInfo) -> datetime:
    local = moment.astimezone(zone).replace(tzinfo=None)
    midnight = local.replace(hour=0, minute=0, second=0, microsecond=0)
    return midnight + round((local - midnight) / QUARTER) * QUARTER
