"""Who may know of a trip: by the rules of clips, asked of a clip of the trip's moment.

To know where it went and who drove is `locate`. To be shown a driver's score is to look at them for coaching: it takes
the driver's yes, as coaching does, and of oneself it takes nothing. To answer a dispute is `answer_dispute`.
Missing and forbidden look the same.
"""

import uuid
from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from django.db import transaction
from django.db.models import Q, QuerySet
from django.utils.translation import gettext as _

from custodes.core.clock import NS_PER_S, Clock, SystemClock
from custodes.core.errors import BadInput, Denied
from custodes.core.types import Purpose
from custodes.core.wire_trip import WireOccasions, WireTrip
from custodes.hub.access import decisions, places
from custodes.hub.access import drive_openings as openings
from custodes.hub.access.requests import Action
from custodes.hub.audit import ledger
from custodes.hub.clips.models import Clip
from custodes.hub.driving import borne_out, disputing, scores
from custodes.hub.driving.models import Dispute, Trip, TripEvent
from custodes.hub.driving.reports import Report
from custodes.hub.fleet.models import Membership, Organisation, Person, Site
from custodes.hub.fleet.times import now_of

LISTED = 100
REPORTED = 5000
_CLOCK = SystemClock()


_Alike = tuple[uuid.UUID, uuid.UUID | None, int | uuid.UUID | None, bool]


@dataclass(frozen=True, slots=True)
class Right:
    """What somebody may know of one trip. `judges`: they may be shown its score and what happened on it.

    Who does not judge is told way and times alone: what happened, all the more what a lens on the driver saw, is what
    the score is made of, and needs the same yes.
    """

    trip: Trip
    own: bool
    judges: bool
    answers: bool
    role: str = ""

    @property
    def purpose(self) -> Purpose:
        """Return what a trip is opened for by this right."""
        if self.own:
            return Purpose.OWN
        return Purpose.COACHING if self.judges else Purpose.INCIDENT


@dataclass(frozen=True, slots=True)
class Opened:
    """A trip that is shown to somebody; the ledger has the act already. `told`: as much of it as they may know."""

    right: Right
    told: WireTrip


def list_trips(actor: Person, *, driver_id: uuid.UUID | None = None, clock: Clock = _CLOCK) -> list[Right]:
    """Return the newest trips that `actor` may know of, at most LISTED; of one driver where `driver_id` is given."""
    trips = scores.with_events(Trip.objects.filter(_reach(actor, clock)))
    if driver_id is not None:
        trips = trips.filter(driver_id=driver_id)
    known: dict[_Alike, Right | None] = {}
    found = []
    for trip in _held(trips.order_by("-start_wall_ns")[: 3 * LISTED]):
        key = _alike(trip, clock)
        if key not in known:
            known[key] = _right(actor, trip, clock)
        right = known[key]
        if right is not None:
            found.append(replace(right, trip=trip))
    return found[:LISTED]


def trips_to_judge(actor: Person, driver: Person, *, days: int, clock: Clock = _CLOCK) -> list[Trip]:
    """Return a driver's trips of the last `days` days whose score `actor` may be shown. Raises Denied for none."""
    since_ns = clock.wall_ns() - days * 86_400 * NS_PER_S
    trips = scores.with_events(Trip.objects.filter(_reach(actor, clock), driver=driver))
    known: dict[_Alike, bool] = {}
    found = []
    for trip in _held(trips.filter(start_wall_ns__gt=since_ns).order_by("start_wall_ns")):
        key = _alike(trip, clock)
        if key not in known:
            right = _right(actor, trip, clock)
            known[key] = right is not None and right.judges
        if known[key]:
            found.append(trip)
    if not found and driver.pk != actor.pk:
        raise Denied.of(driver.pk)
    return found


def open_scores(actor: Person, driver: Person, *, days: int, address: str = "", clock: Clock = _CLOCK) -> list[Trip]:
    """Return what `trips_to_judge` does, to show a driver's scores, and write it down before. Raises Denied."""
    trips = trips_to_judge(actor, driver, days=days, clock=clock)
    own = driver.pk == actor.pk
    right = _right(actor, trips[-1], clock) if trips else None
    facts = {"trips": len(trips), "own": own, "address": address or None, "role": right.role if right else ""}
    purpose = Purpose.OWN if own else Purpose.COACHING
    with transaction.atomic():
        openings.write(openings.SCORES, actor, driver.pk, now_ns=clock.wall_ns(), purpose=purpose.value, **facts)
    return trips


