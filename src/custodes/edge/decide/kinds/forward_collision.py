"""We are about to run into the vehicle ahead: the time to collision, from how fast its picture grows."""

from itertools import pairwise
from typing import Annotated, Literal

from pydantic import AfterValidator, Field

from custodes.core.types import Event, Evidence
from custodes.edge.decide.road.frame import Finding, Own, RoadSettings, Stretch
from custodes.edge.decide.road.lead import LeadRule, whose
from custodes.edge.decide.road.traffic import INTO_M, Lead
from custodes.edge.decide.rule import KINDS

SURELY_0_1 = 0.6
"""The growth, less two deviations, must be this share of what the first stage asks for."""
BRAKES_MPS2, ENOUGH_0_1 = 0.5, 0.7
"""Less than this is the engine's drag; a share of what it takes passes for enough, for speeds come late."""


def falling(values: tuple[float, float]) -> tuple[float, float]:
    """Return stages that are above zero and fall. Raises ValueError."""
    if any(value <= 0 for value in values) or any(later >= earlier for earlier, later in pairwise(values)):
        raise ValueError("stages must be above 0 and fall")
    return values


class ForwardCollisionSettings(RoadSettings):
    """A rule on the time to collision. NHTSA's test of forward-collision warning (2013) wants 2.0 to 2.4 s."""

    kind: Literal["forward_collision"] = Field(
        default="forward_collision", description="About to run into the vehicle ahead."
    )
    stages_s: Annotated[tuple[float, float], AfterValidator(falling)] = Field(
        default=(2.4, 1.2), description="Time to collision (s) at the first warning and at the last one."
    )
    from_kmh: float = Field(
        default=10.0,
        ge=0,
        le=200,
        description="Slower than this (km/h) nothing is said; where the speed is not known, the rule counts.",
    )

    def label(self) -> str:
        """Return the name, or the figure in a sentence."""
        return self.name or f"less than {self.stages_s[0]:g} s to a collision ahead"


def brakes_enough(own: Own, ttc_s: float) -> bool:
    """Return whether we slow down already as hard as it takes to stop in time.

    Who closes in by v needs v / (2 ttc), at a steady force; by no more than our own speed, for nobody ahead reverses.
    """
    if own.speed_mps is None or own.slowing_mps2 is None:
        return False
    return own.slowing_mps2 >= max(ENOUGH_0_1 * own.speed_mps / (2 * ttc_s), BRAKES_MPS2)


@KINDS.register("forward_collision")
class ForwardCollision(LeadRule[ForwardCollisionSettings]):
    """Watch how the vehicle ahead grows, and whether it would meet us. Only growth beyond doubt counts."""

    settings_model = ForwardCollisionSettings
    kind = "forward_collision"
    urgency = 1

    @property
    def stages(self) -> tuple[float, float]:
        """Return the growth (1/s) at each stage."""
        first_s, last_s = self.settings.stages_s
        return 1 / first_s, 1 / last_s

    def find(self, lead: Lead, own: Own, stretch: Stretch | None) -> Finding:
        """Return how surely we are about to meet."""
        del stretch
        closing = lead.closing
        slow = own.speed_mps is not None and own.speed_mps < self.settings.from_kmh / 3.6
        if slow or closing is None or closing.ttc_s is None or closing.sure_per_s < SURELY_0_1 * self.stages[0]:
            return Finding(on=False)
        if closing.rate_per_s < self.stages[0]:
            return Finding(on=False)
        if closing.course_m is None or abs(closing.course_m) > INTO_M or brakes_enough(own, closing.ttc_s):
            return Finding(on=False)
        evidence = (
            Evidence("time to collision", round(closing.ttc_s, 1), self.settings.stages_s[0], "s"),
            Evidence("at the latest in", round(1 / closing.sure_per_s, 1), None, "s"),
            *whose(lead),
        )
        return Finding(on=True, value=closing.rate_per_s, evidence=evidence)

    @staticmethod
    def sentence(event: Event) -> str:
        """Return what to do."""
        return "Brake!" if str(event.severity) == "critical" else "Vehicle ahead: brake."
