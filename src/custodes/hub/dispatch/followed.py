"""Who followed me: what a driver may know of those who looked at where they were."""

import json
from dataclasses import dataclass
from datetime import datetime

from custodes.hub.access.decisions import Actor
from custodes.hub.audit.models import LedgerBody
from custodes.hub.dispatch.models import PlaceWatch
from custodes.hub.fleet.models import Person


@dataclass(frozen=True, slots=True)
class FollowedMe:
    """One person's looking at where I was, by the name that they had then."""

    name: str
    role: str
    site: str
    address: str
    since: datetime
    until: datetime


def followers_of(actor: Actor, *, limit: int = 20) -> list[FollowedMe]:
    """Return who else looked at where `actor` was on their shifts, newest first."""
    if not isinstance(actor, Person):
        return []
    rows = PlaceWatch.objects.filter(driver=actor).exclude(person=actor).select_related("person", "site")
    watches = list(rows.order_by("-opened_at")[:limit])
    bodies = dict(LedgerBody.objects.filter(pk__in=[one.ledger_seq for one in watches]).values_list("pk", "body_json"))
    return [_told(one, bodies.get(one.ledger_seq, "")) for one in watches]


def _told(watch: PlaceWatch, body_json: str) -> FollowedMe:
    said = json.loads(body_json) if body_json else {}
    return FollowedMe(
        name=said.get("name") or said.get("email") or str(watch.person),
        role=watch.role,
        site=watch.site.name,
        address=watch.address or "",
        since=watch.opened_at,
        until=watch.last_shown_at,
    )
