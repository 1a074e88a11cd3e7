"""Scores as they stand now: from the rows, by the published formula, with what fell left out."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace
from uuid import UUID

from django.db.models import Prefetch, QuerySet

from custodes.core.wire_trip import WireTrip
from custodes.hub.driving import sealing
from custodes.hub.driving.models import Dispute, Trip, TripEvent
from custodes.score import trip as facts
from custodes.score.formula import COUNTED_KINDS, Score, score_period, score_trip

DAY_NS = 86_400 * 1_000_000_000

PERCENT_FROM = 20
"""Answered disputes from which on their share is told in per cent: of fewer it would say more than is known."""


@dataclass(frozen=True, slots=True)
class KindRecord:
    """What became of one kind's events in an organisation: the error rate that drivers are told."""

    kind: str
    told: int
    disputed: int
    upheld: int
    void: int
    rejected: int

    @property
    def answered(self) -> int:
        """Return how many disputes somebody answered."""
        return self.upheld + self.rejected

    @property
    def wrong_percent(self) -> int | None:
        """Return the share of answered disputes that were upheld; None while too few were answered to tell."""
        return round(100 * self.upheld / self.answered) if self.answered >= PERCENT_FROM else None


def with_events(trips: QuerySet[Trip]) -> QuerySet[Trip]:
    """Return the trips with what a score needs of them, in two queries."""
    return trips.select_related("site__organisation", "driver").prefetch_related(
        Prefetch("events", TripEvent.objects.order_by("onset_wall_ns"))
    )


def facts_of(row: Trip) -> facts.Trip:
    """Return a trip as the formula sees it, without its way."""
    return facts.Trip(
        trip_id=str(row.pk),
        start_wall_ns=row.start_wall_ns,
        end_wall_ns=row.end_wall_ns,
        distance_m=row.distance_m,
        moving_ms=row.moving_ms,
        limited_ms=row.limited_ms,
        occasions=facts.Occasions(row.brakings, row.accelerations, row.turns),
        events=tuple(
            facts.TripEvent(
                event_id=str(event.pk),
                kind=event.kind,
                onset_wall_ns=event.onset_wall_ns,
                end_wall_ns=event.end_wall_ns,
                at_m=event.at_m,
                severe=event.severe,
                standing=facts.Standing(event.standing),
            )
            for event in row.events.all()
        ),
        watched=tuple(row.watched),
    )


def of_trip(row: Trip) -> Score:
    """Return the score of one trip."""
    return score_trip(facts_of(row))


def around(row: Trip, event_id: UUID) -> tuple[Score, Score]:
    """Return the score of a trip with one of its events counted, and with it fallen; the others as they stand."""
    trip, named = facts_of(row), str(event_id)

    def standing(one: facts.Standing) -> Score:
        events = tuple(replace(event, standing=one) if event.event_id == named else event for event in trip.events)
        return score_trip(replace(trip, events=events))

    return standing(facts.Standing.COUNTS), standing(facts.Standing.DISMISSED)


def of_driver(rows: Sequence[Trip], *, until_wall_ns: int) -> Score:
    """Return a driver's score over the window before a moment, of the rows that were loaded with events."""
    return score_period([facts_of(row) for row in rows], until_wall_ns=until_wall_ns)


def over_time(rows: Sequence[Trip], *, until_wall_ns: int, days: int) -> list[tuple[int, Score]]:
    """Return (moment, score of the window before it) for the end of each of the last `days` days, oldest first."""
    trips = [facts_of(row) for row in rows]
    moments = [until_wall_ns - back * DAY_NS for back in range(days - 1, -1, -1)]
    return [(moment, score_period(trips, until_wall_ns=moment)) for moment in moments]


def told_of(row: Trip) -> WireTrip:
    """Return the trip as its unit told it, with its way. Raises Corrupt when it was changed on disk."""
    content = sealing.unseal(row.pk, row.unit_id, wrapped_key=bytes(row.wrapped_key), sealed=bytes(row.sealed))
    return WireTrip.model_validate_json(content)


def record_of(organisation_id: UUID) -> list[KindRecord]:
    """Return what became of each counted kind's events in an organisation, by kind."""
    told = Counter(
        TripEvent.objects.filter(trip__site__organisation_id=organisation_id, kind__in=COUNTED_KINDS).values_list(
            "kind", flat=True
        )
    )
    ended = Counter(
        Dispute.objects.filter(event__trip__site__organisation_id=organisation_id).values_list("event__kind", "state")
    )
    return records_of(told, ended)


def records_of(told: Counter[str], ended: Counter[tuple[str, str]]) -> list[KindRecord]:
    """Return, kind by kind, how often it was told (`told`) and how its disputes stand (`ended`, by kind and state)."""
    state = Dispute.State
    return [
        KindRecord(
            kind=kind,
            told=told[kind],
            disputed=sum(ended[kind, one.value] for one in state),
            upheld=ended[kind, state.UPHELD.value],
            void=ended[kind, state.VOID.value],
            rejected=ended[kind, state.REJECTED.value],
        )
        for kind in sorted(told)
    ]
