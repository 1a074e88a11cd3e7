"""Settings of what is kept around an event."""

from pathlib import Path
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field


class ClipSettings(BaseModel):
    """How long a clip is and what goes into it. Seconds of film; sizes in MB of encoded film."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    pre_roll_s: Annotated[float, Field(ge=0, le=120)] = 10.0
    """Film kept before an event's onset (s)."""
    post_roll_s: Annotated[float, Field(ge=0, le=120)] = 10.0
    """Film kept after an event's end (s)."""
    max_s: Annotated[float, Field(gt=0, le=600)] = 30.0
    """A clip never grows longer, however long its event lasts."""
    keep_sound: bool = False
    """Whether clips have sound; a lens may say otherwise for itself."""
    ring_margin_s: Annotated[float, Field(ge=0, le=120)] = 10.0
    """How much longer than the pre-roll film stays in memory, for events that are decided late."""
    ring_mb: Annotated[int, Field(gt=0, le=4096)] = 64
    """Most memory for the packets that wait in one lens's ring (MiB)."""
    transcode: Literal["as_needed", "for_browsers", "never"] = "as_needed"
    """`as_needed`: film that MP4 cannot hold is encoded anew as H.264. `for_browsers`: also what not every browser
    plays (HEVC, MPEG-4 part 2). `never`: such film is refused with a note."""

    @property
    def ring_span_ns(self) -> int:
        """Return how much film the ring holds (ns)."""
        return round((self.pre_roll_s + self.ring_margin_s) * 1e9)


class RingSettings(BaseModel):
    """The optional continuous ring on disk."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    folder: Annotated[Path, Field(description="Where the continuous film is kept.")]
    max_gb: Annotated[float, Field(gt=0, le=1_000_000, description="The oldest film goes when it is larger (GiB).")]
