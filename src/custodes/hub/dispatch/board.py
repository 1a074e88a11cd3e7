"""The door to where vans are: no position reaches a person but through here, and none before its ledger entry.

One entry stands for one person's looking at one van during one shift: a *watch*. It lasts while the person looks,
goes on when they come back within a quarter of an hour, and is opened anew after half a day. That one was opened is
known from its entry, as this process read it; its row adds when its place was last shown.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from django.db import transaction
from django.db.models import Q

from custodes.core.clock import Clock, SystemClock
from custodes.hub.access import places
from custodes.hub.access.decisions import Actor
from custodes.hub.access.places import Located
from custodes.hub.audit import ledger, past
from custodes.hub.dispatch.models import PlaceWatch
from custodes.hub.fleet import positions, selectors
from custodes.hub.fleet.models import Person, Shift, Site, TrailPoint, Unit
from custodes.hub.fleet.times import moment_of, now_of

PAUSE = timedelta(minutes=15)
"""Who comes back within this time goes on with the same watch."""
LASTS = timedelta(hours=12)
"""As long as a view of a clip: a board left open overnight asks anew."""
TOUCH_EVERY = timedelta(seconds=60)
"""How exactly the end of a watch is kept."""
TRAIL = timedelta(minutes=30)
"""How much of its way a van draws behind it."""
TRAIL_POINTS = 360
_CLOCK = SystemClock()
WATCHED = "place.watched"


def _opened(recorded_wall_ns: int, body: Mapping[str, Any]) -> Iterator[str]:
    yield _name(body["person"], body["site"], body["shift"] or 0, moment_of(recorded_wall_ns))


def _name(person_id: object, site_id: object, shift_number: int, opened_at: datetime) -> str:
    return f"{person_id} {site_id} {shift_number} {opened_at.isoformat()}"


_WATCHED = past.Named((WATCHED,), by=_opened)


@dataclass(frozen=True, slots=True)
class Place:
    """Where something was at a moment: degrees (WGS 84), metres a second."""

    at: datetime
    lat_deg: float
    lon_deg: float
    speed_mps: float | None


@dataclass(frozen=True, slots=True)
class Van:
    """One van as one person may know it. Without a shift there is nothing to know but that."""

    site: Site
    shift: Shift | None
    place: Place | None
    trail: tuple[Place, ...]


def look(actor: Actor, *, address: str = "", clock: Clock = _CLOCK) -> tuple[Van, ...]:
    """Return the vans of which `actor` may know where they are, by name; each that is shown is in the ledger before.

    Authorised anew at each call, by what the database says at that moment. A stranger gets none. Raises Unreadable as
    `audit.past`: then no place is shown.
    """
    now = now_of(clock)
    if not isinstance(actor, Person):
        return ()
    sites = _vans_near(actor, now)
    shifts = _running(sites, now)
    allowed = places.locatable(actor, sites, shifts, now=now)
    trails = _trails([shift for site, shift in shifts.items() if site in allowed], now)
    vans = tuple(_van(site, shifts.get(site.pk), trails) for site in sites if site.pk in allowed)
    _write_down(actor, [van for van in vans if van.place is not None], allowed, address=address, clock=clock)
    return vans


def place_of(actor: Actor, site: Site, *, address: str = "", clock: Clock = _CLOCK) -> Unit | None:
    """Return the unit that tells where `site` is, if `actor` may know that; it is in the ledger before.

    None: nobody knows, or they may not. Raises Unreadable as `look`.
    """
    now = now_of(clock)
    shifts = _running([site], now)
    if not isinstance(actor, Person) or (site.kind == Site.Kind.VEHICLE and not shifts):
        return None
    allowed = places.locatable(actor, [site], shifts, now=now)
    placed = site.units.filter(revoked_at=None, last_lat_deg__isnull=False, last_lon_deg__isnull=False)
    unit = placed.order_by("name").first() if allowed else None
    if unit is not None:
        _write_down(actor, [Van(site, shifts.get(site.pk), None, ())], allowed, address=address, clock=clock)
    return unit


def _vans_near(person: Person, now: datetime) -> list[Site]:
    """Return the vehicles in the reach of a person's roles: what the policies are asked about."""
    reach = Q(pk__in=[])
    for role in selectors.memberships_at(person, now):
        reach |= Q(pk=role.site_id) if role.site_id else Q(organisation_id=role.organisation_id)
    return list(Site.objects.filter(reach, kind=Site.Kind.VEHICLE).select_related("organisation").order_by("name"))


