"""The vehicle moves and nobody is seen at the wheel."""

from typing import Literal

from pydantic import Field

from custodes.core.types import DriverSight, Event
from custodes.edge.decide.driver.attention import Attention
from custodes.edge.decide.driver.staged import (
    DriverSettings,
    DriverState,
    Gauge,
    LensMind,
    Staged,
    held,
    known_speed_mps,
)
from custodes.edge.decide.rule import KINDS


class NoDriverSettings(DriverSettings):
    """A rule on an empty seat. Unlike the others it says nothing while the speed is not known."""

    kind: Literal["no_driver"] = Field(default="no_driver", description="Moving, and nobody in view at the wheel.")
    after_s: float = Field(default=8.0, gt=0, le=600, description="How long (s) nobody is in view.")

    def label(self) -> str:
        """Return the name, or the figures in a sentence."""
        return self.name or f"nobody at the wheel for {self.after_s:g} s"


@KINDS.register("no_driver")
class NoDriver(Staged[NoDriverSettings, None]):
    """Wait until the seat has been empty for long enough on the move."""

    settings_model = NoDriverSettings
    kind = "no_driver"
    measured = "nobody in view for"

    def memory(self) -> None:
        """Return nothing."""
        return

    @property
    def stages(self) -> tuple[float]:
        """Return after how long (s) it is said."""
        return (self.settings.after_s,)

    def gauge(self, mind: LensMind[None], look: Attention, state: DriverState[None]) -> tuple[None, Gauge]:
        """Return how long nobody has been in view."""
        if known_speed_mps(state, look.wall_ns) is None or look.sight is DriverSight.COVERED:
            return None, Gauge(on=None)
        return None, held(mind, look, on=look.sight is DriverSight.NOBODY)

    @staticmethod
    def sentence(event: Event) -> str:
        """Return what is so."""
        return "Nobody in view at the wheel."
