"""Which routes bind whom: a dispatcher is bound where a row or the ledger says so, to what both of them give.

So a row that was edited by hand for a minute widens nobody's sight. As of the last reading of the ledger
(`audit.past.read_on`): whoever asks for somebody's roles has just read.
"""

from collections.abc import Iterable, Mapping
from typing import Any
from uuid import UUID

from custodes.hub.audit import past
from custodes.hub.fleet.models import Membership, Organisation

CHANGED, DISPATCHERS = "organisation.changed", "route.dispatchers"
_ORGANISATIONS = past.Entries((CHANGED,), by="organisation")
_ROUTES = past.Entries((DISPATCHERS,), by="route")


def bind(organisation: Organisation) -> bool:
    """Say whether dispatchers of `organisation` see their own routes alone."""
    return organisation.routes_bind or said_to_bind(one.body for one in _ORGANISATIONS.as_read(organisation.pk))


def said_to_bind(bodies: Iterable[Mapping[str, Any]]) -> bool:
    """Say whether routes bind by what entries about one organisation say, in order."""
    bound: object = False
    for body in bodies:
        after = body.get("after")
        if isinstance(after, dict):
            bound = after.get("routes_bind", bound)
    return bound in {True, "True"}


def routes_of(row: Membership) -> frozenset[UUID]:
    """Return the routes that a dispatcher's role has by its row, where their newest entry names the dispatcher too."""
    mine = row.routes.values_list("pk", flat=True)
    return frozenset(pk for pk in mine if str(row.person_id) in dispatchers_of(pk))


def dispatchers_of(route_id: UUID) -> set[str]:
    """Return whose a route is by its newest entry: ids of people as text."""
    told = _ROUTES.as_read(route_id)
    after = told[-1].body.get("after") if told else None
    return set(map(str, after)) if isinstance(after, list) else set()
