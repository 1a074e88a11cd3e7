"""One frame for every rule of the road lens: a stretch that grows through stages, look by look; on trial."""

from abc import abstractmethod
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import ClassVar, Generic, TypeVar

from pydantic import Field

from custodes.core.clock import NS_PER_S
from custodes.core.types import Event, EventUpdate, Evidence, Observation, RoadLook, Sample, Severity
from custodes.edge.decide.inputs import Input, LensInterrupted, TelemetryInterrupted, Tick
from custodes.edge.decide.repeat import GRAVENESS, RepeatSettings
from custodes.edge.decide.rule import NewId, Rule

SILENT_S = 5.0
SPEED_STAYS_S = 5.0
"""The last known speed holds for this long: gaps are judged by it, so not through a tunnel."""
SLOWING_S, LEAST_SLOWING_S = 0.6, 0.35


class RoadSettings(RepeatSettings):
    """What every rule of the road lens can be told."""

    lenses: list[str] = Field(default=[], description="Which road lenses count; empty: all.")


@dataclass(frozen=True, slots=True)
class Own:
    """Our own motion, as far as it was told lately: how fast we are, and how hard we slow down already."""

    speed_mps: float | None = None
    slowing_mps2: float | None = None


@dataclass(frozen=True, slots=True)
class Finding:
    """What a kind makes of one look: whether it is so, how much of it, and what speaks for it."""

    on: bool
    value: float = 0.0
    evidence: tuple[Evidence, ...] = ()


@dataclass(frozen=True, slots=True)
class Stretch:
    """A stretch in which it was so, look by look. `most` is what was found at its worst."""

    since_ns: int
    last_ns: int
    looks: int = 1
    stage: int = 0
    most: Finding = field(default_factory=lambda: Finding(on=True))
    event: Event | None = None
    kept: bool = False

    @property
    def held_s(self) -> float:
        """Return for how long (s) it has been so."""
        return (self.last_ns - self.since_ns) / NS_PER_S


M = TypeVar("M")


@dataclass(frozen=True, slots=True)
class LensRoad(Generic[M]):
    """What is remembered of one lens; `memory` is the kind's own."""

    memory: M
    stretch: Stretch | None = None
    heard_ns: int = 0


@dataclass(frozen=True, slots=True)
class RoadState(Generic[M]):
    """What a rule of the road lens remembers."""

    lenses: Mapping[str, LensRoad[M]] = field(default_factory=dict)
    speeds: tuple[tuple[int, float], ...] = ()
    """The last readings of our speed: when (wall ns), and how fast (m/s)."""
    warned_ns: tuple[int, ...] = ()
    filmed_ns: int | None = None

    def told(self, sample: Sample) -> "RoadState[M]":
        """Return the state after a reading of our speed."""
        if sample.speed_mps is None:
            return self
        since_ns = sample.wall_ns - round(SLOWING_S * NS_PER_S)
        kept = [one for one in self.speeds if one[0] >= since_ns]
        return replace(self, speeds=(*(kept or self.speeds[-1:]), (sample.wall_ns, sample.speed_mps)))

    def own(self, wall_ns: int) -> Own:
        """Return our own motion."""
        if not self.speeds or abs(wall_ns - self.speeds[-1][0]) > SPEED_STAYS_S * NS_PER_S:
            return Own()
        (first_ns, first_mps), (last_ns, last_mps) = self.speeds[0], self.speeds[-1]
        span_s = (last_ns - first_ns) / NS_PER_S
        if not LEAST_SLOWING_S <= span_s <= SPEED_STAYS_S:
            return Own(last_mps)
        return Own(last_mps, (first_mps - last_mps) / span_s)


C = TypeVar("C", bound=RoadSettings)


