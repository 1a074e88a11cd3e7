"""Somebody or something is there: a class of object in a zone, for long enough, once per visit."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Literal

from pydantic import Field

from custodes.core.clock import NS_PER_S
from custodes.core.types import Event, EventUpdate, Evidence, ObjectClass, Observation, TrackedObject
from custodes.edge.decide.inputs import Input, LensInterrupted, Tick
from custodes.edge.decide.rule import KINDS, NewId, Rule, RuleSettings
from custodes.edge.decide.sightings import Sighting, follow

SILENT_LENS_S = 10.0
"""A tick ends a visit only this long after the lens's last word, so that a slow lens is not taken for an empty one."""


class PresenceSettings(RuleSettings):
    """A rule on who or what is there."""

    kind: Literal["presence"] = Field(default="presence", description="A class of object is there.")
    classes: list[ObjectClass] = Field(
        default=[ObjectClass.PERSON], min_length=1, description="Which classes of object count."
    )
    lenses: list[str] = Field(default=[], description="Which lenses count; empty: all.")
    zones: list[str] = Field(default=[], description="Which zones of the lens count; empty: the whole picture.")
    dwell_s: float = Field(
        default=1.0, ge=0, le=3600, description="How long (s) one of them must stay. More: fewer passers-by."
    )
    min_track_age_s: float = Field(
        default=0.5,
        ge=0,
        le=60,
        description="How long (s) it must have been followed at all, in the zone or not. More: fewer ghosts.",
    )
    min_score: float = Field(
        default=0.0, ge=0, le=1, description="Least score over its history, above what perception already asks."
    )
    end_after_s: float = Field(default=5.0, ge=0, le=3600, description="The visit ends after this long (s) of absence.")
    cool_down_s: float = Field(
        default=30.0,
        ge=0,
        le=86_400,
        description="After a visit, no new event for this long (s). Who is still there when it is over counts again.",
    )

    def label(self) -> str:
        """Return the name, or class, place and time in a sentence."""
        where = f" in {' or '.join(self.zones)}" if self.zones else ""
        return self.name or f"{' or '.join(self.classes)}{where} for {self.dwell_s:g} s"


@dataclass(frozen=True, slots=True)
class Visit:
    """An event that lasts. `most` is the largest number present at once."""

    event: Event
    last_seen_ns: int
    most: int


@dataclass(frozen=True, slots=True)
class LensState:
    """What one lens remembers."""

    sightings: tuple[Sighting, ...] = ()
    visit: Visit | None = None
    quiet_until_ns: int | None = None
    last_wall_ns: int = 0


@dataclass(frozen=True, slots=True)
class PresenceState:
    """What every lens remembers, by its name. Never changed in place."""

    lenses: Mapping[str, LensState] = field(default_factory=dict)


