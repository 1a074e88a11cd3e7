"""What telemetry can be told."""

from enum import StrEnum

from pydantic import BaseModel, ConfigDict, Field

FILM = "film"
"""As `source`: the telemetry that the film itself carries."""


class Anchor(StrEnum):
    """Which moment a telemetry file's beginning is laid on."""

    FILM = "film"
    OWN = "own"
    NOW = "now"


class TelemetrySettings(BaseModel):
    """Where positions and speeds come from."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    source: str = Field(
        min_length=1,
        description="A GPX, NMEA 0183, CSV or GPMF file (MP4 or bare), told apart by content; or `film`: "
        "what the first lens's own film carries.",
    )
    anchor: Anchor = Field(
        default=Anchor.FILM,
        description="`film`: the file's beginning is laid on the film's first moment, so that a drive of the past "
        "plays along; `own`: the file's own times count; `now`: it begins when the unit starts.",
    )
    loop: bool = Field(default=False, description="Begin again at the end, for demonstrations.")
    parked_filter: bool = Field(
        default=True, description="Hold a parked receiver still: its jitter is neither speed nor movement."
    )
