"""Telemetry: where the unit is and how fast, from GPX, NMEA 0183, CSV and GPMF."""

from custodes.edge.telemetry.formats import read_telemetry
from custodes.edge.telemetry.playback import TelemetrySource, open_telemetry
from custodes.edge.telemetry.reading import Reading, Reason, Tally
from custodes.edge.telemetry.settings import FILM, Anchor, TelemetrySettings

__all__ = [
    "FILM",
    "Anchor",
    "Reading",
    "Reason",
    "Tally",
    "TelemetrySettings",
    "TelemetrySource",
    "open_telemetry",
    "read_telemetry",
]
