"""Disputes: raised by the driver, answered by somebody else, void when nobody does. The caller asks the gate first.

When one ends, for which event, and which hold ends with it, is what its entry said (`dispute.raised`), not its row:
that is anybody's who writes the database, and the hub signs the end of a hold.
"""

from datetime import datetime, timedelta
from uuid import UUID

from django.db import transaction
from django.utils.translation import gettext as _

from custodes.core.clock import Clock, SystemClock
from custodes.core.errors import BadInput, Denied
from custodes.hub.audit import ledger, past
from custodes.hub.audit.trusted import Told
from custodes.hub.clips import keeping, standing
from custodes.hub.clips.models import Clip, Hold
from custodes.hub.driving.models import DEFAULT_DAYS, Dispute, DisputePolicy, TripEvent
from custodes.hub.fleet.models import Organisation, Person
from custodes.hub.fleet.times import moment_of
from custodes.score.trip import Standing

MOST_DAYS = 60
MOST_WORDS = 1000
VOID_AT_ONCE = 500
RAISED, ANSWERED, VOIDED = "dispute.raised", "dispute.answered", "dispute.voided"
_ENTRIES, _OF_TRIP = (past.Entries((RAISED, ANSWERED, VOIDED), by=by) for by in ("dispute", "trip"))
_CLOCK = SystemClock()


def days_of(organisation_id: UUID) -> int:
    """Return within how many days an organisation answers."""
    days = DisputePolicy.objects.filter(pk=organisation_id).values_list("answer_days", flat=True).first()
    return DEFAULT_DAYS if days is None else days


def set_days(*, actor: Person, organisation: Organisation, days: int, clock: Clock = _CLOCK) -> None:
    """Set within how many days disputes are answered; those that are open keep their clock. A leaf in the ledger."""
    if not 1 <= days <= MOST_DAYS:
        raise BadInput(_("%(n)d days: choose between 1 and %(most)d.") % {"n": days, "most": MOST_DAYS})
    with transaction.atomic():
        before = days_of(organisation.pk)
        DisputePolicy.objects.update_or_create(organisation=organisation, defaults={"answer_days": days})
        body = {"organisation": organisation.pk, "person": actor.pk, "days": days, "before": before}
        ledger.append(kind="dispute.policy_set", body=body, now_ns=clock.wall_ns())


def raise_dispute(*, event: TripEvent, by: Person, words: str, clock: Clock = _CLOCK) -> Dispute:
    """Object to an event of one's own trip, with words. Its clip is held, its clock runs, a leaf is written.

    Raises BadInput without words, or when the event was disputed before or does not count; Denied for another's.
    """
    words = words.strip()
    if not words:
        raise BadInput(_("Say in a few words what happened."))
    now_ns = clock.wall_ns()
    now = moment_of(now_ns)
    with transaction.atomic():
        event = TripEvent.objects.select_related("trip__site", "clip").select_for_update().get(pk=event.pk)
        if event.trip.driver_id != by.pk:
            raise Denied.of(event.pk)
        if event.standing != Standing.COUNTS.value:
            raise BadInput(_("This event does not count, or was disputed before."))
        dispute = Dispute.objects.create(
            event=event,
            raised_by=by,
            words=words[:MOST_WORDS],
            raised_at=now,
            due_at=now + timedelta(days=days_of(event.trip.site.organisation_id)),
            hold=_freeze(event, by, clock),
        )
        TripEvent.objects.filter(pk=event.pk).update(standing=Standing.DISPUTED.value)
        body: dict[str, object] = {"dispute": dispute.pk, "event": event.pk, "trip": event.trip_id, "person": by.pk}
        body |= {"clip": event.clip_id} if event.clip_id is not None else {}
        body |= {"hold": dispute.hold_id, "due": dispute.due_at.isoformat()}
        ledger.append(kind=RAISED, body=body, now_ns=now_ns)
    return dispute


