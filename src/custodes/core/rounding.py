"""One way to round what people read, so that a terminal, a page and the player say the same of one measurement."""

import math


def whole(value: float) -> int:
    """Return the nearest whole number, a half upwards as in JavaScript.

    What is nearer to a half than a millionth is a half: a speed that went through m/s and back still is what it was.
    """
    return math.floor(round(value, 6) + 0.5)
