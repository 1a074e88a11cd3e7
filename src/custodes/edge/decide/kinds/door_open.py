"""A door is open while the vehicle moves."""

from typing import Literal

from pydantic import Field

from custodes.core.types import Event, VehicleState
from custodes.edge.decide.driving.bus_rule import BusRule, BusRuleSettings
from custodes.edge.decide.rule import KINDS


class DoorOpenSettings(BusRuleSettings):
    """What the rule can be told."""

    kind: Literal["door_open"] = Field(default="door_open", description="Moving with a door open, as the bus says.")
    at_least_s: float = Field(default=3.0, ge=0, le=600, description="How long (s) it must be so, on the move.")

    def label(self) -> str:
        """Return the name, or the figures in a sentence."""
        return self.name or f"driving with a door open for {self.at_least_s:g} s"


@KINDS.register("door_open")
class DoorOpen(BusRule[DoorOpenSettings]):
    """Ask the bus."""

    says = ("door_open",)
    settings_model = DoorOpenSettings
    kind = "door_open"

    def so(self, vehicle: VehicleState) -> bool | None:
        """Return whether a door is open."""
        return vehicle.door_open

    @staticmethod
    def sentence(event: Event) -> str:
        """Return what is so."""
        del event
        return "A door is open."
