"""One frame for every rule on the driver: a spell that grows through stages; warn first, record on repeat.

A kind says what it watches (`gauge`) and at which values its stages lie. The frame keeps the spell, says each stage
once, and decides whether film is kept: of the first, or only when it repeats or is grave. What cannot be told neither
begins nor lengthens a spell; after a moment it ends it.
"""

from abc import abstractmethod
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from itertools import pairwise
from typing import ClassVar, Generic, TypeVar

from pydantic import Field

from custodes.core.clock import NS_PER_S
from custodes.core.types import DriverSight, Event, EventUpdate, Evidence, Observation, Sample, Severity
from custodes.edge.decide.driver.attention import Attention, AttentionState, follow
from custodes.edge.decide.inputs import Input, LensInterrupted, TelemetryInterrupted, Tick
from custodes.edge.decide.repeat import GRAVENESS, RepeatSettings
from custodes.edge.decide.rule import NewId, Rule

SILENT_S = 10.0
"""A lens that says nothing for this long ends what it began."""
UNKNOWN_S = 2.0
"""What cannot be told for this long is over, as far as anybody knows."""
SPEED_STAYS_S = 60.0
"""The last known speed holds for this long (a tunnel); after it the speed is unknown."""


def rising(values: tuple[float, ...]) -> tuple[float, ...]:
    """Return stages that are above zero and rise. Raises ValueError."""
    if any(value <= 0 for value in values) or any(later <= earlier for earlier, later in pairwise(values)):
        raise ValueError("stages must be above 0 and rise")
    return values


class DriverSettings(RepeatSettings):
    """What every rule on the driver can be told."""

    lenses: list[str] = Field(default=[], description="Which driver lenses count; empty: all.")
    from_kmh: float = Field(
        default=10.0,
        ge=0,
        le=200,
        description="Slower than this (km/h) nothing is said; where the speed is not known, the rule counts.",
    )


@dataclass(frozen=True, slots=True)
class Gauge:
    """What a kind reads from one look: whether what it watches is so (None: cannot be told), and how much of it."""

    on: bool | None
    value: float = 0.0


@dataclass(frozen=True, slots=True)
class Spell:
    """A stretch in which it was so. `held_s` counts only the looks that showed it."""

    since_ns: int
    last_ns: int
    held_s: float = 0.0
    stage: int = 0
    most: float = 0.0
    event: Event | None = None
    kept: bool = False


M = TypeVar("M")
C = TypeVar("C", bound=DriverSettings)


@dataclass(frozen=True, slots=True)
class LensMind(Generic[M]):
    """What one lens remembers. `own` is the kind's own memory."""

    own: M
    attention: AttentionState = field(default_factory=AttentionState)
    spell: Spell | None = None
    heard_ns: int = 0


@dataclass(frozen=True, slots=True)
class DriverState(Generic[M]):
    """What a rule on the driver remembers: its lenses, the speed, and when it last warned."""

    lenses: Mapping[str, LensMind[M]] = field(default_factory=dict)
    speed_mps: float | None = None
    speed_ns: int = 0
    warned_ns: tuple[int, ...] = ()
    filmed_ns: int | None = None
    road: object = None
    """What a kind remembers of the vehicle's own motion."""


