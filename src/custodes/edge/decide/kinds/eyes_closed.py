"""The driver's eyes are closed for longer than a blink."""

from dataclasses import dataclass
from typing import Annotated, Literal

from pydantic import AfterValidator, Field

from custodes.core.types import Event
from custodes.edge.decide.driver.attention import Attention
from custodes.edge.decide.driver.staged import DriverSettings, DriverState, Gauge, LensMind, Staged, held, rising
from custodes.edge.decide.rule import KINDS

CLOSED_0_1, OPEN_0_1 = 0.28, 0.42
"""Below the first the eyes close, above the second they are open again; heavy lids flutter between them."""


class EyesClosedSettings(DriverSettings):
    """A rule on closed eyes. A blink takes 0.1 to 0.4 s."""

    kind: Literal["eyes_closed"] = Field(default="eyes_closed", description="Eyes closed for longer than a blink.")
    stages_s: Annotated[tuple[float, float], AfterValidator(rising)] = Field(
        default=(1.0, 3.0), description="How long (s) they are closed at the first warning and at the last one."
    )

    def label(self) -> str:
        """Return the name, or the figures in a sentence."""
        return self.name or f"eyes closed for {self.stages_s[0]:g} s"


@dataclass(frozen=True, slots=True)
class Lids:
    """Whether the eyes count as closed."""

    closed: bool = False


@KINDS.register("eyes_closed")
class EyesClosed(Staged[EyesClosedSettings, Lids]):
    """Watch the lids, against this person's own opening."""

    settings_model = EyesClosedSettings
    kind = "eyes_closed"
    back_s = 0.25
    urgency = 1
    measured = "eyes closed for"

    def memory(self) -> Lids:
        """Return open eyes."""
        return Lids()

    @property
    def stages(self) -> tuple[float, float]:
        """Return how long (s) the eyes are closed at each stage."""
        return self.settings.stages_s

    def gauge(self, mind: LensMind[Lids], look: Attention, state: DriverState[Lids]) -> tuple[Lids, Gauge]:
        """Return how long the eyes have been closed."""
        lids = closed_after(mind.own, look)
        return lids, held(mind, look, on=None if look.openness_0_1 is None else lids.closed)

    @staticmethod
    def sentence(event: Event) -> str:
        """Return what to do."""
        return "Eyes closed: stop and rest." if str(event.severity) == "critical" else "Eyes on the road: stay awake."


def closed_after(lids: Lids, look: Attention) -> Lids:
    """Return whether the eyes are closed after a look that can tell them; else as before."""
    if look.openness_0_1 is None:
        return lids
    return Lids(look.openness_0_1 < (OPEN_0_1 if lids.closed else CLOSED_0_1))
