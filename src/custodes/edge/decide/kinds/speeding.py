"""Speeding by place: above the limit that a table gives for the road, by Mentor's margin, for long enough."""

from dataclasses import dataclass, replace
from pathlib import Path
from typing import Literal

from pydantic import Field

from custodes.core.clock import NS_PER_S
from custodes.core.rounding import whole
from custodes.core.types import Event, EventUpdate, Evidence, Sample
from custodes.edge.decide.driving.limits import MPS_PER_KMH, MPS_PER_MPH, read_limits
from custodes.edge.decide.inputs import Input, TelemetryInterrupted, Tick
from custodes.edge.decide.kinds.speed import (
    MENTOR_FAST_ZONE_MPH,
    MENTOR_FOR_S,
    MENTOR_SLOW_ZONE_MPH,
    MENTOR_SLOW_ZONE_PERCENT,
    shown_unit,
)
from custodes.edge.decide.rule import KINDS, NewId, Rule, RuleSettings


class SpeedingSettings(RuleSettings):
    """A rule on speed against a table of limits."""

    kind: Literal["speeding"] = Field(default="speeding", description="Speed above the limit of the road.")
    table: Path | None = Field(
        default=None,
        description="CSV or TOML with stretches of road: lat1, lon1, lat2, lon2 and limit_kmh or limit_mph. Without "
        "a table no limit is known, and nobody speeds.",
    )
    mph: bool = Field(default=False, description="Speak of mph instead of km/h.")
    over_s: float = Field(
        default=MENTOR_FOR_S, ge=0, le=3600, description="How long (s) without a break it must last; Mentor's is 60."
    )
    max_gap_s: float = Field(
        default=10.0, gt=0, le=600, description="A silence of the receiver longer than this (s) breaks the run."
    )
    max_accuracy_m: float = Field(
        default=30.0, gt=0, le=10_000, description="Readings whose stated accuracy is worse than this (m) are skipped."
    )

    def label(self) -> str:
        """Return the name, or what the rule does."""
        return self.name or f"above the road's limit by Mentor's margin for {self.over_s:g} s"


@dataclass(frozen=True, slots=True)
class SpeedingState:
    """The run above limits so far, and the event that it became. Speeds in m/s."""

    last_ns: int | None = None
    since_ns: int | None = None
    over_ns: int = 0
    peak_over_mps: float = 0.0
    peak_mps: float = 0.0
    limit_mps: float = 0.0
    event: Event | None = None


def margin_mps(limit_mps: float) -> float:
    """Return how far above a limit counts: 20 % in zones under 40 mph, 10 mph in faster ones (Mentor)."""
    if limit_mps < MENTOR_SLOW_ZONE_MPH * MPS_PER_MPH:
        return limit_mps * MENTOR_SLOW_ZONE_PERCENT / 100
    return MENTOR_FAST_ZONE_MPH * MPS_PER_MPH


@KINDS.register("speeding")
class Speeding(Rule[SpeedingSettings, SpeedingState]):
    """Wait until the speed was above the limits of the roads for long enough; an unknown limit ends it."""

    settings_model = SpeedingSettings

    def __init__(self, settings: SpeedingSettings) -> None:
        super().__init__(settings)
        self._table = read_limits(settings.table) if settings.table is not None else None

    def start(self) -> SpeedingState:
        """Return the state before any reading."""
        return SpeedingState()

    def step(
        self, state: SpeedingState, seen: Input, *, new_id: NewId
    ) -> tuple[SpeedingState, tuple[EventUpdate, ...]]:
        """Return the next state, and the onset or the end of an event."""
        if isinstance(seen, TelemetryInterrupted):
            return SpeedingState(), self._ended(state)
        if isinstance(seen, Tick) and self._silent(state, seen.wall_ns):
            return SpeedingState(), self._ended(state)
        if not isinstance(seen, Sample) or seen.speed_mps is None or self._table is None:
            return state, ()
        if (seen.horizontal_accuracy_m or 0.0) > self.settings.max_accuracy_m or seen.lat_deg is None:
            return state, ()
        ended: tuple[EventUpdate, ...] = ()
        if self._silent(state, seen.wall_ns):
            state, ended = SpeedingState(), self._ended(state)
        limit = self._table.limit_mps(seen.lat_deg, seen.lon_deg or 0.0, seen.course_deg)
        if limit is None or seen.speed_mps <= limit + margin_mps(limit):
            return SpeedingState(last_ns=seen.wall_ns), ended + self._ended(state)
        state, began = self._above(state, seen.wall_ns, seen.speed_mps, limit, new_id)
        return state, ended + began

    def _above(
        self, state: SpeedingState, now_ns: int, speed: float, limit: float, new_id: NewId
    ) -> tuple[SpeedingState, tuple[EventUpdate, ...]]:
        since_ns = state.since_ns if state.since_ns is not None else now_ns
        worse = speed - limit > state.peak_over_mps
        state = replace(
            state,
            last_ns=now_ns,
            since_ns=since_ns,
            over_ns=now_ns,
            peak_over_mps=max(state.peak_over_mps, speed - limit),
            peak_mps=speed if worse else state.peak_mps,
            limit_mps=limit if worse else state.limit_mps,
        )
        if state.event is not None or now_ns - since_ns < self.settings.over_s * NS_PER_S:
            return state, ()
        event = Event(
            new_id(), "speeding", self.settings.label(), since_ns, self.settings.severity, evidence=self._facts(state)
        )
        return replace(state, event=event), (self.onset(event),)

    def _silent(self, state: SpeedingState, wall_ns: int) -> bool:
        return state.last_ns is not None and wall_ns - state.last_ns > self.settings.max_gap_s * NS_PER_S

    def _ended(self, state: SpeedingState) -> tuple[EventUpdate, ...]:
        if state.event is None:
            return ()
        return (self.end(replace(state.event, end_wall_ns=state.over_ns, evidence=self._facts(state))),)

    def _facts(self, state: SpeedingState) -> tuple[Evidence, ...]:
        unit, factor = ("mph", MPS_PER_MPH) if self.settings.mph else ("km/h", MPS_PER_KMH)
        above_s = round((state.over_ns - (state.since_ns or 0)) / NS_PER_S, 1)
        counts_from = state.limit_mps + margin_mps(state.limit_mps)
        return (
            Evidence("peak speed", round(state.peak_mps / factor, 1), round(counts_from / factor, 1), unit),
            Evidence("limit", round(state.limit_mps / factor), None, unit),
            Evidence("time above", above_s, self.settings.over_s, "s"),
        )

    @staticmethod
    def sentence(event: Event) -> str:
        """Return the speed and the limit."""
        speed, limit = event.evidence[0], event.evidence[1]
        return f"{whole(float(speed.value))} {shown_unit(speed.unit)}; the limit here is {whole(float(limit.value))}."
