"""Where a van is: kept during its shifts alone, and no longer than the settings say.

A van outside of a shift is somebody's own time. A position that was measured before the shift began is too, however
late it is told.
"""

from datetime import datetime, timedelta

from django.conf import settings
from django.db.models import Q

from custodes.core.wire import Heartbeat
from custodes.hub.fleet import selectors
from custodes.hub.fleet.models import Shift, Site, TrailPoint, Unit
from custodes.hub.fleet.times import moment_of

FRESH = timedelta(minutes=2)
"""An older reading says where a van was, not where it is: the receiver has lost the sky."""
AHEAD = timedelta(seconds=5)
"""A reading is no later than the message that tells it, but for the jitter of two threads."""
EVERY = timedelta(seconds=5)
"""A trail has no more than one point in this time, whatever a unit sends."""
PLACE_FIELDS = ("last_lat_deg", "last_lon_deg", "last_speed_mps")


def take_place(unit: Unit, heartbeat: Heartbeat, now: datetime) -> tuple[str, ...]:
    """Put the place that a heartbeat tells into `unit`, and a point into its shift's trail; return the fields to save.

    What may not be kept leaves the unit without a place. Call it inside the heartbeat's transaction.
    """
    sample = heartbeat.sample
    shift = selectors.shift_at(unit.site, now) if unit.site.kind == Site.Kind.VEHICLE else None
    if unit.site.kind == Site.Kind.VEHICLE and shift is None:
        unit.last_lat_deg = unit.last_lon_deg = unit.last_speed_mps = None
        return PLACE_FIELDS
    if sample is None or sample.lat_deg is None or sample.lon_deg is None:
        return ()
    # By the unit's own clock, which may be wrong, but is wrong alike in both.
    age = timedelta(microseconds=(heartbeat.sent_wall_ns - sample.wall_ns) // 1000)
    if shift is not None:
        measured_at = now - age if -AHEAD <= age <= FRESH else None
        if measured_at is None or measured_at < shift.starts_at:
            return ()
        _add_point(unit, shift, heartbeat, min(measured_at, now))
    unit.last_lat_deg, unit.last_lon_deg, unit.last_speed_mps = sample.lat_deg, sample.lon_deg, sample.speed_mps
    return PLACE_FIELDS


def kept_since(now: datetime) -> datetime:
    """Return the moment before which no position is kept or shown."""
    return now - timedelta(hours=settings.HUB.dispatch.trail_hours)


def forget_due(*, now_ns: int) -> int:
    """Forget positions that are too old or whose shift is over, and where vans without a shift are; count points."""
    now = moment_of(now_ns)
    over = Q(shift__ends_at__lte=now)
    gone = TrailPoint.objects.filter(Q(at__lt=kept_since(now)) | over).values_list("pk", flat=True)
    forgotten, _kinds = TrailPoint.objects.filter(pk__in=list(gone[:20_000])).delete()
    placed = Unit.objects.filter(site__kind=Site.Kind.VEHICLE, last_lat_deg__isnull=False)
    off = placed.exclude(site__in=selectors.shifts_at(now).values("site_id"))
    off.update(last_lat_deg=None, last_lon_deg=None, last_speed_mps=None)
    return forgotten


def _add_point(unit: Unit, shift: Shift, heartbeat: Heartbeat, at: datetime) -> None:
    sample = heartbeat.sample
    if sample is None or sample.lat_deg is None or sample.lon_deg is None:
        return
    if TrailPoint.objects.filter(shift=shift, at__gt=at - EVERY).exists():
        return
    TrailPoint.objects.create(
        shift=shift,
        unit=unit,
        at=at,
        lat_deg=sample.lat_deg,
        lon_deg=sample.lon_deg,
        speed_mps=sample.speed_mps,
    )
