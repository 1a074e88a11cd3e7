"""Settings of what is kept of where vans were, the sections `[dispatch]` and `[driving]` of `hub.toml`."""

from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field


class DispatchSettings(BaseModel):
    """What the dispatch board keeps."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    trail_hours: Annotated[
        int, Field(ge=1, le=24, description="Hours that a van's positions are kept at most; its shift's end ends them.")
    ] = 12


class DrivingSettings(BaseModel):
    """What is kept of drives."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    keep_trips_days: Annotated[
        int, Field(ge=1, le=3650, description="Days that trips are kept, with their events and their way.")
    ] = 90
