"""Limits of shipping, as `[ship]` in unit.toml."""

from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field

GIB = 1024**3


class ShipSettings(BaseModel):
    """How much may wait for the hub, and how it is sent. The hub itself is known from the enrolment."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    max_gb: Annotated[float, Field(gt=0, le=100_000, description="Room for clips that wait for the hub (GiB).")] = 8.0
    chunk_kb: Annotated[
        int, Field(ge=64, le=16_384, description="Largest piece sent at once (KiB); a cut line repeats one at most.")
    ] = 4096
    heartbeat_s: Annotated[float, Field(ge=0.2, le=3600, description="Seconds between two signs of life.")] = 10.0
    keep_refused_days: Annotated[
        float, Field(ge=0, le=365, description="Days to keep a sealed clip that the hub refused.")
    ] = 14.0

    @property
    def max_bytes(self) -> int:
        """Room for waiting clips (bytes)."""
        return int(self.max_gb * GIB)

    @property
    def chunk_bytes(self) -> int:
        """Largest piece sent at once (bytes)."""
        return self.chunk_kb * 1024
