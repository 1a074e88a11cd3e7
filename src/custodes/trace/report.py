"""What a trace found, as values and as JSON. The hub adds its ledger's proofs and signs it."""

import dataclasses
import json
from collections.abc import Mapping
from dataclasses import dataclass
from enum import Enum
from typing import Any
from uuid import UUID

from custodes.trace.decide import Candidate
from custodes.trace.verdicts import CAVEATS, Verdict

FORMAT = "custodes.finding/1"


@dataclass(frozen=True, slots=True)
class FragmentReading:
    """One fragment: when it begins in the clip (s), its soft bit (None where unseen), and how many pictures gave it."""

    fragment: int
    start_s: float
    z: float | None
    pictures: int


@dataclass(frozen=True, slots=True)
class Playing:
    """A stretch of the leak and the stretch of the clip that it shows (s)."""

    leak_from_s: float
    leak_to_s: float
    clip_from_s: float
    clip_to_s: float


@dataclass(frozen=True, slots=True)
class Registration:
    """How the clip was found in the leak: by what, in how many pictures, mirrored or not, and the mean error (px).

    `corners_px` is where the clip's corners lie at `at_s` of the leak, clockwise from the top left (of the flipped
    picture, where mirrored), in pixels of the leak as read.
    """

    how: str
    pictures: int
    mirrored: bool
    at_s: float
    corners_px: tuple[tuple[float, float], ...]
    error_px: float | None


@dataclass(frozen=True, slots=True)
class Finding:
    """What a leak says about one clip. `verdict` is that of the best candidate; `candidates` are sorted, at most ten.

    `presence` is the mean of z²; unmarked copies reached 1 to 2 on still cameras, 7.4 on a moving one. `reasons` say
    in words what limited the trace; `steps_tried` what was done, so that a reader knows what was not.
    """

    clip_id: UUID
    verdict: Verdict
    candidates: tuple[Candidate, ...]
    together: tuple[UUID, ...]
    mix: str | None
    views_tested: int
    presence: float
    readings: tuple[FragmentReading, ...]
    playing: tuple[Playing, ...]
    speed: float
    registration: Registration | None
    reasons: tuple[str, ...]
    steps_tried: tuple[str, ...]
    leak_sha256: str
    reference_sha256: tuple[str, str]

    @property
    def named(self) -> tuple[Candidate, ...]:
        """Return the candidates that are identified."""
        return tuple(candidate for candidate in self.candidates if candidate.verdict is Verdict.IDENTIFIED)


def as_json(finding: Finding) -> str:
    """Return the finding as canonical JSON (sorted keys, no spaces), fit for signing."""
    body = _plain(finding)
    body |= {"format": FORMAT, "caveats": list(CAVEATS)}
    return json.dumps(body, sort_keys=True, separators=(",", ":"), allow_nan=False)


def _plain(value: Any) -> Any:  # a finding is a tree of these kinds alone
    if isinstance(value, Candidate):
        fields = {field.name: _plain(getattr(value, field.name)) for field in dataclasses.fields(value)}
        return fields | {"verdict": value.verdict.value}
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        return {field.name: _plain(getattr(value, field.name)) for field in dataclasses.fields(value)}
    if isinstance(value, Enum | UUID):
        return str(value)
    if isinstance(value, Mapping):
        return {str(key): _plain(item) for key, item in value.items()}
    if isinstance(value, tuple | list):
        return [_plain(item) for item in value]
    return round(value, 12) if isinstance(value, float) else value
