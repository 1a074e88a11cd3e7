"""Find which clips of a library a leak may show: count code matches clip by clip, then check their geometry.

Exhaustive on purpose: ten thousand clips are some four million codes of 16 bytes, which a core compares in seconds,
and no index structure has to be kept right when clips are erased.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

import cv2
import numpy as np
from numpy.typing import NDArray

from custodes.trace.fingerprint import Codes, Fingerprint, Look, seen_codes
from custodes.trace.frames import Picture
from custodes.trace.register import REPROJECTION_PX, Features, sane

# Codes of two different points differ in 64 ± 6 of 128 bits, in 32 ± 4 of the half that is looked at first.
NEAR_BITS, NEAR_HALF_BITS = 34, 21
QUERY_POINTS = 250
CHECKED = 12
MIN_AGREEING = 8
BLOCK = 200_000


@dataclass(frozen=True, slots=True)
class Match:
    """A clip that a leak may show: how many features voted for it, and how many of these agree in geometry."""

    clip_id: UUID
    votes: int
    agreeing: int


@dataclass(frozen=True, slots=True, eq=False)
class _Row:
    fingerprint: Fingerprint
    look: Look


class Library:
    """Fingerprints of many clips, to be asked with a leak's pictures. Holds about 20 bytes a feature."""

    def __init__(self, fingerprints: Sequence[Fingerprint]) -> None:
        self._rows = [_Row(entry, look) for entry in fingerprints for look in entry.looks if len(look.codes)]
        sizes = [len(row.look.codes) for row in self._rows]
        codes = np.concatenate([row.look.codes for row in self._rows]) if sizes else np.zeros((0, 2), np.uint64)
        self._halves = (np.ascontiguousarray(codes[:, 0]), np.ascontiguousarray(codes[:, 1]))
        self._starts = np.concatenate([[0], np.cumsum(sizes)]).astype(np.int64)

    def find(self, pictures: Sequence[Picture], most: int = 5) -> list[Match]:
        """Return the clips that the pictures may show, likeliest first; empty where none agrees in geometry.

        Tries each picture as it is, and mirrored where that finds nothing.
        """
        best: dict[UUID, Match] = {}
        for mirrored in (False, True):
            for picture in pictures:
                luma = np.ascontiguousarray(picture.luma[:, ::-1]) if mirrored else picture.luma
                for match in self._ask(*seen_codes(luma)):
                    known = best.get(match.clip_id)
                    if known is None or match.agreeing > known.agreeing:
                        best[match.clip_id] = match
            if best:
                break
        return sorted(best.values(), key=lambda match: (-match.agreeing, -match.votes))[:most]

    def _ask(self, features: Features, codes: Codes) -> list[Match]:
        if not len(codes) or not self._rows:
            return []
        step = max(1, len(codes) // QUERY_POINTS)
        places, asked = features.points_px[::step], codes[::step]
        votes = np.zeros(len(self._rows), np.int32)
        for code in asked:
            near = np.unique(np.searchsorted(self._starts, self._near(code), side="right") - 1)
            votes[near] += 1
        found = []
        for row in np.argsort(-votes, kind="stable")[:CHECKED]:
            agreeing = _agreeing(self._rows[row], places, asked) if votes[row] >= MIN_AGREEING else 0
            if agreeing >= MIN_AGREEING:
                found.append(Match(self._rows[row].fingerprint.clip_id, int(votes[row]), agreeing))
        return found

    def _near(self, code: NDArray[np.uint64]) -> NDArray[np.int64]:
        """Return which stored codes are near to one."""
        found = []
        first, second = self._halves
        for start in range(0, len(first), BLOCK):
            differing = np.bitwise_count(first[start : start + BLOCK] ^ code[0])
            likely = np.flatnonzero(differing <= NEAR_HALF_BITS)
            rest = np.bitwise_count(second[start + likely] ^ code[1])
            found.append(likely[differing[likely] + rest <= NEAR_BITS] + start)
        return np.concatenate(found)


def _agreeing(row: _Row, places: NDArray[np.float32], asked: Codes) -> int:
    """Return how many nearest codes of one look agree on a homography that a camera could make."""
    differing = np.bitwise_count(row.look.codes[None, :, :] ^ asked[:, None, :]).sum(axis=2)
    nearest = differing.argmin(axis=1)
    kept = np.flatnonzero(differing[np.arange(len(asked)), nearest] <= NEAR_BITS + 6)
    if len(kept) < MIN_AGREEING:
        return 0
    source = row.look.points_px[nearest[kept]].astype(np.float32)
    homography, mask = cv2.findHomography(source, places[kept], cv2.USAC_MAGSAC, REPROJECTION_PX, maxIters=2000)
    if homography is None or not sane(homography.astype(np.float64), row.fingerprint.size_px):
        return 0
    agree = mask.ravel() > 0
    return min(len(np.unique(nearest[kept][agree])), len(np.unique(places[kept][agree].round(), axis=0)))
