"""Perceive: from pictures to tracked objects and the driver's face, with as few looks as the scene allows."""

from typing import Protocol

from custodes.core.types import Observation, Picture
from custodes.edge.perceive.driver import DriverPerceiver
from custodes.edge.perceive.perceiver import Perceiver
from custodes.edge.perceive.road import RoadPerceiver
from custodes.edge.perceive.settings import PerceiveSettings


class Looker(Protocol):
    """What a lens needs of whatever looks at its pictures."""

    @property
    def wants_all_frames(self) -> bool:
        """Return whether every frame should be decoded; else keyframes suffice."""
        ...

    @property
    def inferences(self) -> int:
        """Return how often a network ran."""
        ...

    def look(self, picture: Picture) -> Observation:
        """Return what the picture shows."""
        ...


__all__ = ["DriverPerceiver", "Looker", "PerceiveSettings", "Perceiver", "RoadPerceiver"]