class Staged(Rule[C, DriverState[M]], Generic[C, M]):
    """Grow a spell through its stages. On trial: its events count for no score."""

    trial = True
    kind: ClassVar[str]
    back_s: ClassVar[float] = 1.0
    """A pause no longer than this does not end a spell."""
    urgency: ClassVar[int] = 0
    """What is added to a stage's number for its sound: 0 begins softly."""
    measured: ClassVar[str] = "for"
    unit: ClassVar[str] = "s"

    @abstractmethod
    def memory(self) -> M:
        """Return what the kind remembers of a lens before it saw anything."""

    @abstractmethod
    def gauge(self, mind: LensMind[M], look: Attention, state: DriverState[M]) -> tuple[M, Gauge]:
        """Return the kind's next memory, and what the look says. `mind.spell` is as it was before the look."""

    @property
    @abstractmethod
    def stages(self) -> Sequence[float]:
        """Return the values at which the stages lie, rising."""

    def start(self) -> DriverState[M]:
        """Return the state before anything was seen."""
        return DriverState()

    def step(
        self, state: DriverState[M], seen: Input, *, new_id: NewId
    ) -> tuple[DriverState[M], tuple[EventUpdate, ...]]:
        """Return the next state, and what began, became graver or ended."""
        if isinstance(seen, Observation):
            return self._observe(state, seen, new_id)
        if isinstance(seen, Sample):
            return self.rode(self._at_speed(state, seen), seen), ()
        if isinstance(seen, TelemetryInterrupted):
            return replace(state, speed_mps=None, road=None), ()
        if isinstance(seen, Tick):
            silent = [name for name, mind in state.lenses.items() if seen.wall_ns - mind.heard_ns > SILENT_S * NS_PER_S]
            return self._without(state, silent, forget=False)
        if isinstance(seen, LensInterrupted):
            return self._without(state, [name for name in state.lenses if seen.lens in (None, name)], forget=True)
        return state, ()

    def rode(self, state: DriverState[M], sample: Sample) -> DriverState[M]:
        """Return the state after a reading of the vehicle's motion; most kinds only need the speed."""
        del sample
        return state

    def standing(self, state: DriverState[M]) -> Mapping[str, str]:
        """Return how well the driver of each lens is known."""
        return {name: mind.attention.words() for name, mind in state.lenses.items()}

    def drives(self, state: DriverState[M], wall_ns: int) -> bool:
        """Return whether the vehicle is fast enough to count, as far as is known."""
        speed_mps = known_speed_mps(state, wall_ns)
        return speed_mps is None or speed_mps >= self.settings.from_kmh / 3.6

    def _at_speed(self, state: DriverState[M], sample: Sample) -> DriverState[M]:
        if sample.speed_mps is None:
            return state
        return replace(state, speed_mps=sample.speed_mps, speed_ns=sample.wall_ns)

    def _observe(
        self, state: DriverState[M], seen: Observation, new_id: NewId
    ) -> tuple[DriverState[M], tuple[EventUpdate, ...]]:
        if seen.driver is None or (self.settings.lenses and seen.lens not in self.settings.lenses):
            return state, ()
        mind = state.lenses.get(seen.lens)
        if mind is None:
            mind = LensMind(own=self.memory())
        attention, look = follow(mind.attention, seen.driver, seen.wall_ns)
        mind = replace(mind, attention=attention, heard_ns=seen.wall_ns)
        own, gauge = self.gauge(mind, look, state)
        if gauge.on is not None and not self.drives(state, seen.wall_ns):
            gauge = Gauge(on=False)
        mind = replace(mind, own=own)
        mind, state, said = self._grown(mind, look, gauge, state, lens=seen.lens, new_id=new_id)
        return replace(state, lenses={**state.lenses, seen.lens: mind}), said

    def _grown(
        self, mind: LensMind[M], look: Attention, gauge: Gauge, state: DriverState[M], *, lens: str, new_id: NewId
    ) -> tuple[LensMind[M], DriverState[M], tuple[EventUpdate, ...]]:
        spell = mind.spell
        if not gauge.on:
            if spell is None:
                return mind, state, ()
            patience_s = self.back_s if gauge.on is False else max(UNKNOWN_S, self.back_s)
            if look.wall_ns - spell.last_ns <= patience_s * NS_PER_S:
                return mind, state, ()
            return replace(mind, spell=None), state, self._ended(spell)
        if spell is None:
            spell = Spell(look.wall_ns, look.wall_ns)
        held_s = spell.held_s + (look.dt_s if look.wall_ns != spell.since_ns else 0.0)
        spell = replace(spell, last_ns=look.wall_ns, held_s=held_s, most=max(spell.most, gauge.value))
        stage = sum(gauge.value >= value for value in self.stages)
        if stage <= spell.stage:
            return replace(mind, spell=spell), state, ()
        if spell.event is None:
            state = replace(state, warned_ns=self.settings.warned_lately(state.warned_ns, look.wall_ns))
        spell, said = self._said(replace(spell, stage=stage), look, gauge, state, lens=lens, new_id=new_id)
        if said.cuts_clip:
            state = replace(state, filmed_ns=look.wall_ns)
        return replace(mind, spell=spell), state, (said,)

    def _said(
        self, spell: Spell, look: Attention, gauge: Gauge, state: DriverState[M], *, lens: str, new_id: NewId
    ) -> tuple[Spell, EventUpdate]:
        settings, which = self.settings, len(state.warned_ns)
        last = spell.stage == len(self.stages) > 1
        severity = max(settings.severity, Severity.CRITICAL if last else settings.severity, key=GRAVENESS.index)
        evidence = self._evidence(spell, gauge.value, which)
        if spell.event is None:
            event = Event(new_id(), self.kind, settings.label(), spell.since_ns, severity, lens, evidence=evidence)
        else:
            event = replace(spell.event, severity=severity, evidence=evidence)
        keep = settings.keeps_film(severity, which, wall_ns=look.wall_ns, filmed_ns=state.filmed_ns)
        update = EventUpdate(
            "onset" if spell.event is None else "stage",
            event,
            raises_alert=settings.alert,
            cuts_clip=keep and not spell.kept,
            stage=min(spell.stage + self.urgency, 3),
            decided_wall_ns=look.wall_ns,
        )
        return replace(spell, event=event, kept=spell.kept or keep), update

    def _evidence(self, spell: Spell, value: float, which: int) -> tuple[Evidence, ...]:
        return (
            Evidence(self.measured, round(value, 2), self.stages[spell.stage - 1], self.unit),
            Evidence("stage", spell.stage, len(self.stages)),
            Evidence("which one lately", which, self.settings.repeats),
            Evidence("on trial", "counts for no score"),
        )

    def _ended(self, spell: Spell) -> tuple[EventUpdate, ...]:
        if spell.event is None:
            return ()
        facts = (
            Evidence("at most", round(spell.most, 2), None, self.unit),
            *spell.event.evidence[1:],
        )
        event = replace(spell.event, end_wall_ns=spell.last_ns, evidence=(spell.event.evidence[0], *facts))
        return (EventUpdate("end", event, raises_alert=False, cuts_clip=spell.kept),)

    def _without(
        self, state: DriverState[M], names: Sequence[str], *, forget: bool
    ) -> tuple[DriverState[M], tuple[EventUpdate, ...]]:
        said: tuple[EventUpdate, ...] = ()
        lenses = dict(state.lenses)
        for name in names:
            mind = lenses[name]
            if mind.spell is not None:
                said += self._ended(mind.spell)
            lenses[name] = replace(mind, spell=None)
            if forget:
                del lenses[name]
        return replace(state, lenses=lenses), said


def held(mind: LensMind[M], look: Attention, *, on: bool | None) -> Gauge:
    """Return how long (s) it has been so, this look included."""
    if not on:
        return Gauge(on)
    spell = mind.spell
    return Gauge(on=True, value=spell.held_s + look.dt_s if spell is not None else 0.0)


def known_speed_mps(state: DriverState[M], wall_ns: int) -> float | None:
    """Return the speed, where one was told lately."""
    if state.speed_mps is None or abs(wall_ns - state.speed_ns) > SPEED_STAYS_S * NS_PER_S:
        return None
    return state.speed_mps


def seen(look: Attention) -> bool:
    """Return whether the look shows the driver."""
    return look.sight is DriverSight.SEEN
