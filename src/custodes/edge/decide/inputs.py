"""What a rule is told. Observations, samples and marks come from `core.types`; these are the rest."""

from dataclasses import dataclass
from typing import TypeAlias

from custodes.core.types import ManualMark, Observation, Sample


@dataclass(frozen=True, slots=True)
class Tick:
    """Time passed, though nothing was seen: lets an event end when its camera or receiver went silent."""

    wall_ns: int


@dataclass(frozen=True, slots=True)
class LensInterrupted:
    """A lens's time line broke (its clock was set back, the unit stops). `lens` None means every lens."""

    lens: str | None = None


@dataclass(frozen=True, slots=True)
class TelemetryInterrupted:
    """The receiver's time line broke: nothing after it continues what was before."""


Input: TypeAlias = Observation | Sample | ManualMark | Tick | LensInterrupted | TelemetryInterrupted
