"""What telemetry can be told."""

from enum import StrEnum
from typing import Annotated, Self

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, model_validator

from custodes.edge.telemetry.bus_settings import BusSettings

FILM = "film"
"""As `source`: the telemetry that the film itself carries."""


BAUDS = (4800, 9600, 19200, 38400, 57600, 115200)


def _known_baud(baud: int) -> int:
    if baud not in BAUDS:
        raise ValueError(f"{baud} is no speed of a serial line; give one of {', '.join(map(str, BAUDS))}")
    return baud


class Anchor(StrEnum):
    """Which moment a telemetry file's beginning is laid on."""

    FILM = "film"
    OWN = "own"
    NOW = "now"


class TelemetrySettings(BaseModel):
    """Where positions and speeds come from."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    source: str = Field(
        default="",
        description="A GPX, NMEA 0183, CSV or GPMF file (MP4 or bare), or a recorded bus, told apart by content; "
        "`film`: what the first lens's own film carries; or a receiver's device, such as `/dev/ttyACM0`, that speaks "
        "NMEA 0183. Empty: [telemetry.bus] alone.",
    )
    bus: BusSettings | None = Field(
        default=None,
        description="The vehicle's own bus (CAN, OBD-II): its speed counts before the receiver's while it is fresh.",
    )
    baud: Annotated[int, AfterValidator(_known_baud)] = Field(
        default=9600,
        description="The speed of a receiver's serial line: 4800, 9600, 19200, 38400, 57600 or 115200; USB receivers "
        "do not mind.",
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
    trips: bool = Field(
        default=True,
        description="Tell the hub each trip: its way, its events. `false`: only clips tell where it was.",
    )

    @model_validator(mode="after")
    def _says_from_where(self) -> Self:
        if not self.source and self.bus is None:
            raise ValueError("give a source (a file, a receiver's device or `film`), or describe [telemetry.bus]")
        return self
