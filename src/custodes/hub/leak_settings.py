"""Settings of the leak desk, the section `[leak]` of `hub.toml`."""

from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field


class LeakSettings(BaseModel):
    """What the leak desk takes in, and what tracing one leak may cost. It is done in a limited child."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    max_mb: Annotated[int, Field(ge=1, le=4096, description="Largest file that is taken in (MiB).")] = 512
    kept_days: Annotated[
        int, Field(ge=1, le=3650, description="Days until a leak is erased that no open case keeps.")
    ] = 30
    trace_seconds: Annotated[int, Field(ge=10, le=36000, description="CPU seconds for one film of one clip.")] = 600
    look_seconds: Annotated[
        int, Field(ge=5, le=36000, description="CPU seconds for the first look at a leak, before anything is traced.")
    ] = 30
    trace_memory_mb: Annotated[int, Field(ge=512, le=65536, description="Memory for one leak (MiB).")] = 3072
    searched_clips: Annotated[
        int, Field(ge=1, le=100_000, description="Newest clips that are searched when nobody names the clip.")
    ] = 10_000
