"""The door to canaries: who plants them, lifts them, and may know which clips they are.

Every function raises Denied for what is forbidden and for what is not there, with the same message.
"""

from collections.abc import Iterable
from uuid import UUID

from django.db import transaction
from django.db.models import QuerySet
from django.utils.translation import gettext as _

from custodes.core.clock import Clock, SystemClock
from custodes.core.errors import BadInput, Denied
from custodes.hub.access import gate, leaks, recorded
from custodes.hub.access.requests import Action
from custodes.hub.audit import ledger
from custodes.hub.clips import marked
from custodes.hub.clips.models import Clip
from custodes.hub.fleet.models import Organisation, Person
from custodes.hub.fleet.times import now_of
from custodes.hub.leak.models import Canary

MAX_WORDS = 200
_CLOCK = SystemClock()


def desks_of(actor: Person, *, clock: Clock = _CLOCK) -> list[Organisation]:
    """Return the organisations where `actor` plants canaries."""
    now = now_of(clock)
    desks = leaks.desks_of(actor, clock=clock)
    return [one for one in desks if leaks.may_work_at(actor, one, now=now, action=Action.PLANT_CANARY)]


def canaries_for(actor: Person, *, clock: Clock = _CLOCK) -> QuerySet[Canary]:
    """Return the canaries that `actor` may know of, the newest first. Raises Denied where they plant none."""
    desks = desks_of(actor, clock=clock)
    if not desks:
        raise Denied.of("canaries")
    rows = Canary.objects.filter(clip__site__organisation__in=desks)
    return rows.select_related("clip__site__organisation", "planted_by", "seen_in").order_by("-planted_at")


def known_among(actor: Person, clip_ids: Iterable[UUID], *, clock: Clock = _CLOCK) -> set[UUID]:
    """Return which of these clips are canaries, as far as `actor` may know."""
    desks = desks_of(actor, clock=clock)
    rows = Canary.objects.filter(clip_id__in=list(clip_ids), clip__site__organisation__in=desks)
    return set(rows.values_list("clip_id", flat=True))


def plant(*, actor: Person, clip_id: UUID, words: str = "", clock: Clock = _CLOCK) -> Canary:
    """Make a clip a canary. A leaf in the ledger. Raises Denied, BadInput for a clip that cannot be one."""
    clip = Clip.objects.select_related("site__organisation").filter(pk=clip_id).first()
    if clip is None or not gate.may(actor, Action.PLANT_CANARY, clip, clock=clock).allowed:
        raise Denied.of(clip_id)
    if clip.state != Clip.State.READY or not marked.films_of(clip.pk) or not marked.is_prepared(clip.pk):
        raise BadInput(_("This clip cannot be a canary: it is not ready, or its films are not marked."))
    if recorded.people_in(clip):
        raise BadInput(
            _("Somebody is recorded in this clip. A canary shows nobody: stage one in a van without a shift.")
        )
    now_ns = clock.wall_ns()
    with transaction.atomic():
        canary, fresh = Canary.objects.get_or_create(
            clip=clip,
            defaults={"planted_by": actor, "planted_at": now_of(clock), "words": " ".join(words.split())[:MAX_WORDS]},
        )
        if not fresh:
            raise BadInput(_("This clip is a canary already."))
        body = {"clip": clip.pk, "organisation": clip.site.organisation_id, "person": actor.pk}
        ledger.append(kind="canary.planted", body=body, now_ns=now_ns)
    return canary


def lift(*, actor: Person, clip_id: UUID, clock: Clock = _CLOCK) -> None:
    """Make a canary a clip like any other again. A leaf in the ledger. Raises Denied."""
    canary = canaries_for(actor, clock=clock).filter(clip_id=clip_id).first()
    if canary is None:
        raise Denied.of(clip_id)
    with transaction.atomic():
        canary.delete()
        body = {"clip": clip_id, "organisation": canary.clip.site.organisation_id, "person": actor.pk}
        ledger.append(kind="canary.lifted", body=body, now_ns=clock.wall_ns())
