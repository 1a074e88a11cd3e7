"""Which grants stand: what the policies and the lists are told of them.

A grant's row is anybody's who writes the database: it counts as far as the hub's own entry that gave it bears it out,
and while none took it back.
"""

from collections.abc import Collection, Iterable
from datetime import datetime
from uuid import UUID

from django.db.models import F, QuerySet

from custodes.hub.access.models import Grant
from custodes.hub.audit import past

GIVEN, REVOKED = "grant.given", "grant.revoked"
_ENTRIES = past.Entries((GIVEN, REVOKED), by="clip")


def memberships_for(clip_id: UUID, *, now: datetime) -> frozenset[str]:
    """Return the memberships to which a clip is granted, as of the last reading of the ledger (`past.read_on`)."""
    if not _ENTRIES.last(clip_id):
        return frozenset()  # most clips: no row is asked
    return frozenset(str(one.membership_id) for one in _borne_out(_rows(now).filter(clip_id=clip_id)))


def clips_by_membership(membership_ids: Collection[str], *, now: datetime) -> dict[str, set[UUID]]:
    """Return the clips that are granted to each of these memberships; those without any are left out. As above."""
    found: dict[str, set[UUID]] = {}
    if _ENTRIES.is_empty():
        return found
    for one in _borne_out(_rows(now).filter(membership_id__in=[int(one) for one in membership_ids])):
        found.setdefault(str(one.membership_id), set()).add(one.clip_id)
    return found


def _rows(now: datetime) -> QuerySet[Grant]:
    """Return the grants that count at `now` by their rows. One from before the role was given anew does not."""
    rows = Grant.objects.filter(revoked_at=None, ends_at__gt=now, given_at__gte=F("membership__since"))
    return rows.select_related("membership")


def _borne_out(rows: Iterable[Grant]) -> list[Grant]:
    return [row for row in rows if _is_borne_out(row)]


def _is_borne_out(row: Grant) -> bool:
    told = [one for one in _ENTRIES.as_read(row.clip_id) if one.body.get("grant") == str(row.pk)]
    if [one.kind for one in told] != [GIVEN]:
        return False
    said = told[0].body
    return said.get("person") == str(row.membership.person_id) and said.get("ends_at") == row.ends_at.isoformat()
