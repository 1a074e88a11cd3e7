"""Writes: who drives which van on which route, from when to when. Every act is an entry in the ledger.

A shift says whose the clips are. So no van and no driver has two at one moment, and what has been is not changed.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db import transaction
from django.db.models import Q, QuerySet
from django.utils.translation import gettext as _

from custodes.core.errors import BadInput, Denied
from custodes.hub.audit import ledger
from custodes.hub.fleet import local_times, selectors
from custodes.hub.fleet.models import Person, Route, Shift, Site, TrailPoint, Unit
from custodes.hub.fleet.times import wall_ns_of

LATE = timedelta(hours=12)
"""How long ago a shift that is entered late may have begun: a working day, so that nobody rewrites yesterday."""
LONGEST = timedelta(hours=24)
"""A longer one is a wrong date."""
AHEAD = timedelta(days=60)
SOON = timedelta(hours=2)
"""A driver who sets off so early before a planned shift begins that one, and no other."""


@dataclass(frozen=True, slots=True)
class Plan:
    """What somebody plans. `ends_at` None: until somebody ends it."""

    site: Site
    driver: Person
    starts_at: datetime
    ends_at: datetime | None
    route: Route | None = None


def plan_shift(*, plan: Plan, now: datetime, by: Person | None = None) -> Shift:
    """Put a driver on a van and a route for a time to come, or from a little while ago.

    An open shift of the van or the driver that began earlier ends when this one begins. Raises Denied, and BadInput
    with a sentence for people: no driver there, a route of somebody else's, a time that is none, an overlap.
    """
    _must(by is None or selectors.plans_route(by, plan.site, plan.route, now))
    _check_parts(plan, now)
    _check_times(plan, now)
    with transaction.atomic():
        lock(plan.site, plan.driver)
        _make_way(plan, now, by)
        _refuse_overlap(plan, but=None)
        shift = Shift.objects.create(
            site=plan.site, driver=plan.driver, route=plan.route, starts_at=plan.starts_at, ends_at=plan.ends_at
        )
        write_down("shift.planned", shift, now, by)
    return shift


def change_shift(*, shift: Shift, plan: Plan, now: datetime, by: Person | None = None) -> Shift:
    """Change a shift that has not ended. Of one that has begun only the end and the route. Raises Denied, BadInput."""
    _must(by is None or selectors.plans_route(by, shift.site, shift.route, now))
    _must(by is None or selectors.plans_route(by, plan.site, plan.route, now))
    if shift.ends_at is not None and shift.ends_at <= now:
        raise BadInput(_("That shift is over. What was driven is not changed."))
    if shift.starts_at <= now:
        same = (plan.site.pk, plan.driver.pk, plan.starts_at) == (shift.site_id, shift.driver_id, shift.starts_at)
        if not same:
            raise BadInput(_("That shift has begun: van, driver and beginning stay. End it and plan another."))
    _check_parts(plan, now)
    _check_times(plan, now, begun=shift.starts_at <= now)
    with transaction.atomic():
        lock(plan.site, plan.driver)
        _refuse_overlap(plan, but=shift)
        shift.site, shift.driver, shift.route = plan.site, plan.driver, plan.route
        shift.starts_at, shift.ends_at = plan.starts_at, plan.ends_at
        shift.save(update_fields=["site", "driver", "route", "starts_at", "ends_at"])
        write_down("shift.changed", shift, now, by)
    return shift


def cancel_shift(*, shift: Shift, now: datetime, by: Person | None = None) -> None:
    """Take a planned shift away. Raises Denied, and BadInput for one that has begun."""
    _must(by is None or selectors.plans_route(by, shift.site, shift.route, now))
    if shift.starts_at <= now:
        raise BadInput(_("That shift has begun. End it instead."))
    with transaction.atomic():
        write_down("shift.cancelled", shift, now, by)
        shift.delete()


def start_shift(*, site: Site, driver: Person, now: datetime, by: Person | None = None) -> Shift:
    """Put a driver on a vehicle from now on, without an end; whoever was on it goes off.

    Drivers put themselves on a vehicle that nobody drives: a shift says whose the clips are, so only who plans it may
    end another's, on this vehicle or elsewhere. A shift of theirs on it that is planned to begin soon begins now;
    another that is planned ends this one. Raises Denied, and BadInput when they are no driver there or somebody else
    drives.
    """
    plans = by is None or selectors.plans_route(by, site, None, now)
    _must(plans or (by is not None and by.pk == driver.pk))
    plan = Plan(site=site, driver=driver, starts_at=now, ends_at=None)
    _check_parts(plan, now)
    with transaction.atomic():
        lock(plan.site, plan.driver)
        running = selectors.shifts_at(now)
        taken = running.filter(site=site).exclude(driver=driver).exists()
        if taken and not plans:
            raise BadInput(_("Somebody else drives now. Ask them or a dispatcher to end that shift."))
        there = list(running.filter(Q(site=site) | Q(driver=driver)).select_related("site", "driver", "route"))
        for one in there:
            _refuse_unless_theirs(one, now, by)
        for one in there:
            end_shift(shift=one, now=now, by=by)
        coming = Shift.objects.filter(Q(site=site) | Q(driver=driver), starts_at__gt=now).order_by("starts_at").first()
        if coming and (coming.site_id, coming.driver_id) == (site.pk, driver.pk) and coming.starts_at <= now + SOON:
            shift = coming
            shift.starts_at = now
            shift.save(update_fields=["starts_at"])
        else:
            ends_at = coming.starts_at if coming else None
            shift = Shift.objects.create(site=site, driver=driver, starts_at=now, ends_at=ends_at)
        write_down("shift.started", shift, now, by)
    return shift


def end_shift(*, shift: Shift, now: datetime, by: Person | None = None) -> None:
    """Take a driver off a vehicle, and forget where they were. Ending it twice changes nothing. Raises Denied."""
    site = shift.site
    _must(by is None or by.pk == shift.driver_id or selectors.plans_route(by, site, shift.route, now))
    with transaction.atomic():
        running = Shift.objects.filter(Q(ends_at=None) | Q(ends_at__gt=now), pk=shift.pk)
        if not running.filter(Q(ends_at=None) | Q(starts_at__lte=now)).exists():
            return
        shift.ends_at = max(now, shift.starts_at)
        Shift.objects.filter(pk=shift.pk).update(ends_at=shift.ends_at)
        forget_place(shift)
        write_down("shift.ended", shift, now, by)


def forget_place(shift: Shift) -> None:
    """Forget where a van went during a shift and where it is: afterwards is the driver's own time."""
    TrailPoint.objects.filter(shift_id=shift.pk).delete()
    Unit.objects.filter(site_id=shift.site_id).update(last_lat_deg=None, last_lon_deg=None, last_speed_mps=None)


