"""Put trips together on the unit: samples tell where it went, the rules' events what happened on the way."""

from collections.abc import Iterable, Sequence
from uuid import NAMESPACE_URL, uuid5

from custodes.core.types import Event, EventUpdate, Sample
from custodes.edge.decide import KINDS, Decider, RuleSettings, parse_rule
from custodes.edge.decide.driving.bus_rule import BusRule
from custodes.edge.decide.driving.limits import LimitKnown
from custodes.score.finding import Finder, Found, finished, told
from custodes.score.formula import COUNTED_KINDS
from custodes.score.trip import Trip

DRIVING_RULES: tuple[dict[str, object], ...] = (
    {"kind": "harsh_brake"},
    {"kind": "harsh_acceleration"},
    {"kind": "harsh_cornering"},
)
"""What is looked for in a recording that comes without rules of its own."""

SHOWN_KINDS = frozenset(kind for kind in KINDS if issubclass(KINDS.get(kind), BusRule))
"""On trial, and told with a trip all the same: its driver sees what is being tried out."""


class TripKeeper:
    """Gather one trip after another. Not thread-safe: whoever feeds the decider feeds this."""

    def __init__(self, rules: Sequence[RuleSettings]) -> None:
        self._watched = sorted({rule.kind for rule in rules} & (COUNTED_KINDS | SHOWN_KINDS))
        self._limited = LimitKnown(rules)
        self._finder = Finder()
        self._events: dict[str, Event] = {}
        self._ended: list[Found] = []

    def on_sample(self, sample: Sample) -> Trip | None:
        """Take one reading; return the trip that it ended, if it did. Events of the reading are told before it."""
        self._finder, found = told(self._finder, sample, limited=self._limited(sample))
        return self._trip(found) if found is not None else None

    def on_updates(self, updates: Iterable[EventUpdate]) -> None:
        """Take what the rules said."""
        for update in updates:
            if update.event.kind in self._watched:
                self._events[update.event.event_id] = update.event

    def finish(self) -> Trip | None:
        """Return the trip that is still open, as it stands."""
        found, self._finder = finished(self._finder), Finder()
        return self._trip(found) if found is not None else None

    def _trip(self, found: Found) -> Trip:
        trip_id = str(uuid5(NAMESPACE_URL, f"custodes:trip:{found.trip.start_wall_ns}:{found.trip.distance_m}"))
        trip = found.with_events(self._events.values(), trip_id=trip_id, watched=self._watched)
        self._events = {
            event_id: event for event_id, event in self._events.items() if event.onset_wall_ns > found.trip.end_wall_ns
        }
        return trip


def trips_of(samples: Iterable[Sample], rules: Sequence[RuleSettings] = ()) -> list[Trip]:
    """Return the trips of a whole recording, judged by `rules` (DRIVING_RULES where none are given)."""
    rules = rules or [parse_rule(rule) for rule in DRIVING_RULES]
    decider, keeper = Decider(rules), TripKeeper(rules)
    trips: list[Trip | None] = []
    for sample in samples:
        keeper.on_updates(decider.on_sample(sample))
        trips.append(keeper.on_sample(sample))
    keeper.on_updates(decider.finish())
    return [trip for trip in (*trips, keeper.finish()) if trip is not None]