class RoadRule(Rule[C, RoadState[M]], Generic[C, M]):
    """Grow a stretch through its stages. On trial: its events count for no score."""

    trial = True
    kind: ClassVar[str]
    back_s: ClassVar[float] = 1.0
    """A pause no longer than this does not end a stretch."""
    least_looks: ClassVar[int] = 2
    urgency: ClassVar[int] = 0
    """What is added to a stage's number for its sound."""

    @property
    @abstractmethod
    def stages(self) -> Sequence[float]:
        """Return the values at which the stages lie, rising."""

    @abstractmethod
    def begin(self) -> M:
        """Return what is remembered of a lens before its first look."""

    @abstractmethod
    def look(
        self, memory: M, seen: Observation, road: RoadLook, own: Own, stretch: Stretch | None
    ) -> tuple[M, Finding]:
        """Return what is remembered after a look, and what the kind makes of it."""

    def start(self) -> RoadState[M]:
        """Return the state before anything was seen."""
        return RoadState()

    def step(self, state: RoadState[M], seen: Input, *, new_id: NewId) -> tuple[RoadState[M], tuple[EventUpdate, ...]]:
        """Return the next state, and what began, became graver or ended."""
        if isinstance(seen, Observation):
            return self._observe(state, seen, new_id)
        if isinstance(seen, Sample):
            return state.told(seen), ()
        if isinstance(seen, TelemetryInterrupted):
            return replace(state, speeds=()), ()
        if isinstance(seen, Tick):
            silent = [one for one, lens in state.lenses.items() if seen.wall_ns - lens.heard_ns > SILENT_S * NS_PER_S]
            return self._without(state, silent)
        if isinstance(seen, LensInterrupted):
            return self._without(state, [one for one in state.lenses if seen.lens in (None, one)])
        return state, ()

    def _observe(
        self, state: RoadState[M], seen: Observation, new_id: NewId
    ) -> tuple[RoadState[M], tuple[EventUpdate, ...]]:
        if seen.road is None or (self.settings.lenses and seen.lens not in self.settings.lenses):
            return state, ()
        lens = state.lenses.get(seen.lens) or LensRoad(self.begin())
        memory, finding = self.look(lens.memory, seen, seen.road, state.own(seen.wall_ns), lens.stretch)
        lens = replace(lens, memory=memory, heard_ns=seen.wall_ns)
        lens, state, said = self._grown(lens, finding, state, seen, new_id)
        return replace(state, lenses={**state.lenses, seen.lens: lens}), said

    def _grown(
        self, lens: LensRoad[M], finding: Finding, state: RoadState[M], seen: Observation, new_id: NewId
    ) -> tuple[LensRoad[M], RoadState[M], tuple[EventUpdate, ...]]:
        stretch = lens.stretch
        if not finding.on:
            if stretch is None or seen.wall_ns - stretch.last_ns <= self.back_s * NS_PER_S:
                return lens, state, ()
            return replace(lens, stretch=None), state, self._ended(stretch)
        if stretch is None:
            stretch = Stretch(seen.wall_ns, seen.wall_ns, most=finding)
        else:
            most = max(stretch.most, finding, key=lambda one: one.value)
            stretch = replace(stretch, last_ns=seen.wall_ns, looks=stretch.looks + 1, most=most)
        stage = sum(finding.value >= value for value in self.stages) if stretch.looks >= self.least_looks else 0
        if stage <= stretch.stage:
            return replace(lens, stretch=stretch), state, ()
        if stretch.event is None:
            state = replace(state, warned_ns=self.settings.warned_lately(state.warned_ns, seen.wall_ns))
        stretch, said = self._said(replace(stretch, stage=stage), finding, state, seen, new_id)
        if said.cuts_clip:
            state = replace(state, filmed_ns=seen.wall_ns)
        return replace(lens, stretch=stretch), state, (said,)

    def _said(
        self, stretch: Stretch, finding: Finding, state: RoadState[M], seen: Observation, new_id: NewId
    ) -> tuple[Stretch, EventUpdate]:
        settings, which = self.settings, len(state.warned_ns)
        last = stretch.stage == len(self.stages) > 1
        severity = max(settings.severity, Severity.CRITICAL if last else settings.severity, key=GRAVENESS.index)
        evidence = (
            *finding.evidence,
            Evidence("stage", stretch.stage, len(self.stages)),
            Evidence("which one lately", which, settings.repeats),
            Evidence("on trial", "counts for no score"),
        )
        if stretch.event is None:
            event = Event(
                new_id(), self.kind, settings.label(), stretch.since_ns, severity, seen.lens, evidence=evidence
            )
        else:
            event = replace(stretch.event, severity=severity, evidence=evidence)
        keep = settings.keeps_film(severity, which, wall_ns=seen.wall_ns, filmed_ns=state.filmed_ns)
        update = EventUpdate(
            "onset" if stretch.event is None else "stage",
            event,
            raises_alert=settings.alert,
            cuts_clip=keep and not stretch.kept,
            stage=min(stretch.stage + self.urgency, 3),
            decided_wall_ns=seen.wall_ns,
        )
        return replace(stretch, event=event, kept=stretch.kept or keep), update

    def _ended(self, stretch: Stretch) -> tuple[EventUpdate, ...]:
        if stretch.event is None:
            return ()
        said = len(stretch.most.evidence)
        evidence = (
            *stretch.most.evidence,
            *((Evidence("lasted", round(stretch.held_s, 1), None, "s"),) if stretch.looks > 1 else ()),
            *stretch.event.evidence[said:],
        )
        event = replace(stretch.event, end_wall_ns=stretch.last_ns, evidence=evidence)
        return (EventUpdate("end", event, raises_alert=False, cuts_clip=stretch.kept),)

    def _without(self, state: RoadState[M], names: Sequence[str]) -> tuple[RoadState[M], tuple[EventUpdate, ...]]:
        said = tuple(
            update
            for name in names
            if (stretch := state.lenses[name].stretch) is not None
            for update in self._ended(stretch)
        )
        if not names:
            return state, ()
        return replace(state, lenses={name: lens for name, lens in state.lenses.items() if name not in names}), said
