"""A trip in the hub's database, as a unit would have told it: 16 kilometres, twelve brakings, three of them hard."""

import uuid
from datetime import datetime

from cast import NOW
from custodes.core.wire_trip import WireOccasions, WireTrip, WireTripEvent, WireTripPoint
from custodes.hub.audit import ledger
from custodes.hub.driving import storing
from custodes.hub.driving.models import Trip
from custodes.hub.fleet.models import Person, Unit
from custodes.hub.fleet.times import wall_ns_of
from custodes.score.formula import COUNTED_KINDS

NS = 1_000_000_000
HARD_AT_M = (2100, 2600, 9000)


def told_trip(
    start: datetime = NOW, *, hard_at_m: tuple[int, ...] = HARD_AT_M, km: int = 16, kind: str = "harsh_brake"
) -> WireTrip:
    """Return a trip of half an hour, with hard brakings at these metres."""
    start_ns = wall_ns_of(start)
    return WireTrip(
        trip_id=uuid.uuid4(),
        start_wall_ns=start_ns,
        end_wall_ns=start_ns + 1800 * NS,
        distance_m=km * 1000 + 300,
        moving_ms=1_500_000,
        limited_ms=0,
        occasions=WireOccasions(brakings=12, accelerations=10, turns=20),
        events=[
            WireTripEvent(
                event_id=uuid.uuid4(),
                kind=kind,
                onset_wall_ns=start_ns + at_m * 100_000_000,
                end_wall_ns=start_ns + at_m * 100_000_000 + 2 * NS,
                at_m=at_m,
                rule="braking above 2.8 m/s²",
                evidence=[("peak", "3.4 m/s²")],
            )
            for at_m in hard_at_m
        ],
        path=[
            WireTripPoint(
                wall_ns=start_ns + second * NS,
                lat_deg=48.85 + second * 0.00003,
                lon_deg=2.35 + (second % 600) * 0.00005,
                speed_mps=float(second % 28),
            )
            for second in range(0, 1800, 10)
        ],
        watched=sorted(COUNTED_KINDS),
    )


def store(unit: Unit, start: datetime = NOW, **told: object) -> Trip:
    """Store a trip of a unit."""
    trip = told_trip(start, **told)  # type: ignore[arg-type]
    storing.store_trip(unit=unit, trip=trip, now_ns=trip.end_wall_ns + NS)
    return Trip.objects.get(pk=trip.trip_id)


def give(trip: Trip, driver: Person | None, known_by: str = "plan") -> Trip:
    """Make a stored trip somebody's, or nobody's, with the entry of a late sign-on."""
    before, known_by = trip.driver_id, known_by if driver is not None else ""
    driver_id = None if driver is None else driver.pk
    body = {"trip": trip.pk, "site": trip.site_id, "person": before or driver_id, "driver": driver_id}
    body |= {"known_by": known_by, "before": before}
    trip.driver, trip.known_by = driver, known_by
    trip.whose_seq = ledger.append(kind="trip.judged_again", body=body, now_ns=trip.end_wall_ns + NS).seq
    trip.save(update_fields=["driver", "known_by", "whose_seq"])
    return trip
