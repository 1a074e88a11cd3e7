"""What a measurement says: one row a claim, ours beside its peer or floor from the same run.

A bench is a module in this folder with `rows() -> Iterable[Row]`; `make bench` finds it by that alone.
Absolute numbers drift with the machine, so a claim is a ratio: measure both sides with `interleaved`.
"""

import statistics
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal


@dataclass(frozen=True, slots=True)
class Row:
    """One measured claim.

    `target` bounds the ratio ours / reference where there is a reference, else `ours` itself. `sense` says which
    side of the bound is good. `reference` is None where nothing comparable could be run; say why in `note`.
    """

    area: str
    work: str
    ours: float
    unit: str
    reference: float | None = None
    reference_name: str = ""
    target: float | None = None
    sense: Literal["at most", "at least"] = "at most"
    note: str = ""

    @property
    def ratio(self) -> float | None:
        """Return ours / reference, or None without a reference."""
        return self.ours / self.reference if self.reference else None

    @property
    def met(self) -> bool | None:
        """Say whether the target is reached; None without a target."""
        if self.target is None:
            return None
        value = self.ours if self.ratio is None else self.ratio
        return value <= self.target if self.sense == "at most" else value >= self.target


def interleaved(
    ours: Callable[[], object],
    reference: Callable[[], object],
    *,
    rounds: int = 5,
    clock: Callable[[], float] = time.process_time,
) -> tuple[float, float]:
    """Run both in turn `rounds` times and return their median costs (s of CPU with the default clock).

    Taking turns lets a busy neighbour or a falling clock rate hit both sides alike. The first round of each warms
    caches and is not counted.
    """
    costs: tuple[list[float], list[float]] = ([], [])
    for _ in range(rounds + 1):
        for work, cost in zip((ours, reference), costs, strict=True):
            start = clock()
            work()
            cost.append(clock() - start)
    return statistics.median(costs[0][1:]), statistics.median(costs[1][1:])
