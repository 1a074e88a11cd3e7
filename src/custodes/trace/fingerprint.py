"""Say in a few kilobytes what a clip looks like, so that a leak without a hint finds it among many.

Local features, since a leak may show the clip small, askew or in part. Each descriptor becomes 128 bits: the signs
of fixed random projections, whose Hamming distance follows the angle between descriptors (Charikar, STOC 2002).
"""

import base64
import hashlib
import json
from dataclasses import dataclass
from functools import lru_cache
from uuid import UUID

import numpy as np
from numpy.typing import NDArray

from custodes.core.errors import Corrupt
from custodes.trace.reference import Reference
from custodes.trace.register import KNOWN_SIDE_PX, Features, find_features, reference_features

BITS = 128
POINTS_PER_LOOK = 150
MOST_LOOKS = 3
_FORMAT = "custodes.fingerprint/1"
_DOMAIN = b"custodes.trace.fingerprint/1"

Codes = NDArray[np.uint64]


@dataclass(frozen=True, slots=True, eq=False)
class Look:
    """One picture of a clip: codes uint64 (n, 2) and where they are, uint16 (n, 2) px; when (s)."""

    time_s: float
    codes: Codes
    points_px: NDArray[np.uint16]


@dataclass(frozen=True, slots=True, eq=False)
class Fingerprint:
    """What one clip looks like: at most three looks; `size_px` is height and width of the reference."""

    clip_id: UUID
    size_px: tuple[int, int]
    looks: tuple[Look, ...]

    def as_json(self) -> str:
        """Return the fingerprint as text for a database: about 4 KB a look."""
        looks = [
            {
                "time_s": round(look.time_s, 3),
                "codes": _text(look.codes.astype("<u8")),
                "points_px": _text(look.points_px.astype("<u2")),
            }
            for look in self.looks
        ]
        body = {"format": _FORMAT, "clip_id": str(self.clip_id), "size_px": list(self.size_px), "looks": looks}
        return json.dumps(body, sort_keys=True, separators=(",", ":"))

    @classmethod
    def from_json(cls, text: str) -> "Fingerprint":
        """Read what `as_json` wrote. Raises Corrupt for anything else."""
        try:
            body = json.loads(text)
            if body["format"] != _FORMAT:
                raise Corrupt(f"the fingerprint has the unknown format {body['format']!r}.")
            looks = tuple(
                Look(
                    float(look["time_s"]),
                    np.frombuffer(base64.b64decode(look["codes"]), "<u8").astype(np.uint64).reshape(-1, 2),
                    np.frombuffer(base64.b64decode(look["points_px"]), "<u2").astype(np.uint16).reshape(-1, 2),
                )
                for look in body["looks"]
            )
            height, width = body["size_px"]
            return cls(UUID(body["clip_id"]), (int(height), int(width)), looks)
        except (KeyError, TypeError, ValueError) as error:
            raise Corrupt(f"the fingerprint cannot be read: {error}.") from error


def fingerprint(clip_id: UUID, reference: Reference) -> Fingerprint:
    """Return the fingerprint of a clip."""
    known = reference_features(reference)
    chosen = np.unique(np.linspace(0, len(known.times_s) - 1, MOST_LOOKS).round().astype(int))
    looks = tuple(look_of(known.features[number], known.times_s[number]) for number in chosen)
    return Fingerprint(clip_id, reference.size_px, looks)


def look_of(features: Features, time_s: float) -> Look:
    """Return what is kept of one picture's features."""
    kept = slice(0, POINTS_PER_LOOK)  # the strongest are not first: SIFT sorts by place, so take every n-th
    step = max(1, len(features.points_px) // POINTS_PER_LOOK)
    points = np.clip(np.round(features.points_px[::step][kept]), 0, 65_535).astype(np.uint16)
    return Look(time_s, codes_of(features.descriptors[::step][kept]), points)


def codes_of(descriptors: NDArray[np.float32]) -> Codes:
    """Return descriptors (n, 128) as 128 bits each: uint64 (n, 2)."""
    if not len(descriptors):
        return np.zeros((0, 2), np.uint64)
    centred = descriptors - descriptors.mean(axis=1, keepdims=True)
    bits = np.packbits(centred @ _projections() > 0, axis=1)
    return np.ascontiguousarray(bits).view(np.uint64).reshape(-1, 2)


def seen_codes(luma: NDArray[np.uint8], side_px: int = KNOWN_SIDE_PX * 2) -> tuple[Features, Codes]:
    """Return the features of a leak's picture and their codes."""
    features = find_features(luma, side_px)
    return features, codes_of(features.descriptors)


@lru_cache(maxsize=1)
def _projections() -> NDArray[np.float32]:
    """Return fixed random directions, float32 (128, 128), the same on every machine: sums of bytes of SHAKE-256."""
    drawn = np.frombuffer(hashlib.shake_256(_DOMAIN).digest(BITS * 128 * 4), np.uint8).reshape(128, BITS, 4)
    return np.asarray(drawn.astype(np.float32).sum(axis=2) - 510, dtype=np.float32)


def _text(array: NDArray[np.uint64] | NDArray[np.uint16]) -> str:
    return base64.b64encode(array.tobytes()).decode("ascii")