def _check_parts(plan: Plan, now: datetime) -> None:
    site, driver, route = plan.site, plan.driver, plan.route
    if site.kind != Site.Kind.VEHICLE:
        raise BadInput(_("%(site)s is no vehicle.") % {"site": site})
    if not selectors.drives_at(driver, site, now):
        raise BadInput(_("driver: %(driver)s is no driver of %(site)s.") % {"driver": driver, "site": site})
    if route is not None and (route.organisation_id != site.organisation_id or route.closed_at is not None):
        raise BadInput(_("That route is not driven any more."))


def _check_times(plan: Plan, now: datetime, *, begun: bool = False) -> None:
    if not begun and plan.starts_at < now - LATE:
        raise BadInput(_("A shift is entered at most 12 hours after it began."))
    if plan.starts_at > now + AHEAD:
        raise BadInput(_("A shift is planned at most 60 days ahead."))
    if plan.ends_at is None:
        return
    if plan.ends_at <= plan.starts_at:
        raise BadInput(_("A shift ends after it begins."))
    if plan.ends_at <= now:
        raise BadInput(_("That shift would be over already."))
    if plan.ends_at - plan.starts_at > LONGEST and not begun:
        raise BadInput(_("A shift lasts at most 24 hours."))


def lock(site: Site, driver: Person) -> None:
    """Let one plan for a van or a driver wait for another. SQLite has one writer; other databases lock these rows."""
    list(Site.objects.select_for_update().filter(pk=site.pk).values_list("pk"))
    list(Person.objects.select_for_update().filter(pk=driver.pk).values_list("pk"))


def _make_way(plan: Plan, now: datetime, by: Person | None) -> None:
    """End open shifts of the van and the driver when a planned one begins that is still to come."""
    if plan.starts_at <= now:
        return
    for running in _of_either(plan).filter(ends_at=None, starts_at__lt=plan.starts_at):
        if by is not None and not selectors.plans_route(by, running.site, running.route, now):
            continue  # somebody else's to end: it counts as an overlap
        running.ends_at = plan.starts_at
        running.save(update_fields=["ends_at"])
        write_down("shift.changed", running, now, by)


def _refuse_unless_theirs(running: Shift, now: datetime, by: Person | None) -> None:
    """Refuse to end a shift that is neither one's own nor one's to plan."""
    if by is None or by.pk == running.driver_id or selectors.plans_route(by, running.site, running.route, now):
        return
    told = {"driver": running.driver}
    raise BadInput(_("%(driver)s is on a shift that somebody else plans. Ask them to end it first.") % told)


def _refuse_overlap(plan: Plan, *, but: Shift | None) -> None:
    there = _of_either(plan).filter(Q(ends_at=None) | Q(ends_at__gt=plan.starts_at)).exclude(pk=but.pk if but else 0)
    if plan.ends_at is not None:
        there = there.filter(starts_at__lt=plan.ends_at)
    other = there.order_by("starts_at").first()
    if other is None:
        return
    zone = local_times.zone_named(plan.site.time_zone or plan.site.organisation.time_zone)
    told = {
        "driver": other.driver,
        "van": other.site,
        "since": local_times.said(other.starts_at, zone),
        "until": "" if other.ends_at is None else local_times.said(other.ends_at, zone),
    }
    if other.ends_at is None:
        raise BadInput(_("%(driver)s drives %(van)s since %(since)s, without an end. End that shift first.") % told)
    if other.site_id == plan.site.pk:
        raise BadInput(_("%(van)s is taken: %(driver)s drives it from %(since)s to %(until)s.") % told)
    raise BadInput(_("%(driver)s is taken: they drive %(van)s from %(since)s to %(until)s.") % told)


def _of_either(plan: Plan) -> QuerySet[Shift]:
    return Shift.objects.filter(Q(site=plan.site) | Q(driver=plan.driver)).select_related("site", "driver", "route")


def write_down(kind: str, shift: Shift, now: datetime, by: Person | None) -> None:
    """Write an act on a shift into the ledger: a shift without an entry counts as added by hand."""
    body = {
        "person": shift.driver_id,
        "site": shift.site_id,
        "shift": shift.pk,
        "route": shift.route_id,
        "from": shift.starts_at.isoformat(),
        "to": None if shift.ends_at is None else shift.ends_at.isoformat(),
        "by": None if by is None else by.pk,
    }
    ledger.append(kind=kind, body=body, now_ns=wall_ns_of(now))


def _must(condition: bool) -> None:  # noqa: FBT001  # reads as a sentence
    if not condition:
        raise Denied("Only who plans here may do that.")
