"""Hold roles, sites, routes and shifts to the ledger: who has which role, whose a site is, who drove what."""

import hashlib
from collections.abc import Iterator, Mapping
from datetime import datetime, timedelta
from typing import Any, TypeAlias

from custodes.hub.audit.report import Problem
from custodes.hub.audit.said import Said, entries
from custodes.hub.fleet import enrolled, founded, given_routes, undo
from custodes.hub.fleet.given_roles import ENDED, GIVEN, LIMITED
from custodes.hub.fleet.models import Membership, Organisation, Person, Route, Shift, Site, Unit
from custodes.hub.fleet.times import moment_of

CANCELLED = "shift.cancelled"
SHIFTS = ("shift.planned", "shift.changed", "shift.started", "shift.ended", CANCELLED)
Key: TypeAlias = tuple[str | None, str | None, str | None, str | None]
"""Whose role, in which organisation, at which site, and which."""
SAME_ACT = timedelta(seconds=1)


def roles_against_ledger() -> Iterator[Problem]:
    """Yield a problem for each role that was added, revived, ended, moved or removed by hand."""
    last: dict[Key, Said] = {}
    reach: dict[Key, str | None] = {}
    for one in entries(GIVEN, ENDED, LIMITED):
        key = (one.get("person"), one.get("organisation"), one.get("site"), one.get("role"))
        if one.kind == LIMITED:
            reach[key] = one.get("sees")
            continue
        last[key] = one
        reach.pop(key, None)
    seen: set[Key] = set()
    for row in Membership.objects.order_by("pk").iterator():
        site = None if row.site_id is None else str(row.site_id)
        key = (str(row.person_id), str(row.organisation_id), site, row.role)
        seen.add(key)
        told = last.get(key)
        named = f"{row.person_id} as {row.role} of {row.organisation_id}"
        if row.sees != reach.get(key, Membership.Sees.BOTH):
            yield Problem("role_edited", None, f"which times {named} reaches was edited by hand")
        if told is None:
            yield Problem("role_edited", None, f"{named} was added or moved by hand: no entry gave this role")
        elif told.kind == GIVEN and row.until is not None:
            yield Problem("role_edited", told.seq, f"{named} was ended by hand: by the ledger the role stands")
        elif told.kind == ENDED and (row.until is None or abs(row.until - moment_of(told.recorded_wall_ns)) > SAME_ACT):
            yield Problem(
                "role_edited", told.seq, f"{named} was ended by entry {told.seq}, and stands otherwise by hand"
            )
    people = {str(pk) for pk in Person.objects.values_list("pk", flat=True)}
    for where, one in last.items():
        person, owner, _site, role = where
        if one.kind == GIVEN and where not in seen and person in people:
            message = f"{person} has the role {role} of {owner} by entry {one.seq}, and its row was removed"
            yield Problem("role_missing", one.seq, message)


def sites_against_ledger() -> Iterator[Problem]:
    """Yield a problem for each site that stands in another organisation than its entry says, or that no entry made."""
    made = {one.get("site"): one for one in reversed(list(entries(founded.CREATED)))}
    for pk, owner in Site.objects.order_by("pk").values_list("pk", "organisation_id"):
        told = made.get(str(pk))
        if told is None:
            yield Problem("site_edited", None, f"site {pk} was added by hand: no entry made it")
        elif told.get("organisation") != str(owner):
            message = f"site {pk} was moved to {owner} by hand: entry {told.seq} made it for {told.get('organisation')}"
            yield Problem("site_edited", told.seq, message)


def units_against_ledger() -> Iterator[Problem]:
    """Yield a problem for each unit whose key or site no entry bears out, and for one that was turned away and is back.

    One that never was let in (a row made as turned away, as the demo's model) opens nothing: no finding.
    """
    told = {one.get("unit"): one for one in entries(enrolled.ENROLLED)}
    gone = {one.get("unit"): one for one in entries(enrolled.REVOKED)}
    yield from _codes_against_ledger()
    for row in Unit.objects.order_by("pk").iterator():
        one, name = told.get(str(row.pk)), f"unit {row.pk} ({row.name})"
        if one is None:
            if row.revoked_at is None:
                yield Problem("unit_edited", None, f"{name} was added by hand: no entry enrolled it")
            continue
        key = hashlib.sha256(bytes(row.public_key)).hexdigest()
        if (one.get("site"), one.get("key_sha256")) != (str(row.site_id), key):
            yield Problem("unit_edited", one.seq, f"key or site of {name} are not those of entry {one.seq}")
        elif str(row.pk) in gone and row.revoked_at is None:
            yield Problem("unit_edited", gone[str(row.pk)].seq, f"{name} was turned away, and is back by hand")