def _running(sites: Sequence[Site], now: datetime) -> dict[UUID, Shift]:
    rows = selectors.shifts_at(now).filter(site__in=sites).select_related("driver", "route").order_by("starts_at")
    return {shift.site_id: shift for shift in rows}


def _trails(shifts: Sequence[Shift], now: datetime) -> dict[int, list[Place]]:
    since = max(now - TRAIL, positions.kept_since(now))
    found: dict[int, list[Place]] = {}
    points = TrailPoint.objects.filter(shift__in=shifts, at__gte=since).order_by("at")
    for point in points.values_list("shift_id", "at", "lat_deg", "lon_deg", "speed_mps"):
        found.setdefault(point[0], []).append(Place(*point[1:]))
    return found


def _van(site: Site, shift: Shift | None, trails: Mapping[int, list[Place]]) -> Van:
    trail = trails.get(shift.pk, [])[-TRAIL_POINTS:] if shift else []
    return Van(site=site, shift=shift, place=trail[-1] if trail else None, trail=tuple(trail))


def _write_down(
    actor: Person, vans: Sequence[Van], allowed: Mapping[UUID, Located], *, address: str, clock: Clock
) -> None:
    """Open a watch for each van that has none open, with its entry; note of the others that they go on."""
    now = now_of(clock)
    if not _without_watch(actor, vans, now):
        return
    with transaction.atomic():
        for van in _without_watch(actor, vans, now):
            _open(actor, van, allowed[van.site.pk], address=address, now_ns=clock.wall_ns())


def _without_watch(actor: Person, vans: Sequence[Van], now: datetime) -> list[Van]:
    """Return the vans that `actor` has no open watch of; note of the other watches, now and then, that they go on.

    A row counts only with the entry of its very moment: one made by hand keeps no watch open that was not written down.
    """
    if not vans:
        return []
    past.read_on()
    rows = PlaceWatch.objects.filter(
        person=actor,
        site__in=[van.site.pk for van in vans],
        last_shown_at__gte=now - PAUSE,
        opened_at__gte=now - LASTS,
    ).order_by("opened_at")
    watches = {(one.site_id, one.shift_number): one for one in rows if _WATCHED.has_as_read(_name_of(one))}
    going = {van.site.pk: watches.get((van.site.pk, _shift_number(van))) for van in vans}
    stale = [watch.pk for watch in going.values() if watch and now - watch.last_shown_at >= TOUCH_EVERY]
    if stale:
        PlaceWatch.objects.filter(pk__in=stale).update(last_shown_at=now)
    return [van for van in vans if going[van.site.pk] is None]


def _name_of(watch: PlaceWatch) -> str:
    return _name(watch.person_id, watch.site_id, watch.shift_number, watch.opened_at)


def _shift_number(van: Van) -> int:
    return van.shift.pk if van.shift else 0


def _open(actor: Person, van: Van, by: Located, *, address: str, now_ns: int) -> None:
    driver = van.shift.driver if van.shift else None
    body = {
        "person": actor.pk,
        "name": actor.display_name,
        "email": actor.email,
        "role": by.role,
        "policy": by.policy,
        "site": van.site.pk,
        "shift": van.shift.pk if van.shift else None,
        "driver": driver.pk if driver else None,
        "address": address or None,
    }
    entry = ledger.append(kind=WATCHED, body=body, now_ns=now_ns)
    PlaceWatch.objects.create(
        person=actor,
        site=van.site,
        driver=driver,
        shift_number=_shift_number(van),
        role=by.role,
        policy=by.policy,
        address=address or None,
        opened_at=moment_of(entry.recorded_wall_ns),
        last_shown_at=moment_of(entry.recorded_wall_ns),
        ledger_seq=entry.seq,
    )
