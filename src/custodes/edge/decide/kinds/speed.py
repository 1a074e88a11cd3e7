"""Speed above a limit, for long enough that it is a choice and not a moment."""

from dataclasses import dataclass, replace
from typing import Literal, Self

from pydantic import Field, model_validator

from custodes.core.clock import NS_PER_S
from custodes.core.rounding import whole
from custodes.core.types import Event, EventUpdate, Evidence, Sample
from custodes.edge.decide.inputs import Input, TelemetryInterrupted, Tick
from custodes.edge.decide.rule import KINDS, NewId, Rule, RuleSettings

MPS_PER_KMH = 1 / 3.6
MPS_PER_MPH = 0.44704  # exact: 1609.344 m in 3600 s

# Speeding by Mentor's published definition: for at least 60 s at 20 % over the limit in zones under 40 mph, or
# 10 mph over it in faster ones. Targets, section 5, quote it.
MENTOR_FOR_S = 60.0
MENTOR_SLOW_ZONE_MPH = 40.0
MENTOR_SLOW_ZONE_PERCENT = 20.0
MENTOR_FAST_ZONE_MPH = 10.0


class SpeedSettings(RuleSettings):
    """A rule on speed. Give the limit once, in km/h or in mph; events speak that unit."""

    kind: Literal["speed"] = Field(default="speed", description="Speed above a limit.")
    limit_kmh: float | None = Field(default=None, gt=0, le=400, description="The limit in km/h.")
    limit_mph: float | None = Field(default=None, gt=0, le=250, description="The limit in mph.")
    over_percent: float | None = Field(
        default=None,
        ge=0,
        le=100,
        description="How far above the limit counts (%); 0 is the limit itself. Without this and without `over_by`: "
        "20 % over where the limit is under 40 mph, 10 mph over where it is higher.",
    )
    over_by: float | None = Field(
        default=None, ge=0, le=100, description="How far above the limit counts, in the limit's own unit."
    )
    over_s: float = Field(
        default=MENTOR_FOR_S,
        ge=0,
        le=3600,
        description="How long without a break the speed must be above it (s).",
    )
    back_below: float = Field(
        default=2.0,
        ge=0,
        le=50,
        description="The event ends this far below the threshold, in the limit's unit, so that it does not flutter.",
    )
    end_after_s: float = Field(default=5.0, ge=0, le=600, description="How long (s) it must stay there to end.")
    max_gap_s: float = Field(
        default=10.0,
        gt=0,
        le=600,
        description="A silence of the receiver longer than this (s) breaks the run: what was not measured is not held "
        "against anybody.",
    )
    max_accuracy_m: float = Field(
        default=50.0, gt=0, le=10_000, description="Readings whose stated accuracy is worse than this (m) are skipped."
    )

    @model_validator(mode="after")
    def _one_limit_one_margin(self) -> Self:
        if (self.limit_kmh is None) == (self.limit_mph is None):
            raise ValueError("give one limit: either limit_kmh or limit_mph")
        if self.over_percent is not None and self.over_by is not None:
            raise ValueError("give one margin: either over_percent or over_by")
        return self

    @property
    def unit(self) -> str:
        """Return the unit in which the limit was given."""
        return "km/h" if self.limit_kmh is not None else "mph"

    @property
    def mps_per_unit(self) -> float:
        """Return the factor from the limit's unit to m/s."""
        return MPS_PER_KMH if self.limit_kmh is not None else MPS_PER_MPH

    @property
    def limit(self) -> float:
        """Return the limit in its own unit."""
        limit = self.limit_kmh if self.limit_kmh is not None else self.limit_mph
        assert limit is not None
        return limit

    @property
    def threshold(self) -> float:
        """Return the speed above which time counts, in the limit's unit: the limit and its margin."""
        if self.over_by is not None:
            return self.limit + self.over_by
        if self.over_percent is not None:
            return self.limit * (1 + self.over_percent / 100)
        if self.limit * self.mps_per_unit < MENTOR_SLOW_ZONE_MPH * MPS_PER_MPH:
            return self.limit * (1 + MENTOR_SLOW_ZONE_PERCENT / 100)
        return self.limit + MENTOR_FAST_ZONE_MPH * MPS_PER_MPH / self.mps_per_unit

    def label(self) -> str:
        """Return the name, or limit, margin and time in a sentence."""
        return self.name or f"above {self.threshold:.4g} {self.unit} for {self.over_s:g} s (limit {self.limit:g})"


def shown_unit(unit: str) -> str:
    """Return a unit of speed as people read it everywhere: `MPH`, `km/h`."""
    return "MPH" if unit == "mph" else unit


@dataclass(frozen=True, slots=True)
class SpeedState:
    """The run above the threshold so far, and the event that it became. Speeds in the limit's unit."""

    last_wall_ns: int | None = None
    over_since_ns: int | None = None
    last_over_ns: int = 0
    peak: float = 0.0
    event: Event | None = None


