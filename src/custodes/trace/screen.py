"""Find a lit screen in a picture when features fail, and take corners that an operator clicked."""

from collections.abc import Sequence

import cv2
import numpy as np
from numpy.typing import NDArray

from custodes.trace.frames import Picture
from custodes.trace.reference import Reference, thumb
from custodes.trace.refine import plain_overlay
from custodes.trace.register import Homography, Luma, Placement, corners_of, sane

MIN_SHARE = 0.03
LOOKS = 5
MIN_LIKENESS = 0.35

Quad = NDArray[np.float32]


def place_by_corners(corners_px: Sequence[tuple[float, float]], at_s: float, size_px: tuple[int, int]) -> Placement:
    """Return the placement that four corners give, clockwise from the clip's own top left.

    Corners that run the other way round mean a mirrored leak: they are taken as they are, since the homography then
    mirrors. Raises ValueError unless there are four.
    """
    if len(corners_px) != 4:
        raise ValueError("a picture has four corners")
    homography = _from_quad(np.array(corners_px, np.float32), size_px)
    return Placement(at_s, homography, mirrored=False, inliers=4, reference_s=0.0, how="corners")


def place_by_screen(pictures: Sequence[Picture], reference: Reference) -> list[Placement]:
    """Return placements where a bright quad of the leak looks like the clip, in any of four turns; else none."""
    found: list[Placement] = []
    average = reference.thumbs.mean(axis=0)
    for picture in pictures[:: max(1, len(pictures) // LOOKS)]:
        best: tuple[float, Homography] | None = None
        for quad in screen_quads(picture.luma):
            for turn in range(4):
                homography = _from_quad(np.roll(quad, -turn, axis=0), reference.size_px)
                if not sane(homography, reference.size_px):
                    continue
                seen = thumb(plain_overlay(picture.luma, homography, reference.size_px))
                likeness = float(np.corrcoef(seen, average)[0, 1])
                if likeness > MIN_LIKENESS and (best is None or likeness > best[0]):
                    best = (likeness, homography)
        if best is not None:
            found.append(Placement(picture.time_s, best[1], mirrored=False, inliers=0, reference_s=0.0, how="screen"))
    return found


def screen_quads(luma: Luma) -> list[Quad]:
    """Return convex quads that could be a screen, largest first: float32 (4, 2), clockwise from the top left."""
    scale = 480 / max(luma.shape)
    small = cv2.resize(luma, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA)
    soft = cv2.GaussianBlur(small, (0, 0), 2)
    level, _ = cv2.threshold(soft, 0, 255, cv2.THRESH_OTSU)
    quads: list[Quad] = []
    for share in (1.0, 0.6, 1.4):
        lit = ((soft > level * share) * 255).astype(np.uint8)
        closed = cv2.morphologyEx(lit, cv2.MORPH_CLOSE, np.ones((15, 15), np.uint8))
        outlines, _ = cv2.findContours(closed, cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_SIMPLE)
        for outline in sorted(outlines, key=cv2.contourArea, reverse=True)[:3]:
            hull = cv2.convexHull(outline)
            if cv2.contourArea(hull) < MIN_SHARE * small.size:
                continue
            corners = cv2.approxPolyDP(hull, 0.04 * cv2.arcLength(hull, closed=True), closed=True)
            if len(corners) == 4:
                quads.append(_ordered(corners.reshape(4, 2).astype(np.float32) / np.float32(scale)))
    return quads


def _ordered(quad: Quad) -> Quad:
    """Return corners clockwise (y grows downwards), from the one nearest to the top left."""
    middle = quad.mean(axis=0)
    around = quad[np.argsort(np.arctan2(quad[:, 1] - middle[1], quad[:, 0] - middle[0]))]
    return np.roll(around, -int(np.argmin(around.sum(axis=1))), axis=0)


def _from_quad(quad: Quad, size_px: tuple[int, int]) -> Homography:
    known = corners_of(size_px).astype(np.float32)
    return np.asarray(cv2.getPerspectiveTransform(known, quad), dtype=np.float64)
