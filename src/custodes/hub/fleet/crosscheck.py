"""Hold roles to the ledger: nobody has a role that no entry gave, or that an entry ended."""

from collections.abc import Iterator
from datetime import timedelta
from typing import TypeAlias

from custodes.hub.audit.report import Problem
from custodes.hub.audit.said import Said, entries
from custodes.hub.fleet.models import Membership, Person
from custodes.hub.fleet.times import moment_of

GIVEN, ENDED = "role.given", "role.ended"
Key: TypeAlias = tuple[str | None, str | None, str | None, str | None]
"""Whose role, in which organisation, at which site, and which."""
SAME_ACT = timedelta(seconds=1)


def roles_against_ledger() -> Iterator[Problem]:
    """Yield a problem for each role that was added, revived, ended, moved or removed by hand."""
    last: dict[Key, Said] = {}
    for one in entries(GIVEN, ENDED):
        last[one.get("person"), one.get("organisation"), one.get("site"), one.get("role")] = one
    seen: set[Key] = set()
    for row in Membership.objects.order_by("pk").iterator():
        site = None if row.site_id is None else str(row.site_id)
        key: Key = (str(row.person_id), str(row.organisation_id), site, row.role)
        seen.add(key)
        told = last.get(key)
        named = f"{row.person_id} as {row.role} of {row.organisation_id}"
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
