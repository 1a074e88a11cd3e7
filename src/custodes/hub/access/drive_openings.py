"""Who opened my drives: to open a drive, or a driver's scores, is an entry under the driver before anything shows."""

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import UTC, date, datetime
from uuid import UUID

from custodes.hub.access.decisions import Actor
from custodes.hub.audit import ledger, said, trusted
from custodes.hub.audit.models import LedgerBody
from custodes.hub.driving.models import Trip
from custodes.hub.fleet.models import Person
from custodes.hub.fleet.times import moment_of, wall_ns_of

DRIVE, SCORES, LISTED_SCORES = "trip.opened", "driver.opened", "driver.listed"
LISTED = 20


@dataclass(frozen=True, slots=True)
class Opening:
    """One person's openings of one drive (`site` empty: of the scores) on one day, for one purpose."""

    name: str
    role: str
    purpose: str
    address: str
    site: str
    trip_start_wall_ns: int | None
    newest_at: datetime
    times: int


def write(kind: str, actor: Person, driver_id: UUID | None, *, now_ns: int, **facts: object) -> None:
    """Write an opening down. Durable when the caller's transaction commits."""
    named = {"by": actor.pk, "name": actor.display_name, "email": actor.email}
    ledger.append(kind=kind, body={"person": driver_id, **named, **facts}, now_ns=now_ns)


def write_listed(actor: Person, drivers: Collection[UUID], *, now_ns: int, **facts: object) -> None:
    """Write down, in one entry, that the scores of these drivers are listed to somebody: once a driver and day (UTC).

    Durable when the caller's transaction commits.
    """
    fresh = {str(one) for one in drivers} - _listed_today(actor, now_ns)
    if fresh:
        named = {"person": actor.pk, "name": actor.display_name, "email": actor.email}
        ledger.append(kind=LISTED_SCORES, body={**named, "drivers": sorted(fresh), **facts}, now_ns=now_ns)


def _listed_today(actor: Person, now_ns: int) -> set[str]:
    midnight = moment_of(now_ns).astimezone(UTC).replace(hour=0, minute=0, second=0, microsecond=0)
    rows = LedgerBody.objects.filter(person_id=actor.pk, leaf__kind=LISTED_SCORES)
    today = rows.filter(leaf__recorded_wall_ns__gte=wall_ns_of(midnight))
    return {one for told in trusted.with_code(today, or_older=False) for one in told.body["drivers"]}


def openings_of(actor: Actor) -> list[Opening]:
    """Return who else opened a drive or the scores of `actor`, newest first, as the hub's own entries say."""
    if not isinstance(actor, Person):
        return []
    opened = [one for one in said.own(DRIVE, SCORES, person=actor.pk) if one.get("by") not in {None, str(actor.pk)}]
    listed = [one for one in said.own(LISTED_SCORES, naming=str(actor.pk)) if str(actor.pk) in one.body["drivers"]]
    told = sorted((*opened, *listed), key=lambda one: one.seq)
    grouped: dict[tuple[str | None, str | None, str | None, date], list[said.Said]] = {}
    for one in reversed(told):
        day = moment_of(one.recorded_wall_ns).date()
        who = one.get("person" if one.kind == LISTED_SCORES else "by")
        grouped.setdefault((who, one.get("trip"), one.get("purpose"), day), []).append(one)
    newest = list(grouped.values())[:LISTED]
    trips = _trips(one.get("trip") for [one, *_rest] in newest)
    return [_opening(group, trips) for group in newest]


def _trips(ids: Iterable[str | None]) -> dict[str, Trip]:
    rows = Trip.objects.filter(pk__in=[one for one in ids if one]).select_related("site")
    return {str(trip.pk): trip for trip in rows}


def _opening(group: list[said.Said], trips: dict[str, Trip]) -> Opening:
    newest = group[0]
    trip = trips.get(newest.get("trip") or "")
    return Opening(
        name=newest.get("name") or newest.get("email") or "",
        role=newest.get("role") or "",
        purpose=newest.get("purpose") or "",
        address=newest.get("address") or "",
        site=trip.site.name if trip else "",
        trip_start_wall_ns=trip.start_wall_ns if trip else None,
        newest_at=moment_of(newest.recorded_wall_ns),
        times=len(group),
    )
