"""The driver looks away from the road. Mirrors and shoulder checks are short, or go with a turn."""

from dataclasses import replace
from typing import Annotated, Literal

from pydantic import AfterValidator, Field

from custodes.core.types import Event, Sample
from custodes.edge.decide.driver.aside import AsideSettings, off_road, turned
from custodes.edge.decide.driver.attention import Attention
from custodes.edge.decide.driver.staged import DriverState, Gauge, LensMind, Staged, held, rising
from custodes.edge.decide.rule import KINDS


class LookingAwaySettings(AsideSettings):
    """A rule on eyes off the road. Stages after Euro NCAP's driver monitoring (2023), as openpilot has them."""

    kind: Literal["looking_away"] = Field(default="looking_away", description="Eyes off the road.")
    stages_s: Annotated[tuple[float, float, float], AfterValidator(rising)] = Field(
        default=(3.0, 5.0, 11.0), description="How long (s) they look away at each of the three stages."
    )

    def label(self) -> str:
        """Return the name, or the figures in a sentence."""
        return self.name or f"eyes off the road for {self.stages_s[0]:g} s"


@KINDS.register("looking_away")
class LookingAway(Staged[LookingAwaySettings, None]):
    """Watch the direction of head and eyes against what is straight ahead for this person."""

    settings_model = LookingAwaySettings
    kind = "looking_away"
    measured = "eyes off the road for"

    def memory(self) -> None:
        """Return nothing: the spell is all that this kind remembers."""
        return

    @property
    def stages(self) -> tuple[float, float, float]:
        """Return how long (s) they look away at each stage."""
        return self.settings.stages_s

    def rode(self, state: DriverState[None], sample: Sample) -> DriverState[None]:
        """Follow the vehicle's turning."""
        return replace(state, road=turned(state.road, sample))

    def gauge(self, mind: LensMind[None], look: Attention, state: DriverState[None]) -> tuple[None, Gauge]:
        """Return how long the driver has looked away."""
        was_away_ns = None if mind.spell is None else mind.spell.last_ns
        return None, held(mind, look, on=off_road(look, self.settings, state.road, was_away_ns=was_away_ns))

    @staticmethod
    def sentence(event: Event) -> str:
        """Return what to do."""
        return "Look at the road, now." if str(event.severity) == "critical" else "Eyes on the road."
