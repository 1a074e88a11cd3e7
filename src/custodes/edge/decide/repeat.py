"""Warn first, record on repeat: which events of a rule keep film."""

from typing import Literal

from pydantic import Field

from custodes.core.clock import NS_PER_S
from custodes.core.types import Severity
from custodes.edge.decide.rule import RuleSettings

GRAVENESS = tuple(Severity)
NS_PER_MIN = 60 * NS_PER_S


class RepeatSettings(RuleSettings):
    """What a rule can be told that warns first and keeps film only on repeat, or when it is grave."""

    record: Literal["first", "repeat"] = Field(
        default="repeat", description="Film is kept of the first one, or only when it repeats: warn first."
    )
    record_from: Severity = Field(
        default=Severity.CRITICAL, description="From this severity on film is kept in any case."
    )
    repeats: int = Field(default=2, ge=2, le=20, description="Which one within the time below is a repeat.")
    repeat_within_min: float = Field(default=15.0, gt=0, le=1440, description="The time (min) that repeats count in.")
    film_every_min: float = Field(
        default=5.0, ge=0, le=1440, description="After a film, none for this long (min), unless it is grave."
    )

    def warned_lately(self, warned_ns: tuple[int, ...], wall_ns: int) -> tuple[int, ...]:
        """Return when it warned within the time that repeats count in, a warning at `wall_ns` included."""
        since_ns = wall_ns - round(self.repeat_within_min * NS_PER_MIN)
        return (*(one for one in warned_ns if one > since_ns), wall_ns)

    def keeps_film(self, severity: Severity, which: int, *, wall_ns: int, filmed_ns: int | None) -> bool:
        """Return whether the `which`-th one lately keeps film; `filmed_ns` is when the last one did."""
        grave = GRAVENESS.index(severity) >= GRAVENESS.index(self.record_from)
        again_ns = 0 if filmed_ns is None else filmed_ns + round(self.film_every_min * NS_PER_MIN)
        due = wall_ns >= again_ns and (self.record == "first" or which >= self.repeats)
        return self.clip and (grave or due)