@KINDS.register("presence")
class Presence(Rule[PresenceSettings, PresenceState]):
    """Tell visits apart: onset after a dwell, end after an absence, quiet for a while after that."""

    settings_model = PresenceSettings

    def start(self) -> PresenceState:
        """Return the state before anything was seen."""
        return PresenceState()

    def step(
        self, state: PresenceState, seen: Input, *, new_id: NewId
    ) -> tuple[PresenceState, tuple[EventUpdate, ...]]:
        """Return the next state, and the visits that began or ended."""
        if isinstance(seen, Observation):
            return self._observe(state, seen, new_id)
        if isinstance(seen, Tick):
            return self._tick(state, seen.wall_ns)
        if isinstance(seen, LensInterrupted):
            gone = [lens for lens in state.lenses if seen.lens in (None, lens)]
            said = tuple(update for lens in gone for update in self._ended(state.lenses[lens]))
            kept = {lens: memory for lens, memory in state.lenses.items() if lens not in gone}
            return PresenceState(kept), said
        return state, ()

    def _observe(
        self, state: PresenceState, seen: Observation, new_id: NewId
    ) -> tuple[PresenceState, tuple[EventUpdate, ...]]:
        if self.settings.lenses and seen.lens not in self.settings.lenses:
            return state, ()
        memory = state.lenses.get(seen.lens, LensState())
        sightings = follow(memory.sightings, seen, last_look_ns=memory.last_wall_ns, counts=self._counts)
        memory = replace(memory, sightings=sightings, last_wall_ns=seen.wall_ns)
        present = [one for one in sightings if one.here and one.confirmed and one.last_ns == seen.wall_ns]
        if memory.visit is not None:
            memory, said = self._during(memory, len(present), seen.wall_ns)
        else:
            memory, said = self._before(memory, present, seen, new_id)
        return PresenceState({**state.lenses, seen.lens: memory}), said

    def _counts(self, thing: TrackedObject) -> bool:
        """Return whether an object is of the rule's classes, in its zones and sure enough."""
        settings = self.settings
        in_zone = not settings.zones or any(zone in settings.zones for zone in thing.zones)
        return in_zone and thing.object_class in settings.classes and thing.score_0_1 >= settings.min_score

    def _before(
        self, memory: LensState, present: list[Sighting], seen: Observation, new_id: NewId
    ) -> tuple[LensState, tuple[EventUpdate, ...]]:
        if memory.quiet_until_ns is not None and seen.wall_ns < memory.quiet_until_ns:
            return memory, ()
        settings = self.settings
        stayed = [
            one
            for one in present
            if one.here_for_ns(seen.wall_ns) >= settings.dwell_s * NS_PER_S
            and seen.wall_ns - one.first_ns >= settings.min_track_age_s * NS_PER_S
        ]
        if not stayed:
            return memory, ()
        who = max(stayed, key=lambda one: (one.score_0_1, -one.track_id))
        event = Event(
            event_id=new_id(),
            kind="presence",
            rule=settings.label(),
            onset_wall_ns=seen.wall_ns,
            severity=settings.severity,
            lens=seen.lens,
            evidence=self._evidence(who, seen.wall_ns),
        )
        return replace(memory, visit=Visit(event, seen.wall_ns, len(present))), (self.onset(event),)

    def _during(self, memory: LensState, count: int, wall_ns: int) -> tuple[LensState, tuple[EventUpdate, ...]]:
        assert memory.visit is not None
        if count:
            return replace(
                memory, visit=replace(memory.visit, last_seen_ns=wall_ns, most=max(memory.visit.most, count))
            ), ()
        if wall_ns - memory.visit.last_seen_ns < self.settings.end_after_s * NS_PER_S:
            return memory, ()
        return self._quiet(memory), self._ended(memory)

    def _tick(self, state: PresenceState, wall_ns: int) -> tuple[PresenceState, tuple[EventUpdate, ...]]:
        lenses = dict(state.lenses)
        said: tuple[EventUpdate, ...] = ()
        for lens, memory in state.lenses.items():
            if memory.visit is None or wall_ns - memory.last_wall_ns < SILENT_LENS_S * NS_PER_S:
                continue
            if wall_ns - memory.visit.last_seen_ns >= self.settings.end_after_s * NS_PER_S:
                lenses[lens] = self._quiet(memory)
                said += self._ended(memory)
        return PresenceState(lenses), said

    def _quiet(self, memory: LensState) -> LensState:
        assert memory.visit is not None
        until_ns = memory.visit.last_seen_ns + round(self.settings.cool_down_s * NS_PER_S)
        return replace(memory, visit=None, quiet_until_ns=until_ns)

    def _ended(self, memory: LensState) -> tuple[EventUpdate, ...]:
        if memory.visit is None:
            return ()
        event = memory.visit.event
        stayed_s = (memory.visit.last_seen_ns - event.onset_wall_ns) / NS_PER_S
        evidence = (
            *event.evidence,
            Evidence("seen until, after onset", round(stayed_s, 1), None, "s"),
            Evidence("most at once", memory.visit.most),
        )
        return (self.end(replace(event, end_wall_ns=memory.visit.last_seen_ns, evidence=evidence)),)

    def _evidence(self, who: Sighting, wall_ns: int) -> tuple[Evidence, ...]:
        settings = self.settings
        zone = next((zone for zone in who.zones if zone in settings.zones), "")
        place = (Evidence("zone", zone, " or ".join(settings.zones)[:200]),) if zone else ()
        return (
            Evidence("class", str(who.object_class), " or ".join(settings.classes)),
            *place,
            Evidence("stayed", round(who.here_for_ns(wall_ns) / NS_PER_S, 2), settings.dwell_s, "s"),
            Evidence("score", round(who.score_0_1, 3), settings.min_score or None),
            Evidence("track", who.track_id),
        )

    @staticmethod
    def sentence(event: Event) -> str:
        """Return what is there, and where."""
        facts = {evidence.name: str(evidence.value) for evidence in event.evidence}
        where = f" in {facts['zone']}" if "zone" in facts else ""
        lens = str(event.lens)
        return f"{facts['class'].capitalize()}{where}, {lens if 'camera' in lens else f'{lens} camera'}."
