"""The vehicle goes backwards."""

from typing import Literal

from pydantic import Field

from custodes.core.types import Event, VehicleState
from custodes.edge.decide.driving.bus_rule import BusRule, BusRuleSettings
from custodes.edge.decide.rule import KINDS


class ReversingSettings(BusRuleSettings):
    """What the rule can be told."""

    kind: Literal["reversing"] = Field(default="reversing", description="Going backwards, as the bus says by the gear.")
    from_kmh: float = Field(default=2.0, ge=0, le=200, description="Slower than this (km/h) nothing is told.")
    at_least_s: float = Field(default=2.0, ge=0, le=600, description="How long (s) it must be so, on the move.")

    def label(self) -> str:
        """Return the name, or the figures in a sentence."""
        return self.name or f"reversing for {self.at_least_s:g} s"


@KINDS.register("reversing")
class Reversing(BusRule[ReversingSettings]):
    """Ask the bus."""

    says = ("reverse",)
    settings_model = ReversingSettings
    kind = "reversing"

    def so(self, vehicle: VehicleState) -> bool | None:
        """Return whether the reverse gear is in."""
        return vehicle.reverse_gear

    @staticmethod
    def sentence(event: Event) -> str:
        """Return what is so."""
        del event
        return "Reversing."
