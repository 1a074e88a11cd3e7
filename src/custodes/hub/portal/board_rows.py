"""The board's vans as their reader is told of them: words, units, zones, the last event."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from django.template.loader import render_to_string
from django.utils import timezone

from custodes.hub.access import gate
from custodes.hub.clips.models import Clip
from custodes.hub.dispatch import board
from custodes.hub.dispatch.board import Van
from custodes.hub.fleet.models import Person
from custodes.hub.fleet.times import wall_ns_of
from custodes.hub.portal import headings, health, shown
from custodes.hub.portal.health import UnitHealth

STALE_S = 60
"""A place older than six heartbeats is said to be old."""


@dataclass(frozen=True, slots=True)
class BoardRow:
    """One van on the board. A van without a shift is its name and that nobody drives: the rest is private."""

    van: Van
    zone: str
    speed: str
    stale: bool
    units: tuple[UnitHealth, ...]
    last: Clip | None
    name: str = ""
    """What the last event is called."""

    @property
    def key(self) -> str:
        """Return the van's id, as scripts name it."""
        return str(self.van.site.pk)

    @property
    def point(self) -> dict[str, Any] | None:
        """Return where the van is, for the map."""
        place = self.van.place
        if place is None:
            return None
        return {"lat": round(place.lat_deg, 6), "lon": round(place.lon_deg, 6), "speed": self.speed, "old": self.stale}

    @property
    def facts(self) -> tuple[object, ...]:
        """Return what makes this row another one: a page is told only then."""
        units = tuple((unit.line.words, unit.problems, unit.well) for unit in self.units)
        shift = self.van.shift
        driven = None if shift is None else (shift.pk, shift.driver_id, shift.route_id, shift.ends_at)
        return (driven, self.van.place, self.stale, units, self.last.pk if self.last else None)


def read(person: Person, *, address: str) -> list[BoardRow]:
    """Return the board of one person, vans on the road first. Each place in it is in the ledger before."""
    now = timezone.now()
    vans = board.look(person, address=address)
    last = _last_events(person, vans)
    names = headings.names_of(person, last.values())
    rows = [_row(person, van, last, names, now) for van in vans]
    return sorted(rows, key=lambda row: (row.van.shift is None, row.van.site.name))


def told(row: BoardRow) -> dict[str, Any]:
    """Return a row as the feed tells it: its piece of the page, and its point on the map."""
    return {"van": row.key, "html": render_to_string("portal/_board_van.html", {"row": row}), "point": row.point}


def trails(rows: list[BoardRow]) -> dict[str, Any]:
    """Return what the map draws at first: each van's name, way and point."""
    return {
        row.key: {
            "name": row.van.site.name,
            "trail": [[round(place.lat_deg, 6), round(place.lon_deg, 6)] for place in row.van.trail],
            "point": row.point,
        }
        for row in rows
        if row.van.place is not None
    }


def _row(person: Person, van: Van, last: Mapping[UUID, Clip], names: Mapping[UUID, str], now: datetime) -> BoardRow:
    zone = shown.site_zone(van.site)
    if van.shift is None:
        return BoardRow(van=van, zone=zone, speed="", stale=False, units=(), last=None)
    unit = shown.speed_unit(person, van.site.organisation)
    mps = van.place.speed_mps if van.place else None
    event = last.get(van.site.pk)
    return BoardRow(
        van=van,
        zone=zone,
        speed="" if mps is None else shown.speed_words(mps, unit),
        stale=van.place is not None and (now - van.place.at).total_seconds() > STALE_S,
        units=health.of_site(van.site, now).units,
        last=event,
        name="" if event is None else names[event.pk],
    )


def _last_events(person: Person, vans: tuple[Van, ...]) -> dict[UUID, Clip]:
    """Return the last event of each shift that this person may hear of."""
    found: dict[UUID, Clip] = {}
    visible = gate.visible_clips(person).exclude(state=Clip.State.DELETED)
    for van in vans:
        if van.shift is None:
            continue
        of_shift = visible.filter(site=van.site, onset_wall_ns__gte=wall_ns_of(van.shift.starts_at))
        clip = of_shift.select_related("site__organisation").order_by("-onset_wall_ns").first()
        if clip is not None:
            found[van.site.pk] = clip
    return found
