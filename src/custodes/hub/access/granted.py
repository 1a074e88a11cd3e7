"""Which grants stand: what the policies and the lists are told of them."""

from collections.abc import Collection
from datetime import datetime
from uuid import UUID

from django.db.models import F, QuerySet

from custodes.hub.access.models import Grant


def standing(*, now: datetime) -> QuerySet[Grant]:
    """Return the grants that count at `now`. One from before the role was given anew does not."""
    return Grant.objects.filter(revoked_at=None, ends_at__gt=now, given_at__gte=F("membership__since"))


def memberships_for(clip_id: UUID, *, now: datetime) -> frozenset[str]:
    """Return the memberships to which a clip is granted."""
    return frozenset(map(str, standing(now=now).filter(clip_id=clip_id).values_list("membership_id", flat=True)))


def clips_by_membership(membership_ids: Collection[str], *, now: datetime) -> dict[str, set[UUID]]:
    """Return the clips that are granted to each of these memberships; those without any are left out."""
    found: dict[str, set[UUID]] = {}
    rows = standing(now=now).filter(membership_id__in=[int(one) for one in membership_ids])
    for membership_id, clip_id in rows.values_list("membership_id", "clip_id"):
        found.setdefault(str(membership_id), set()).add(clip_id)
    return found