def answer(*, dispute: Dispute, by: Person, upheld: bool, words: str, clock: Clock = _CLOCK) -> None:
    """Answer a dispute, as somebody who did not raise it and did not drive. The score follows at once.

    Raises BadInput without words or when it is over; Denied for whoever raised it, and where no entry raised it so.
    """
    words = words.strip()
    if not words:
        raise BadInput(_("Say in a few words why."))
    told = _ENTRIES.of(dispute.pk)
    if not _is_raised(dispute, told) or by.pk in {dispute.raised_by_id, dispute.event.trip.driver_id}:
        raise Denied.of(dispute.pk)
    state = Dispute.State.UPHELD if upheld else Dispute.State.REJECTED
    counts = Standing.DISMISSED if upheld else Standing.COUNTS
    with transaction.atomic():
        now_ns = clock.wall_ns()
        changed = Dispute.objects.filter(pk=dispute.pk, state=Dispute.State.OPEN).update(
            state=state, answered_by=by, answer_words=words[:MOST_WORDS], ended_at=moment_of(now_ns)
        )
        if not changed or len(told) > 1 or _due(told[0]) <= moment_of(now_ns):
            raise BadInput(_("This dispute is over already."))
        _settle(dispute, counts, told[0], now_ns, kind=ANSWERED, body={"person": by.pk, "upheld": upheld})


def void_overdue(*, now_ns: int) -> int:
    """Void the events whose disputes nobody answered in time; return how many.

    None while the ledger is not as the hub wrote it; one whose row is not what its entry says stays open.
    """
    waiting = Dispute.objects.filter(state=Dispute.State.OPEN).select_related("event").order_by("due_at")
    if not waiting.exists() or not past.is_readable():
        return 0
    voided = 0
    for dispute in waiting:
        told = _ENTRIES.as_read(dispute.pk)
        if len(told) != 1 or not _is_raised(dispute, told) or _due(told[0]) > moment_of(now_ns):
            continue
        with transaction.atomic():
            if Dispute.objects.filter(pk=dispute.pk, state=Dispute.State.OPEN).update(
                state=Dispute.State.VOID, ended_at=moment_of(now_ns)
            ):
                _settle(dispute, Standing.VOID, told[0], now_ns, kind=VOIDED, body={})
                voided += 1
        if voided == VOID_AT_ONCE:
            break
    return voided


def are_open(trip_id: UUID) -> bool:
    """Say whether a trip has disputes that have not ended, by entries as far as they can be read."""
    open_ones: set[object] = set()
    for one in _OF_TRIP.of_or_looked_up(trip_id):
        (open_ones.add if one.kind == RAISED else open_ones.discard)(one.body.get("dispute"))
    return bool(open_ones)


def _is_raised(dispute: Dispute, told: list[Told]) -> bool:
    """Say whether an entry raised a dispute by this person about this event."""
    said = told[0].body if told and told[0].kind == RAISED else {}
    return (said.get("event"), said.get("person")) == (str(dispute.event_id), str(dispute.raised_by_id))


def _due(raised: Told) -> datetime:
    return datetime.fromisoformat(str(raised.body["due"]))


def _settle(
    dispute: Dispute, counts: Standing, raised: Told, now_ns: int, *, kind: str, body: dict[str, object]
) -> None:
    TripEvent.objects.filter(pk=dispute.event_id).update(standing=counts.value)
    hold = _hold_of(raised)
    if hold is not None:
        keeping.end_hold(hold_id=hold, clip_id=UUID(str(raised.body["clip"])), now_ns=now_ns)
    leaf = {"dispute": dispute.pk, "event": dispute.event_id, "trip": dispute.event.trip_id, **body}
    ledger.append(kind=kind, body=leaf, now_ns=now_ns)


def _hold_of(raised: Told) -> int | None:
    """Return the hold that was placed for a dispute. Early versions did not name it: it stands just before."""
    said = raised.body
    if "hold" in said:
        return said["hold"] and int(said["hold"])
    return standing.hold_placed_at(UUID(str(said["clip"])), raised.seq - 1) if "clip" in said else None


def _freeze(event: TripEvent, by: Person, clock: Clock) -> Hold | None:
    """Hold the event's clip, so that nobody erases what the dispute is about. None where no clip was cut."""
    if event.clip_id is None:
        return None
    among = Clip.objects.filter(pk=event.clip_id, erased_at=None)
    if not among.exists():
        return None
    try:
        return keeping.place_hold(
            actor=by, clip_id=event.clip_id, reason="A driver disputes this event.", among=among, clock=clock
        )
    except BadInput:
        return None  # its key is gone already: there is nothing left to hold
