"""Settings of sharing clips, the section `[share]` of `hub.toml`."""

from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field, model_validator


class ShareSettings(BaseModel):
    """What a share of one clip with one named person may be."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    default_days: Annotated[int, Field(ge=1, le=365, description="Days that a share lasts, if nobody says.")] = 7
    max_days: Annotated[int, Field(ge=1, le=365, description="Days that a share may last at most.")] = 30
    default_views: Annotated[int, Field(ge=1, le=100, description="Viewings that a share allows, if nobody says.")] = 3
    max_views: Annotated[int, Field(ge=1, le=100, description="Viewings that a share may allow at most.")] = 20

    @model_validator(mode="after")
    def _defaults_within(self) -> "ShareSettings":
        if self.default_days > self.max_days or self.default_views > self.max_views:
            raise ValueError("the defaults must not exceed 'max_days' and 'max_views'")
        return self
