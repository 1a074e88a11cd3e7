"""How a viewing copy is made, apart from what makes it: the serving process asks for one and encodes nothing."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class MarkSettings:
    """How a viewing copy is made. `psnr_db` is how near a variant stays to its film before encoding.

    A lower one (48.5) survives more and is easier to see; so a lower `crf`. Nothing that reads a mark depends on it.
    """

    psnr_db: float = 50.1
    short_side_px: int = 720
    crf: float = 23.0
    keep_short_side_px: int = 360
    keep_crf: float = 18.0
    max_s: float = 120.0
