"""Clips come into a case and go out of it; and what keeps each clip, and until when, once nothing else does."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from django.db import transaction
from django.db.models import QuerySet

from custodes.core.clock import Clock, SystemClock
from custodes.core.errors import BadInput, Denied
from custodes.hub.audit import ledger
from custodes.hub.clips import standing
from custodes.hub.clips.models import Case, CaseClip, Clip, Hold, RetentionRule
from custodes.hub.fleet.models import Person
from custodes.hub.fleet.times import moment_of
from custodes.hub.vault import destroyed

_CLOCK = SystemClock()


class CaseClosed(BadInput):
    """The case is closed: nothing comes in or goes out."""


class Leaving(BadInput):
    """The clip is deleted or being erased: no case can keep it."""


@dataclass(frozen=True, slots=True)
class Fate:
    """What keeps one clip. The longest of the `rules` that fit it wins; `until` None: without end.

    `due`: once no hold and no case keeps it, the next sweep takes it away.
    """

    clip: Clip
    holds: tuple[Hold, ...]
    cases: tuple[Case, ...]
    rules: tuple[RetentionRule, ...]
    until: datetime | None
    due: bool

    @property
    def longest(self) -> RetentionRule | None:
        """Return the rule that wins."""
        return self.rules[0] if self.rules else None


def add_clip(*, actor: Person, case: Case, clip_id: UUID, among: QuerySet[Clip], clock: Clock = _CLOCK) -> bool:
    """Put a clip into an open case: nobody and no rule takes it away then. A leaf; False: it was there already.

    Raises Denied for a clip that is not `among` or of another organisation, CaseClosed, Leaving.
    """
    now_ns = clock.wall_ns()
    with transaction.atomic():
        _must_be_open(case)
        clip = among.filter(pk=clip_id, site__organisation_id=case.organisation_id, erased_at=None).first()
        if clip is None:
            raise Denied.of(clip_id)
        if clip.state == Clip.State.DELETED or destroyed.holds(clip.pk):
            raise Leaving("This clip is deleted. Bring it back first.")
        _entry, fresh = CaseClip.objects.get_or_create(
            case=case, clip=clip, defaults={"added_at": moment_of(now_ns), "added_by": actor}
        )
        if fresh:
            _log("case.clip_added", case, clip.pk, actor, now_ns)
    return fresh


def remove_clip(*, actor: Person, case: Case, clip_id: UUID, among: QuerySet[Clip], clock: Clock = _CLOCK) -> None:
    """Take a clip out of an open case: it goes by the rules again. A leaf. Raises Denied, CaseClosed."""
    now_ns = clock.wall_ns()
    with transaction.atomic():
        _must_be_open(case)
        if not among.filter(pk=clip_id).exists() or not CaseClip.objects.filter(case=case, clip_id=clip_id).exists():
            raise Denied.of(clip_id)
        CaseClip.objects.filter(case=case, clip_id=clip_id).delete()
        _log("case.clip_removed", case, clip_id, actor, now_ns)


def fates_of(clips: Iterable[Clip], *, but: Case | None = None, now: datetime) -> list[Fate]:
    """Return what keeps each clip, were the case `but` closed. The clips are of one organisation."""
    found = list(clips)
    ids = [clip.pk for clip in found]
    holds: dict[UUID, list[Hold]] = {}
    for hold in Hold.objects.filter(clip__in=ids, released_at=None).select_related("placed_by").order_by("placed_at"):
        holds.setdefault(hold.clip_id, []).append(hold)
    cases: dict[UUID, list[Case]] = {}
    entries = CaseClip.objects.filter(clip__in=ids, case__closed_at=None).exclude(case=but).select_related("case")
    for entry in entries:
        cases.setdefault(entry.clip_id, []).append(entry.case)
    rules = list(RetentionRule.objects.filter(organisation__sites__clips__in=ids).distinct().order_by("-days", "pk"))
    return [_fate(clip, holds.get(clip.pk, []), cases.get(clip.pk, []), rules, now) for clip in found]


def kept_by_open_cases(rows: QuerySet[CaseClip]) -> set[UUID]:
    """Return the clips of those `rows` whose case is open, and keeps them, by row and by the hub's own entries.

    The entries are as of the last reading of the ledger (`past.read_on`).
    """
    if standing.were_no_cases():
        return set()
    found: dict[UUID, set[UUID]] = {}
    for case_id, clip_id in rows.filter(case__closed_at=None).values_list("case_id", "clip_id"):
        found.setdefault(case_id, set()).add(clip_id)
    return {clip_id for case_id, clips in found.items() for clip_id in clips & standing.clips_of_case(case_id)}


def _fate(clip: Clip, holds: list[Hold], cases: list[Case], rules: list[RetentionRule], now: datetime) -> Fate:
    fitting = tuple(rule for rule in rules if rule.kind in {"", clip.kind} and rule.severity in {"", clip.severity})
    until = None
    if fitting and clip.received_at is not None:
        until = clip.received_at + timedelta(days=fitting[0].days)
    kept = bool(holds or cases)
    due = not kept and until is not None and until <= now
    return Fate(clip=clip, holds=tuple(holds), cases=tuple(cases), rules=fitting, until=until, due=due)


def _must_be_open(case: Case) -> None:
    if not Case.objects.select_for_update().filter(pk=case.pk, closed_at=None).exists():
        raise CaseClosed("This case is closed.")


def _log(kind: str, case: Case, clip_id: UUID, actor: Person, now_ns: int) -> None:
    body = {"case": case.pk, "organisation": case.organisation_id, "clip": clip_id, "person": actor.pk}
    ledger.append(kind=kind, body=body, now_ns=now_ns, signed=True)
