"""The driver's belt is open while the vehicle moves."""

from typing import Literal

from pydantic import Field

from custodes.core.types import Event, VehicleState
from custodes.edge.decide.driving.bus_rule import BusRule, BusRuleSettings
from custodes.edge.decide.rule import KINDS


class UnbeltedSettings(BusRuleSettings):
    """What the rule can be told."""

    kind: Literal["unbelted"] = Field(
        default="unbelted", description="Moving with the driver's belt open, as the bus says."
    )

    def label(self) -> str:
        """Return the name, or the figures in a sentence."""
        return self.name or f"driving unbelted for {self.at_least_s:g} s"


@KINDS.register("unbelted")
class Unbelted(BusRule[UnbeltedSettings]):
    """Ask the bus."""

    says = ("belt_open", "belt_fastened")
    settings_model = UnbeltedSettings
    kind = "unbelted"

    def so(self, vehicle: VehicleState) -> bool | None:
        """Return whether the driver's belt is open."""
        return None if vehicle.belt_fastened is None else not vehicle.belt_fastened

    @staticmethod
    def sentence(event: Event) -> str:
        """Return what is so."""
        del event
        return "Fasten your belt."
