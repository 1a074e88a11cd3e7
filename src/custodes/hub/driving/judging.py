"""Judge again whose stored drives are, when a sign-on comes late: a second unit of the van was without a line.

What somebody has answered for stays: a drive that was claimed, denied or disputed.
"""

from datetime import datetime
from uuid import UUID

from django.db.models import Q

from custodes.core.wire_trip import WireTrip
from custodes.hub.audit import ledger
from custodes.hub.driving import borne_out, owners, scores, sealing
from custodes.hub.driving.models import Dispute, Trip
from custodes.hub.fleet.models import Shift
from custodes.hub.fleet.times import wall_ns_of


def judge_again(*, site_id: UUID, driver_id: UUID, sign_on_id: UUID, since: datetime, now: datetime) -> int:
    """Ask anew whose the drives of a van, or of a driver, are that end after `since`; return how many differ.

    Each that differs has its entry in the ledger, and keeps its way only where its driver's shift lies. Call inside a
    transaction.
    """
    stored = Trip.objects.filter(Q(site_id=site_id) | Q(driver_id=driver_id), end_wall_ns__gt=wall_ns_of(since))
    stored = stored.exclude(known_by=borne_out.CLAIM).filter(denied_by=None)
    stored = stored.exclude(pk__in=Dispute.objects.values("event__trip")).select_for_update()
    changed = 0
    for trip in stored.order_by("start_wall_ns"):
        found = owners.at_wheel(trip.site_id, trip.start_wall_ns, trip.end_wall_ns)
        before = trip.driver_id
        if (before, trip.known_by) == (None if found.shift is None else found.shift.driver_id, found.known_by):
            continue
        _put(trip, found)
        body = {
            "trip": trip.pk,
            "site": trip.site_id,
            "person": before or trip.driver_id,
            "driver": trip.driver_id,
            "known_by": trip.known_by,
            "before": before,
            "sign_on": sign_on_id,
        }
        trip.whose_seq = ledger.append(kind=borne_out.JUDGED_AGAIN, body=body, now_ns=wall_ns_of(now)).seq
        trip.save(update_fields=["whose_seq"])
        changed += 1
    return changed


def way_within(shift: Shift | None, trip: WireTrip) -> WireTrip:
    """Return a trip without the way that was driven outside of a shift."""
    if shift is None:
        return trip.model_copy(update={"path": []})
    start_wall_ns = wall_ns_of(shift.starts_at)
    end_wall_ns = trip.end_wall_ns if shift.ends_at is None else wall_ns_of(shift.ends_at)
    path = [point for point in trip.path if start_wall_ns <= point.wall_ns <= end_wall_ns]
    return trip.model_copy(update={"path": path})


def _put(trip: Trip, found: owners.AtWheel) -> None:
    shift = found.shift
    content = way_within(shift, scores.told_of(trip)).model_dump_json().encode()
    trip.wrapped_key, trip.sealed = sealing.seal(trip.pk, trip.unit_id, content)
    trip.driver_id = None if shift is None else shift.driver_id
    trip.route_id = None if shift is None else shift.route_id
    trip.known_by = found.known_by
    trip.save(update_fields=["wrapped_key", "sealed", "driver", "route", "known_by"])
