"""Receipts of erasures: who may take one, and whether it holds. They tell nothing of a clip but hashes of its parts."""

import json
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from django.db.models import Q, QuerySet

from custodes.core.clock import Clock, SystemClock
from custodes.core.errors import BadInput, Denied
from custodes.hub.access import recorded
from custodes.hub.audit import offline_verifier
from custodes.hub.audit.proofs import ErasureReceipt, erasure_receipt
from custodes.hub.clips.models import Clip
from custodes.hub.fleet import selectors
from custodes.hub.fleet.models import Organisation, Person
from custodes.hub.fleet.times import moment_of, now_of

_CLOCK = SystemClock()


@dataclass(frozen=True, slots=True)
class Checked:
    """A receipt, what it says, and what stands against it (empty: it holds)."""

    receipt: ErasureReceipt
    erased_at: datetime
    parts: int
    wrong: str


def clips_for(person: Person, *, clock: Clock = _CLOCK) -> QuerySet[Clip]:
    """Return the erased clips of which `person` may take the receipt: led, overseen, or of themselves; newest first."""
    now = now_of(clock)
    led = selectors.memberships_at(person, now).filter(role__in=selectors.LEADERS, site=None)
    near = Organisation.objects.filter(
        Q(pk__in=led.values("organisation_id")) | Q(pk__in=selectors.overseen_by(person, now).values("pk"))
    )
    mine = recorded.clips_with(person).values("pk")
    erased = Clip.objects.exclude(erased_at=None).select_related("site__organisation")
    return erased.filter(Q(site__organisation__in=near) | Q(pk__in=mine)).order_by("-erased_at")


def find(person: Person, clip_id: UUID, *, clock: Clock = _CLOCK) -> Checked:
    """Return the receipt of an erased clip, checked as anybody could check it offline. Raises Denied."""
    if not clips_for(person, clock=clock).filter(pk=clip_id).exists():
        raise Denied.of(clip_id)
    try:
        receipt = erasure_receipt(clip_id, now_ns=clock.wall_ns())
    except BadInput:
        raise Denied.of(clip_id) from None
    fields, parts, wrong = json.loads(receipt.as_json()), 0, ""
    try:
        said = offline_verifier.check_erasure(fields, receipt.erased.hub_key)
        parts = len(said["parts"])
    except (offline_verifier.Refuted, KeyError, TypeError, ValueError) as problem:
        wrong = str(problem) or type(problem).__name__
    return Checked(receipt, moment_of(receipt.erased.recorded_wall_ns), parts, wrong)
