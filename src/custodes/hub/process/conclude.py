"""The end of processing: ready, or quarantined with a reason."""

from uuid import UUID

from django.db import transaction

from custodes.hub.audit import ledger
from custodes.hub.clips.models import Clip
from custodes.hub.clips.revisions import next_revision
from custodes.hub.fleet.times import moment_of


def conclude(clip_id: UUID, *, reason: str, now_ns: int) -> None:
    """Make a clip ready, or quarantine it when there is a `reason`. Repeats change nothing.

    A clip that was deleted meanwhile stays deleted and remembers what it would have become.
    """
    now = moment_of(now_ns)
    with transaction.atomic():
        clip = Clip.objects.filter(pk=clip_id).first()
        if clip is None or clip.ready_at is not None or clip.quarantine_reason:
            return
        clip.quarantine_reason = reason[:300]
        clip.ready_at = None if reason else now
        if clip.state == Clip.State.PROCESSING:
            clip.state = Clip.State.QUARANTINED if reason else Clip.State.READY
        clip.revision = next_revision()
        clip.save(update_fields=["state", "quarantine_reason", "ready_at", "revision"])
        kind = "clip.quarantined" if reason else "clip.ready"
        body: dict[str, object] = {"clip": clip_id, "site": clip.site_id}
        if reason:
            body["reason"] = clip.quarantine_reason
        ledger.append(kind=kind, body=body, now_ns=now_ns)


def set_aside(clip_id: UUID, *, reason: str, now_ns: int) -> None:
    """Quarantine a clip that was ready: it cannot be marked, and unmarked film is shown to nobody."""
    with transaction.atomic():
        clip = Clip.objects.filter(pk=clip_id, state=Clip.State.READY).first()
        if clip is None:
            return
        clip.state, clip.quarantine_reason = Clip.State.QUARANTINED, reason[:300]
        clip.revision = next_revision()
        clip.save(update_fields=["state", "quarantine_reason", "revision"])
        body: dict[str, object] = {"clip": clip_id, "site": clip.site_id, "reason": clip.quarantine_reason}
        ledger.append(kind="clip.quarantined", body=body, now_ns=now_ns)


def is_ready(clip_id: UUID) -> bool:
    """Say whether a clip is ready and not erased."""
    return Clip.objects.filter(pk=clip_id, state=Clip.State.READY, erased_at=None).exists()


def still_waits(clip_id: UUID) -> bool:
    """Say whether a clip still has to be processed: it is there, not erased, and not concluded."""
    return Clip.objects.filter(
        pk=clip_id, erased_at=None, ready_at=None, quarantine_reason="", received_at__isnull=False
    ).exists()


def waiting_clips() -> list[UUID]:
    """Return clips that were received but not concluded: a crash came between."""
    rows = Clip.objects.filter(state=Clip.State.PROCESSING, ready_at=None, quarantine_reason="")
    return list(rows.order_by("received_at").values_list("pk", flat=True))