def trips_to_report(
    actor: Person, *, since_wall_ns: int, until_wall_ns: int, driver_id: uuid.UUID | None = None, clock: Clock = _CLOCK
) -> list[Trip]:
    """Return the trips of a period whose score `actor` may be shown, oldest first; of one driver where one is given.

    Raises BadInput where there are more than REPORTED.
    """
    trips = scores.with_events(Trip.objects.filter(_reach(actor, clock) | Q(driver=actor)).exclude(driver=None))
    trips = trips.filter(start_wall_ns__gt=since_wall_ns, start_wall_ns__lte=until_wall_ns)
    if driver_id is not None:
        trips = trips.filter(driver_id=driver_id)
    known: dict[_Alike, bool] = {}
    found = []
    for trip in _held(trips.order_by("start_wall_ns")[: REPORTED + 1]):
        key = _alike(trip, clock)
        if key not in known:
            right = _right(actor, trip, clock)
            known[key] = right is not None and right.judges
        if known[key]:
            found.append(trip)
    if len(found) > REPORTED:
        raise BadInput(_("There are more than %(n)d drives: choose a shorter time.") % {"n": REPORTED})
    return found


def tell_of_scores(actor: Person, trips: Iterable[Trip], *, address: str = "", clock: Clock = _CLOCK) -> None:
    """Write down, before anything shows, that `actor` is shown scores of the drivers of these trips, but their own."""
    by_driver = {trip.driver_id: trip for trip in trips if trip.driver_id not in {None, actor.pk}}
    if not by_driver:
        return
    newest = _right(actor, max(by_driver.values(), key=lambda one: one.start_wall_ns), clock)
    facts = {"role": newest.role if newest else "", "purpose": Purpose.COACHING.value, "address": address or None}
    with transaction.atomic():
        openings.write_listed(actor, [one for one in by_driver if one], now_ns=clock.wall_ns(), **facts)


def tell_of_report(actor: Person, report: Report, *, form: str, address: str = "", clock: Clock = _CLOCK) -> None:
    """Write down that somebody takes a report out, of whom and when, before a byte of it goes."""
    body = {
        "person": actor.pk,
        "form": form,
        "since_wall_ns": report.since_wall_ns,
        "until_wall_ns": report.until_wall_ns,
        "drivers": sorted(str(line.driver.pk) for line in report.lines if line.driver is not None),
        "address": address or None,
    }
    with transaction.atomic():
        ledger.append(kind="report.exported", body=body, now_ns=clock.wall_ns())


def open_trip(actor: Person, trip_id: uuid.UUID, *, address: str = "", clock: Clock = _CLOCK) -> Opened:
    """Show one trip to somebody, and write it down before the way is unsealed. Raises Denied."""
    right = find_trip(actor, trip_id, clock=clock)
    trip = right.trip
    with transaction.atomic():
        shown = {"trip": trip.pk, "own": right.own, "score": right.judges, "address": address or None}
        reason = {"role": right.role, "purpose": right.purpose.value}
        openings.write(openings.DRIVE, actor, trip.driver_id, now_ns=clock.wall_ns(), **shown, **reason)
    told = scores.told_of(trip)
    return Opened(right, told if right.judges else _way_and_times(told))


def _way_and_times(told: WireTrip) -> WireTrip:
    return told.model_copy(update={"events": [], "occasions": WireOccasions(), "watched": []})


def find_trip(actor: Person, trip_id: uuid.UUID, *, clock: Clock = _CLOCK) -> Right:
    """Return a trip that `actor` may know of, without opening it. Raises Denied."""
    held = _held(scores.with_events(Trip.objects.filter(pk=trip_id)))
    right = _right(actor, held[0], clock) if held else None
    if right is None:
        raise Denied.of(trip_id)
    return right


