"""Perceive: from pictures to tracked objects, with as few looks as the scene allows."""

from custodes.edge.perceive.perceiver import Perceiver
from custodes.edge.perceive.settings import PerceiveSettings

__all__ = ["PerceiveSettings", "Perceiver"]
