"""A drawn face that the face networks take for one: nobody's."""

import cv2
import numpy as np
from numpy.typing import NDArray


def drawn(*, size: tuple[int, int] = (480, 360), eyes_open: bool = True, mouth_open: bool = False) -> NDArray[np.uint8]:
    """Return a drawn face with hair, brows, eyes, nose and mouth, softened as a camera would."""
    large = np.full((720, 960, 3), (90, 110, 120), np.uint8)

    def oval(middle: tuple[int, int], axes: tuple[int, int], colour: tuple[int, int, int], end_deg: int = 360) -> None:
        cv2.ellipse(large, middle, axes, 0, 0, end_deg, colour, -1, cv2.LINE_AA)

    oval((480, 330), (210, 270), (60, 40, 30))
    oval((480, 370), (165, 220), (215, 170, 145))
    cv2.rectangle(large, (420, 560), (540, 720), (205, 160, 135), -1)
    for side in (-1, 1):
        x = 480 + side * 70
        cv2.ellipse(large, (x, 285), (42, 14), 0, 190, 350, (60, 40, 30), 10, cv2.LINE_AA)
        if eyes_open:
            oval((x, 325), (34, 15), (245, 245, 245))
            oval((x, 325), (14, 14), (60, 80, 110))
            oval((x, 325), (6, 6), (10, 10, 10))
        from_deg = 180 if eyes_open else 0
        cv2.ellipse(large, (x, 325), (34, 15), 0, from_deg, from_deg + 180, (90, 60, 50), 5, cv2.LINE_AA)
        oval((480 + side * 18, 432), (9, 6), (150, 100, 85))
    cv2.ellipse(large, (480, 415), (30, 24), 0, 20, 160, (180, 130, 110), 5, cv2.LINE_AA)
    if mouth_open:
        oval((480, 505), (52, 48), (170, 80, 80))
        oval((480, 505), (40, 36), (50, 20, 20))
    else:
        oval((480, 490), (58, 14), (180, 90, 90))
        cv2.line(large, (425, 490), (535, 490), (110, 50, 50), 4, cv2.LINE_AA)
    soft = cv2.GaussianBlur(large, (0, 0), 2.0)
    noise = np.random.default_rng(3).normal(0, 3, soft.shape)
    small = cv2.resize(np.clip(soft + noise, 0, 255).astype(np.uint8), size, interpolation=cv2.INTER_AREA)
    return np.asarray(small, np.uint8)
