"""What keeps a clip from being erased, and what lets it go: holds, cases, and retention by class.

A hold and an open case keep a clip whatever anybody wants. Otherwise the longest rule that fits it decides; a clip
that no rule fits is kept without end.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Literal
from uuid import UUID

from django.db import transaction
from django.db.models import Exists, OuterRef, QuerySet
from django.utils.translation import gettext as _

from custodes.core.clock import Clock, SystemClock
from custodes.core.errors import BadInput, Denied
from custodes.hub.audit import ledger
from custodes.hub.clips import arrivals, standing
from custodes.hub.clips.models import Case, CaseClip, Clip, Hold, RetentionRule
from custodes.hub.clips.revisions import next_revision
from custodes.hub.fleet import undo
from custodes.hub.fleet.models import Organisation, Person
from custodes.hub.fleet.times import moment_of, now_of
from custodes.hub.vault import destroyed

PURGE_AT_ONCE = 500
"""Clips that one sweep takes away at most, so that it never holds the hub up for long."""
MAX_DAYS = 36_500
_CLOCK = SystemClock()


class Held(BadInput):
    """The clip is under a legal hold or in an open case: nobody may erase it. The refusal is in the ledger."""


@dataclass(frozen=True, slots=True)
class Keeping:
    """Why a clip is still there, and until when at least (None: without end)."""

    why: Literal["hold", "case", "rule", "no rule"]
    until: datetime | None = None


def keeping_of(clip: Clip) -> Keeping:
    """Return what keeps a clip."""
    if Hold.objects.filter(clip_id=clip.pk, released_at=None).exists():
        return Keeping("hold")
    if CaseClip.objects.filter(clip_id=clip.pk, case__closed_at=None).exists():
        return Keeping("case")
    rules = RetentionRule.objects.filter(organisation_id=clip.site.organisation_id)
    days = [rule.days for rule in rules if rule.kind in {"", clip.kind} and rule.severity in {"", clip.severity}]
    if not days or clip.received_at is None:
        return Keeping("no rule")
    return Keeping("rule", clip.received_at + timedelta(days=max(days)))


def refuse_if_kept(clip: Clip, *, actor: Person | None, now_ns: int) -> None:
    """Raise Held when a hold or an open case keeps the clip; the attempt is then in the ledger, durable.

    Call it outside of a transaction: the entry must outlive the refusal.
    """
    why = "hold" if standing.holds_on(clip.pk) else keeping_of(clip).why
    if why not in {"hold", "case"}:
        return
    body: dict[str, object] = {"clip": clip.pk, "site": clip.site_id, "why": why}
    if actor is not None:
        body["person"] = actor.pk
    ledger.append(kind="clip.delete_refused", body=body, now_ns=now_ns)
    if why == "hold":
        raise Held("This clip is under a legal hold and cannot be deleted. The attempt was written down.")
    raise Held("This clip belongs to an open case and cannot be deleted. The attempt was written down.")


def place_hold(*, actor: Person, clip_id: UUID, reason: str, among: QuerySet[Clip], clock: Clock = _CLOCK) -> Hold:
    """Keep a clip from being erased until the hold is released; a deleted one comes back. A leaf in the ledger.

    Raises Denied; BadInput without a reason, or when the clip's key is gone already.
    """
    reason = reason.strip()
    if not reason:
        raise BadInput("A hold needs a reason: the matter, or who asked for it.")
    with transaction.atomic():
        clip = _locked(clip_id, among)
        if destroyed.holds(clip.pk):
            raise BadInput("This clip is being erased already; its key is gone.")
        now = now_of(clock)
        hold = Hold.objects.create(clip=clip, reason=reason[:200], placed_by=actor, placed_at=now)
        if clip.state == Clip.State.DELETED:
            clip.state = state_before(clip)
            clip.deleted_at = clip.deleted_by = clip.erase_after = None
        clip.revision = next_revision()
        clip.save(update_fields=["state", "deleted_at", "deleted_by", "erase_after", "revision"])
        _log("clip.hold_placed", clip, actor, clock, hold=hold.pk, reason=hold.reason)
    return hold


def release_hold(*, actor: Person, clip_id: UUID, among: QuerySet[Clip], clock: Clock = _CLOCK) -> int:
    """End every hold on a clip; return how many there were. Each is a leaf. Raises Denied.

    One that stands by the ledger alone, its row being edited or gone, is ended too.
    """
    with transaction.atomic():
        clip = _locked(clip_id, among)
        rows = Hold.objects.filter(clip_id=clip.pk, released_at=None)
        holds = {*rows.values_list("pk", flat=True), *standing.holds_on(clip.pk)}
        rows.update(released_by=actor, released_at=now_of(clock))
        for hold in sorted(holds):
            _log("clip.hold_released", clip, actor, clock, hold=hold)
    return len(holds)


def end_hold(*, hold_id: int, clip_id: UUID, now_ns: int) -> None:
    """End one hold that the hub placed on a clip by itself, and no other. A leaf; ended twice changes nothing.

    Which it is stands in the caller's entry. One that stands by the ledger alone, its row being edited, is ended too.
    """
    with transaction.atomic():
        rows = Hold.objects.filter(pk=hold_id, clip_id=clip_id, released_at=None)
        if not rows.update(released_at=moment_of(now_ns)) and hold_id not in standing.holds_on(clip_id):
            return
        site_id = Clip.objects.filter(pk=clip_id).values_list("site_id", flat=True).first()
        body = {"clip": clip_id, "site": site_id, "hold": hold_id}
        ledger.append(kind="clip.hold_released", body=body, now_ns=now_ns, signed=True)


def open_case(  # by name
    *,
    actor: Person,
    organisation: Organisation,
    name: str,
    among: QuerySet[Clip],
    reason: str = "",
    clock: Clock = _CLOCK,
) -> Case:
    """Open a case with the clips `among`: none of them goes while it is open. Raises BadInput without a name."""
    if not name.strip():
        raise BadInput(_("A case needs a name."))
    now = now_of(clock)
    with transaction.atomic():
        case = Case.objects.create(
            organisation=organisation,
            name=" ".join(name.split())[:120],
            reason=reason.strip()[:300],
            opened_by=actor,
            opened_at=now,
        )
        clips = [clip for clip in among.filter(site__organisation=organisation) if not destroyed.holds(clip.pk)]
        CaseClip.objects.bulk_create(CaseClip(case=case, clip=clip, added_at=now, added_by=actor) for clip in clips)
        body = {"case": case.pk, "organisation": organisation.pk, "person": actor.pk, "clips": _names(clips)}
        ledger.append(kind="case.opened", body=body, now_ns=clock.wall_ns(), signed=True)
    return case


def close_case(*, actor: Person, case: Case, clock: Clock = _CLOCK) -> None:
    """Close a case: its clips go by the rules again. A leaf in the ledger; closing twice changes nothing."""
    with transaction.atomic():
        if Case.objects.filter(pk=case.pk, closed_at=None).update(closed_at=now_of(clock), closed_by=actor):
            body = {"case": case.pk, "organisation": case.organisation_id, "person": actor.pk}
            ledger.append(kind="case.closed", body=body, now_ns=clock.wall_ns(), signed=True)


def set_retention(
    *,
    actor: Person,
    organisation: Organisation,
    days: int | None,
    kind: str = "",
    severity: str = "",
    clock: Clock = _CLOCK,
) -> None:
    """Keep clips of one class for `days`; None: no rule for that class. A leaf when it changes.

    Raises BadInput for a number of days that is none.
    """
    if days is not None and not 1 <= days <= MAX_DAYS:
        raise BadInput(f"days: {days} is not between 1 and {MAX_DAYS}.")
    rule = RetentionRule.objects.filter(organisation=organisation, kind=kind, severity=severity)
    with transaction.atomic():
        before = rule.values_list("days", flat=True).first()
        if before == days:
            return
        if days is None:
            rule.delete()
        else:
            RetentionRule.objects.update_or_create(
                organisation=organisation, kind=kind, severity=severity, defaults={"days": days}
            )
        body: dict[str, object] = {
            "organisation": organisation.pk,
            "person": actor.pk,
            "event": kind,
            "severity": severity,
            "days": days,
            "before": before,
        }
        ledger.append(kind="retention.set", body=body, now_ns=clock.wall_ns(), signed=True)


def purge_due(*, now_ns: int) -> int:
    """Take away the clips whose time is over, as a deletion that can be undone; return how many.

    A clip under a hold or in an open case is passed over, by its row or by the ledger. So is one whose rule, arrival or
    class stands in no entry: rows alone take nothing away. Raises Corrupt where the ledger is not whole.
    """
    now = moment_of(now_ns)
    purged, told = 0, None
    for organisation in Organisation.objects.filter(retention__isnull=False).distinct():
        shortest = min(organisation.retention.values_list("days", flat=True))
        old = (
            Clip.objects.filter(
                site__organisation=organisation,
                state__in=[Clip.State.READY, Clip.State.QUARANTINED],
                received_at__lte=now - timedelta(days=shortest),
            )
            .exclude(Exists(Hold.objects.filter(clip=OuterRef("pk"), released_at=None)))
            .exclude(Exists(CaseClip.objects.filter(clip=OuterRef("pk"), case__closed_at=None)))
            .select_related("site__organisation")
            .order_by("received_at")
        )
        for clip in old.iterator(chunk_size=PURGE_AT_ONCE):
            if purged >= PURGE_AT_ONCE:
                return purged
            kept = keeping_of(clip)
            if kept.until is None or kept.until > now:
                continue
            told = told or standing.standing()
            purged += told.is_due(clip, now) and _purge(clip, now, now_ns)
    return purged


def _purge(clip: Clip, now: datetime, now_ns: int) -> bool:
    with transaction.atomic():
        kept = keeping_of(clip)
        if kept.until is None or kept.until > now:
            return False
        clip.state = Clip.State.DELETED
        clip.deleted_at = now
        clip.erase_after = now + timedelta(seconds=undo.window_s(clip.site.organisation))
        clip.revision = next_revision()
        clip.save(update_fields=["state", "deleted_at", "erase_after", "revision"])
        body = {
            "clip": clip.pk,
            "site": clip.site_id,
            "kept_until": kept.until.isoformat(),
            "erase_after": clip.erase_after.isoformat(),
        }
        ledger.append(kind="clip.retention_ended", body=body, now_ns=now_ns, signed=True)
    return True


def state_before(clip: Clip) -> Clip.State:
    """Return the state that a deleted clip had, or would have come to."""
    if clip.quarantine_reason:
        return Clip.State.QUARANTINED
    return Clip.State.READY if clip.ready_at is not None else Clip.State.PROCESSING


def _locked(clip_id: UUID, among: QuerySet[Clip]) -> Clip:
    clip = among.filter(pk=clip_id, erased_at=None).select_related("site__organisation").first()
    if clip is None or not arrivals.stands(clip, footage=False):
        raise Denied.of(clip_id)
    return clip


def _names(clips: list[Clip]) -> list[str]:
    return sorted(str(clip.pk) for clip in clips)


def _log(kind: str, clip: Clip, actor: Person, clock: Clock, **more: object) -> None:
    body = {"clip": clip.pk, "site": clip.site_id, "person": actor.pk, **more}
    ledger.append(kind=kind, body=body, now_ns=clock.wall_ns(), signed=True)
