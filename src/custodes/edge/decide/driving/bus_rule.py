"""One frame for every rule on what the vehicle's own bus says while it moves; on trial."""

from abc import abstractmethod
from dataclasses import dataclass, replace
from typing import ClassVar, Generic, TypeVar

from pydantic import Field

from custodes.core.clock import NS_PER_S
from custodes.core.types import Event, EventUpdate, Evidence, Sample, Severity, VehicleState
from custodes.edge.decide.inputs import Input, TelemetryInterrupted, Tick
from custodes.edge.decide.rule import NewId, Rule, RuleSettings

SILENT_S = 5.0
"""What the bus has not said for this long is not held against anybody."""


class BusRuleSettings(RuleSettings):
    """What a rule on the vehicle's bus can be told."""

    severity: Severity = Field(default=Severity.NOTE, description="How grave its events are.")
    clip: bool = Field(default=False, description="Whether an event cuts a clip.")
    from_kmh: float = Field(default=10.0, ge=0, le=200, description="Slower than this (km/h) nothing is told.")
    at_least_s: float = Field(default=5.0, ge=0, le=600, description="How long (s) it must be so, on the move.")
    over_s: float = Field(
        default=3.0, ge=0, le=600, description="How long (s) it must be otherwise for the event to end."
    )


@dataclass(frozen=True, slots=True)
class Spell:
    """Since when it is so, until when it was, how fast at most, and the event that it became."""

    since_ns: int | None = None
    last_ns: int = 0
    peak_mps: float = 0.0
    event: Event | None = None


C = TypeVar("C", bound=BusRuleSettings)


class BusRule(Rule[C, Spell], Generic[C]):
    """Wait until the bus has said so for long enough on the move, then until it says otherwise.

    On trial: no public recording of these signals is labelled, so their precision has passed no gate; they are shown
    and count for no score.
    """

    trial = True
    kind: ClassVar[str]
    says: ClassVar[tuple[str, ...]]
    """Which of the bus's signals tells it: any of these will do."""

    @abstractmethod
    def so(self, vehicle: VehicleState) -> bool | None:
        """Return whether it is so; None where the bus does not say."""

    def start(self) -> Spell:
        """Return the state before any sample."""
        return Spell()

    def step(self, state: Spell, seen: Input, *, new_id: NewId) -> tuple[Spell, tuple[EventUpdate, ...]]:
        """Return the next state, and the onset or the end of an event."""
        if isinstance(seen, TelemetryInterrupted):
            return self._over(state)
        if isinstance(seen, Tick):
            silent = state.since_ns is not None and seen.wall_ns - state.last_ns > SILENT_S * NS_PER_S
            return self._over(state) if silent else (state, ())
        if not isinstance(seen, Sample):
            return state, ()
        if state.since_ns is not None and seen.wall_ns - state.last_ns > SILENT_S * NS_PER_S:
            state, ended = self._over(state)
            began, onset = self._told(state, seen, new_id)
            return began, ended + onset
        return self._told(state, seen, new_id)

    def _told(self, state: Spell, sample: Sample, new_id: NewId) -> tuple[Spell, tuple[EventUpdate, ...]]:
        so = self.so(sample.vehicle) if sample.vehicle is not None else None
        if so is None or sample.speed_mps is None:
            return state, ()
        if not so or sample.speed_mps < self.settings.from_kmh / 3.6:
            going_on = state.event is not None and sample.wall_ns - state.last_ns <= self.settings.over_s * NS_PER_S
            return (state, ()) if going_on else self._over(state)
        since_ns = sample.wall_ns if state.since_ns is None else state.since_ns
        peak_mps = max(state.peak_mps, sample.speed_mps)
        state = replace(state, since_ns=since_ns, last_ns=sample.wall_ns, peak_mps=peak_mps)
        if state.event is not None or sample.wall_ns - since_ns < self.settings.at_least_s * NS_PER_S:
            return state, ()
        event = Event(new_id(), self.kind, self.settings.label(), since_ns, self.settings.severity)
        event = replace(event, evidence=self._facts(state))
        return replace(state, event=event), (self.onset(event),)

    def _over(self, state: Spell) -> tuple[Spell, tuple[EventUpdate, ...]]:
        if state.event is None:
            return Spell(), ()
        ended = replace(state.event, end_wall_ns=state.last_ns, evidence=self._facts(state))
        return Spell(), (self.end(ended),)

    def _facts(self, state: Spell) -> tuple[Evidence, ...]:
        lasted_s = (state.last_ns - (state.since_ns or state.last_ns)) / NS_PER_S
        return (
            Evidence("lasted", round(lasted_s, 1), self.settings.at_least_s, "s"),
            Evidence("peak speed", round(state.peak_mps * 3.6), self.settings.from_kmh, "km/h"),
            Evidence("said by", "the vehicle's own bus"),
            Evidence("on trial", "counts for no score"),
        )
