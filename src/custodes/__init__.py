"""Custodes: AI cameras for vehicles and homes in which the watchers are watched too."""

__version__ = "0.1.0"
