"""Open a single clip to support or to a contractor, with reason and end, and shut it again at once."""

from datetime import timedelta
from uuid import UUID

from django.db import transaction
from django.db.models import Q, QuerySet
from django.utils.translation import gettext as _

from custodes.core.clock import Clock, SystemClock
from custodes.core.errors import BadInput, Denied
from custodes.hub.access import gate, granted
from custodes.hub.access.models import Grant
from custodes.hub.access.requests import Action
from custodes.hub.audit import ledger
from custodes.hub.clips.erasing import Eraser, erasers
from custodes.hub.clips.models import Clip
from custodes.hub.fleet import given_roles
from custodes.hub.fleet.models import Membership, Person
from custodes.hub.fleet.times import moment_of, now_of

GUESTS = (Membership.Role.SUPPORT, Membership.Role.CONTRACTOR)
MAX_DAYS, MAX_REASON = 30, 300
_CLOCK = SystemClock()


def guests_for(clip: Clip, *, clock: Clock = _CLOCK) -> QuerySet[Membership]:
    """Return the memberships to which a clip can be granted: support and contractors of its organisation."""
    now = now_of(clock)
    held = Membership.objects.filter(Q(until=None) | Q(until__gt=now), organisation_id=clip.site.organisation_id)
    there = held.filter(Q(site=None) | Q(site=clip.site_id), role__in=GUESTS, person__is_active=True)
    return given_roles.counting(there).select_related("person").order_by("person__email", "role")


def give(*, actor: Person, clip_id: UUID, membership_id: str, reason: str, days: int, clock: Clock = _CLOCK) -> Grant:
    """Open one clip to one guest until `days` from now. Durable on return, with its leaf. Raises Denied, BadInput."""
    now_ns, said = clock.wall_ns(), reason.strip()
    now = moment_of(now_ns)
    with transaction.atomic():
        clip = gate.find_clip(actor, clip_id, Action.GRANT, clock=clock)
        guest = next((one for one in guests_for(clip, clock=clock) if str(one.pk) == membership_id), None)
        if guest is None:
            raise BadInput(_("Choose somebody of support or a contractor of this organisation."))
        if not 0 < len(said) <= MAX_REASON:
            raise BadInput(_("Say why, in at most %(n)d characters: whoever is on film reads it.") % {"n": MAX_REASON})
        if not 1 <= days <= MAX_DAYS:
            raise BadInput(_("A grant lasts from 1 to %(n)d days.") % {"n": MAX_DAYS})
        ends_at = now + timedelta(days=days)
        grant = Grant.objects.create(
            clip=clip, membership=guest, reason=said, given_by=actor, given_at=now, ends_at=ends_at
        )
        _log(granted.GIVEN, grant, actor, now_ns, reason=said, ends_at=ends_at.isoformat())
    return grant


def revoke(*, actor: Person, grant_id: UUID, clock: Clock = _CLOCK) -> Grant:
    """Shut it: from the next byte range on nothing opens by it. Raises Denied."""
    grant = Grant.objects.select_related("clip__site", "membership__person").filter(pk=grant_id).first()
    if grant is None:
        raise Denied.of(grant_id)
    if not gate.may(actor, Action.GRANT, grant.clip, clock=clock).allowed:
        raise Denied.of(grant_id)
    now_ns = clock.wall_ns()
    with transaction.atomic():
        ended = {"revoked_at": moment_of(now_ns), "revoked_by": actor}
        if Grant.objects.filter(pk=grant.pk, revoked_at=None).update(**ended):
            _log(granted.REVOKED, grant, actor, now_ns)
    return grant


def of_clip(actor: Person, clip: Clip, *, clock: Clock = _CLOCK) -> QuerySet[Grant]:
    """Return a clip's grants, newest first, for who may give them; for others none."""
    if not gate.may(actor, Action.GRANT, clip, clock=clock).allowed:
        return Grant.objects.none()
    return Grant.objects.filter(clip=clip).select_related("membership__person", "given_by").order_by("-given_at")


def _log(kind: str, grant: Grant, actor: Person, now_ns: int, **more: object) -> None:
    body = {"grant": grant.pk, "clip": grant.clip_id, "person": grant.membership.person_id, "by": actor.pk, **more}
    ledger.append(kind=kind, body=body, now_ns=now_ns)


def _forget(clip_id: UUID) -> int:
    """Remove a clip's grants; the ledger keeps that there were any."""
    return Grant.objects.filter(clip_id=clip_id).delete()[1].get("access.Grant", 0)


erasers.register("grants")(Eraser(rows=_forget))
