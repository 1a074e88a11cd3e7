"""Whether a picture shows anything at all."""

from custodes.core.types import Picture
from custodes.vision.sight import of_one_shade


def shows_nothing(picture: Picture) -> bool:
    """Return whether the picture is of one shade: the lens is covered, or it is dark."""
    return of_one_shade(picture.luma())
