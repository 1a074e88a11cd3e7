"""Hide places of a picture for good: a flat grey, out of which nothing can be computed back.

A blur keeps a face in its blur, and coarse pixels keep enough of it to choose among known people (McPherson, Shokri and
Shmatikov, "Defeating Image Obfuscation with Deep Learning", 2016). A flat area keeps nothing.
"""

import math

import numpy as np
from numpy.typing import NDArray

from custodes.redact.heads import Hidden

GREY_Y, GREY_UV = 96, 128


def hide(planes: NDArray[np.uint8], hidden: Hidden) -> None:
    """Fill what is hidden, in place. `planes`: yuv420p, uint8, (height * 3 / 2, width), both sides even."""
    rows, width = planes.shape
    height = rows * 2 // 3
    luma = planes[:height]
    if hidden.whole:
        luma[:] = GREY_Y
        planes[height:] = GREY_UV
        return
    chroma = planes[height:].reshape(2, height // 2, width // 2)
    for place in hidden.places:
        # Outwards to even pixels: no line of a hidden place shows by its colour.
        left, top = (max(math.floor(share * side / 2), 0) for share, side in ((place.left, width), (place.top, height)))
        right = min(math.ceil(place.right * width / 2), width // 2)
        bottom = min(math.ceil(place.bottom * height / 2), height // 2)
        if left < right and top < bottom:
            luma[2 * top : 2 * bottom, 2 * left : 2 * right] = GREY_Y
            chroma[:, top:bottom, left:right] = GREY_UV
