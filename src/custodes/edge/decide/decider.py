"""Run every rule over what the unit sees, reads and is told."""

from collections.abc import Mapping, Sequence
from typing import Any

from custodes.core.types import Alert, Event, EventUpdate, ManualMark, Observation, Sample
from custodes.edge.decide.inputs import Input, LensInterrupted, TelemetryInterrupted, Tick
from custodes.edge.decide.rule import KINDS, NewId, Rule, RuleSettings, id_source

CLOCK_SET_BACK_NS = 2_000_000_000
"""A time line that goes back by more than this was set back; less is frames or fixes out of order."""


class Decider:
    """Hold each rule's state and pass inputs on, in order. Not thread-safe: one thread calls it."""

    def __init__(self, rules: Sequence[RuleSettings], *, new_id: NewId | None = None) -> None:
        self._rules: list[Rule[Any, Any]] = [KINDS.get(rule.kind)(rule) for rule in rules]
        self._states: list[Any] = [rule.start() for rule in self._rules]
        self._new_id = new_id if new_id is not None else id_source()
        self._newest_lens_ns: dict[str, int] = {}
        self._newest_sample_ns: int | None = None

    def on_observation(self, observation: Observation) -> tuple[EventUpdate, ...]:
        """Tell the rules what a lens saw. A lens whose clock was set back first ends what it had open."""
        newest_ns = self._newest_lens_ns.get(observation.lens)
        before: tuple[EventUpdate, ...] = ()
        if newest_ns is not None and observation.wall_ns < newest_ns:
            if newest_ns - observation.wall_ns <= CLOCK_SET_BACK_NS:
                return ()
            before = self._step_all(LensInterrupted(observation.lens))
        self._newest_lens_ns[observation.lens] = observation.wall_ns
        return before + self._step_all(observation)

    def on_sample(self, sample: Sample) -> tuple[EventUpdate, ...]:
        """Tell the rules what the receiver said."""
        newest_ns = self._newest_sample_ns
        before: tuple[EventUpdate, ...] = ()
        if newest_ns is not None and sample.wall_ns < newest_ns:
            if newest_ns - sample.wall_ns <= CLOCK_SET_BACK_NS:
                return ()
            before = self._step_all(TelemetryInterrupted())
        self._newest_sample_ns = sample.wall_ns
        return before + self._step_all(sample)

    def on_mark(self, mark: ManualMark) -> tuple[EventUpdate, ...]:
        """Tell the rules that somebody pressed the button."""
        return self._step_all(mark)

    def on_tick(self, wall_ns: int) -> tuple[EventUpdate, ...]:
        """Tell the rules that the unit's time line has reached `wall_ns`, on every lens that still delivers."""
        return self._step_all(Tick(wall_ns))

    def finish(self) -> tuple[EventUpdate, ...]:
        """End every open event at the last moment at which it was seen: the unit stops."""
        return self._step_all(LensInterrupted()) + self._step_all(TelemetryInterrupted())

    def standing(self) -> Mapping[str, str]:
        """Return what rules have to say of a lens beside events, by the lens's name: what they know, or cannot tell."""
        told: dict[str, str] = {}
        for rule, state in zip(self._rules, self._states, strict=True):
            told = {**rule.standing(state), **told}
        return told

    def _step_all(self, seen: Input) -> tuple[EventUpdate, ...]:
        updates: list[EventUpdate] = []
        for index, rule in enumerate(self._rules):
            self._states[index], said = rule.step(self._states[index], seen, new_id=self._new_id)
            updates.extend(said)
        return tuple(updates)


def alert_for(event: Event, *, stage: int = 0) -> Alert:
    """Return the message to the person in place for an event that began or became graver (`stage`).

    `wall_ns` is the event's onset.
    """
    return Alert(
        event_id=event.event_id,
        kind=event.kind,
        severity=event.severity,
        text=KINDS.get(event.kind).sentence(event),
        wall_ns=event.onset_wall_ns,
        stage=stage,
    )
