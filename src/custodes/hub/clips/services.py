"""What people do to clips: triage, assign, delete, restore. Each act is a leaf in the ledger.

`among` is the set of clips with which the actor may do the act: `access.gate.visible_clips(actor, action)`. `clips`
cannot ask the gate itself (imports run downwards), so whoever calls must bring its answer.
"""

from datetime import timedelta
from uuid import UUID

from django.db import transaction
from django.db.models import QuerySet

from custodes.core.clock import Clock, SystemClock
from custodes.core.errors import BadInput, Denied
from custodes.hub.audit import ledger
from custodes.hub.clips import arrivals, keeping, standing
from custodes.hub.clips.models import Clip
from custodes.hub.clips.revisions import next_revision
from custodes.hub.fleet import undo
from custodes.hub.fleet.models import Person
from custodes.hub.fleet.times import now_of

_CLOCK = SystemClock()


def set_triage(*, actor: Person, clip_id: UUID, triage: str, among: QuerySet[Clip], clock: Clock = _CLOCK) -> Clip:
    """Say what people have done about a clip. Raises Denied; BadInput for a word that is no triage."""
    if triage not in Clip.Triage.values:
        raise BadInput(f"triage: {triage!r} is none of {', '.join(Clip.Triage.values)}")
    with transaction.atomic():
        clip = _locked(clip_id, among)
        if clip.triage != triage:
            clip.triage = triage
            clip.triaged_at = now_of(clock)
            _save(clip, "triage", "triaged_at")
            _log("clip.triaged", clip, actor, clock, triage=triage)
    return clip


def assign(
    *, actor: Person, clip_id: UUID, assignee: Person | None, among: QuerySet[Clip], clock: Clock = _CLOCK
) -> Clip:
    """Say who looks after a clip; None: nobody. Raises Denied.

    Whether the assignee may see the clip is the caller's question to the gate.
    """
    with transaction.atomic():
        clip = _locked(clip_id, among)
        if clip.assignee != assignee:
            clip.assignee = assignee
            _save(clip, "assignee")
            _log("clip.assigned", clip, actor, clock, assignee=None if assignee is None else assignee.pk)
    return clip


def delete(*, actor: Person, clip_id: UUID, among: QuerySet[Clip], clock: Clock = _CLOCK) -> Clip:
    """Take a clip away. It can be restored within its organisation's undo window; then key and bytes go.

    Deleting twice keeps the first time. Raises Denied; BadInput while the clip still arrives; Held, with an entry in
    the ledger, while a hold or an open case keeps it.
    """
    keeping.refuse_if_kept(_locked(clip_id, among), actor=actor, now_ns=clock.wall_ns())
    with transaction.atomic():
        clip = _locked(clip_id, among)
        if clip.state == Clip.State.RECEIVING:
            raise BadInput("This clip is still arriving. Wait until it is there, or let its upload expire.")
        if clip.state != Clip.State.DELETED:
            now = now_of(clock)
            clip.state = Clip.State.DELETED
            clip.deleted_at = now
            clip.deleted_by = actor
            clip.erase_after = now + timedelta(seconds=undo.window_s(clip.site.organisation))
            _save(clip, "state", "deleted_at", "deleted_by", "erase_after")
            _log("clip.deleted", clip, actor, clock, erase_after=clip.erase_after.isoformat())
    return clip


def restore(*, actor: Person, clip_id: UUID, among: QuerySet[Clip], clock: Clock = _CLOCK) -> Clip:
    """Bring a deleted clip back. Raises Denied; BadInput when the undo window has passed."""
    with transaction.atomic():
        clip = _locked(clip_id, among)
        if clip.state != Clip.State.DELETED:
            return clip
        # By the entry that deleted it. Where there is none its row was edited, and nothing goes by that.
        after = standing.may_go_after(clip.pk)
        if clip.erased_at is not None or (after is not None and after <= now_of(clock)):
            raise BadInput("The time in which this clip could be brought back has passed.")
        clip.state = keeping.state_before(clip)
        clip.deleted_at = clip.deleted_by = clip.erase_after = None
        _save(clip, "state", "deleted_at", "deleted_by", "erase_after")
        _log("clip.restored", clip, actor, clock)
    return clip


def _locked(clip_id: UUID, among: QuerySet[Clip]) -> Clip:
    clip = among.filter(pk=clip_id, erased_at=None).select_related("site__organisation").first()
    if clip is None or not arrivals.stands(clip, footage=False):
        raise Denied.of(clip_id)
    return clip


def _save(clip: Clip, *fields: str) -> None:
    clip.revision = next_revision()
    clip.save(update_fields=[*fields, "revision"])


def _log(kind: str, clip: Clip, actor: Person, clock: Clock, **more: object) -> None:
    body = {"clip": clip.pk, "site": clip.site_id, "person": actor.pk, **more}
    ledger.append(kind=kind, body=body, now_ns=clock.wall_ns(), signed=kind in standing.KINDS)
