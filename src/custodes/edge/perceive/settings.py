"""Settings of what looks at the pictures."""

from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field


class PerceiveSettings(BaseModel):
    """Which detector looks, and how often."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    detector: Annotated[
        str, Field(min_length=1, description="The detector, by its name in `custodes models list`.")
    ] = "ssd-openimages"
    detect_fps: Annotated[float, Field(gt=0, le=60, description="Frames looked at per second while awake.")] = 5.0
