"""The door to leaks: who may work at the leak desk, and what they see there. A leak's pictures are footage.

Every function raises Denied for what is forbidden and for what is not there, with the same message.
"""

import json
import uuid
from collections.abc import Iterable, Sequence
from datetime import datetime

from django.db.models import QuerySet

from custodes.core.clock import Clock, SystemClock
from custodes.core.errors import Corrupt, Denied
from custodes.core.types import Purpose
from custodes.hub.access import decisions, gate, places, showings
from custodes.hub.access.decisions import Actor
from custodes.hub.access.models import View
from custodes.hub.access.requests import Action
from custodes.hub.audit import past
from custodes.hub.audit.proofs import InclusionProof, inclusion_proof
from custodes.hub.clips.models import Clip
from custodes.hub.fleet.models import Membership, Organisation, Person
from custodes.hub.fleet.times import now_of
from custodes.hub.leak import erasing, footage, keeping, reports
from custodes.hub.leak.models import Leak
from custodes.hub.vault.keys import KeyDestroyed

FORMAT = "custodes.leak/1"
_CLOCK = SystemClock()


def may_work_at(actor: Actor, organisation: Organisation, *, now: datetime, action: Action = Action.TRACE_LEAK) -> bool:
    """Return whether `actor` may work at an organisation's leak desk: whoever may trace a clip at any of its sites."""
    return bool(places.whole_organisations(actor, action, [organisation], now=now))


def desks_of(actor: Person, *, clock: Clock = _CLOCK) -> list[Organisation]:
    """Return the organisations at whose leak desk `actor` may work."""
    held = Membership.objects.filter(person_id=actor.pk).values("organisation_id")
    return desks_among(actor, list(Organisation.objects.filter(pk__in=held).order_by("name")), clock=clock)


def desks_among(actor: Person, among: Sequence[Organisation], *, clock: Clock = _CLOCK) -> list[Organisation]:
    """Return those of `among` at whose leak desk `actor` may work."""
    return places.whole_organisations(actor, Action.TRACE_LEAK, among, now=now_of(clock))


def desk(actor: Person, organisation_id: uuid.UUID, *, clock: Clock = _CLOCK) -> Organisation:
    """Return an organisation at whose leak desk `actor` may work. Raises Denied."""
    found = Organisation.objects.filter(pk=organisation_id).first()
    if found is None or not may_work_at(actor, found, now=now_of(clock)):
        raise Denied.of(organisation_id)
    return found


def leaks_for(actor: Person, *, clock: Clock = _CLOCK) -> QuerySet[Leak]:
    """Return the leaks that `actor` may see, newest first."""
    rows = Leak.objects.filter(organisation__in=desks_of(actor, clock=clock))
    return rows.select_related("organisation", "brought_by", "case", "hint__site").order_by("-brought_at")


def find(actor: Person, leak_id: uuid.UUID, *, clock: Clock = _CLOCK) -> Leak:
    """Return a leak. Raises Denied."""
    rows = Leak.objects.select_related("organisation", "brought_by", "case", "hint__site")
    leak = rows.filter(pk=leak_id).first()
    if leak is None or not may_work_at(actor, leak.organisation, now=now_of(clock)):
        raise Denied.of(leak_id)
    return leak


def read_picture(*, actor: Person, leak_id: uuid.UUID, part: str, clock: Clock = _CLOCK) -> bytes:
    """Return a picture of a leak (JPEG): `frame`, or `still.<n>`. A leaf says first that it was shown, once a day.

    Raises Denied.
    """
    leak = find(actor, leak_id, clock=clock)
    if leak.erased_at is not None or part.partition(".")[0] not in {"frame", "still"}:
        raise Denied.of(leak_id)
    showings.write_leak(actor, leak.pk, now_ns=clock.wall_ns())
    try:
        return footage.read_part(leak, part)
    except (KeyDestroyed, Corrupt):
        raise Denied.of(leak_id) from None


def export(*, actor: Person, leak_id: uuid.UUID, clock: Clock = _CLOCK) -> str:
    """Return the report as JSON that the offline verifier checks: the report, its entry, and each named view's.

    Raises Denied for a leak that has no report.
    """
    leak = find(actor, leak_id, clock=clock)
    if leak.report_seq is None or not leak.report_json:
        raise Denied.of(leak_id)
    now_ns = clock.wall_ns()
    entry = inclusion_proof(leak.report_seq, now_ns=now_ns)
    named = json.loads(leak.report_json)["named"]
    # Of each view that carries a named word: none of them can be told from another.
    ids = [uuid.UUID(view_id) for one in named for view_id in one.get("views_with_same_word", [one["view"]])]
    views = [inclusion_proof(view.ledger_seq, now_ns=now_ns) for view in views_of(ids)]
    fields = {
        "format": FORMAT,
        "report": leak.report_json,
        "entry": entry.as_fields(),
        "views": [proof.as_fields() for proof in views],
        "hub_key": entry.hub_key.hex(),
    }
    return json.dumps(fields, indent=2)


def prove_erased(*, actor: Person, leak_id: uuid.UUID, clock: Clock = _CLOCK) -> InclusionProof:
    """Return the proof of the entry that says that a leak was erased. Raises Denied."""
    leak = find(actor, leak_id, clock=clock)
    if leak.erased_seq is None:
        raise Denied.of(leak_id)
    return inclusion_proof(leak.erased_seq, now_ns=clock.wall_ns())


def views_of(view_ids: Iterable[uuid.UUID]) -> list[View]:
    """Return views with their people, in the order of the ids; those that are not there are left out."""
    ids = list(view_ids)
    rows = View.objects.select_related("person", "clip__site__organisation").in_bulk(ids)
    return [rows[view_id] for view_id in ids if view_id in rows]


def compare(*, actor: Person, leak_id: uuid.UUID, clip_id: uuid.UUID, address: str = "", clock: Clock = _CLOCK) -> View:
    """Open a view of a clip for the leak's case: what leaked is looked at beside it. Raises Denied."""
    leak = find(actor, leak_id, clock=clock)
    if clip_id not in {row.clip_id for row in reports.findings_of(leak)}:
        raise Denied.of(clip_id)
    reason = f"leak {leak.pk}"
    return gate.open_view(
        actor=actor, clip_id=clip_id, purpose=Purpose.LEAK_CASE, reason=reason, address=address, clock=clock
    )


def may_compare(actor: Person, clip: Clip, *, clock: Clock = _CLOCK) -> decisions.Decision:
    """Return whether `actor` may watch a clip for the leak's case, and the rule."""
    now = now_of(clock)
    return decisions.decide(actor, Action.VIEW, clip, purpose=Purpose.LEAK_CASE, now=now)


def erase(*, actor: Person, leak_id: uuid.UUID, clock: Clock = _CLOCK) -> None:
    """Erase a leak now, for good. A leaf in the ledger. Raises Denied, also while an open case keeps it."""
    leak = find(actor, leak_id, clock=clock)
    past.read_on()
    if keeping.is_in_open_case(leak):
        raise Denied.of(leak_id)
    erasing.erase(leak.pk, now_ns=clock.wall_ns())