def raise_dispute(actor: Person, event_id: uuid.UUID, *, words: str, clock: Clock = _CLOCK) -> Dispute:
    """Object to an event of one's own. Raises Denied; BadInput without words or for the second time."""
    event = TripEvent.objects.select_related("trip").filter(pk=event_id).first()
    if event is None or not find_trip(actor, event.trip_id, clock=clock).own:
        raise Denied.of(event_id)
    return disputing.raise_dispute(event=event, by=actor, words=words, clock=clock)


def answer_dispute(actor: Person, dispute_id: uuid.UUID, *, upheld: bool, words: str, clock: Clock = _CLOCK) -> Dispute:
    """Answer a dispute that somebody else raised. Raises Denied; BadInput without words or when it is over."""
    dispute = Dispute.objects.select_related("event__trip__site").filter(pk=dispute_id).first()
    if dispute is None or not find_trip(actor, dispute.event.trip_id, clock=clock).answers:
        raise Denied.of(dispute_id)
    disputing.answer(dispute=dispute, by=actor, upheld=upheld, words=words, clock=clock)
    return dispute


def disputes_for(actor: Person, *, clock: Clock = _CLOCK) -> list[tuple[Dispute, Right]]:
    """Return the disputes that `actor` raised or may answer: open ones first by their end, then the newest."""
    mine = Q(raised_by=actor) | Q(event__trip__in=Trip.objects.filter(_reach(actor, clock)))
    rows = Dispute.objects.filter(mine).select_related("event__trip__site__organisation", "event__trip__driver")
    rows = rows.select_related("raised_by", "answered_by", "event__clip")
    found, disputes = [], sorted(rows.order_by("-raised_at")[:LISTED], key=_first_due)
    held = borne_out.drives([one.event.trip for one in disputes])
    for dispute in disputes:
        if dispute.event.trip_id not in held:
            continue
        right = _right(actor, dispute.event.trip, clock)
        if right is not None and (right.own or right.answers):
            found.append((dispute, right))
    return found


def may_set_dispute_time(actor: Person, organisation: Organisation, *, clock: Clock = _CLOCK) -> bool:
    """Return whether `actor` says how long an answer to a dispute may take in an organisation."""
    return bool(places.whole_organisations(actor, Action.SET_DISPUTE_TIME, [organisation], now=now_of(clock)))


def _first_due(dispute: Dispute) -> tuple[bool, datetime | timedelta | float]:
    is_open = dispute.state == Dispute.State.OPEN
    return not is_open, dispute.due_at.timestamp() if is_open else -dispute.raised_at.timestamp()


def _reach(actor: Person, clock: Clock) -> Q:
    """Return the organisations' trips that could be for `actor` at all; the rules then decide on each."""
    now = now_of(clock)
    held = Membership.objects.filter(person_id=actor.pk).filter(Q(until=None) | Q(until__gt=now))
    return Q(site__in=Site.objects.filter(organisation_id__in=held.values("organisation_id")))


def _held(trips: QuerySet[Trip]) -> list[Trip]:
    """Return those of `trips` that are whose their entries say: one that was edited is shown to nobody."""
    held = borne_out.drives(rows := list(trips))
    return [trip for trip in rows if trip.pk in held]


def _alike(trip: Trip, clock: Clock) -> _Alike:
    """Return all of a trip that a decision looks at: trips with the same of it get the same answer."""
    recent = trip.start_wall_ns >= decisions.live_since_ns(now_of(clock))
    return trip.site_id, trip.driver_id, trip.route_id, recent


def _right(actor: Person, trip: Trip, clock: Clock) -> Right | None:
    now = now_of(clock)
    # A clip of the trip's moment: never stored, so that the rules about people, places and roles speak of trips too.
    moment = Clip(
        id=trip.pk,
        site=trip.site,
        subject_id=trip.driver_id,
        route_id=trip.route_id,
        state=Clip.State.READY,
        onset_wall_ns=trip.start_wall_ns,
    )
    asked = decisions.Question(actor, moment, now=now)
    knows = asked.decide(Action.LOCATE)
    if not knows.allowed:
        return None
    own = trip.driver_id == actor.pk
    coaches = asked.decide(Action.VIEW, Purpose.COACHING)
    answers = asked.decide(Action.ANSWER_DISPUTE).allowed
    role = coaches.role if coaches.allowed and not own else knows.role
    return Right(trip, own=own, judges=own or coaches.allowed, answers=answers, role=role)
