"""The button: somebody at the site says that this matters."""

from dataclasses import dataclass, replace
from typing import Literal

from pydantic import Field

from custodes.core.clock import NS_PER_S
from custodes.core.types import Event, EventUpdate, Evidence, ManualMark, Severity
from custodes.edge.decide.inputs import Input
from custodes.edge.decide.rule import KINDS, NewId, Rule, RuleSettings


class MarkSettings(RuleSettings):
    """A rule that keeps what happens around a press of the button."""

    kind: Literal["mark"] = Field(default="mark", description="The button was pressed.")
    severity: Severity = Field(default=Severity.NOTE, description="How grave its events are.")
    again_after_s: float = Field(
        default=5.0, ge=0, le=600, description="Presses closer together than this (s) count as one."
    )

    def label(self) -> str:
        """Return the name, or what the rule does."""
        return self.name or "marked by hand"


@dataclass(frozen=True, slots=True)
class MarkState:
    """When the last press that counted came."""

    last_wall_ns: int | None = None


@KINDS.register("mark")
class Mark(Rule[MarkSettings, MarkState]):
    """Turn a press into an event of one moment."""

    settings_model = MarkSettings

    def start(self) -> MarkState:
        """Return the state before any press."""
        return MarkState()

    def step(self, state: MarkState, seen: Input, *, new_id: NewId) -> tuple[MarkState, tuple[EventUpdate, ...]]:
        """Return an onset and an end at the moment of the press; a nervous second press is part of the first."""
        if not isinstance(seen, ManualMark):
            return state, ()
        if state.last_wall_ns is not None:
            since_ns = seen.wall_ns - state.last_wall_ns
            if 0 <= since_ns < self.settings.again_after_s * NS_PER_S:
                return state, ()
        evidence = [Evidence("pressed by", seen.by[:200])]
        if seen.note:
            evidence.append(Evidence("note", seen.note[:200]))
        event = Event(
            event_id=new_id(),
            kind="mark",
            rule=self.settings.label(),
            onset_wall_ns=seen.wall_ns,
            severity=self.settings.severity,
            evidence=tuple(evidence),
        )
        over = replace(event, end_wall_ns=seen.wall_ns)
        return MarkState(seen.wall_ns), (self.onset(event), self.end(over))

    @staticmethod
    def sentence(event: Event) -> str:
        """Return the confirmation that the press was heard."""
        return "Marked. The film around this moment is kept."
