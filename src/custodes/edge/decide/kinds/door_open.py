"""A door is open while the vehicle moves."""

from typing import Literal

from pydantic import Field

from custodes.core.types import Event, Severity, VehicleState
from custodes.edge.decide.driving.bus_rule import BusRule, BusRuleSettings
from custodes.edge.decide.rule import KINDS


class DoorOpenSettings(BusRuleSettings):
    """What the rule can be told."""

    kind: Literal["door_open"] = Field(default="door_open", description="Moving with a door open, as the bus says.")
    severity: Severity = Field(default=Severity.NOTE, description="How grave its events are.")
    clip: bool = Field(default=False, description="Whether an event cuts a clip.")
    from_kmh: float = Field(default=10.0, ge=0, le=200, description="Slower than this (km/h) nothing is told.")
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
