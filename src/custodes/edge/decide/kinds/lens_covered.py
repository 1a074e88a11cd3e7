"""The driver lens shows nothing: it is covered, or it is dark."""

from typing import Literal

from pydantic import Field

from custodes.core.types import DriverSight, Event, Severity
from custodes.edge.decide.driver.attention import Attention
from custodes.edge.decide.driver.staged import DriverSettings, DriverState, Gauge, LensMind, Staged, held
from custodes.edge.decide.rule import KINDS


class LensCoveredSettings(DriverSettings):
    """A rule on a driver lens that shows nothing. Whether it is covered or the cabin is dark cannot be told."""

    kind: Literal["lens_covered"] = Field(default="lens_covered", description="The driver lens shows nothing.")
    severity: Severity = Field(default=Severity.NOTE, description="How grave its events are.")
    after_s: float = Field(default=10.0, gt=0, le=600, description="How long (s) it shows nothing.")

    def label(self) -> str:
        """Return the name, or the figures in a sentence."""
        return self.name or f"driver lens dark or covered for {self.after_s:g} s"


@KINDS.register("lens_covered")
class LensCovered(Staged[LensCoveredSettings, None]):
    """Wait until the lens has shown nothing for long enough."""

    settings_model = LensCoveredSettings
    kind = "lens_covered"
    back_s = 2.0
    measured = "nothing to see for"

    def memory(self) -> None:
        """Return nothing."""
        return

    @property
    def stages(self) -> tuple[float]:
        """Return after how long (s) it is said."""
        return (self.settings.after_s,)

    def gauge(self, mind: LensMind[None], look: Attention, state: DriverState[None]) -> tuple[None, Gauge]:
        """Return how long the lens has shown nothing."""
        return None, held(mind, look, on=look.sight is DriverSight.COVERED)

    @staticmethod
    def sentence(event: Event) -> str:
        """Return what is so."""
        return "The driver lens is covered, or it is dark."
