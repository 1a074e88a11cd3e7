"""Whether a picture shows anything at all."""

from custodes.core.types import Picture

COVERED_SPREAD = 4.0
"""Standard deviation of luma (levels of 255) below which a picture shows nothing: a covered or dark lens."""


def shows_nothing(picture: Picture) -> bool:
    """Return whether the picture is of one shade: the lens is covered, or it is dark."""
    return float(picture.luma()[::16, ::16].std()) < COVERED_SPREAD