def _codes_against_ledger() -> Iterator[Problem]:
    """Yield a problem for each unit that enrolled by a code of another site, one that was over, or one used before."""
    issued = {one.get("code"): one for one in entries(enrolled.ISSUED)}
    used: set[str | None] = set()
    for one in entries(enrolled.ENROLLED):
        code, wrong = one.get("code"), ""
        if code is None:
            continue
        made = issued.get(code)
        if made is None or made.get("site") != one.get("site"):
            wrong = "no code was issued for its site"
        elif moment_of(one.recorded_wall_ns) - moment_of(made.recorded_wall_ns) >= enrolled.CODE_LIVES:
            wrong = "its code was over"
        elif code in used:
            wrong = "its code was used before"
        used.add(code)
        if wrong:
            yield Problem("unit_edited", one.seq, f"unit {one.get('unit')} enrolled by a row edited by hand: {wrong}")


def undo_windows_against_ledger() -> Iterator[Problem]:
    """Yield a problem where how long a deleted clip can be brought back is not what the newest entry says."""
    told = undo.newest(one.body for one in entries(undo.CREATED, undo.CHANGED))
    for pk, window_s in Organisation.objects.values_list("pk", "undo_window_s"):
        if told.get(str(pk), window_s) != window_s:
            message = f"how long a deleted clip of {pk} can be brought back was edited by hand: {window_s} s"
            yield Problem("organisation_edited", None, message)


def routes_against_ledger() -> Iterator[Problem]:
    """Yield a problem where rows alone say whether routes bind dispatchers, or whose a route is."""
    changes: dict[str | None, list[Mapping[str, Any]]] = {}
    whose: dict[str | None, list[str]] = {}
    for one in entries(given_routes.CHANGED, given_routes.DISPATCHERS):
        after = one.body.get("after")
        if one.kind == given_routes.CHANGED:
            changes.setdefault(one.get("organisation"), []).append(one.body)
        elif isinstance(after, list):
            whose[one.get("route")] = sorted(map(str, after))
    for pk, bound in Organisation.objects.values_list("pk", "routes_bind"):
        if bound != given_routes.said_to_bind(changes.get(str(pk), [])):
            yield Problem("route_edited", None, f"whether routes bind the dispatchers of {pk} was edited by hand")
    people = {str(pk) for pk in Person.objects.values_list("pk", flat=True)}
    for route in Route.objects.prefetch_related("dispatchers"):
        now = {str(one.person_id) for one in route.dispatchers.all()}
        if now != set(whose.get(str(route.pk), [])) & people:
            yield Problem("route_edited", None, f"whose the route {route.pk} is was edited by hand")


def shifts_against_ledger() -> Iterator[Problem]:
    """Yield a problem for each shift that is not what its newest entry says, and for one that was removed."""
    last = {one.get("shift"): one for one in entries(*SHIFTS)}
    seen = set()
    for row in Shift.objects.order_by("pk").iterator():
        seen.add(str(row.pk))
        told = last.get(str(row.pk))
        if told is None or told.kind == CANCELLED:
            yield Problem("shift_edited", None, f"shift {row.pk} was added by hand: no entry plans or starts it")
            continue
        now: dict[str, str | None] = {"person": str(row.driver_id), "site": str(row.site_id)}
        now |= {"route": None if row.route_id is None else str(row.route_id)} if "route" in told.body else {}
        wrong = [name for name, value in now.items() if told.get(name) != value]
        wrong += [
            name for name, at in (("from", row.starts_at), ("to", row.ends_at)) if not _same_moment(told, name, at)
        ]
        if wrong:
            message = f"shift {row.pk} is not what entry {told.seq} says: {', '.join(wrong)} edited by hand"
            yield Problem("shift_edited", told.seq, message)
    people = {str(pk) for pk in Person.objects.values_list("pk", flat=True)}
    for number, one in last.items():
        if one.kind != CANCELLED and number not in seen and one.get("person") in people:
            yield Problem("shift_edited", one.seq, f"shift {number} of entry {one.seq} was removed by hand")


def _same_moment(told: Said, name: str, at: datetime | None) -> bool:
    # Entries of early versions do not name the times.
    if name not in told.body:
        return True
    said = told.get(name)
    return said is None if at is None else said is not None and datetime.fromisoformat(said) == at
