"""How a viewing copy is made, apart from what makes it: the serving process asks for one and encodes nothing."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class MarkSettings:
    """How a viewing copy is made. A higher `rms_levels` (0.75) survives more and is easier to see; so a lower `crf`."""

    rms_levels: float = 0.5
    short_side_px: int = 720
    crf: float = 23.0
    keep_short_side_px: int = 360
    keep_crf: float = 18.0
    max_s: float = 120.0
