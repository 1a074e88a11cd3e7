"""Who watched me: what every recorded person may know of the viewings of their clips, whatever their role is now."""

import json
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from django.db.models import QuerySet

from custodes.core.clock import Clock, SystemClock
from custodes.core.errors import Denied
from custodes.hub.access import recorded
from custodes.hub.access.decisions import Actor
from custodes.hub.access.models import View
from custodes.hub.audit import proofs
from custodes.hub.audit.models import LedgerBody
from custodes.hub.clips.models import Clip
from custodes.hub.consent import selectors as consent
from custodes.hub.fleet.models import Person

_CLOCK = SystemClock()


@dataclass(frozen=True, slots=True)
class WatchedMe:
    """One viewing of a clip of mine. `name` and `email` are those of the time, where the ledger has them."""

    view_id: UUID
    clip: Clip
    person_id: UUID | None
    """None: the named person of a share."""
    name: str
    email: str
    role: str
    purpose: str
    reason: str
    address: str
    opened_at: datetime
    shown_ms: int
    player_ms: int
    """What the player alone says."""
    ledger_seq: int

    @property
    def watched_s(self) -> float:
        """Return the film time that was shown, in seconds: the player's word or the gate's, whichever is more."""
        return self.shown_ms / 1000

    @property
    def player_s(self) -> float:
        """Return what the player says, in seconds."""
        return self.player_ms / 1000


def clips_of(actor: Actor) -> QuerySet[Clip]:
    """Return the clips in which `actor` is recorded."""
    if not isinstance(actor, Person):
        return Clip.objects.none()
    return recorded.clips_with(actor)


def is_recorded(actor: Actor) -> bool:
    """Say whether `actor` is or may be on film: by their role now, or in a clip that there is."""
    if not isinstance(actor, Person):
        return False
    return bool(consent.organisations_recording(actor)) or clips_of(actor).exists()


def viewings_of(
    actor: Actor,
    *,
    others_only: bool = True,
    clip_id: UUID | None = None,
    before_seq: int | None = None,
    limit: int = 50,
) -> list[WatchedMe]:
    """Return viewings of the clips in which `actor` is recorded, newest first by the ledger's order."""
    rows = _views(actor)
    if clip_id is not None:
        rows = rows.filter(clip_id=clip_id)
    if others_only and isinstance(actor, Person):
        rows = rows.exclude(person_id=actor.pk)
    if before_seq is not None:
        rows = rows.filter(ledger_seq__lt=before_seq)
    views = list(rows.select_related("person", "clip__site__organisation").order_by("-ledger_seq")[:limit])
    bodies = dict(LedgerBody.objects.filter(pk__in=[view.ledger_seq for view in views]).values_list("pk", "body_json"))
    return [told(view, bodies.get(view.ledger_seq, "")) for view in views]


def others_since(actor: Actor, moment: datetime) -> int:
    """Count how often somebody else has watched `actor` since `moment`."""
    if not isinstance(actor, Person):
        return 0
    return _views(actor).exclude(person_id=actor.pk).filter(opened_at__gt=moment).count()


def prove(actor: Actor, view_id: UUID, *, clock: Clock = _CLOCK) -> proofs.InclusionProof:
    """Return the proof that a viewing of `actor` stands in the ledger. Raises Denied for anybody else's."""
    view = _views(actor).filter(pk=view_id).first()
    if view is None:
        raise Denied.of(view_id)
    return proofs.inclusion_proof(view.ledger_seq, now_ns=clock.wall_ns())


def find_clip(actor: Actor, clip_id: UUID) -> Clip:
    """Return a clip in which `actor` is recorded. Raises Denied."""
    clip = clips_of(actor).select_related("site__organisation").filter(pk=clip_id).first()
    if clip is None:
        raise Denied.of(clip_id)
    return clip


def _views(actor: Actor) -> QuerySet[View]:
    return View.objects.filter(clip__in=clips_of(actor).values("pk"))


def told(view: View, body_json: str) -> WatchedMe:
    """Return one view as its ledger entry (`body_json`, empty: erased) tells it."""
    said = json.loads(body_json) if body_json else {}
    return WatchedMe(
        view_id=view.pk,
        clip=view.clip,
        person_id=view.person_id,
        name=said.get("name") or (view.person.display_name if view.person else ""),
        email=said.get("email") or (view.person.email if view.person else ""),
        role=view.role,
        purpose=view.purpose,
        reason=view.reason,
        address=view.address or "",
        opened_at=view.opened_at,
        shown_ms=view.shown_ms,
        player_ms=view.watched_ms,
        ledger_seq=view.ledger_seq,
    )
