"""Keep trips that units tell, once each."""

import hashlib
from datetime import timedelta

from django.db import transaction

from custodes.core.errors import BadInput, Denied, Temporary
from custodes.core.wire_trip import WireTrip
from custodes.hub.audit import ledger
from custodes.hub.clips import quota
from custodes.hub.clips.models import Clip
from custodes.hub.driving import borne_out, judging, owners, sealing
from custodes.hub.driving.models import Trip, TripEvent
from custodes.hub.fleet.models import Unit
from custodes.hub.fleet.times import moment_of
from custodes.score.formula import COUNTED_KINDS
from custodes.score.trip import Standing

TRIPS_AN_HOUR = 60
"""What one unit may tell: a trip takes at least a minute."""

EVENT_BYTES = 300
"""What the row of one event takes, about."""

LONGEST_NS = 48 * 3600 * 1_000_000_000


class NoRoom(Temporary):
    """The organisation's room is used up; the unit keeps the trip."""


def store_trip(*, unit: Unit, trip: WireTrip, now_ns: int) -> int:
    """Keep a trip and its events; return how many events there are. Durable on return, with its leaf in the ledger.

    The driver is who was at the wheel (`owners.at_wheel`). Only the way within the shift is kept: outside of it is
    somebody's own time, of which how far and how long is counted, and where is not. A repeat changes nothing. Raises
    Denied when the id is another trip's, BadInput for a trip that cannot be, NoRoom when the organisation's room is
    used up, Temporary when the unit tells more than anybody can drive.
    """
    _check(trip, now_ns)
    content = trip.model_dump_json().encode()
    digest = hashlib.sha256(content).hexdigest()
    with transaction.atomic():
        known = Trip.objects.filter(pk=trip.trip_id).first()
        if known is not None:
            if known.unit_id != unit.pk or known.content_sha256 != digest:
                raise Denied(f"trip {trip.trip_id} is another one here already")
            return known.events.count()
        now = moment_of(now_ns)
        if Trip.objects.filter(unit=unit, received_at__gt=now - timedelta(hours=1)).count() >= TRIPS_AN_HOUR:
            raise Temporary(f"more than {TRIPS_AN_HOUR} trips in an hour; tell them again later")
        at_wheel = owners.at_wheel(unit.site_id, trip.start_wall_ns, trip.end_wall_ns)
        shift = at_wheel.shift
        kept = judging.way_within(shift, trip).model_dump_json().encode()
        wrapped, sealed = sealing.seal(trip.trip_id, unit.pk, kept)
        counted = quota.room([len(sealed) + EVENT_BYTES * len(trip.events)])
        owner = unit.site.organisation
        if not quota.reserve(organisation_id=owner.pk, wanted_bytes=counted, limit_bytes=owner.quota_bytes):
            raise NoRoom("the organisation's room at the hub is used up; somebody must delete clips")
        row = Trip.objects.create(
            id=trip.trip_id,
            unit=unit,
            site_id=unit.site_id,
            driver_id=shift.driver_id if shift else None,
            route_id=shift.route_id if shift else None,
            known_by=at_wheel.known_by,
            start_wall_ns=trip.start_wall_ns,
            end_wall_ns=trip.end_wall_ns,
            distance_m=trip.distance_m,
            moving_ms=trip.moving_ms,
            limited_ms=trip.limited_ms,
            brakings=trip.occasions.brakings,
            accelerations=trip.occasions.accelerations,
            turns=trip.occasions.turns,
            watched=sorted(set(trip.watched)),
            content_sha256=digest,
            wrapped_key=wrapped,
            sealed=sealed,
            counted_bytes=counted,
            received_at=now,
        )
        TripEvent.objects.bulk_create(_events(row, trip))
        whose = {"driver": row.driver_id, "known_by": row.known_by}
        body = {"trip": row.pk, "unit": unit.pk, "site": unit.site_id, "content": digest, **whose}
        row.whose_seq = ledger.append(kind=borne_out.RECEIVED, body=body, now_ns=now_ns).seq
        row.save(update_fields=["whose_seq"])
    return len(trip.events)


def _check(trip: WireTrip, now_ns: int) -> None:
    if not 0 < trip.end_wall_ns - trip.start_wall_ns <= LONGEST_NS:
        raise BadInput("a trip ends after it began, within two days")
    if trip.end_wall_ns > now_ns + 600 * 1_000_000_000:
        raise BadInput("the trip lies in the future; set the unit's clock")
    if trip.distance_m > 10_000_000 or trip.moving_ms > LONGEST_NS // 1_000_000 or trip.limited_ms > trip.moving_ms:
        raise BadInput("way and times do not fit each other")
    for event in trip.events:
        if not trip.start_wall_ns <= event.onset_wall_ns <= event.end_wall_ns or event.at_m > 10_000_000:
            raise BadInput(f"event {event.event_id} does not lie in the trip")
    if len({event.event_id for event in trip.events}) != len(trip.events):
        raise BadInput("an event is told twice")
    if (
        TripEvent.objects.filter(pk__in=[event.event_id for event in trip.events])
        .exclude(trip_id=trip.trip_id)
        .exists()
    ):
        raise BadInput("an event belongs to another trip")


def _events(row: Trip, trip: WireTrip) -> list[TripEvent]:
    clips = dict(
        Clip.objects.filter(unit_id=row.unit_id, onset_wall_ns__in=[event.onset_wall_ns for event in trip.events])
        .order_by("declared_at")
        .values_list("onset_wall_ns", "pk")
    )
    return [
        TripEvent(
            id=event.event_id,
            trip=row,
            kind=event.kind,
            onset_wall_ns=event.onset_wall_ns,
            end_wall_ns=event.end_wall_ns,
            at_m=event.at_m,
            severe=event.severe,
            # What a unit says of standing is not believed: a kind that the formula does not know is on trial.
            standing=Standing.COUNTS.value if event.kind in COUNTED_KINDS else Standing.TRIAL.value,
            clip_id=clips.get(event.onset_wall_ns),
        )
        for event in trip.events
    ]
