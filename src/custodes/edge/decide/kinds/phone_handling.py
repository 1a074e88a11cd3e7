"""The phone that measures is taken into the hand while the vehicle moves. A mount that shakes is no hand."""

from dataclasses import dataclass, field, replace
from typing import Literal

from pydantic import Field

from custodes.core.clock import NS_PER_S
from custodes.core.types import Event, EventUpdate, Evidence, Sample
from custodes.edge.decide.driving.motion import MotionState, follow
from custodes.edge.decide.inputs import Input, TelemetryInterrupted, Tick
from custodes.edge.decide.rule import KINDS, NewId, Rule, RuleSettings

SILENT_S = 5.0


class PhoneHandlingSettings(RuleSettings):
    """A rule on the phone in the hand, for a unit that is a phone."""

    kind: Literal["phone_handling"] = Field(
        default="phone_handling", description="The phone is in the hand while driving."
    )
    from_kmh: float = Field(default=10.0, ge=0, le=200, description="Slower than this (km/h) nobody is blamed.")
    at_least_s: float = Field(
        default=2.0, ge=0, le=60, description="How long (s) it must be turned away from its mount by more than 30°."
    )
    still_s: float = Field(
        default=5.0, ge=0, le=60, description="How long (s) it must be still again for the event to end."
    )

    def label(self) -> str:
        """Return the name, or what the rule does."""
        return self.name or f"phone turned in the hand for {self.at_least_s:g} s while driving"


@dataclass(frozen=True, slots=True)
class PhoneHandlingState:
    """The vehicle's motion so far, since when the phone is turned, and the event that it became."""

    motion: MotionState = field(default_factory=MotionState)
    since_ns: int | None = None
    turned_ns: int = 0
    event: Event | None = None


@KINDS.register("phone_handling")
class PhoneHandling(Rule[PhoneHandlingSettings, PhoneHandlingState]):
    """Wait until the phone has been turned for long enough, then until it has been still for long enough."""

    settings_model = PhoneHandlingSettings

    def start(self) -> PhoneHandlingState:
        """Return the state before any sample."""
        return PhoneHandlingState()

    def step(
        self, state: PhoneHandlingState, seen: Input, *, new_id: NewId
    ) -> tuple[PhoneHandlingState, tuple[EventUpdate, ...]]:
        """Return the next state, and the onset or the end of an event."""
        if isinstance(seen, TelemetryInterrupted):
            return PhoneHandlingState(), self._ended(state)
        if isinstance(seen, Tick) and state.since_ns is not None:
            if seen.wall_ns - state.turned_ns <= SILENT_S * NS_PER_S:
                return state, ()
            return replace(state, since_ns=None, event=None), self._ended(state)
        if not isinstance(seen, Sample):
            return state, ()
        return self._felt(state, seen, new_id)

    def _felt(
        self, state: PhoneHandlingState, sample: Sample, new_id: NewId
    ) -> tuple[PhoneHandlingState, tuple[EventUpdate, ...]]:
        motion_state, motion = follow(state.motion, sample)
        state = replace(state, motion=motion_state)
        if motion is None or sample.accel_mps2_xyz is None:
            return state, ()
        drives = motion.speed_mps is not None and motion.speed_mps >= self.settings.from_kmh / 3.6
        if motion.turned and drives:
            return self._turned(state, sample.wall_ns, new_id)
        if state.since_ns is None or sample.wall_ns - state.turned_ns <= self.settings.still_s * NS_PER_S:
            return state, ()
        return replace(state, since_ns=None, event=None), self._ended(state)

    def _turned(
        self, state: PhoneHandlingState, now_ns: int, new_id: NewId
    ) -> tuple[PhoneHandlingState, tuple[EventUpdate, ...]]:
        since_ns = state.since_ns if state.since_ns is not None else now_ns
        state = replace(state, since_ns=since_ns, turned_ns=now_ns)
        if state.event is not None or now_ns - since_ns < self.settings.at_least_s * NS_PER_S:
            return state, ()
        event = Event(
            new_id(),
            "phone_handling",
            self.settings.label(),
            since_ns,
            self.settings.severity,
            evidence=self._facts(state),
        )
        return replace(state, event=event), (self.onset(event),)

    def _ended(self, state: PhoneHandlingState) -> tuple[EventUpdate, ...]:
        if state.event is None:
            return ()
        return (self.end(replace(state.event, end_wall_ns=state.turned_ns, evidence=self._facts(state))),)

    def _facts(self, state: PhoneHandlingState) -> tuple[Evidence, ...]:
        held_s = (state.turned_ns - (state.since_ns or state.turned_ns)) / NS_PER_S
        return (Evidence("in the hand", round(held_s, 1), self.settings.at_least_s, "s"),)

    @staticmethod
    def sentence(event: Event) -> str:
        """Return what to do."""
        return "Put the phone away."