@KINDS.register("speed")
class Speed(Rule[SpeedSettings, SpeedState]):
    """Wait until the speed was above the threshold for long enough, then until it is clearly below."""

    settings_model = SpeedSettings

    def start(self) -> SpeedState:
        """Return the state before any reading."""
        return SpeedState()

    def step(self, state: SpeedState, seen: Input, *, new_id: NewId) -> tuple[SpeedState, tuple[EventUpdate, ...]]:
        """Return the next state, and the onset or the end of an event."""
        if isinstance(seen, TelemetryInterrupted):
            return SpeedState(), self._ended(state)
        if isinstance(seen, Tick) and self._silent(state, seen.wall_ns):
            return SpeedState(), self._ended(state)
        if not isinstance(seen, Sample) or seen.speed_mps is None:
            return state, ()
        accuracy_m = seen.horizontal_accuracy_m
        if accuracy_m is not None and accuracy_m > self.settings.max_accuracy_m:
            return state, ()
        ended: tuple[EventUpdate, ...] = ()
        if self._silent(state, seen.wall_ns):
            state, ended = SpeedState(), self._ended(state)
        speed = seen.speed_mps / self.settings.mps_per_unit
        if state.event is None:
            state, said = self._before(state, seen.wall_ns, speed, new_id)
        else:
            state, said = self._during(state, seen.wall_ns, speed)
        return state, ended + said

    def _silent(self, state: SpeedState, wall_ns: int) -> bool:
        """Return whether the receiver said nothing for too long up to `wall_ns`."""
        return state.last_wall_ns is not None and wall_ns - state.last_wall_ns > self.settings.max_gap_s * NS_PER_S

    def _before(
        self, state: SpeedState, wall_ns: int, speed: float, new_id: NewId
    ) -> tuple[SpeedState, tuple[EventUpdate, ...]]:
        if speed <= self.settings.threshold:
            return SpeedState(last_wall_ns=wall_ns), ()
        since_ns = state.over_since_ns if state.over_since_ns is not None else wall_ns
        running = SpeedState(wall_ns, since_ns, wall_ns, max(state.peak, speed))
        if wall_ns - since_ns < self.settings.over_s * NS_PER_S:
            return running, ()
        event = Event(
            event_id=new_id(),
            kind="speed",
            rule=self.settings.label(),
            onset_wall_ns=wall_ns,
            severity=self.settings.severity,
            evidence=self._evidence(speed, running.peak, (wall_ns - since_ns) / NS_PER_S),
        )
        return replace(running, event=event), (self.onset(event),)

    def _during(self, state: SpeedState, wall_ns: int, speed: float) -> tuple[SpeedState, tuple[EventUpdate, ...]]:
        if speed > self.settings.threshold - self.settings.back_below:
            still = replace(state, last_wall_ns=wall_ns, last_over_ns=wall_ns, peak=max(state.peak, speed))
            return still, ()
        if wall_ns - state.last_over_ns < self.settings.end_after_s * NS_PER_S:
            return replace(state, last_wall_ns=wall_ns), ()
        return SpeedState(last_wall_ns=wall_ns), self._ended(state)

    def _ended(self, state: SpeedState) -> tuple[EventUpdate, ...]:
        if state.event is None or state.over_since_ns is None:
            return ()
        total_s = (state.last_over_ns - state.over_since_ns) / NS_PER_S
        at_onset = float(state.event.evidence[0].value)
        evidence = self._evidence(at_onset, state.peak, total_s)
        return (self.end(replace(state.event, end_wall_ns=state.last_over_ns, evidence=evidence)),)

    def _evidence(self, speed: float, peak: float, for_s: float) -> tuple[Evidence, ...]:
        settings = self.settings
        return (
            Evidence("speed", round(speed, 1), round(settings.threshold, 1), settings.unit),
            Evidence("peak speed", round(peak, 1), round(settings.threshold, 1), settings.unit),
            Evidence("limit", settings.limit, None, settings.unit),
            Evidence("time above", round(for_s, 1), settings.over_s, "s"),
        )

    @staticmethod
    def sentence(event: Event) -> str:
        """Return the speed, the highest where that is more, the limit, and the speed from which the rule counts."""
        facts = {evidence.name: evidence for evidence in event.evidence}
        speed, limit = facts["speed"], facts["limit"]
        now, highest = whole(float(speed.value)), whole(float(facts["peak speed"].value))
        most = f" (at most {highest})" if highest > now else ""
        said = f"{now} {shown_unit(speed.unit)}{most}; limit {whole(float(limit.value))}"
        return f"{said}, alerts from {whole(float(speed.threshold or limit.value))}."
