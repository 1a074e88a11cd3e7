"""Which roles count: those of which a row and the ledger both say that somebody has them.

A row that was added, revived or widened by hand opens nothing; one that was ended by hand ends the role, as its entry
would. What entries say is read in order and kept in memory (`audit.past`), so that none can be hidden for a moment.
"""

from collections.abc import Collection, Iterable, Mapping
from typing import NamedTuple
from uuid import UUID

from django.db.models import Q, QuerySet

from custodes.hub.audit import past
from custodes.hub.audit.trusted import Told
from custodes.hub.fleet.models import Membership

GIVEN, ENDED, LIMITED = "role.given", "role.ended", "role.limited"
_ENTRIES = past.Entries((GIVEN, ENDED, LIMITED), by="person")
_OF_ORGANISATION = past.Entries((GIVEN, ENDED), by="organisation")


class Where(NamedTuple):
    """Which role, in which organisation, at which site (None: at all of them)."""

    organisation_id: str
    site_id: str | None
    role: str

    @classmethod
    def of(cls, row: Membership) -> "Where":
        """Return which role a row is about."""
        return cls(str(row.organisation_id), None if row.site_id is None else str(row.site_id), row.role)


def given_to(person_id: UUID) -> dict[Where, str]:
    """Return the roles that stand by the entries about one person, each with the times that it reaches."""
    return _follow(_ENTRIES.of_or_looked_up(person_id))


def given_to_each(people: Collection[UUID]) -> dict[UUID, dict[Where, str]]:
    """Return the same of many people. One query for what came since the last reading, where the ledger is whole."""
    read = _ENTRIES.as_read if past.is_readable() else _ENTRIES.of_or_looked_up
    return {one: _follow(read(one)) for one in set(people)}


def is_given(row: Membership) -> bool:
    """Say whether the entries give the role that a row says. Whether the row has ended is another question."""
    return Where.of(row) in given_to(row.person_id)


def was_given(person_id: UUID, organisation_id: UUID, role: str) -> bool:
    """Say whether somebody was ever given a role over all of an organisation, ended or not."""
    where = Where(str(organisation_id), None, role)
    return any(where in _follow([one]) for one in _ENTRIES.of_or_looked_up(person_id))


def reach(row: Membership, given: Mapping[Where, str]) -> frozenset[str]:
    """Return the times (`Membership.Sees.LIVE`, `HISTORY`) that a role reaches, by its row and its entries both.

    Of one that no entry gives, by its row: it has ended, which is another question.
    """
    both = {Membership.Sees.LIVE.value, Membership.Sees.HISTORY.value}
    found = frozenset(both)
    for sees in (row.sees, given.get(Where.of(row), row.sees)):
        found &= both if sees == Membership.Sees.BOTH else {sees}
    return found


def counting_of(person_id: UUID) -> Q:
    """Return which rows of one person count, as far as entries say; whether they have ended is another question."""
    found = Q(pk__in=[])
    for where in given_to(person_id):
        found |= Q(organisation_id=where.organisation_id, site_id=where.site_id, role=where.role)
    return found & Q(person_id=person_id)


def counting(rows: QuerySet[Membership]) -> QuerySet[Membership]:
    """Return those of `rows`, of many people, that count as far as entries say. One query more."""
    here = list(rows)
    given = given_to_each([row.person_id for row in here])
    return rows.filter(pk__in=[row.pk for row in here if Where.of(row) in given[row.person_id]])


def holders(organisation_id: UUID, roles: Collection[str]) -> set[UUID]:
    """Return who has one of `roles` in an organisation by the entries, whatever the rows say.

    For who must be asked: a row that was ended by hand takes nobody out.
    """
    found: dict[tuple[UUID, object, object], None] = {}
    for one in _OF_ORGANISATION.of_or_looked_up(organisation_id):
        key = (UUID(str(one.body["person"])), one.body.get("site"), one.body.get("role"))
        if one.kind == GIVEN:
            found[key] = None
        else:
            found.pop(key, None)
    return {person for person, _site, role in found if role in roles}


def _follow(told: Iterable[Told]) -> dict[Where, str]:
    """Return what entries of one person, in order, leave them."""
    found: dict[Where, str] = {}
    for one in told:
        organisation, site = one.body.get("organisation"), one.body.get("site")
        if organisation is None:
            continue  # no role that the hub gave
        where = Where(str(organisation), None if site is None else str(site), str(one.body.get("role")))
        if one.kind == GIVEN:
            found[where] = Membership.Sees.BOTH
        elif one.kind == ENDED:
            found.pop(where, None)
        elif where in found:
            found[where] = str(one.body.get("sees"))
    return found
