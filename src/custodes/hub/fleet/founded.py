"""Whose a site is by the entry that made it: a row that was moved to another organisation opens nothing there.

No act of the hub moves a site, so what an entry of the hub's own hand says once holds for good.
"""

from collections.abc import Iterable
from uuid import UUID

from custodes.hub.audit import past
from custodes.hub.fleet.models import Site

CREATED = "site.created"
_ENTRIES = past.Entries((CREATED,), by="site")


def stands(site: Site) -> bool:
    """Say whether a site is of the organisation that its entry names. Without an entry it is not."""
    return not displaced([(site.pk, site.organisation_id)])


def owner_of(site_id: UUID) -> str | None:
    """Return the organisation that a site was made for, by its entry; None: no entry made it."""
    # The first entry made it: a later one under the same number would be no site's.
    told = _ENTRIES.as_read(site_id) or _ENTRIES.of_or_looked_up(site_id)
    return str(told[0].body.get("organisation")) if told else None


def displaced(sites: Iterable[tuple[UUID, UUID]]) -> set[UUID]:
    """Return those of `sites` (each with its row's organisation) that another organisation made, or no entry."""
    return {site for site, owner in sites if owner_of(site) != str(owner)}
