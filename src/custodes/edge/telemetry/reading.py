"""What a telemetry file gave, and what in it was not used and why."""

from collections import Counter
from dataclasses import dataclass
from enum import StrEnum

from custodes.core.clock import NS_PER_S
from custodes.core.types import Sample

LATEST_S = 2**32
"""In the year 2106; a file that says later is damaged."""


def is_a_time(wall_ns: float) -> bool:
    """Say whether a moment (ns since 1970) is one that a recording can be of."""
    return 0 <= wall_ns < LATEST_S * NS_PER_S


def counted_ns(text: str, unit_ns: int) -> int:
    """Return a decimal number of units (such as `12.5`, of s or ms) in ns, cut off below; no digit is lost to a float.

    Raises ValueError where it is none.
    """
    whole, _, part = text.partition(".")
    return int(whole) * unit_ns + int(int(part or "0") * unit_ns // 10 ** len(part))


class Reason(StrEnum):
    """Why a reading was not used. The text is for the person who gave the file."""

    BAD_CHECKSUM = "with a wrong checksum"
    MALFORMED = "malformed"
    NO_FIX = "without a fix"
    NO_DATE = "before the first date"
    POOR_FIX = "with a poor fix"
    BACKWARDS = "that ran backwards in time"
    JUMP = "that jumped implausibly far"
    TOO_FAST = "implausibly fast"
    CUT_SHORT = "cut short"


class Tally:
    """Count what was not used, by reason."""

    def __init__(self) -> None:
        self._counts: Counter[Reason] = Counter()

    def add(self, reason: Reason, count: int = 1) -> None:
        """Count `count` more readings that were not used for `reason`."""
        self._counts[reason] += count

    def __getitem__(self, reason: Reason) -> int:
        return self._counts[reason]

    @property
    def total(self) -> int:
        """Return how many readings were not used."""
        return self._counts.total()

    def sentence(self) -> str:
        """Return `skipped: 3 with a wrong checksum, 1 without a fix`, or an empty string."""
        parts = [f"{count} {reason}" for reason, count in self._counts.most_common() if count]
        return f"skipped: {', '.join(parts)}" if parts else ""


@dataclass(frozen=True, slots=True)
class Reading:
    """A whole telemetry file: samples in order of time, and what was left out.

    `origin_wall_ns` is the moment, on the file's own time line, that belongs to the film's first moment: the start of
    the recording where the file says it (GPMF in a film), else the first sample.
    """

    kind: str
    samples: tuple[Sample, ...]
    origin_wall_ns: int
    tally: Tally


@dataclass(frozen=True, slots=True)
class Raw:
    """What a reader of one format found: every reading with a time, not yet judged."""

    kind: str
    samples: list[Sample]
    origin_wall_ns: int | None = None
