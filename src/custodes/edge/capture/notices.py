"""What a source has to tell beside its packets: the clock jumped, the camera was lost, packets were damaged."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeAlias


@dataclass(frozen=True, slots=True)
class ClockJump:
    """The wall clock stepped by `step_ns` (+ forward). The film goes on; its wall times follow from `mono_ns`."""

    step_ns: int
    mono_ns: int
    wall_ns: int


@dataclass(frozen=True, slots=True)
class SourceLost:
    """The camera fell silent or refused; it is called again after `wait_s`, for the `attempt`th time."""

    reason: str
    attempt: int
    wait_s: float
    wall_ns: int


@dataclass(frozen=True, slots=True)
class SourceBack:
    """The camera answers again, `gap_ns` after its last packet; its packets carry `epoch`."""

    epoch: int
    gap_ns: int
    wall_ns: int


@dataclass(frozen=True, slots=True)
class PacketsSkipped:
    """So many damaged packets were passed over since the last such notice."""

    count: int
    reason: str


Notice: TypeAlias = ClockJump | SourceLost | SourceBack | PacketsSkipped
NoticeSink: TypeAlias = Callable[[Notice], None]


def ignore(notice: Notice) -> None:
    """Take a notice and do nothing with it."""
    del notice
