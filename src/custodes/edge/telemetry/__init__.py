"""Telemetry: where the unit is and how fast, from GPX, NMEA 0183, CSV and GPMF."""

from custodes.edge.telemetry.formats import read_telemetry
from custodes.edge.telemetry.playback import Playback, TelemetrySource, open_playback, open_telemetry
from custodes.edge.telemetry.reading import Reading, Reason, Tally
from custodes.edge.telemetry.receiver import Receiver, is_receiver
from custodes.edge.telemetry.settings import FILM, Anchor, TelemetrySettings

__all__ = [
    "FILM",
    "Anchor",
    "Playback",
    "Reading",
    "Reason",
    "Receiver",
    "Tally",
    "TelemetrySettings",
    "TelemetrySource",
    "is_receiver",
    "open_playback",
    "open_telemetry",
    "read_telemetry",
]
