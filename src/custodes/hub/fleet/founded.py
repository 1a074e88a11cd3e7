"""Whose a site is by the entry that made it: a row that was moved to another organisation opens nothing there.

No act of the hub moves a site, so what an entry of the hub's own hand says once holds for good and is kept in memory.
"""

from collections.abc import Iterable
from uuid import UUID

from custodes.hub.audit import trusted
from custodes.hub.audit.models import LedgerLeaf
from custodes.hub.fleet.models import Site

CREATED = "site.created"


class _Memory:
    """What this process has read, and how far: the place after the last entry read, and that entry's hash."""

    owners: dict[str, str] = {}  # the process's own
    read = 0
    last_hash = b""


def stands(site: Site) -> bool:
    """Say whether a site is of the organisation that its entry names. Without an entry it is not."""
    return not displaced([(site.pk, site.organisation_id)])


def owner_of(site_id: UUID) -> str | None:
    """Return the organisation that a site was made for, by its entry; None: no entry made it."""
    if str(site_id) not in _Memory.owners:
        _read_on()
    return _Memory.owners.get(str(site_id))


def displaced(sites: Iterable[tuple[UUID, UUID]]) -> set[UUID]:
    """Return those of `sites` (each with its row's organisation) that another organisation made, or no entry."""
    asked = list(sites)
    if any(str(site) not in _Memory.owners for site, _owner in asked):
        _read_on()
    return {site for site, owner in asked if _Memory.owners.get(str(site)) != str(owner)}


def _read_on() -> None:
    """Read the entries since the last that was read; all of them where that one is not there any more."""
    newest = LedgerLeaf.objects.order_by("-seq").values_list("seq", "leaf_hash").first()
    if newest is None:
        return
    last = LedgerLeaf.objects.filter(seq=_Memory.read - 1).values_list("leaf_hash", flat=True).first()
    start = _Memory.read if last is not None and bytes(last) == _Memory.last_hash else 0
    for one in trusted.own_since(start, {CREATED}):
        # The first entry made it: a later one under the same number would be no site's.
        _Memory.owners.setdefault(str(one.body.get("site")), str(one.body.get("organisation")))
    _Memory.read, _Memory.last_hash = newest[0] + 1, bytes(newest[1])
