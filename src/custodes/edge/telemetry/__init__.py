"""Telemetry: where the unit is and how fast, from GPX, NMEA 0183, CSV, GPMF, and the vehicle's own bus."""

from custodes.edge.telemetry.bus_settings import BusSettings, BusSignal
from custodes.edge.telemetry.formats import read_telemetry
from custodes.edge.telemetry.playback import (
    Playback,
    TelemetrySource,
    Together,
    open_playback,
    open_telemetry,
    read_recordings,
)
from custodes.edge.telemetry.reading import Reading, Reason, Tally
from custodes.edge.telemetry.receiver import Receiver, is_receiver
from custodes.edge.telemetry.settings import FILM, Anchor, TelemetrySettings

__all__ = [
    "FILM",
    "Anchor",
    "BusSettings",
    "BusSignal",
    "Playback",
    "Reading",
    "Reason",
    "Receiver",
    "Tally",
    "TelemetrySettings",
    "TelemetrySource",
    "Together",
    "is_receiver",
    "open_playback",
    "open_telemetry",
    "read_recordings",
    "read_telemetry",
]
